//! Secrets of a scenario: runs hold references, the connectors open them.

use std::collections::BTreeMap;

use connectors::Secrets;
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};

/// The secrets that exist, by name: text, or an object of texts.
#[derive(Clone, Default)]
pub(crate) struct Vault {
    secrets: BTreeMap<String, Value>,
}

const OPEN: &str = "⟦secret:";
const CLOSE: &str = "⟧";

impl Vault {
    pub fn put(&mut self, name: &str, secret: Value) {
        self.secrets.insert(name.to_owned(), secret);
    }

    /// What `$secrets` holds: references in the shape of the secrets.
    pub fn sealed(&self) -> Value {
        Value::object(
            self.secrets
                .iter()
                .map(|(name, secret)| (name.as_str(), seal(name, secret))),
        )
    }

    fn find(&self, path: &str) -> Result<Value, WorkflowError> {
        let mut members = path.split('/');
        let first = members.next().and_then(|name| self.secrets.get(name));
        first
            .and_then(|secret| members.try_fold(secret, |value, member| value.get(member)))
            .cloned()
            .ok_or_else(|| {
                WorkflowError::new(
                    ErrorKind::Authorization,
                    "Secret not available",
                    format!("there is no secret `{path}`"),
                )
            })
    }
}

fn seal(path: &str, secret: &Value) -> Value {
    match secret.as_object() {
        Some(members) => Value::object(
            members
                .iter()
                .map(|(name, inner)| (name.clone(), seal(&format!("{path}/{name}"), inner))),
        ),
        None => Value::from(format!("{OPEN}{path}{CLOSE}")),
    }
}

impl Secrets for Vault {
    fn open(&self, _namespace: &str, name: &str, _host: &str) -> Result<Value, WorkflowError> {
        self.find(name)
    }

    fn unseal(
        &self,
        _namespace: &str,
        text: &str,
        _host: &str,
        secrets: &mut Vec<Value>,
    ) -> Result<String, WorkflowError> {
        let mut opened = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, reference)) = rest.split_once(OPEN) {
            let Some((path, after)) = reference.split_once(CLOSE) else {
                break;
            };
            let secret = self.find(path)?;
            opened.push_str(before);
            opened.push_str(secret.as_str().unwrap_or_default());
            secrets.push(secret);
            rest = after;
        }
        opened.push_str(rest);
        Ok(opened)
    }
}
