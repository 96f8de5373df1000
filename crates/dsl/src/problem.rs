//! Something wrong with a definition or a request, shown to a person.

pub mod code;

use serde::Serialize;

/// Problems that one text may have; the search ends there.
pub const PROBLEMS_MAX: usize = 1_000;

/// A stretch of the source text. Offsets count bytes from 0; line and column count from 1 (columns in characters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub line: usize,
    pub column: usize,
}

/// Where a text starts.
pub(crate) const START: Span = Span {
    start: 0,
    end: 0,
    line: 1,
    column: 1,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One finding about a definition: what, where, why, and what to do about it.
///
/// The same object serves the terminal, the API and the editor. `code` is stable and has a page in `docs/errors/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub code: &'static str,
    pub severity: Severity,
    /// Lower case, no final stop, the user's words in backticks.
    pub message: String,
    pub span: Span,
    /// JSON pointer to the place, such as `/do/0/pay/call`.
    pub pointer: String,
    /// A hint, such as "did you mean `charges`?".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}
