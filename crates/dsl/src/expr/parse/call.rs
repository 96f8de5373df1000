//! Calls and definitions: which function a name means at its place.

use std::ops::Range;

use super::{Binding, Parsed, Parser, constant, fault, identity};
use crate::expr::CompileError;
use crate::expr::lex::{Token, token};
use crate::expr::term::{AssignOp, Function, FunctionRef, Kind, Special, Term};
use crate::expr::{native, prelude, suggest};
use crate::value::Value;

/// jq's functions that reach outside or end the program, and why there is none of it here.
const ABSENT: [(&str, &str); 13] = [
    ("env", "expressions see no environment"),
    ("input", "the input is `.`"),
    ("inputs", "the input is `.`"),
    ("debug", "expressions have no output but their result"),
    ("stderr", "expressions have no output but their result"),
    ("halt", "use `error` to fail"),
    ("halt_error", "use `error` to fail"),
    ("input_line_number", "the input is a value, not a file"),
    ("input_filename", "the input is a value, not a file"),
    ("get_search_list", "modules are not available"),
    ("get_prog_origin", "modules are not available"),
    ("get_jq_origin", "modules are not available"),
    ("modulemeta", "modules are not available"),
];

/// Functions that the evaluator itself performs, by name and number of arguments.
const SPECIALS: [(&str, usize, Special); 34] = [
    ("empty", 0, Special::Empty),
    ("error", 0, Special::Error),
    ("error", 1, Special::Error),
    ("path", 1, Special::Path),
    ("getpath", 1, Special::GetPath),
    ("paths", 0, Special::Paths),
    ("del", 1, Special::Delete),
    ("recurse", 0, Special::Recurse),
    ("recurse", 1, Special::Recurse),
    ("range", 1, Special::Range),
    ("range", 2, Special::Range),
    ("range", 3, Special::Range),
    ("first", 1, Special::First),
    ("last", 1, Special::Last),
    ("limit", 2, Special::Limit),
    ("skip", 2, Special::Skip),
    ("until", 2, Special::Until),
    ("while", 2, Special::While),
    ("repeat", 1, Special::Repeat),
    ("isempty", 1, Special::IsEmpty),
    ("any", 1, Special::Any),
    ("any", 2, Special::Any),
    ("all", 1, Special::All),
    ("all", 2, Special::All),
    ("add", 1, Special::Add),
    ("sort_by", 1, Special::SortBy),
    ("group_by", 1, Special::GroupBy),
    ("unique_by", 1, Special::UniqueBy),
    ("min_by", 1, Special::MinBy),
    ("max_by", 1, Special::MaxBy),
    ("walk", 1, Special::Walk),
    ("sub", 2, Special::Substitute),
    ("sub", 3, Special::Substitute),
    ("tostream", 0, Special::ToStream),
];

impl<'s> Parser<'s> {
    /// `def name(params): body;`, the word `def` being next. The name stays bound.
    pub(super) fn definition(&mut self) -> Result<(), CompileError> {
        self.next();
        let name = match self.next() {
            (Token::Word(name), _) => name,
            (_, range) => return Err(fault("expected a name after `def`", range)),
        };
        let params = self.params()?;
        self.expect(":", "after the head of the definition")?;
        let index = self.functions.len();
        self.functions.push(None);
        self.bindings.push(Binding::Function {
            name,
            arity: params.len(),
            index,
            slots: self.slots,
        });
        let visible = self.bindings.len();
        self.bindings
            .extend(params.iter().map(|(name, is_value)| match is_value {
                true => Binding::Variable(name, true),
                false => Binding::Closure(name),
            }));
        self.slots += params.len();
        let body = self.inner()?;
        self.bindings.truncate(visible);
        self.slots -= params.len();
        self.expect(";", "to end the definition")?;
        let params = params.into_iter().map(|(_, is_value)| is_value).collect();
        self.functions[index] = Some(Function { params, body });
        Ok(())
    }

