//! What performs calls: the connectors, or a stand-in that a test or benchmark brings.

use std::sync::Arc;

use connectors::connection::Connection;
use connectors::egress::{self, Egress, Policy};
use connectors::function::EffectClass;
use connectors::registry::Registry;
use connectors::shell::{ShellLimits, ShellPolicy};
use connectors::{Call, CallError, Connector};
use dsl::Value;

use crate::error::RuntimeError;
use crate::secrets::SecretKeeper;
use crate::server::{Options, Profile};

/// Performs calls and knows what each may do outside.
#[async_trait::async_trait]
pub trait Performer: Send + Sync {
    async fn perform(&self, call: &Call) -> Result<Value, CallError>;

    /// What a call may do outside; unknown functions count as the strongest.
    fn effect_class(&self, namespace: &str, function: &str, with: &Value) -> EffectClass;

    /// Adds or replaces a connection from the `spec` of its resource. The error says what is wrong with it.
    fn connect(&self, namespace: &str, name: &str, spec: &Value) -> Result<(), String>;
}

/// The real connectors, as the server's own settings allow them.
pub(crate) fn connectors(
    options: &Options,
    secrets: Arc<SecretKeeper>,
) -> Result<Arc<dyn Performer>, RuntimeError> {
    let is_development = options.profile == Profile::Development;
    let mut policy = Policy {
        allow_loopback: is_development,
        ..Policy::default()
    };
    for text in &options.allowed_networks {
        let range = text
            .parse()
            .map_err(|error: egress::CidrError| RuntimeError::BadRequest {
                what: error.to_string(),
            })?;
        policy.allow.push(range);
    }
    let egress = Arc::new(Egress::new(policy, Arc::new(egress::SystemResolver)));
    let shell = if is_development {
        ShellPolicy::Allowed(ShellLimits::default())
    } else {
        ShellPolicy::Denied
    };
    Ok(Arc::new(Registry::new(egress, secrets, shell)))
}

#[async_trait::async_trait]
impl Performer for Registry {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        Connector::perform(self, call).await
    }

    fn effect_class(&self, _namespace: &str, function: &str, with: &Value) -> EffectClass {
        Registry::effect_class(self, function, with)
    }

    fn connect(&self, namespace: &str, name: &str, spec: &Value) -> Result<(), String> {
        let connection =
            Connection::read(namespace, name, spec).map_err(|error| error.to_string())?;
        self.connections().put(connection);
        Ok(())
    }
}
