//! jq: compile once, evaluate against named values, within limits.

use std::sync::Arc;

use crate::definition::Mode;
use crate::value::{Text, Value};
use crate::workflow_error::{ErrorKind, WorkflowError};

/// Names that every expression may use, without the `$`. Source: DSL 1.0.3, Runtime expression arguments.
pub const ARGUMENTS: [&str; 8] = ["context", "input", "output", "secrets", "authorization", "task", "workflow", "runtime"];

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
        Self { fuel: 5_000_000, wall: std::time::Duration::from_millis(100), bytes_max: 32 << 20, depth_max: 128 }
    }
}

/// A compiled jq expression. Cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Expression {
    pub source: Text,
    // H1: the compiled filter and the names it mentions.
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
    pub fn compile(_source: &str, _scope: &Scope<'_>) -> Result<Self, CompileError> {
        todo!()
    }

    /// Evaluates against `input` (jq's `.`); `now` is what the expression's `now` says.
    ///
    /// No result is `null`; several are an error that says to wrap them in `[ ]`.
    /// Errors are of the standard's kind `expression`, status 400.
    pub fn evaluate(&self, _input: &Value, _variables: &dyn Variables, _now: jiff::Timestamp, _limits: EvalLimits) -> Result<Value, WorkflowError> {
        let _ = ErrorKind::Expression;
        todo!()
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

impl Template {
    /// Compiles data as written. In strict mode only `${ ... }` is an expression; in loose mode any text is tried.
    /// On error: the JSON pointer within `written` and what is wrong there, for every fault.
    pub fn compile(_written: &Value, _scope: &Scope<'_>, _mode: Mode) -> Result<Self, Vec<(String, CompileError)>> {
        todo!()
    }

    pub fn evaluate(&self, _input: &Value, _variables: &dyn Variables, _now: jiff::Timestamp, _limits: EvalLimits) -> Result<Value, WorkflowError> {
        todo!()
    }
}
