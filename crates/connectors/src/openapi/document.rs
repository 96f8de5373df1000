//! An OpenAPI document as raw JSON, and the exchange that one of its operations asks for.

use dsl::value::Value;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::http::scalar;

/// Bytes that stand as they are in a path. Source: RFC 3986, section 2.3.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// `$ref`s followed one after another.
const REFERENCES_MAX: usize = 16;

pub(super) struct Document {
    json: Value,
    /// Where it was read: relative servers start here.
    origin: Url,
    is_swagger: bool,
}

/// What an operation asks of HTTP; parts of it may still hold sealed references.
#[derive(Debug, PartialEq)]
pub(super) struct Exchange {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, Value)>,
    pub query: Vec<(String, Value)>,
    pub body: Option<Value>,
}

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    item: &'a Value,
    written: &'a Value,
}

impl Document {
    pub fn read(json: Value, uri: &str) -> Result<Self, String> {
        let version = |name: &str| {
            json.get(name).map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_json(), str::to_owned)
            })
        };
        let is_swagger = match (version("swagger").as_deref(), version("openapi").as_deref()) {
            (Some(version), _) if version.starts_with('2') => true,
            (_, Some(version)) if version.starts_with('3') => false,
            _ => return Err("expected `swagger: 2.0` or `openapi: 3.x`".to_owned()),
        };
        let origin = Url::parse(uri).map_err(|error| error.to_string())?;
        Ok(Self {
            json,
            origin,
            is_swagger,
        })
    }

    /// The exchange for the operation with these parameters. Errors say what is wrong with the call.
    pub fn exchange(&self, id: &str, parameters: &Value) -> Result<Exchange, String> {
        let operation = self.operation(id)?;
        let mut url = format!(
            "{}{}",
            self.server(&operation)?.trim_end_matches('/'),
            operation.path
        );
        let method = Method::from_bytes(operation.method.to_ascii_uppercase().as_bytes())
            .map_err(|error| error.to_string())?;
        let mut exchange = Exchange {
            method,
            url: String::new(),
            headers: Vec::new(),
            query: Vec::new(),
            body: None,
        };
        let mut form = Vec::new();
        let mut known = Vec::new();
        for parameter in self.parameters(&operation) {
            let text = |name: &str| {
                parameter
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let (name, place) = (text("name"), text("in"));
            known.push(name.to_owned());
            let Some(value) = parameters.get(name).filter(|value| !value.is_null()) else {
                if parameter.get("required").and_then(Value::as_bool) == Some(true) {
                    return Err(format!("operation `{id}` needs the parameter `{name}`"));
                }
                continue;
            };
            match place {
                "path" => {
                    let text = joined(value)
                        .ok_or_else(|| format!("parameter `{name}` cannot be an object"))?;
                    url = url.replace(
                        &format!("{{{name}}}"),
                        &utf8_percent_encode(&text, PATH).to_string(),
                    );
                }
                "query" => exchange
                    .query
                    .push((name.to_owned(), in_query(parameter, value))),
                "header" => {
                    let text = joined(value)
                        .ok_or_else(|| format!("parameter `{name}` cannot be an object"))?;
                    exchange.headers.push((name.to_owned(), text.into()));
                }
                "body" => exchange.body = Some(value.clone()),
                "formData" => form.push((name.to_owned(), value.clone())),
                other => {
                    return Err(format!(
                        "parameter `{name}` is in `{other}`, which is not supported"
                    ));
                }
            }
        }
        if !form.is_empty() {
            let kind = first_text(operation.written.get("consumes"))
                .unwrap_or("application/x-www-form-urlencoded");
            exchange
                .headers
                .push(("content-type".to_owned(), kind.into()));
            exchange.body = Some(Value::object(form));
        }
        if !self.is_swagger {
            self.request_body(id, &operation, parameters, &known, &mut exchange)?;
        }
        exchange.url = url;
        Ok(exchange)
    }

    /// OpenAPI 3 has the body apart from the parameters: it is the parameter `body`, or made of those that are nothing else.
    fn request_body(
        &self,
        id: &str,
        operation: &Operation<'_>,
        parameters: &Value,
        known: &[String],
        exchange: &mut Exchange,
    ) -> Result<(), String> {
        let Some(body) = operation
            .written
            .get("requestBody")
            .map(|body| self.resolved(body))
        else {
            return Ok(());
        };
        let is_taken = |name: &str| known.iter().any(|known| known == name);
        let value = match parameters.get("body").filter(|_| !is_taken("body")) {
            Some(body) => Some(body.clone()),
            None => {
                let rest = parameters
                    .as_object()
                    .into_iter()
                    .flat_map(|map| map.iter())
                    .filter(|(name, _)| !is_taken(name));
                let rest: Vec<_> = rest
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                (!rest.is_empty()).then(|| Value::object(rest))
            }
        };
        let Some(value) = value else {
            let is_required = body.get("required").and_then(Value::as_bool) == Some(true);
            return if is_required {
                Err(format!(
                    "operation `{id}` needs a body, as the parameter `body`"
                ))
            } else {
                Ok(())
            };
        };
        let types: Vec<&str> = body
            .get("content")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|types| types.keys())
            .map(|kind| &**kind)
            .collect();
        let kind = types
            .iter()
            .find(|kind| kind.ends_with("json"))
            .or_else(|| types.first());
        if let Some(kind) = kind.filter(|kind| !kind.contains('*')) {
            exchange
                .headers
                .push(("content-type".to_owned(), Value::from(*kind)));
        }
        exchange.body = Some(value);
        Ok(())
    }

    fn operation(&self, id: &str) -> Result<Operation<'_>, String> {
        let paths = self
            .json
            .get("paths")
            .and_then(Value::as_object)
            .ok_or("the document has no `paths`")?;
        for (path, item) in paths.iter() {
            let item = self.resolved(item);
            for method in METHODS {
                if let Some(written) = item.get(method)
                    && written.get("operationId").and_then(Value::as_str) == Some(id)
                {
                    return Ok(Operation {
                        method,
                        path,
                        item,
                        written,
                    });
                }
            }
        }
        Err(format!("the document has no operation `{id}`"))
    }

    /// The operation's own parameters, then those of its path that it does not replace.
    fn parameters<'a>(&'a self, operation: &Operation<'a>) -> Vec<&'a Value> {
        let mut found: Vec<&Value> = Vec::new();
        for list in [
            operation.written.get("parameters"),
            operation.item.get("parameters"),
        ] {
            for parameter in list
                .and_then(Value::as_array)
                .into_iter()
                .flat_map(|list| list.iter())
            {
                let parameter = self.resolved(parameter);
                let is_same = |known: &&Value| {
                    known.get("name") == parameter.get("name")
                        && known.get("in") == parameter.get("in")
                };
                if !found.iter().any(is_same) {
                    found.push(parameter);
                }
            }
        }
        found
    }

    fn server(&self, operation: &Operation<'_>) -> Result<String, String> {
        if self.is_swagger {
            let schemes: Vec<&str> = texts(self.json.get("schemes"));
            let scheme = if schemes.is_empty() || schemes.contains(&self.origin.scheme()) {
                self.origin.scheme()
            } else {
                schemes[0]
            };
            let own = self.origin.host_str().map(|host| {
                self.origin
                    .port()
                    .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
            });
            let host = self
                .json
                .get("host")
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or(own)
                .ok_or("the document names no host")?;
            let base = self
                .json
                .get("basePath")
                .and_then(Value::as_str)
                .unwrap_or_default();
            return Ok(format!("{scheme}://{host}{base}"));
        }
        let lists = [
            operation.written.get("servers"),
            operation.item.get("servers"),
            self.json.get("servers"),
        ];
        let server = lists
            .into_iter()
            .flatten()
            .find_map(|list| list.as_array()?.first());
        let written = server
            .and_then(|server| server.get("url"))
            .and_then(Value::as_str)
            .unwrap_or("/");
        let variables = server
            .and_then(|server| server.get("variables"))
            .and_then(Value::as_object);
        let url = variables
            .into_iter()
            .flat_map(|variables| variables.iter())
            .fold(written.to_owned(), |url, (name, variable)| {
                let default = variable
                    .get("default")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                url.replace(&format!("{{{name}}}"), default)
            });
        self.origin
            .join(&url)
            .map(String::from)
            .map_err(|error| format!("server `{url}`: {error}"))
    }

    /// What a local `$ref` points at; anything else is itself.
    fn resolved<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        for _ in 0..REFERENCES_MAX {
            let Some(pointer) = value
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix("#/"))
            else {
                break;
            };
            let mut names = pointer
                .split('/')
                .map(|name| name.replace("~1", "/").replace("~0", "~"));
            match names.try_fold(&self.json, |value, name| value.get(&name)) {
                Some(found) => value = found,
                None => break,
            }
        }
        value
    }
}

