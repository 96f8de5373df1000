//! The function `openapi`: one operation of a service that describes itself, called by its `operationId`.
//!
//! The document (Swagger 2.0 or OpenAPI 3, JSON) is fetched through egress and read as raw JSON, because real documents
//! are often slightly invalid: only what a call needs is looked at. What comes of it are the arguments of an HTTP
//! exchange, so outputs, redirects and errors are those of `http`.

mod document;

use std::sync::Arc;

use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};

use crate::authentication::Policy;
use crate::egress::Egress;
use crate::function::{Call, CallError, Connector, Secrets};
use crate::http::{Arguments, Http};
use document::Document;

/// Calls operations of documents that the definition names.
pub struct OpenApi {
    http: Http,
}

impl OpenApi {
    #[must_use]
    pub fn new(egress: Arc<Egress>, secrets: Arc<dyn Secrets>) -> Self {
        Self {
            http: Http::new(egress, secrets),
        }
    }

    async fn document(
        &self,
        call: &Call,
        endpoint: &Value,
        uri: &str,
    ) -> Result<Document, CallError> {
        let mut asked = vec![
            ("method", Value::from("get")),
            ("endpoint", endpoint.clone()),
            ("redirect", Value::Bool(true)),
        ];
        asked.push((
            "headers",
            Value::object([("accept", Value::from("application/json"))]),
        ));
        let arguments = Arguments::read(&Value::object(asked))?;
        let found = self
            .http
            .exchange(call, arguments)
            .await
            .map_err(|error| CallError {
                may_have_happened: false,
                ..error
            })?;
        // Some servers send the document as plain text.
        let json = match found.as_str() {
            Some(text) => {
                Value::parse_json(text.as_bytes()).map_err(|_| unreadable(uri, "it is not JSON"))?
            }
            None => found,
        };
        Document::read(json, uri).map_err(|reason| unreadable(uri, &reason))
    }
}

#[async_trait::async_trait]
impl Connector for OpenApi {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        let with = &call.with;
        let endpoint = with
            .get("document")
            .and_then(|document| document.get("endpoint"))
            .unwrap_or(&Value::Null);
        let uri = endpoint
            .as_str()
            .or_else(|| endpoint.get("uri").and_then(Value::as_str));
        let uri = uri.ok_or_else(|| wrong("`document.endpoint` needs an address".to_owned()))?;
        let id = with
            .get("operationId")
            .and_then(Value::as_str)
            .ok_or_else(|| wrong("`operationId` is missing".to_owned()))?;
        let document = self.document(call, endpoint, uri).await?;
        let exchange = document
            .exchange(id, with.get("parameters").unwrap_or(&Value::Null))
            .map_err(wrong)?;
        let mut arguments = Arguments::rest(exchange.method, exchange.url, with)?;
        arguments.headers = exchange.headers;
        arguments.query = exchange.query;
        arguments.body = exchange.body;
        let policy = with
            .get("authentication")
            .filter(|policy| !policy.is_null());
        arguments.authentication = policy.map(|value| Policy {
            value: value.clone(),
            may_name_secrets: false,
        });
        self.http.exchange(call, arguments).await
    }
}

fn wrong(detail: String) -> CallError {
    CallError::configuration("arguments are not valid", detail)
}

fn unreadable(uri: &str, reason: &str) -> CallError {
    let detail = format!("`{uri}` is not an OpenAPI document that can be read: {reason}");
    CallError::before(
        WorkflowError::new(ErrorKind::Communication, "document is not readable", detail)
            .with_status(502),
    )
}
