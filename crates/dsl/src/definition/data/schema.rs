//! JSON Schemas: compiled once, never fetching anything.

mod instance;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jsonschema::{Retrieve, Uri, Validator};

use instance::Ours;

use super::ExternalResource;
use crate::value::Value;

/// Violations that one check reports at most.
const VIOLATIONS_MAX: usize = 100;

/// A JSON Schema that data must meet. Compiled once, shared.
#[derive(Clone)]
pub struct Schema {
    /// The schema itself; null while it is only known by its resource.
    pub document: Value,
    /// Where it is kept, when the definition does not contain it.
    pub resource: Option<ExternalResource>,
    compiled: Option<Arc<Validator<Ours>>>,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schema")
            .field("document", &self.document)
            .field("resource", &self.resource)
            .finish()
    }
}

/// One place where data breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the data.
    pub pointer: String,
    pub message: String,
}

/// A schema that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at `{pointer}`")]
pub struct SchemaError {
    /// JSON pointer into the schema.
    pub pointer: String,
    pub message: String,
}

impl Schema {
    /// Compiles a schema. References must stay within it, or lead to the published meta-schemas: nothing is fetched.
    pub fn compile(document: &Value) -> Result<Self, SchemaError> {
        let schema = to_serde(document);
        let compiled = jsonschema::options_for::<Ours>()
            .with_retriever(Nowhere)
            .build(&schema)
            .map_err(|error| SchemaError {
                pointer: error.instance_path().to_string(),
                message: error.to_string(),
            })?;
        Ok(Self {
            document: document.clone(),
            resource: None,
            compiled: Some(Arc::new(compiled)),
        })
    }

    /// A schema kept elsewhere: it must be fetched and compiled before data can be checked.
    #[must_use]
    pub fn external(resource: ExternalResource) -> Self {
        Self {
            document: Value::Null,
            resource: Some(resource),
            compiled: None,
        }
    }

    /// Whether data can be checked; an unresolved schema is a configuration error when it is needed.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.compiled.is_some()
    }

    /// What is wrong with `data`, at most a hundred places. An unresolved schema is one violation at the root.
    #[must_use]
    pub fn violations(&self, data: &Value) -> Vec<Violation> {
        let Some(compiled) = &self.compiled else {
            let message = "the schema is kept elsewhere and has not been fetched".to_owned();
            return vec![Violation {
                pointer: String::new(),
                message,
            }];
        };
        if compiled.is_valid(data) {
            return Vec::new();
        }
        compiled
            .iter_errors(data)
            .take(VIOLATIONS_MAX)
            .map(|error| Violation {
                pointer: error.instance_path().to_string(),
                message: error.to_string(),
            })
            .collect()
    }
}

struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("`{uri}` is outside of this schema, and nothing is fetched").into())
    }
}

/// Our value as the validator's; numbers beyond a float become the nearest float.
pub(crate) fn to_serde(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Decimal(text) => match text.parse::<u64>() {
            Ok(number) => Json::from(number),
            Err(_) => Json::from(
                text.parse::<f64>()
                    .unwrap_or(f64::MAX)
                    .clamp(f64::MIN, f64::MAX),
            ),
        },
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(items) => Json::Array(items.iter().map(to_serde).collect()),
        Value::Object(map) => Json::Object(
            map.iter()
                .map(|(key, value)| (key.to_string(), to_serde(value)))
                .collect(),
        ),
    }
}