    fn params(&mut self) -> Result<Vec<(&'s str, bool)>, CompileError> {
        let mut params = Vec::new();
        if !self.take("(") {
            return Ok(params);
        }
        loop {
            match self.next() {
                (Token::Word(name), _) => params.push((name, false)),
                (Token::Variable(name), _) => params.push((name, true)),
                (_, range) => return Err(fault("expected a parameter's name", range)),
            }
            if self.take(")") {
                return Ok(params);
            }
            self.expect(";", "or `)` after the parameter")?;
        }
    }

    pub(super) fn call(&mut self, name: &'s str, range: Range<usize>) -> Parsed {
        let mut args = Vec::new();
        let mut ranges = Vec::new();
        if self.take("(") {
            loop {
                let start = token(self.source, self.at).1.start;
                args.push(self.inner()?);
                ranges.push(start..self.at);
                if self.take(")") {
                    break;
                }
                self.expect(";", "or `)` after the argument")?;
            }
        }
        if let Some(kind) = self.bound(name, &mut args) {
            return self.term(kind);
        }
        self.constant_pattern(name, &args, &ranges)?;
        if let Some(term) = self.expand(name, &mut args)? {
            return Ok(term);
        }
        if let Some((.., special)) = SPECIALS
            .iter()
            .find(|(known, arity, _)| *known == name && *arity == args.len())
        {
            // The loops run on plain values; for streams there are definitions in jq.
            let is_loop = matches!(special, Special::Until | Special::While);
            if !is_loop || args.iter().all(|arg| arg.is_single) {
                return self.term(Kind::Special(*special, args));
            }
        }
        if let Some(native) = native::find(name, args.len()) {
            return self.term(Kind::Native(native, args));
        }
        if !self.is_prelude
            && let Some(index) = prelude::get().find(name, args.len())
        {
            return self.term(Kind::Call {
                function: FunctionRef::Prelude(index),
                skip: usize::MAX,
                args,
            });
        }
        Err(self.unknown_function(name, args.len(), range))
    }

    /// A definition, parameter or variable of the expression itself.
    fn bound(&self, name: &str, args: &mut Vec<Term>) -> Option<Kind> {
        let mut skip = 0;
        for binding in self.bindings.iter().rev() {
            match binding {
                Binding::Function {
                    name: bound,
                    arity,
                    index,
                    slots,
                } if *bound == name && *arity == args.len() => {
                    let args = std::mem::take(args);
                    let function = if self.is_prelude {
                        FunctionRef::Prelude(*index)
                    } else {
                        FunctionRef::Own(*index)
                    };
                    let skip = self.slots - slots;
                    return Some(Kind::Call {
                        function,
                        skip,
                        args,
                    });
                }
                Binding::Function { .. } => continue,
                Binding::Closure(bound) if *bound == name && args.is_empty() => {
                    return Some(Kind::Closure(skip));
                }
                Binding::Variable(bound, true) if *bound == name && args.is_empty() => {
                    return Some(Kind::Local(skip));
                }
                _ => {}
            }
            skip += 1;
        }
        None
    }

