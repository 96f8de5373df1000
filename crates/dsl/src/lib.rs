//! The language: definitions, their validation, and runtime expressions.
//!
//! Text goes in, a [`Definition`] or a list of [`Problem`]s comes out; an [`Expression`] and named values go in,
//! a [`Value`] or a [`WorkflowError`] comes out. No I/O, no clock, no randomness, no environment: time is an argument.
//! Executing a definition is the `engine` crate's subject.

pub mod definition;
pub mod expr;
pub mod parse;
pub mod problem;
mod suggest;
pub mod uri_template;
pub mod validate;
pub mod value;
pub mod workflow_error;
pub mod yaml;

pub use definition::{Definition, Task, TaskId, TaskKind};
pub use expr::{Expression, Template, Variables};
pub use parse::{Parsed, parse};
pub use problem::{Problem, Severity, Span};
pub use validate::validate;
pub use value::Value;
pub use workflow_error::WorkflowError;
