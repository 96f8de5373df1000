//! What can be known about a definition before it runs, beyond reading it.

pub(crate) mod effects;
pub(crate) mod standard;

use crate::problem::Problem;

/// Every problem of a definition, warnings among them, in the order of the text.
#[must_use]
pub fn validate(text: &str) -> Vec<Problem> {
    match crate::parse::parse(text) {
        Ok(parsed) => parsed.warnings,
        Err(problems) => problems,
    }
}
