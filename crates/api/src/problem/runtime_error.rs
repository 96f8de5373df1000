//! Errors of the runtime as answers. Nothing below this crate knows HTTP; nothing above it maps errors again.

use crate::StoreError;
use dsl::definition::data::Violation;
use runtime::RuntimeError;

use super::{Code, Finding, Problem};

impl From<RuntimeError> for Problem {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::NotFound { what, name } => Self::not_found(what, &name),
            RuntimeError::InvalidDefinition { problems } => findings(
                Code::DefinitionInvalid,
                "the definition is not valid".to_owned(),
                &problems,
            ),
            // The folder is this machine's, so only the file's name is told.
            RuntimeError::InvalidFile { path, problems } => {
                let name = path.file_name().unwrap_or_default().display();
                findings(
                    Code::DefinitionInvalid,
                    format!("`{name}` is not valid"),
                    &problems,
                )
            }
            RuntimeError::InvalidResource { message, problems } => {
                findings(Code::ResourceInvalid, message, &problems)
            }
            RuntimeError::InvalidInput { violations } => input_invalid(&violations),
            RuntimeError::Conflict { what } => Self::new(Code::Conflict, what),
            RuntimeError::KeyReused { .. } => Self::new(Code::KeyReused, error.to_string()),
            RuntimeError::Ended { .. } => Self::new(Code::RunEnded, error.to_string()),
            RuntimeError::BadRequest { what } => Self::new(Code::RequestInvalid, what),
            RuntimeError::Unauthorized { what } => Self::new(Code::Unauthorized, what),
            RuntimeError::TooLarge { limit } => too_large(limit),
            RuntimeError::Overloaded => Self::new(Code::Overloaded, error.to_string()),
            RuntimeError::Stopping => Self::new(Code::Stopping, error.to_string()),
            RuntimeError::Unavailable { what } => Self::new(Code::Unavailable, what),
            RuntimeError::Store(error) => store_error(error),
        }
    }
}

/// The body is larger than what the route takes.
#[must_use]
pub(crate) fn too_large(limit: usize) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("the body has more than {limit} bytes"),
    )
}

fn store_error(error: StoreError) -> Problem {
    match error {
        StoreError::Overloaded { .. } => Problem::new(
            Code::Overloaded,
            "too much waits to be written; nothing was done, try again",
        ),
        StoreError::DiskFull => Problem::new(Code::DiskFull, "the disk is full; nothing was done"),
        StoreError::Conflict { what } => {
            Problem::new(Code::Conflict, format!("this {what} is already there"))
        }
        StoreError::Closed => Problem::new(Code::Stopping, "the server is stopping"),
        StoreError::NotFound { what } => {
            Problem::new(Code::NotFound, format!("there is no such {what}"))
        }
        // The rest name folders and causes of this machine: for the log, not for callers.
        StoreError::Failed { .. } => Problem::new(
            Code::StoreUnavailable,
            "the store has failed and takes no more writes",
        )
        .because(&error),
        StoreError::InUse { .. }
        | StoreError::Newer { .. }
        | StoreError::Damaged { .. }
        | StoreError::Unusable { .. } => Problem::internal(error.to_string()),
    }
}

fn findings(code: Code, message: String, problems: &[dsl::Problem]) -> Problem {
    // The first error is what a person reads who reads one line.
    let first = problems
        .iter()
        .find(|problem| problem.severity == dsl::Severity::Error);
    let detail = match (first, problems.len()) {
        (None, _) => message,
        (Some(first), 1) => first.message.clone(),
        (Some(first), count) => format!("{} (and {} more)", first.message, count - 1),
    };
    Problem::new(code, detail).with_all(problems.iter().map(Finding::from))
}

fn input_invalid(violations: &[Violation]) -> Problem {
    let detail = match violations {
        [] => "the input is not valid".to_owned(),
        [first, rest @ ..] => {
            let place = if first.pointer.is_empty() {
                "the input"
            } else {
                &first.pointer
            };
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(" (and {} more)", rest.len())
            };
            format!("`{place}`: {}{more}", first.message)
        }
    };
    let findings = violations
        .iter()
        .map(|violation| Finding::at(violation.pointer.clone(), violation.message.clone()));
    Problem::new(Code::InputInvalid, detail).with_all(findings)
}

impl Problem {
    fn because(mut self, error: &StoreError) -> Self {
        self.0.cause = Some(error.to_string());
        self
    }
}
