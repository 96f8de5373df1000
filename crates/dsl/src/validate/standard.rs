//! The standard's own JSON schema, behind everything the decoder checks itself.
//!
//! A definition we accept must be one that any other engine of the standard accepts too.

mod flat;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};

use crate::definition::data::schema::to_serde;
use crate::problem::{Problem, Severity, code};
use crate::yaml::Node;
use flat::Flat;

const MESSAGE_CHARS_MAX: usize = 300;

static TEXT: &str = include_str!("workflow-schema.json");

fn schema() -> &'static Validator {
    static SCHEMA: OnceLock<Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let schema =
            serde_json::from_str(TEXT).expect("the embedded schema is JSON, a test reads it");
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("the embedded schema compiles, a test compiles it")
    })
}

/// Text forms that the standard's schema demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An absolute URI, or a template of one.
    Uri,
    /// A URI or a part of one, or a template of either.
    UriPart,
    Moment,
    JsonPointer,
}

/// Whether a text has a form, judged by the validator that judges the whole definition.
pub fn has_form(form: Form, text: &str) -> bool {
    static FORMS: OnceLock<[Validator; 4]> = OnceLock::new();
    let forms = FORMS.get_or_init(|| {
        [
            r#"{"anyOf": [{"format": "uri-template"}, {"format": "uri"}], "pattern": "^[A-Za-z][A-Za-z0-9+\\-.]*://.*"}"#,
            r#"{"format": "uri-template"}"#,
            r#"{"format": "date-time"}"#,
            r#"{"format": "json-pointer"}"#,
        ]
        .map(|text| {
            let schema = serde_json::from_str(text).expect("written above");
            let mut options = jsonschema::options().should_validate_formats(true);
            options = options.with_draft(jsonschema::Draft::Draft202012);
            options.build(&schema).expect("written above")
        })
    });
    let validator = match form {
        Form::Uri => &forms[0],
        Form::UriPart => &forms[1],
        Form::Moment => &forms[2],
        Form::JsonPointer => &forms[3],
    };
    validator.is_valid(&serde_json::Value::from(text))
}

/// At most one problem: the most telling of what the schema has to say.
///
/// The schema is recursive with `oneOf` and `unevaluatedProperties`, so a validator needs time exponential in the depth
/// of the tasks. What it says about a task list does not depend on where the list stands; therefore all tasks are laid
/// side by side, the lists inside them emptied, and checked as one flat document.
pub fn check(root: &Node) -> Option<Problem> {
    let flat = Flat::new(&root.value);
    let data = to_serde(&flat.document);
    if schema().is_valid(&data) {
        return None;
    }
    let errors: Vec<_> = schema().iter_errors(&data).collect();
    let error = errors
        .iter()
        .map(deepest)
        .max_by_key(|error| depth(error))?;
    let pointer = flat.pointer(error.instance_path().as_str());
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

/// Follows alternatives to the fault that lies deepest in the data: the branch that was meant fails latest, and of
/// branches that fail equally late it has the fewest faults.
fn deepest<'e, 'i>(error: &'e ValidationError<'i>) -> &'e ValidationError<'i> {
    let branches = match error.kind() {
        ValidationErrorKind::AnyOf { context }
        | ValidationErrorKind::OneOfNotValid { context }
        | ValidationErrorKind::OneOfMultipleValid { context } => context,
        _ => return error,
    };
    let faults = branches.iter().filter_map(|branch| {
        let inner = branch
            .iter()
            .map(deepest)
            .max_by_key(|inner| depth(inner))?;
        Some((depth(inner), Reverse(branch.len()), inner))
    });
    match faults.max_by_key(|(depth, faults, _)| (*depth, *faults)) {
        Some((inner_depth, _, inner)) if inner_depth > depth(error) => inner,
        _ => error,
    }
}
