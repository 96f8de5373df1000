//! jq text to a [`Program`], in one pass: every name is resolved where it is read.
//!
//! Recursion is counted, so no text can exhaust the stack: neither here, nor later when the tree is walked or dropped.

mod call;
mod keyword;
mod name;
mod operator;
mod pattern;
mod postfix;
mod regex;
mod text;

use std::ops::Range;

use super::lex::{Token, token};
use super::regex::Constants;
use super::term::{Function, FunctionRef, Kind, Program, Term};
use super::{CompileError, Scope, prelude};
use crate::value::{Text, Value};

/// Longer expressions are refused.
pub(super) const SOURCE_BYTES_MAX: usize = 16 << 10;
/// Brackets and keywords inside each other.
const NESTING_MAX: usize = 128;
/// Levels of the tree; a chain of additions has one for each.
const DEPTH_MAX: u16 = 250;

pub(super) fn program(source: &str, scope: &Scope<'_>) -> Result<Program, CompileError> {
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!(
            "an expression has at most {SOURCE_BYTES_MAX} bytes, this one has {}",
            source.len()
        );
        return Err(CompileError {
            message,
            range: SOURCE_BYTES_MAX..source.len(),
            help: None,
        });
    }
    let mut parser = Parser::new(source, scope, false);
    let body = parser.pipe()?;
    parser.end()?;
    Ok(parser.into_program(body))
}

/// Parses an expression up to the `}` that ends it; returns the bytes before that brace too.
pub(super) fn embedded(source: &str, scope: &Scope<'_>) -> Result<(Program, usize), CompileError> {
    let mut end = source.len().min(SOURCE_BYTES_MAX);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let mut parser = Parser::new(&source[..end], scope, false);
    let body = parser.pipe()?;
    let (closing, range) = token(parser.source, parser.at);
    match closing {
        Token::Symbol("}") => Ok((parser.into_program(body), range.start)),
        Token::End if end < source.len() => {
            let message = format!("an expression has at most {SOURCE_BYTES_MAX} bytes");
            Err(fault(message, end..end))
        }
        Token::End => Err(fault("this `${` has no closing `}`", range)),
        _ => Err(parser.unexpected("an operator or `}`")),
    }
}

