//! Data flow of a workflow or a task: schemas, transformations, durations.

use std::sync::Arc;

use crate::expr::Template;
use crate::value::{Text, Value};

#[derive(Clone, Debug, Default)]
pub struct Input {
    pub schema: Option<Schema>,
    pub from: Option<Template>,
}

#[derive(Clone, Debug, Default)]
pub struct Output {
    pub schema: Option<Schema>,
    pub as_: Option<Template>,
}

#[derive(Clone, Debug, Default)]
pub struct Export {
    pub schema: Option<Schema>,
    pub as_: Option<Template>,
}

/// A JSON Schema that data must meet. Compiled once, shared.
#[derive(Clone)]
pub struct Schema {
    pub document: Value,
    pub(crate) compiled: Arc<jsonschema::Validator>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Schema").field(&self.document).finish()
    }
}

/// One place where data breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the data.
    pub pointer: String,
    pub message: String,
}

/// A length of time as written: ISO 8601, days to milliseconds, or an expression that gives ISO 8601 text.
#[derive(Clone, Debug)]
pub enum DurationSpec {
    Fixed(jiff::Span),
    Expression(Template),
}

/// Name and endpoint of something kept elsewhere.
#[derive(Clone, Debug)]
pub struct ExternalResource {
    pub name: Option<Text>,
    pub endpoint: Template,
}

impl Schema {
    pub fn violations(&self, _value: &Value) -> Vec<Violation> {
        todo!()
    }
}
