//! All functions by name: those that are built in, those of connections, and those that were added.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::http::Method;
use dsl::value::{Text, Value};

use crate::connection::{Connections, METHODS, Protocol};
use crate::egress::Egress;
use crate::email::Email;
use crate::function::{Call, CallError, Connector, EffectClass, Secrets};
use crate::http::{self, Http};
use crate::openapi::OpenApi;
use crate::schemas;
use crate::shell::{Shell, ShellPolicy};

/// A function as a person or a tool sees it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FunctionDescription {
    pub name: Text,
    pub summary: String,
    /// JSON Schema of `with`.
    pub input: Value,
    /// JSON Schema of the answer.
    pub output: Value,
    /// The strongest thing that it may do; arguments can make a call weaker, see [`Registry::effect_class`].
    pub effect: EffectClass,
}

/// Finds the connector of a call. Dropping the future of a call cancels it.
pub struct Registry {
    http: Http,
    openapi: OpenApi,
    email: Email,
    shell: Shell,
    connections: Arc<Connections>,
    added: BTreeMap<Text, (FunctionDescription, Arc<dyn Connector>)>,
}

#[async_trait::async_trait]
impl Connector for Registry {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        if let Some((_, connector)) = self.added.get(&call.function) {
            return connector.perform(call).await;
        }
        match &*call.function {
            "http" => self.http.perform(call).await,
            "openapi" => self.openapi.perform(call).await,
            "email" => self.email.perform(call).await,
            "shell" => self.shell.perform(call).await,
            _ => self.perform_on_connection(call).await,
        }
    }
}

impl Registry {
    #[must_use]
    pub fn new(egress: Arc<Egress>, secrets: Arc<dyn Secrets>, shell: ShellPolicy) -> Self {
        let connections = Arc::new(Connections::default());
        Self {
            http: Http::new(egress.clone(), secrets.clone()),
            openapi: OpenApi::new(egress.clone(), secrets.clone()),
            email: Email::new(egress, secrets.clone(), connections.clone()),
            shell: Shell::new(shell, secrets),
            connections,
            added: BTreeMap::new(),
        }
    }

    /// Adds a function of every namespace, in front of those that have the same name.
    #[must_use]
    pub fn with(mut self, description: FunctionDescription, connector: Arc<dyn Connector>) -> Self {
        self.added
            .insert(description.name.clone(), (description, connector));
        self
    }

    /// Where connections are put and replaced while calls go on.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// The functions that workflows of `namespace` may call, by name.
    #[must_use]
    pub fn describe(&self, namespace: &str) -> Vec<FunctionDescription> {
        let mut found: BTreeMap<Text, FunctionDescription> = schemas::built_in()
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect();
        for connection in self.connections.of(namespace) {
            if let Protocol::Http(settings) = &connection.protocol {
                let of_connection = METHODS
                    .iter()
                    .map(|method| schemas::method(&connection.name, settings, method));
                found.extend(of_connection.map(|one| (one.name.clone(), one)));
            }
        }
        found.extend(
            self.added
                .iter()
                .map(|(name, (description, _))| (name.clone(), description.clone())),
        );
        found.into_values().collect()
    }

    /// What this call may do outside; a function that is not known counts as the strongest.
    #[must_use]
    pub fn effect_class(&self, function: &str, with: &Value) -> EffectClass {
        match self.added.get(function) {
            Some((description, _)) => description.effect,
            None => effect_class(function, with),
        }
    }

    async fn perform_on_connection(&self, call: &Call) -> Result<Value, CallError> {
        let found = call.function.rsplit_once('.').and_then(|(name, method)| {
            let method = METHODS.iter().find(|known| **known == method)?;
            Some((self.connections.get(&call.namespace, name)?, method))
        });
        let Some((connection, method)) = found else {
            return Err(self.unknown(call));
        };
        let Protocol::Http(settings) = &connection.protocol else {
            return Err(self.unknown(call));
        };
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .expect("the table holds methods only");
        self.http
            .exchange(call, settings.arguments(method, &call.with)?)
            .await
    }

    fn unknown(&self, call: &Call) -> CallError {
        let names: Vec<_> = self
            .describe(&call.namespace)
            .into_iter()
            .map(|one| format!("`{}`", one.name))
            .collect();
        let detail = format!(
            "there is no function `{}` in this namespace; there are {}",
            call.function,
            names.join(", ")
        );
        CallError::configuration("unknown function", detail)
    }
}

/// What a call of a built-in function or of a connection may do outside.
#[must_use]
pub fn effect_class(function: &str, with: &Value) -> EffectClass {
    let method = match function {
        "http" => with.get("method").and_then(Value::as_str),
        // The document says what an operation does, and is not read here: the strongest that an exchange can be.
        "email" | "openapi" | "shell" => return EffectClass::Send,
        _ => function
            .rsplit_once('.')
            .map(|(_, method)| method)
            .filter(|method| METHODS.contains(method)),
    };
    method.map_or(EffectClass::Pay, |method| {
        http::effect_class(method, with.get("headers"))
    })
}