/// An array in a query: repeated, unless the document wants it joined.
fn in_query(parameter: &Value, value: &Value) -> Value {
    let text = |name: &str| parameter.get(name).and_then(Value::as_str);
    let separator = match (
        text("collectionFormat"),
        text("style"),
        parameter.get("explode").and_then(Value::as_bool),
    ) {
        (Some("multi"), ..) => None,
        (Some("ssv"), ..) | (_, Some("spaceDelimited"), _) => Some(" "),
        (Some("tsv"), ..) => Some("\t"),
        (Some("pipes"), ..) | (_, Some("pipeDelimited"), _) => Some("|"),
        (Some(_), ..) | (.., Some(false)) => Some(","),
        // Swagger's default joins, OpenAPI 3's repeats; only the former writes `type` beside `in`.
        _ => (text("type") == Some("array")).then_some(","),
    };
    match (separator, value.as_array()) {
        (Some(separator), Some(items)) => items
            .iter()
            .filter_map(scalar)
            .collect::<Vec<_>>()
            .join(separator)
            .into(),
        _ => value.clone(),
    }
}

fn joined(value: &Value) -> Option<String> {
    match value.as_array() {
        Some(items) => items
            .iter()
            .map(scalar)
            .collect::<Option<Vec<_>>>()
            .map(|texts| texts.join(",")),
        None => scalar(value),
    }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flat_map(|items| items.iter())
        .filter_map(Value::as_str)
        .collect()
}

fn first_text(value: Option<&Value>) -> Option<&str> {
    texts(value).first().copied()
}

#[cfg(test)]
mod tests;
