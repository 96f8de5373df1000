//! What performs calls: the connectors, or a stand-in that a test or benchmark brings.

use connectors::function::EffectClass;
use connectors::{Call, CallError};
use dsl::Value;

/// Performs calls and knows what each may do outside.
#[async_trait::async_trait]
pub trait Performer: Send + Sync {
    async fn perform(&self, call: &Call) -> Result<Value, CallError>;

    /// What a call may do outside; unknown functions count as the strongest.
    fn effect_class(&self, namespace: &str, function: &str, with: &Value) -> EffectClass;

    /// Adds or replaces a connection from the `spec` of its resource. The error says what is wrong with it.
    fn connect(&self, namespace: &str, name: &str, spec: &Value) -> Result<(), String>;
}

/// The real connectors.
pub(crate) fn connectors(options: &crate::Options, secrets: std::sync::Arc<crate::secrets::SecretKeeper>) -> Result<std::sync::Arc<dyn Performer>, crate::RuntimeError> {
    let _ = (options, secrets);
    Err(crate::RuntimeError::Unavailable { what: "connectors".to_owned() })
}
