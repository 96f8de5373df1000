//! The arguments of an HTTP call, read from `with`.

use dsl::value::Value;
use http::Method;

use crate::authentication::Policy;
use crate::egress::Redirects;
use crate::function::CallError;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Output {
    /// The body, read by its content type.
    #[default]
    Content,
    /// The body in base64.
    Raw,
    /// Request, status, headers and content.
    Response,
}

/// What to ask; texts may still hold sealed references.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub method: Method,
    pub url: String,
    pub authentication: Option<Policy>,
    /// Headers of the connection: `{ secret: name }` is opened in them.
    pub fixed_headers: Vec<(String, Value)>,
    pub headers: Vec<(String, Value)>,
    pub query: Vec<(String, Value)>,
    pub body: Option<Value>,
    pub output: Output,
    pub redirects: Redirects,
}

impl Arguments {
    /// Reads the arguments of the function `http`.
    pub fn read(with: &Value) -> Result<Self, CallError> {
        let endpoint = with.get("endpoint").unwrap_or(&Value::Null);
        let uri = endpoint
            .as_str()
            .or_else(|| endpoint.get("uri").and_then(Value::as_str));
        let url = uri.ok_or_else(|| {
            wrong(format!(
                "`endpoint` needs an address or `uri`, found {}",
                kind(endpoint)
            ))
        })?;
        let method = with
            .get("method")
            .and_then(Value::as_str)
            .ok_or_else(|| wrong("`method` is missing".to_owned()))?;
        let mut arguments = Self::rest(parse_method(method)?, url.to_owned(), with)?;
        let policy = endpoint
            .get("authentication")
            .filter(|policy| !policy.is_null());
        arguments.authentication = policy.map(|value| Policy {
            value: value.clone(),
            may_name_secrets: false,
        });
        Ok(arguments)
    }

    /// Reads what the functions `http` and `<connection>.<method>` have in common.
    pub fn rest(method: Method, url: String, with: &Value) -> Result<Self, CallError> {
        let output = match with.get("output").map(|output| (output, output.as_str())) {
            None | Some((Value::Null, _) | (_, Some("content"))) => Output::Content,
            Some((_, Some("raw"))) => Output::Raw,
            Some((_, Some("response"))) => Output::Response,
            Some((other, _)) => {
                return Err(wrong(format!(
                    "`output` needs `content`, `raw` or `response`, found `{other}`"
                )));
            }
        };
        let redirects = match with.get("redirect") {
            None | Some(Value::Null | Value::Bool(false)) => Redirects::Return,
            Some(Value::Bool(true)) => Redirects::Follow,
            Some(other) => {
                return Err(wrong(format!(
                    "`redirect` needs true or false, found {}",
                    kind(other)
                )));
            }
        };
        Ok(Self {
            method,
            url,
            authentication: None,
            fixed_headers: Vec::new(),
            headers: entries(with, "headers")?,
            query: entries(with, "query")?,
            body: with.get("body").filter(|body| !body.is_null()).cloned(),
            output,
            redirects,
        })
    }
}

fn parse_method(text: &str) -> Result<Method, CallError> {
    let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes()).ok();
    // CONNECT asks for a tunnel, which is not an exchange.
    method
        .filter(|method| method != Method::CONNECT)
        .ok_or_else(|| wrong(format!("`{}` is not a method", text.escape_debug())))
}

/// The entries of an object argument; entries of value null count as absent.
fn entries(with: &Value, name: &str) -> Result<Vec<(String, Value)>, CallError> {
    match with.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(map)) => {
            let given = map.iter().filter(|(_, value)| !value.is_null());
            Ok(given
                .map(|(key, value)| (key.to_string(), value.clone()))
                .collect())
        }
        Some(other) => Err(wrong(format!(
            "`{name}` needs an object, found {}",
            kind(other)
        ))),
    }
}

/// A scalar as it stands in a header, a query or a form.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_) => {
            Some(value.to_json())
        }
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value.type_name() {
        "array" => "an array",
        "object" => "an object",
        "string" => "a string",
        "number" => "a number",
        "boolean" => "a boolean",
        other => other,
    }
}

pub(crate) fn wrong(detail: String) -> CallError {
    CallError::configuration("arguments are not valid", detail)
}
