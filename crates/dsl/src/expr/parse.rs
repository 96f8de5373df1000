//! jq text to a [`Program`], in one pass: every name is resolved where it is read.
//!
//! Recursion is counted, so no text can exhaust the stack: neither here, nor later when the tree is walked or dropped.

mod call;
mod pattern;
mod text;

use std::ops::Range;
use std::sync::Arc;

use super::lex::{Token, token};
use super::term::{
    AssignOp, CompareOp, Function, FunctionRef, Kind, MathOp, Program, Special, Term,
};
use super::{CompileError, Scope, prelude, suggest};
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

#[derive(Clone, Copy)]
enum Operator {
    Alternative,
    Assign(AssignOp),
    Or,
    And,
    Compare(CompareOp),
    Math(MathOp),
}

impl Operator {
    const PRODUCT: u8 = 7;

    /// The operator and how tight it binds.
    fn read(token: Token<'_>) -> Option<(Self, u8)> {
        Some(match token {
            Token::Symbol("//") => (Self::Alternative, 1),
            Token::Symbol("=") => (Self::Assign(AssignOp::Set), 2),
            Token::Symbol("|=") => (Self::Assign(AssignOp::Update), 2),
            Token::Symbol("+=") => (Self::Assign(AssignOp::Math(MathOp::Add)), 2),
            Token::Symbol("-=") => (Self::Assign(AssignOp::Math(MathOp::Subtract)), 2),
            Token::Symbol("*=") => (Self::Assign(AssignOp::Math(MathOp::Multiply)), 2),
            Token::Symbol("/=") => (Self::Assign(AssignOp::Math(MathOp::Divide)), 2),
            Token::Symbol("%=") => (Self::Assign(AssignOp::Math(MathOp::Remainder)), 2),
            Token::Symbol("//=") => (Self::Assign(AssignOp::Alternative), 2),
            Token::Word("or") => (Self::Or, 3),
            Token::Word("and") => (Self::And, 4),
            Token::Symbol("==") => (Self::Compare(CompareOp::Equal), 5),
            Token::Symbol("!=") => (Self::Compare(CompareOp::NotEqual), 5),
            Token::Symbol("<") => (Self::Compare(CompareOp::Less), 5),
            Token::Symbol("<=") => (Self::Compare(CompareOp::LessOrEqual), 5),
            Token::Symbol(">") => (Self::Compare(CompareOp::Greater), 5),
            Token::Symbol(">=") => (Self::Compare(CompareOp::GreaterOrEqual), 5),
            Token::Symbol("+") => (Self::Math(MathOp::Add), 6),
            Token::Symbol("-") => (Self::Math(MathOp::Subtract), 6),
            Token::Symbol("*") => (Self::Math(MathOp::Multiply), Self::PRODUCT),
            Token::Symbol("/") => (Self::Math(MathOp::Divide), Self::PRODUCT),
            Token::Symbol("%") => (Self::Math(MathOp::Remainder), Self::PRODUCT),
            _ => return None,
        })
    }
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

