//! Effects performed through the real connectors, against services on loopback.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use connectors::egress::{Egress, Policy};
use connectors::shell::ShellPolicy;
use connectors::{Call, Connector, Registry, Secrets};
use dsl::value::Text;
use engine::{Outcome, Request};

use crate::services::Services;
use crate::vault::Vault;

/// Real seconds that a call on loopback may take before the test counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Outside {
    tokio: tokio::runtime::Runtime,
    registry: Registry,
}

impl Outside {
    pub fn new(services: &Services, vault: Vault) -> Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let address = tokio.block_on(services.serve())?;
        let hosts = services
            .hosts()
            .into_iter()
            .map(|host| (host, address))
            .collect();
        let egress = Arc::new(
            Egress::for_simulation(Policy::default(), hosts)
                .map_err(|error| anyhow::anyhow!("{error}"))?,
        );
        let secrets: Arc<dyn Secrets> = Arc::new(vault);
        let registry = Registry::new(egress, secrets, ShellPolicy::Allowed(Default::default()));
        Ok(Self { tokio, registry })
    }

    pub fn perform(&self, namespace: Text, key: &str, request: Request) -> Outcome {
        let call = Call {
            namespace,
            function: request.function,
            with: request.with,
            idempotency_key: key.into(),
            timeout: PATIENCE,
        };
        match self.tokio.block_on(self.registry.perform(&call)) {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Error(error.error),
        }
    }
}