    /// Functions that are short for other terms. Their arguments are evaluated where they stand, so no call is needed.
    fn expand(&self, name: &str, args: &mut Vec<Term>) -> Result<Option<Term>, CompileError> {
        let iterate = |base: Term| self.term(Kind::Iterate(Box::new(base)));
        let native = |name: &str| {
            self.term(Kind::Native(
                native::find(name, 0).expect("one of ours"),
                Vec::new(),
            ))
        };
        let term = match (name, args.len()) {
            ("true", 0) => constant(Value::Bool(true)),
            ("false", 0) => constant(Value::Bool(false)),
            ("null", 0) => constant(Value::Null),
            ("map", 1) => {
                let stages = vec![iterate(identity())?, args.remove(0)];
                let stages = self.term(Kind::Pipe(stages))?;
                self.term(Kind::Array(Some(Box::new(stages))))?
            }
            ("select", 1) => {
                let empty = self.term(Kind::Special(Special::Empty, Vec::new()))?;
                self.term(Kind::If(
                    Box::new(args.remove(0)),
                    Box::new(identity()),
                    Box::new(empty),
                ))?
            }
            ("map_values", 1) => {
                let paths = Box::new(iterate(identity())?);
                self.term(Kind::Assign(
                    AssignOp::Update,
                    paths,
                    Box::new(args.remove(0)),
                ))?
            }
            ("with_entries", 1) => {
                let stages = vec![iterate(identity())?, args.remove(0)];
                let stages = self.term(Kind::Pipe(stages))?;
                let mapped = self.term(Kind::Array(Some(Box::new(stages))))?;
                self.term(Kind::Pipe(vec![
                    native("to_entries")?,
                    mapped,
                    native("from_entries")?,
                ]))?
            }
            ("any" | "all", 0) => {
                let special = if name == "any" {
                    Special::Any
                } else {
                    Special::All
                };
                self.term(Kind::Special(special, vec![identity()]))?
            }
            ("first", 0) => self.term(Kind::Index(
                Box::new(identity()),
                Box::new(constant(Value::Int(0))),
            ))?,
            ("last", 0) => self.term(Kind::Index(
                Box::new(identity()),
                Box::new(constant(Value::Int(-1))),
            ))?,
            ("nth", 1) => self.term(Kind::Index(Box::new(identity()), Box::new(args.remove(0))))?,
            ("gsub", 2) => {
                let flags = constant(Value::string("g"));
                let (replacement, pattern) = (args.remove(1), args.remove(0));
                self.term(Kind::Special(
                    Special::Substitute,
                    vec![pattern, replacement, flags],
                ))?
            }
            _ => return Ok(None),
        };
        Ok(Some(term))
    }

    fn unknown_function(&self, name: &str, arity: usize, range: Range<usize>) -> CompileError {
        if let Some((_, why)) = ABSENT.iter().find(|(absent, _)| *absent == name) {
            let message = format!("`{name}` is not available in workflow expressions");
            return CompileError {
                message,
                range,
                help: Some((*why).to_owned()),
            };
        }
        let own = self.bindings.iter().filter_map(|binding| match binding {
            Binding::Function { name, arity, .. } => Some((*name, *arity)),
            Binding::Closure(name) => Some((*name, 0)),
            _ => None,
        });
        let expanded = [
            ("true", 0),
            ("false", 0),
            ("null", 0),
            ("map", 1),
            ("select", 1),
            ("map_values", 1),
            ("with_entries", 1),
            ("any", 0),
            ("all", 0),
            ("first", 0),
            ("last", 0),
            ("nth", 1),
            ("gsub", 2),
        ];
        let ours = if self.is_prelude {
            Vec::new()
        } else {
            prelude::get().names().collect()
        };
        let mut known: Vec<(&'static str, usize)> = ours;
        known.extend(expanded);
        known.extend(SPECIALS.iter().map(|(name, arity, _)| (*name, *arity)));
        known.extend(native::names());
        // Shortened to how long the expression's own names live.
        let known: Vec<(&str, usize)> = known
            .iter()
            .map(|(name, arity)| (&**name, *arity))
            .chain(own)
            .collect();
        let mut arities: Vec<usize> = known
            .iter()
            .filter(|(known, _)| *known == name)
            .map(|(_, arity)| *arity)
            .collect();
        arities.sort_unstable();
        arities.dedup();
        if !arities.is_empty() {
            let takes: Vec<String> = arities.iter().map(usize::to_string).collect();
            let message = format!(
                "`{name}` takes {} arguments, not {arity}",
                takes.join(" or ")
            );
            return CompileError {
                message,
                range,
                help: Some("arguments are separated by `;`".into()),
            };
        }
        let mut help = suggest::nearest(name, known.iter().map(|(name, _)| *name))
            .map(|name| format!("did you mean `{name}`?"));
        if self.scope.contains(&name) {
            help = Some(format!("did you mean `${name}`?"));
        } else if help.is_none() && arity == 0 {
            help = Some(format!("a field is written `.{name}`, a text `\"{name}\"`"));
        }
        CompileError {
            message: format!("unknown function `{name}`"),
            range,
            help,
        }
    }
}
