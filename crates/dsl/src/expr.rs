//! jq: compile once, evaluate against named values, within limits.
//!
//! Our own interpreter, over [`Value`] itself: why, and where it differs from jq, is in `docs/expressions.md`.
//! An expression cannot hang, exhaust or crash the process: every term is counted, memory is charged before it is
//! used, recursion stops at a floor of the stack, and ending is an error value, never a panic.

mod arith;
mod eval;
mod format;
mod lex;
mod meter;
mod native;
mod parse;
mod path;
mod prelude;
mod regex;
mod suggest;
mod template;
mod term;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use eval::{Env, Item, Machine};
use meter::{Meter, Stop};
use regex::Regexes;
use term::Program;

use crate::value::{Text, Value};
use crate::workflow_error::{ErrorKind, WorkflowError};

/// Names that every expression may use, without the `$`. Source: DSL 1.0.3, Runtime expression arguments.
pub const ARGUMENTS: [&str; 8] = [
    "context",
    "input",
    "output",
    "secrets",
    "authorization",
    "task",
    "workflow",
    "runtime",
];

/// The names an expression may use at its place: the standard's arguments and the variables of the loops and `catch`
/// clauses around it (names without the `$`).
pub type Scope<'a> = [&'a str];

/// The values behind the names; asked only for names that the expression mentions. A missing one is `null`.
pub trait Variables {
    fn get(&self, name: &str) -> Option<Value>;
}

/// No variable has a value.
pub struct NoVariables;

impl Variables for NoVariables {
    fn get(&self, _name: &str) -> Option<Value> {
        None
    }
}

/// What one evaluation may use.
#[derive(Clone, Copy, Debug)]
pub struct EvalLimits {
    /// Terms evaluated.
    pub fuel: u64,
    pub wall: std::time::Duration,
    /// Bytes of values built.
    pub bytes_max: usize,
    pub depth_max: usize,
}

impl Default for EvalLimits {
    fn default() -> Self {
        Self {
            fuel: 5_000_000,
            wall: std::time::Duration::from_millis(100),
            bytes_max: 32 << 20,
            depth_max: 128,
        }
    }
}

/// A compiled jq expression. Cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Expression {
    pub source: Text,
    program: Arc<Program>,
    /// Loose mode: the text as written, which stands when the expression fails.
    fallback: Option<Text>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

/// jq that does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    pub message: String,
    /// Byte range in the expression's text.
    pub range: std::ops::Range<usize>,
    pub help: Option<String>,
}

impl Expression {
    /// Compiles `source`, which is jq without the `${ }`.
    pub fn compile(source: &str, scope: &Scope<'_>) -> Result<Self, CompileError> {
        let program = parse::program(source, scope)?;
        Ok(Self {
            source: source.trim().into(),
            program: Arc::new(program),
            fallback: None,
        })
    }

    /// The names from outside that the expression uses, without `$`: all that [`Variables`] is asked for.
    #[must_use]
    pub fn mentions(&self) -> &[Text] {
        &self.program.mentions
    }

    /// Evaluates against `input` (jq's `.`); `now` is what the expression's `now` says.
    ///
    /// No result is `null`; several are an error that says to wrap them in `[ ]`.
    /// Errors are of the standard's kind `expression`, status 400. A limit reached is named in the title.
    pub fn evaluate(
        &self,
        input: &Value,
        variables: &dyn Variables,
        now: jiff::Timestamp,
        limits: EvalLimits,
    ) -> Result<Value, WorkflowError> {
        match (self.run(input, variables, now, &limits), &self.fallback) {
            (Ok(value), _) => Ok(value),
            (Err(Failure::Stop(Stop::Limit(limit))), _) => {
                Err(self.error(limit.title(), "the expression was stopped"))
            }
            (Err(_), Some(text)) => Ok(Value::String(text.clone())),
            (Err(Failure::Many), None) => Err(self.error(
                "Expression has several results",
                "wrap it in `[ ]` to get them as a list",
            )),
            (Err(Failure::Stop(Stop::Throw(error))), None) => {
                let message = match &error {
                    Value::String(message) => message.to_string(),
                    other => text::dump(other, DETAIL_BYTES_MAX),
                };
                Err(self.error("Expression failed", &message))
            }
            (Err(Failure::Stop(Stop::Break(_) | Stop::Unwind)), None) => {
                Err(self.error("Expression failed", "`break` left the expression"))
            }
        }
    }

