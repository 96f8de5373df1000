//! Data flow of a workflow or a task: schemas, transformations, durations.

pub(crate) mod schema;

use crate::expr::Template;
use crate::value::Text;
pub use schema::{Schema, SchemaError, Violation};

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
