//! What can go wrong on the way out, and which workflow error it becomes.

use std::error::Error as _;
use std::time::Duration;

use dsl::workflow_error::{ErrorKind, WorkflowError};

use super::policy::Rule;
use super::resolver::Denied;
use crate::function::CallError;

#[derive(Clone, Debug, thiserror::Error)]
#[error("{trouble}")]
pub struct EgressError {
    pub trouble: Trouble,
    /// False only when no byte of the request has left.
    pub was_sent: bool,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    #[error("`{url}` is not an address to call: {reason}")]
    InvalidUrl { url: String, reason: &'static str },
    #[error("`{host}` is refused: {rule}; ranges are allowed in the server's own settings")]
    Denied { host: String, rule: Rule },
    #[error("`{host}` cannot be reached: {cause}")]
    Unreachable { host: String, cause: String },
    #[error("no complete reply from `{host}` within {} ms", after.as_millis())]
    TimedOut { host: String, after: Duration },
    #[error("the exchange with `{host}` broke off: {cause}")]
    Broken { host: String, cause: String },
    #[error("the reply of `{host}` is larger than {bytes_max} bytes")]
    TooLarge { host: String, bytes_max: usize },
    #[error("more than {count_max} redirects, the last one from `{host}`")]
    TooManyRedirects { host: String, count_max: usize },
    #[error("`{host}` redirects to `{to}`, which is refused: {reason}")]
    RedirectRefused {
        host: String,
        to: String,
        reason: &'static str,
    },
    #[error("the HTTP client cannot start: {cause}")]
    NoClient { cause: String },
}

impl Trouble {
    pub(super) fn unsent(self) -> EgressError {
        EgressError {
            trouble: self,
            was_sent: false,
        }
    }

    pub(super) fn sent(self) -> EgressError {
        EgressError {
            trouble: self,
            was_sent: true,
        }
    }
}

impl EgressError {
    /// Reads the HTTP client's error; the deadline of the whole call is ours and does not pass here.
    pub(super) fn from_client(host: &str, error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(found) = cause {
            if let Some(denied) = found.downcast_ref::<Denied>() {
                return Trouble::Denied {
                    host: denied.host.clone(),
                    rule: denied.rule,
                }
                .unsent();
            }
            cause = found.source();
        }
        let host = host.to_owned();
        if error.is_connect() {
            return Trouble::Unreachable {
                host,
                cause: innermost(error),
            }
            .unsent();
        }
        if error.is_builder() {
            return Trouble::Unreachable {
                host,
                cause: innermost(error),
            }
            .unsent();
        }
        Trouble::Broken {
            host,
            cause: innermost(error),
        }
        .sent()
    }
}

/// The last cause says what happened; those above it only repeat "error sending request".
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    // The client prints the whole URL, which may hold a secret, when there is no inner cause.
    if error.source().is_none() {
        "request failed".to_owned()
    } else {
        text
    }
}

impl From<EgressError> for CallError {
    fn from(error: EgressError) -> Self {
        let detail = error.trouble.to_string();
        let workflow_error = match &error.trouble {
            Trouble::InvalidUrl { .. } => {
                WorkflowError::new(ErrorKind::Configuration, "address is not valid", detail)
            }
            Trouble::Denied { .. } => {
                WorkflowError::new(ErrorKind::Authorization, "egress denied", detail)
            }
            Trouble::RedirectRefused { .. } => {
                WorkflowError::new(ErrorKind::Authorization, "redirect refused", detail)
            }
            Trouble::Unreachable { .. } => communication(503, "service unreachable", detail),
            Trouble::TimedOut { .. } => {
                WorkflowError::new(ErrorKind::Timeout, "call timed out", detail)
            }
            Trouble::Broken { .. } => communication(502, "reply broken off", detail),
            Trouble::TooLarge { .. } => communication(502, "reply too large", detail),
            Trouble::TooManyRedirects { .. } => communication(502, "too many redirects", detail),
            Trouble::NoClient { .. } => {
                WorkflowError::new(ErrorKind::Runtime, "HTTP client unavailable", detail)
            }
        };
        Self {
            error: workflow_error,
            retry_after: None,
            may_have_happened: error.was_sent,
        }
    }
}

fn communication(status: u16, title: &str, detail: String) -> WorkflowError {
    WorkflowError::new(ErrorKind::Communication, title, detail).with_status(status)
}
