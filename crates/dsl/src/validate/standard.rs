//! The standard's own JSON schema, behind everything the decoder checks itself.
//!
//! A definition we accept must be one that any other engine of the standard accepts too.

use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};

use crate::definition::data::schema::to_serde;
use crate::problem::{Problem, Severity, code};
use crate::yaml::Node;

const MESSAGE_CHARS_MAX: usize = 300;

static TEXT: &str = include_str!("workflow-schema.json");

fn schema() -> &'static Validator {
    static SCHEMA: OnceLock<Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let schema =
            serde_json::from_str(TEXT).expect("the embedded schema is JSON, a test reads it");
        jsonschema::validator_for(&schema)
            .expect("the embedded schema compiles, a test compiles it")
    })
}

/// At most one problem: the most telling of what the schema has to say.
pub fn check(root: &Node) -> Option<Problem> {
    let data = to_serde(&root.value);
    if schema().is_valid(&data) {
        return None;
    }
    let errors: Vec<_> = schema().iter_errors(&data).collect();
    let error = errors
        .iter()
        .map(deepest)
        .max_by_key(|error| depth(error))?;
    let pointer = error.instance_path().to_string();
    let message: String = error.to_string().chars().take(MESSAGE_CHARS_MAX).collect();
    Some(Problem {
        code: code::SCHEMA,
        severity: Severity::Error,
        message: format!("the standard's schema refuses this: {message}"),
        span: root.at(&pointer).unwrap_or(root).span,
        pointer,
        help: None,
    })
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

/// Follows alternatives to the fault that lies deepest in the data: the branch that was meant fails latest.
fn deepest<'e, 'i>(error: &'e ValidationError<'i>) -> &'e ValidationError<'i> {
    let branches = match error.kind() {
        ValidationErrorKind::AnyOf { context }
        | ValidationErrorKind::OneOfNotValid { context }
        | ValidationErrorKind::OneOfMultipleValid { context } => context,
        _ => return error,
    };
    match branches
        .iter()
        .flatten()
        .map(deepest)
        .max_by_key(|inner| depth(inner))
    {
        Some(inner) if depth(inner) > depth(error) => inner,
        _ => error,
    }
}