    fn run(
        &self,
        input: &Value,
        variables: &dyn Variables,
        now: jiff::Timestamp,
        limits: &EvalLimits,
    ) -> Result<Value, Failure> {
        let globals = self
            .program
            .mentions
            .iter()
            .map(|name| variables.get(name).unwrap_or_default())
            .collect();
        let machine = Machine {
            program: &self.program,
            globals,
            meter: Meter::new(limits, now, Regexes::new(self.program.regexes.clone())),
        };
        let value = if self.program.body.is_single {
            machine.value(&self.program.body, &Env::default(), input.clone())?
        } else {
            only(&machine, input)?
        };
        // What was only picked out of the input is no larger than the input.
        if machine.meter.has_built() || matches!(value, Value::Float(_)) {
            machine
                .meter
                .check_result(&value, &mut limits.bytes_max.clone(), 0)?;
        }
        if machine.meter.has_strange_numbers.get() {
            return Ok(as_written(value));
        }
        Ok(value)
    }

    fn error(&self, title: &str, message: &str) -> WorkflowError {
        let source = match self.source.char_indices().nth(SHOWN_CHARACTERS_MAX) {
            Some((end, _)) => format!("{}...", &self.source[..end]),
            None => self.source.to_string(),
        };
        WorkflowError::new(
            ErrorKind::Expression,
            title,
            format!("{message} (in `{source}`)"),
        )
    }
}

/// A value as it is after it was written and read again: JSON has no infinity and no not-a-number. A run must go on alike
/// whether it still holds the value or has read it from its history.
fn as_written(value: Value) -> Value {
    match value {
        Value::Float(number) if number.is_nan() => Value::Null,
        Value::Float(number) => Value::Float(number.clamp(f64::MIN, f64::MAX)),
        Value::Array(items) => Value::array(items.iter().cloned().map(as_written).collect()),
        Value::Object(map) => Value::Object(Arc::new(
            map.iter()
                .map(|(key, item)| (key.clone(), as_written(item.clone())))
                .collect(),
        )),
        other => other,
    }
}

/// How much of a thrown value, and of an expression, an error shows.
const DETAIL_BYTES_MAX: usize = 1000;
const SHOWN_CHARACTERS_MAX: usize = 200;

enum Failure {
    Stop(Stop),
    Many,
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// The one result of a stream.
fn only(machine: &Machine<'_>, input: &Value) -> Result<Value, Failure> {
    let mut found = None;
    let mut is_more = false;
    let end = machine.meter.new_label();
    let flow = machine.eval(
        &machine.program.body,
        Env::default(),
        Item::plain(input.clone()),
        &mut |item| {
            if found.is_some() {
                is_more = true;
                return Err(Stop::Break(end));
            }
            found = Some(item.value);
            Ok(())
        },
    );
    match flow {
        Err(_) if is_more => Err(Failure::Many),
        Err(stop) => Err(stop.into()),
        Ok(()) => Ok(found.unwrap_or_default()),
    }
}

/// Data with expressions in it, as written in `set`, `with`, `output.as` and the like.
#[derive(Clone, Debug)]
pub enum Template {
    /// No expression inside: the value itself.
    Constant(Value),
    /// The whole text is one `${ }`: its value takes the place.
    Expression(Expression),
    /// Text with `${ }` in it: the values are inserted as text.
    Text(Arc<[Part]>),
    Array(Arc<[Template]>),
    Object(Arc<[(Text, Template)]>),
}

#[derive(Clone, Debug)]
pub enum Part {
    Text(Text),
    Expression(Expression),
}
