//! What a function is to its caller: a call goes in, a value or an error comes out.

use std::sync::Arc;
use std::time::Duration;

use dsl::value::{Text, Value};
use dsl::workflow_error::{ErrorKind, WorkflowError};

/// What a function may do outside; unknown counts as the strongest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum EffectClass {
    None,
    Read,
    Decide,
    Write,
    Send,
    Pay,
}

/// One request to the outside, complete: nothing in it is an expression any more.
#[derive(Clone, Debug)]
pub struct Call {
    pub namespace: Text,
    /// `http`, `email`, `shell`, `crm.post`.
    pub function: Text,
    /// The evaluated arguments. Sealed secrets are still references in it.
    pub with: Value,
    /// Stable over attempts; sent as `Idempotency-Key` where the protocol has a place for it.
    pub idempotency_key: Text,
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct CallError {
    pub error: WorkflowError,
    /// The other side asked for patience (429, 503 with `Retry-After`).
    pub retry_after: Option<Duration>,
    /// False only when it is certain that the effect did not happen: nothing left (a refused address, a failed connect, a
    /// missing secret), or the other side answered that it refuses (a 4xx reply of HTTP, a 4xx or 5xx reply of SMTP).
    pub may_have_happened: bool,
}

impl CallError {
    /// An error met before anything left.
    #[must_use]
    pub fn before(error: WorkflowError) -> Self {
        Self {
            error,
            retry_after: None,
            may_have_happened: false,
        }
    }

    /// An error met after the effect may have happened.
    #[must_use]
    pub fn after(error: WorkflowError) -> Self {
        Self {
            error,
            retry_after: None,
            may_have_happened: true,
        }
    }

    /// An argument, a connection or a setting that is wrong.
    pub(crate) fn configuration(title: &str, detail: impl Into<String>) -> Self {
        Self::before(WorkflowError::new(ErrorKind::Configuration, title, detail))
    }
}

/// Opens secrets at the last hop.
pub trait Secrets: Send + Sync {
    /// The secret's value (text, or an object such as `{username, password}`), if the namespace has it and `host` may see it.
    fn open(&self, namespace: &str, name: &str, host: &str) -> Result<Value, WorkflowError>;
    /// Replaces every sealed reference inside `text` by its secret, and adds that secret to `opened`; text without one
    /// comes back as it is.
    fn unseal(
        &self,
        namespace: &str,
        text: &str,
        host: &str,
        opened: &mut Vec<Value>,
    ) -> Result<String, WorkflowError>;
}

/// Speaks one protocol.
#[async_trait::async_trait]
pub trait Connector: Send + Sync {
    async fn perform(&self, call: &Call) -> Result<Value, CallError>;
}

pub type Connectors = Arc<dyn Connector>;