    /// Operators that bind at least as tight as `least`. One function for all, so that brackets cost little stack.
    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = self.operand()?;
        let mut most = u8::MAX;
        loop {
            let (found, range) = token(self.source, self.at);
            let Some((operator, level)) = Operator::read(found) else {
                return Ok(left);
            };
            if level < least || level > most {
                return Ok(left);
            }
            self.at = range.end;
            let right = match operator {
                Operator::Alternative => self.deeper(|parser| parser.binary(level))?,
                _ => self.binary(level + 1)?,
            };
            // jq does not chain these: `1 == 1 == 1` is an error.
            if matches!(operator, Operator::Assign(_) | Operator::Compare(_)) {
                most = level - 1;
            }
            let (a, b) = (Box::new(left), Box::new(right));
            left = self.term(match operator {
                Operator::Alternative => Kind::Alternative(a, b),
                Operator::Assign(op) => Kind::Assign(op, a, b),
                Operator::Or => Kind::Or(a, b),
                Operator::And => Kind::And(a, b),
                Operator::Compare(op) => Kind::Compare(op, a, b),
                Operator::Math(op) => Kind::Math(op, a, b),
            })?;
        }
    }

    /// One side of an operator: a term, or a binding that reaches as far right as it can.
    fn operand(&mut self) -> Parsed {
        if self.take("-") {
            let operand = self.deeper(|parser| parser.binary(Operator::PRODUCT))?;
            return self.term(Kind::Negate(Box::new(operand)));
        }
        if self.peek() == Token::Word("def") {
            return self.deeper(Self::pipe);
        }
        if self.take_word("label") {
            return self.label();
        }
        let term = self.postfix()?;
        if !self.take_word("as") {
            return Ok(term);
        }
        let (patterns, names) = self.patterns()?;
        self.expect("|", "after the variables of `as`")?;
        let body = self.with_variables(&names, |parser| parser.deeper(Self::pipe))?;
        self.term(Kind::Bind(Box::new(term), patterns, Box::new(body)))
    }

    fn label(&mut self) -> Parsed {
        let name = match self.next() {
            (Token::Variable(name), _) => name,
            (_, range) => return Err(fault("expected a `$name` after `label`", range)),
        };
        self.expect("|", "after the label")?;
        self.bindings.push(Binding::Label(name));
        self.slots += 1;
        let body = self.deeper(Self::pipe);
        self.bindings.pop();
        self.slots -= 1;
        let body = body?;
        self.term(Kind::Label(Box::new(body)))
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

    /// A term with everything that may follow it: `.a`, `[0]`, `[]`, `?`.
    fn postfix(&mut self) -> Parsed {
        let mut term = self.atom()?;
        loop {
            let (found, range) = token(self.source, self.at);
            match found {
                Token::Symbol("?") => {
                    // `?//` belongs to patterns, where it is read before it gets here.
                    self.at = range.end;
                    term = self.term(Kind::Try(Box::new(term), None))?;
                }
                Token::Field(name) => {
                    self.at = range.end;
                    term = self.index(term, constant(Value::string(name)))?;
                }
                Token::Symbol(".") => {
                    self.at = range.end;
                    match token(self.source, self.at) {
                        (Token::Quote, quote) => {
                            self.at = quote.end;
                            let key = self.string(None)?;
                            term = self.index(term, key)?;
                        }
                        (Token::Symbol("["), _) => {}
                        _ => return Err(self.unexpected("a name, a string or `[` after `.`")),
                    }
                }
                Token::Symbol("[") => {
                    self.at = range.end;
                    term = self.bracket(term)?;
                }
                _ => return Ok(term),
            }
        }
    }

    fn index(&self, base: Term, key: Term) -> Parsed {
        self.term(Kind::Index(Box::new(base), Box::new(key)))
    }

    /// What stands in `[ ]` after a term.
    fn bracket(&mut self, base: Term) -> Parsed {
        if self.take("]") {
            return self.term(Kind::Iterate(Box::new(base)));
        }
        if self.take(":") {
            let upto = self.inner()?;
            self.expect("]", "to close the slice")?;
            return self.term(Kind::Slice(Box::new(base), None, Some(Box::new(upto))));
        }
        let first = self.inner()?;
        if self.take("]") {
            return self.index(base, first);
        }
        self.expect(":", "or `]` after the index")?;
        let upto = if self.peek() == Token::Symbol("]") {
            None
        } else {
            Some(Box::new(self.inner()?))
        };
        self.expect("]", "to close the slice")?;
        self.term(Kind::Slice(Box::new(base), Some(Box::new(first)), upto))
    }

    fn atom(&mut self) -> Parsed {
        let start = self.at;
        let (found, range) = self.next();
        match found {
            Token::Number(text) => Ok(constant(number(text))),
            Token::Quote => self.string(None),
            Token::Format(name) => self.format(name, range),
            Token::Field(name) => self.index(identity(), constant(Value::string(name))),
            Token::Variable("__loc__") => {
                let line = self.source[..range.start]
                    .bytes()
                    .filter(|byte| *byte == b'\n')
                    .count() as i64
                    + 1;
                let location = [
                    ("file", Value::string("<top-level>")),
                    ("line", Value::Int(line)),
                ];
                Ok(constant(Value::object(location)))
            }
            Token::Variable(name) => self.variable(name, range),
            Token::Symbol(".") => match token(self.source, self.at) {
                (Token::Quote, quote) => {
                    self.at = quote.end;
                    let key = self.string(None)?;
                    self.index(identity(), key)
                }
                _ => Ok(identity()),
            },
            Token::Symbol("..") => self.term(Kind::Special(Special::Recurse, Vec::new())),
            Token::Symbol("(") => {
                let inner = self.inner()?;
                self.expect(")", "to close the parenthesis")?;
                Ok(inner)
            }
            Token::Symbol("[") => {
                if self.take("]") {
                    return Ok(constant(Value::array(Vec::new())));
                }
                let inner = self.inner()?;
                self.expect("]", "to close the array")?;
                self.term(Kind::Array(Some(Box::new(inner))))
            }
            Token::Symbol("{") => self.object(),
            Token::Word(word) => self.word(word, range),
            _ => {
                self.at = start;
                Err(self.unexpected("a value, a path or a function"))
            }
        }
    }

    fn word(&mut self, word: &'s str, range: Range<usize>) -> Parsed {
        match word {
            "if" => self.condition(),
            "try" => self.attempt(),
            "reduce" => self.reduce(),
            "foreach" => self.foreach(),
            "break" => self.break_(),
            "import" | "include" | "module" => {
                let help = Some("write the definitions in the expression itself".to_owned());
                Err(CompileError {
                    message: "modules are not available in workflow expressions".into(),
                    range,
                    help,
                })
            }
            "then" | "elif" | "else" | "end" | "as" | "and" | "or" | "catch" | "label" | "def" => {
                self.at = range.start;
                Err(self.unexpected("a value, a path or a function"))
            }
            "__loc__" => Err(fault("write `$__loc__`", range)),
            name => self.call(name, range),
        }
    }

    /// `if c then a elif d then b else e end`, the word `if` (or `elif`) being read.
    fn condition(&mut self) -> Parsed {
        let condition = self.inner()?;
        self.expect_word("then", "after the condition of `if`")?;
        let then = self.inner()?;
        let otherwise = if self.take_word("elif") {
            self.deeper(Self::condition)?
        } else if self.take_word("else") {
            let otherwise = self.inner()?;
            self.expect_word("end", "to close `if`")?;
            otherwise
        } else {
            self.expect_word("end", "or `else` to close `if`")?;
            identity()
        };
        self.term(Kind::If(
            Box::new(condition),
            Box::new(then),
            Box::new(otherwise),
        ))
    }

    fn attempt(&mut self) -> Parsed {
        let body = self.deeper(Self::try_operand)?;
        let handler = if self.take_word("catch") {
            Some(Box::new(self.deeper(Self::try_operand)?))
        } else {
            None
        };
        self.term(Kind::Try(Box::new(body), handler))
    }

    fn try_operand(&mut self) -> Parsed {
        if self.take("-") {
            let operand = self.deeper(Self::postfix)?;
            return self.term(Kind::Negate(Box::new(operand)));
        }
        self.postfix()
    }

    fn reduce(&mut self) -> Parsed {
        let source = self.deeper(Self::postfix)?;
        self.expect_word("as", "after the source of `reduce`")?;
        let (patterns, names) = self.patterns()?;
        self.expect("(", "after the variables of `reduce`")?;
        let init = self.inner()?;
        self.expect(";", "after the first value of `reduce`")?;
        let update = self.with_variables(&names, Self::inner)?;
        self.expect(")", "to close `reduce`")?;
        let (source, init, update) = (Box::new(source), Box::new(init), Box::new(update));
        self.term(Kind::Reduce {
            source,
            patterns,
            init,
            update,
        })
    }

    fn foreach(&mut self) -> Parsed {
        let source = self.deeper(Self::postfix)?;
        self.expect_word("as", "after the source of `foreach`")?;
        let (patterns, names) = self.patterns()?;
        self.expect("(", "after the variables of `foreach`")?;
        let init = self.inner()?;
        self.expect(";", "after the first value of `foreach`")?;
        let (update, extract) = self.with_variables(&names, |parser| {
            let update = parser.inner()?;
            let extract = if parser.take(";") {
                Some(Box::new(parser.inner()?))
            } else {
                None
            };
            Ok((update, extract))
        })?;
        self.expect(")", "to close `foreach`")?;
        let (source, init, update) = (Box::new(source), Box::new(init), Box::new(update));
        self.term(Kind::Foreach {
            source,
            patterns,
            init,
            update,
            extract,
        })
    }

    fn break_(&mut self) -> Parsed {
        let (Token::Variable(name), range) = self.next() else {
            return Err(fault("expected a `$name` after `break`", self.at..self.at));
        };
        match self.skip_to(|binding| matches!(binding, Binding::Label(label) if *label == name)) {
            Some(skip) => self.term(Kind::Break(skip)),
            None => Err(fault(
                format!("no label `${name}` around this `break`"),
                range,
            )),
        }
    }

    /// Slots between here and the nearest binding that fits.
    fn skip_to(&self, fits: impl Fn(&Binding<'s>) -> bool) -> Option<usize> {
        let mut skip = 0;
        for binding in self.bindings.iter().rev() {
            if fits(binding) {
                return Some(skip);
            }
            skip += usize::from(!matches!(binding, Binding::Function { .. }));
        }
        None
    }

    fn variable(&mut self, name: &'s str, range: Range<usize>) -> Parsed {
        if let Some(skip) =
            self.skip_to(|binding| matches!(binding, Binding::Variable(bound, _) if *bound == name))
        {
            return self.term(Kind::Local(skip));
        }
        if !self.scope.contains(&name) {
            return Err(self.unknown_variable(name, range));
        }
        let index = self
            .mentions
            .iter()
            .position(|mentioned| &**mentioned == name)
            .unwrap_or_else(|| {
                self.mentions.push(Arc::from(name));
                self.mentions.len() - 1
            });
        self.term(Kind::Global(index))
    }

    fn unknown_variable(&self, name: &str, range: Range<usize>) -> CompileError {
        if name == "ENV" {
            return fault("`$ENV` is not available in workflow expressions", range);
        }
        let locals = self.bindings.iter().filter_map(|binding| match binding {
            Binding::Variable(name, _) => Some(*name),
            _ => None,
        });
        let known = locals.chain(self.scope.iter().copied());
        let help = suggest::nearest(name, known).map(|name| format!("did you mean `${name}`?"));
        CompileError {
            message: format!("unknown variable `${name}`"),
            range,
            help,
        }
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

/// A number as jq writes it, which JSON would not always accept (`.5`, `1.`).
fn number(text: &str) -> Value {
    let is_integer = text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if text.starts_with('.') {
        format!("0{text}")
    } else {
        text.to_owned()
    };
    Value::from_number_text(&text.replace(".e", ".0e").replace(".E", ".0E"), is_integer)
}
