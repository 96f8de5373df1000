//! The language's error object: problem details (RFC 7807) and the standard's error types.
//!
//! A workflow error is data. It may be caught by `try`; uncaught, it ends a run as `faulted`.

use serde::{Deserialize, Serialize};

/// The prefix of the standard's error types. Source: DSL 1.0.3, Standard Error Types.
pub const TYPE_PREFIX: &str = "https://serverlessworkflow.io/spec/1.0.0/errors/";

/// The prefix that the conformance kit and older documents use for the same types.
pub const TYPE_PREFIX_OLD: &str = "https://serverlessworkflow.io/dsl/errors/types/";

/// The standard's kinds of error, each with its usual status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Configuration,
    Validation,
    Expression,
    Authentication,
    Authorization,
    Timeout,
    Communication,
    Runtime,
}

impl ErrorKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Validation => "validation",
            Self::Expression => "expression",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Timeout => "timeout",
            Self::Communication => "communication",
            Self::Runtime => "runtime",
        }
    }

    /// The status that the standard gives this kind; a communication error carries the reply's own status instead.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Configuration | Self::Validation | Self::Expression => 400,
            Self::Authentication => 401,
            Self::Authorization => 403,
            Self::Timeout => 408,
            Self::Communication | Self::Runtime => 500,
        }
    }
}

/// An error as the language sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowError {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// JSON pointer to the task that raised it, such as `/do/0/getPet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl WorkflowError {
    /// A standard error of `kind` with its usual status; the engine adds `instance`.
    #[must_use]
    pub fn new(kind: ErrorKind, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{}", kind.name()),
            status: kind.status(),
            title: Some(title.into()),
            detail: Some(detail.into()),
            instance: None,
        }
    }

    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn with_instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// True when `kind` names the same error type as `self`, whichever of the two published prefixes either uses.
    #[must_use]
    pub fn is_kind(&self, kind: &str) -> bool {
        canonical(&self.kind) == canonical(kind)
    }
}

impl std::fmt::Display for WorkflowError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = canonical(&self.kind);
        write!(f, "{name} error {}", self.status)?;
        if let Some(title) = &self.title {
            write!(f, ": {title}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

fn canonical(kind: &str) -> &str {
    kind.strip_prefix(TYPE_PREFIX)
        .or_else(|| kind.strip_prefix(TYPE_PREFIX_OLD))
        .unwrap_or(kind)
}