/// Parses our own definitions; returns all, and for those that can be called: name, number of arguments, place.
pub(super) fn definitions(
    source: &'static str,
) -> (Vec<Function>, Vec<(&'static str, usize, usize)>) {
    let mut parser = Parser::new(source, &[], true);
    while parser.peek() == Token::Word("def") {
        if let Err(error) = parser.definition() {
            panic!(
                "our own definitions do not parse: {} at {:?}",
                error.message, error.range
            );
        }
    }
    let functions = parser
        .functions
        .into_iter()
        .map(|function| function.expect("every definition ended"))
        .collect();
    let names = parser.bindings.iter().map(|binding| match binding {
        Binding::Function {
            name, arity, index, ..
        } => (*name, *arity, *index),
        _ => unreachable!("only definitions stay bound at the top"),
    });
    (functions, names.collect())
}

/// A name that is visible while parsing.
enum Binding<'s> {
    /// A variable; a parameter `$x` is also callable as `x`.
    Variable(&'s str, bool),
    Closure(&'s str),
    Label(&'s str),
    /// A definition; takes no place in the environment. `slots` were bound where it stands.
    Function {
        name: &'s str,
        arity: usize,
        index: usize,
        slots: usize,
    },
}

struct Parser<'s> {
    source: &'s str,
    at: usize,
    scope: &'s Scope<'s>,
    bindings: Vec<Binding<'s>>,
    /// Places in the environment that `bindings` take.
    slots: usize,
    functions: Vec<Option<Function>>,
    mentions: Vec<Text>,
    regexes: Constants,
    nesting: usize,
    stack_floor: usize,
    /// False inside an object's value, where a comma ends it.
    is_comma_allowed: bool,
    is_prelude: bool,
}

type Parsed = Result<Term, CompileError>;

impl<'s> Parser<'s> {
    fn new(source: &'s str, scope: &'s Scope<'s>, is_prelude: bool) -> Self {
        Self {
            source,
            at: 0,
            scope,
            bindings: Vec::new(),
            slots: 0,
            functions: Vec::new(),
            mentions: Vec::new(),
            regexes: Constants::default(),
            nesting: 0,
            stack_floor: super::meter::here().saturating_sub(super::meter::STACK_BYTES_MAX),
            is_comma_allowed: true,
            is_prelude,
        }
    }

    fn into_program(self, body: Term) -> Program {
        let functions = self
            .functions
            .into_iter()
            .map(|function| function.expect("every definition ended"));
        Program {
            body,
            functions: functions.collect(),
            mentions: self.mentions,
            regexes: self.regexes.finish(),
        }
    }

    fn peek(&self) -> Token<'s> {
        token(self.source, self.at).0
    }

    fn next(&mut self) -> (Token<'s>, Range<usize>) {
        let found = token(self.source, self.at);
        self.at = found.1.end;
        found
    }

    fn take(&mut self, symbol: &str) -> bool {
        let (found, range) = token(self.source, self.at);
        let is_it = matches!(found, Token::Symbol(text) if text == symbol);
        if is_it {
            self.at = range.end;
        }
        is_it
    }

    fn take_word(&mut self, word: &str) -> bool {
        let (found, range) = token(self.source, self.at);
        let is_it = found == Token::Word(word);
        if is_it {
            self.at = range.end;
        }
        is_it
    }

    fn expect(&mut self, symbol: &str, why: &str) -> Result<(), CompileError> {
        if self.take(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{symbol}` {why}")))
        }
    }

    fn expect_word(&mut self, word: &str, why: &str) -> Result<(), CompileError> {
        if self.take_word(word) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{word}` {why}")))
        }
    }

    /// The error that the next token is not what should come.
    fn unexpected(&self, expected: &str) -> CompileError {
        let (found, range) = token(self.source, self.at);
        let found = match found {
            Token::End => "the end of the expression".to_owned(),
            _ => format!("`{}`", &self.source[range.clone()]),
        };
        fault(format!("expected {expected}, found {found}"), range)
    }

    fn end(&self) -> Result<(), CompileError> {
        match self.peek() {
            Token::End => Ok(()),
            Token::Symbol(closing @ (")" | "]" | "}")) => {
                let (_, range) = token(self.source, self.at);
                Err(fault(format!("`{closing}` closes nothing"), range))
            }
            _ => Err(self.unexpected("an operator or the end of the expression")),
        }
    }

    /// Runs `parse` one level deeper.
    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, CompileError>,
    ) -> Result<T, CompileError> {
        self.nesting += 1;
        // The stack is looked at too: how much a level takes depends on how we were compiled.
        if self.nesting > NESTING_MAX || super::meter::here() < self.stack_floor {
            let (_, range) = token(self.source, self.at);
            return Err(fault(
                format!("nested more than {NESTING_MAX} levels deep"),
                range,
            ));
        }
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    /// A whole expression inside brackets or keywords, where commas are operators again.
    fn inner(&mut self) -> Parsed {
        let outside = std::mem::replace(&mut self.is_comma_allowed, true);
        let parsed = self.deeper(Self::pipe);
        self.is_comma_allowed = outside;
        parsed
    }

    fn term(&self, kind: Kind) -> Parsed {
        let term = Term::new(kind, |function| self.function(function));
        if term.depth > DEPTH_MAX {
            let message = format!("nested more than {DEPTH_MAX} levels deep");
            return Err(fault(message, self.at..self.at));
        }
        Ok(term)
    }

    /// The definition, unless it is still open: then the call is a recursion.
    fn function(&self, function: FunctionRef) -> Option<&Function> {
        match function {
            FunctionRef::Prelude(index) if !self.is_prelude => {
                Some(&prelude::get().functions[index])
            }
            FunctionRef::Own(index) | FunctionRef::Prelude(index) => self.functions[index].as_ref(),
        }
    }

    /// `a | b`, with definitions before it.
    fn pipe(&mut self) -> Parsed {
        let visible = self.bindings.len();
        while self.peek() == Token::Word("def") {
            self.definition()?;
        }
        let mut stages = Vec::new();
        loop {
            if self.peek() == Token::Word("def") && !stages.is_empty() {
                stages.push(self.deeper(Self::pipe)?);
                break;
            }
            stages.push(self.comma()?);
            if !self.take("|") {
                break;
            }
        }
        // Definitions take no slots, so only the names go.
        self.bindings.truncate(visible);
        if stages.len() == 1 {
            return Ok(stages.pop().expect("there is one"));
        }
        self.term(Kind::Pipe(stages))
    }

    fn comma(&mut self) -> Parsed {
        let first = self.binary(0)?;
        if !self.is_comma_allowed || self.peek() != Token::Symbol(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take(",") {
            items.push(self.binary(0)?);
        }
        self.term(Kind::Comma(items))
    }

    fn with_variables<T>(
        &mut self,
        names: &[&'s str],
        parse: impl FnOnce(&mut Self) -> Result<T, CompileError>,
    ) -> Result<T, CompileError> {
        self.bindings
            .extend(names.iter().map(|name| Binding::Variable(name, false)));
        self.slots += names.len();
        let parsed = parse(self)?;
        self.bindings.truncate(self.bindings.len() - names.len());
        self.slots -= names.len();
        Ok(parsed)
    }
}

fn fault(message: impl Into<String>, range: Range<usize>) -> CompileError {
    CompileError {
        message: message.into(),
        range,
        help: None,
    }
}

pub(super) fn constant(value: Value) -> Term {
    Term {
        kind: Kind::Const(value),
        is_single: true,
        depth: 1,
    }
}

pub(super) fn identity() -> Term {
    Term {
        kind: Kind::Identity,
        is_single: true,
        depth: 1,
    }
}
