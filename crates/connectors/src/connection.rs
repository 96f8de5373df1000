//! A connection: one outside system that the workflows of a namespace may use by name.
//!
//! Its fields come from the resource's `spec`; `{ secret: name }` in them is opened only while performing.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use dsl::value::{Text, Value};
use http::Method;
use serde::Deserialize;
use url::Url;

use crate::authentication::Policy;
use crate::egress;
use crate::function::CallError;
use crate::http::{Arguments, within};

/// The methods that an HTTP connection offers as functions, such as `crm.get`.
pub const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

#[derive(Clone, Debug)]
pub struct Connection {
    pub namespace: Text,
    pub name: Text,
    pub protocol: Protocol,
    /// Shared limits; obeyed by whoever hands calls over.
    pub limits: Option<Value>,
    /// Whom to tell when it fails.
    pub owner: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Protocol {
    Http(HttpSettings),
    Smtp(SmtpSettings),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// What every path is appended to.
    pub endpoint: String,
    #[serde(default)]
    pub headers: indexmap::IndexMap<String, Value>,
    /// Hosts beside that of `endpoint` to which a redirect may lead.
    #[serde(default)]
    pub hosts: Vec<String>,
    #[serde(skip)]
    pub authentication: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    pub host: String,
    /// 587, or 465 with `tls: implicit`, or 25 with `tls: none`.
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: Tls,
    /// The sender of mails that name none.
    pub from: Option<String>,
    /// Text, or `{ secret: name }`.
    pub username: Option<Value>,
    pub password: Option<Value>,
}

impl SmtpSettings {
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Starttls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        })
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// In clear: no password is sent then, but to this machine.
    None,
    /// Begins in clear and insists on becoming encrypted.
    #[default]
    Starttls,
    /// Encrypted from the first byte.
    Implicit,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("connection `{name}` is not valid: {reason}")]
pub struct ConnectionError {
    pub name: Text,
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    http: Option<HttpSettings>,
    smtp: Option<SmtpSettings>,
    authentication: Option<Value>,
    limits: Option<Value>,
    owner: Option<String>,
    /// Read by whoever schedules probes.
    #[serde(rename = "probe")]
    _probe: Option<Value>,
    /// Read by whoever places effects on sites.
    #[serde(rename = "site")]
    _site: Option<Value>,
}

impl Connection {
    /// Reads the `spec` of a resource of kind `Connection`.
    pub fn read(namespace: &str, name: &str, spec: &Value) -> Result<Self, ConnectionError> {
        let wrong = |reason: String| ConnectionError {
            name: name.into(),
            reason,
        };
        let spec: Spec = serde_json::from_str(&spec.to_json()).map_err(|error| {
            // The position is one of our own JSON, which nobody wrote.
            let text = error.to_string();
            wrong(
                text.split(" at line ")
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            )
        })?;
        let protocol = match (spec.http, spec.smtp) {
            (Some(http), None) => {
                egress::parse_url(&http.endpoint).map_err(|error| wrong(error.to_string()))?;
                Protocol::Http(HttpSettings {
                    authentication: spec.authentication,
                    ..http
                })
            }
            (None, Some(smtp)) if spec.authentication.is_none() => Protocol::Smtp(smtp),
            (None, Some(_)) => {
                return Err(wrong(
                    "mail takes `username` and `password`, not `authentication`".to_owned(),
                ));
            }
            (None, None) => {
                return Err(wrong(
                    "expected one of `http`, `smtp`, found neither".to_owned(),
                ));
            }
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "expected one of `http`, `smtp`, found both".to_owned(),
                ));
            }
        };
        if name.is_empty() || name.contains('.') || ["http", "email", "shell"].contains(&name) {
            return Err(wrong(
                "the name must not be empty, hold a `.`, or be that of a function".to_owned(),
            ));
        }
        Ok(Self {
            namespace: namespace.into(),
            name: name.into(),
            protocol,
            limits: spec.limits,
            owner: spec.owner,
        })
    }
}

impl HttpSettings {
    /// The arguments of one exchange: those of the call within what the connection fixes.
    pub(crate) fn arguments(&self, method: Method, with: &Value) -> Result<Arguments, CallError> {
        let endpoint = egress::parse_url(&self.endpoint)?;
        let path = match with.get("path") {
            None | Some(Value::Null) => "",
            Some(Value::String(path)) => path,
            Some(other) => {
                return Err(wrong(format!(
                    "`path` needs a string, found {}",
                    other.type_name()
                )));
            }
        };
        let mut hosts = self.hosts.clone();
        hosts.extend(endpoint.host_str().map(str::to_owned));
        let url = append(endpoint, path)?;
        let mut arguments = Arguments::rest(method, url.into(), with)?;
        arguments.redirects = within(arguments.redirects, hosts);
        arguments.fixed_headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        arguments.authentication = self.authentication.as_ref().map(|value| Policy {
            value: value.clone(),
            may_name_secrets: true,
        });
        Ok(arguments)
    }
}

/// Appends `path`, which may be data of a run, so that it stays below the endpoint whoever reads it.
fn append(mut endpoint: Url, path: &str) -> Result<Url, CallError> {
    let refuse = |reason: &str| Err(wrong(format!("`path` {reason}: `{}`", path.escape_debug())));
    if path.chars().any(|c| c.is_control() || c == '\\') {
        return refuse("holds a control character or a backslash");
    }
    if path.contains(['?', '#']) {
        return refuse("holds `?` or `#`; parameters go into `query`");
    }
    if path.contains("//") {
        return refuse("holds an empty segment");
    }
    // Some servers decode before they resolve dots, and some decode twice.
    let mut decoded = path.to_owned();
    for _ in 0..3 {
        if decoded
            .split(['/', '\\'])
            .any(|segment| matches!(segment, "." | ".."))
        {
            return refuse("leads out of the endpoint");
        }
        decoded = percent_encoding::percent_decode_str(&decoded)
            .decode_utf8_lossy()
            .into_owned();
    }
    if !path.is_empty() {
        let base = endpoint.path().trim_end_matches('/').to_owned();
        endpoint.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
    }
    Ok(endpoint)
}

fn wrong(detail: String) -> CallError {
    CallError::configuration("arguments are not valid", detail)
}

/// The connections of all namespaces, replaced as their files change.
#[derive(Default)]
pub struct Connections {
    by_name: RwLock<HashMap<(Text, Text), Arc<Connection>>>,
}

impl Connections {
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<Connection>> {
        // Each change is one insert or one swap, so a poisoned lock still guards a whole map.
        let all = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&(Text::from(namespace), Text::from(name))).cloned()
    }

    pub fn put(&self, connection: Connection) {
        let key = (connection.namespace.clone(), connection.name.clone());
        self.by_name
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::new(connection));
    }

    /// Makes `connections` the only ones.
    pub fn replace(&self, connections: impl IntoIterator<Item = Connection>) {
        let entries = connections
            .into_iter()
            .map(|one| ((one.namespace.clone(), one.name.clone()), Arc::new(one)));
        *self.by_name.write().unwrap_or_else(PoisonError::into_inner) = entries.collect();
    }

    /// Those of one namespace by name.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Vec<Arc<Connection>> {
        let all = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<_> = all
            .values()
            .filter(|one| &*one.namespace == namespace)
            .cloned()
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}
