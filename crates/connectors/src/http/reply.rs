//! A reply to the value or the error that the task sees.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, DATE, PROXY_AUTHORIZATION, RETRY_AFTER, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::arguments::Output;
use super::body::{essence, is_json};
use crate::egress::{Redirects, Reply};
use crate::function::CallError;
use crate::opened::{REDACTED, Redaction};

/// How much of an error reply's body is repeated in the error.
const ERROR_DETAIL_BYTES_MAX: usize = 2 << 10;

/// What the reply's reader has to know of the request.
pub(super) struct Asked {
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub output: Output,
    pub redirects: Redirects,
}

/// Reads the reply.
///
/// Statuses 200-299 are success; with redirects followed, a final 300-399 (nothing to follow: 300, 304, no `Location`)
/// is too. Source: DSL 1.0.3, HTTP Call, `redirect`.
pub(super) fn read(reply: Reply, asked: &Asked, redaction: &Redaction) -> Result<Value, CallError> {
    let is_accepted = reply.status.is_success()
        || (reply.status.is_redirection() && asked.redirects != Redirects::Return);
    if !is_accepted {
        return Err(refusal(&reply, redaction));
    }
    let body = redaction.strike_bytes(reply.body.clone());
    if asked.output == Output::Raw {
        return Ok(if body.is_empty() {
            Value::Null
        } else {
            STANDARD.encode(&body).into()
        });
    }
    let content = content(&reply.headers, &body).map_err(CallError::after)?;
    if asked.output == Output::Content {
        return Ok(content);
    }
    let request = Value::object([
        (
            "method",
            Value::from(asked.method.as_str().to_ascii_lowercase()),
        ),
        ("uri", redaction.strike(asked.uri.clone()).into()),
        ("headers", shown_headers(&asked.headers, redaction)),
    ]);
    Ok(Value::object([
        ("request", request),
        ("statusCode", Value::Int(i64::from(reply.status.as_u16()))),
        ("headers", shown_headers(&reply.headers, redaction)),
        ("content", content),
    ]))
}

fn content(headers: &HeaderMap, body: &[u8]) -> Result<Value, WorkflowError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = essence(content_type);
    if is_json(&essence) {
        return parse_json(content_type, body);
    }
    if essence == "application/x-www-form-urlencoded" {
        return Ok(form(body));
    }
    if is_text(&essence) {
        return Ok(decode(content_type, body).into());
    }
    Ok(STANDARD.encode(body).into())
}

fn parse_json(content_type: &str, body: &[u8]) -> Result<Value, WorkflowError> {
    // JSON is UTF-8; the exceptions say so in the header or by a byte order mark.
    let decoded = match std::str::from_utf8(body) {
        Ok(_) if !body.starts_with(b"\xef\xbb\xbf") => None,
        _ => Some(decode(content_type, body)),
    };
    Value::parse_json(decoded.as_ref().map_or(body, |text| text.as_bytes())).map_err(|error| {
        WorkflowError::new(
            ErrorKind::Communication,
            "reply is not valid JSON",
            error.to_string(),
        )
        .with_status(502)
    })
}

fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+yaml")
        || matches!(
            essence,
            "application/xml"
                | "application/xml-dtd"
                | "application/javascript"
                | "application/yaml"
                | "application/x-yaml"
                | "application/x-ndjson"
                | "application/jsonl"
                | "application/graphql"
                | "application/sql"
        )
}

/// Text in the charset of the header, UTF-8 unless said; a byte order mark wins, bytes that fit nothing become U+FFFD.
fn decode(content_type: &str, body: &[u8]) -> String {
    let charset = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_owned())
    });
    let encoding = charset.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    encoding
        .unwrap_or(encoding_rs::UTF_8)
        .decode(body)
        .0
        .into_owned()
}

/// A key that occurs more than once becomes an array.
fn form(body: &[u8]) -> Value {
    let mut map = dsl::value::Map::new();
    for (key, value) in url::form_urlencoded::parse(body) {
        let value = Value::from(&*value);
        match map.get_mut(&*key) {
            None => {
                map.insert((&*key).into(), value);
            }
            Some(Value::Array(items)) => std::sync::Arc::make_mut(items).push(value),
            Some(first) => *first = Value::array(vec![first.clone(), value]),
        }
    }
    Value::Object(std::sync::Arc::new(map))
}

/// Headers as data: names in lower case, several of one name joined, nothing that lets anyone in.
fn shown_headers(headers: &HeaderMap, redaction: &Redaction) -> Value {
    let shown = headers.keys().map(|name| {
        let texts: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| shown_value(name, value, redaction))
            .collect();
        (name.as_str(), Value::from(texts.join(", ")))
    });
    Value::object(shown)
}

fn shown_value(name: &HeaderName, value: &HeaderValue, redaction: &Redaction) -> String {
    let is_credential = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].contains(name);
    if value.is_sensitive() || is_credential {
        return REDACTED.to_owned();
    }
    redaction.strike(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The communication error of a reply that is not a success.
fn refusal(reply: &Reply, redaction: &Redaction) -> CallError {
    let status = reply.status;
    let title = status
        .canonical_reason()
        .map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned);
    let content_type = reply
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Struck out before it is cut, so that no half of a secret is left at the edge.
    let text = redaction.strike(decode(
        content_type,
        &redaction.strike_bytes(reply.body.clone()),
    ));
    let text = text[..text.floor_char_boundary(ERROR_DETAIL_BYTES_MAX)].trim();
    let host = reply.url.host_str().unwrap_or_default();
    let detail = if text.is_empty() {
        format!("`{host}` answered {}, without a body", status.as_u16())
    } else {
        text.to_owned()
    };
    CallError {
        error: WorkflowError::new(ErrorKind::Communication, title, detail)
            .with_status(status.as_u16()),
        retry_after: retry_after(&reply.headers),
        may_have_happened: !is_refused(status),
    }
}

/// True when the status says that the request was not carried out.
fn is_refused(status: StatusCode) -> bool {
    // A timeout, a conflict (perhaps with an earlier attempt of the same key) and "too early" leave it open.
    status.is_client_error() && !matches!(status.as_u16(), 408 | 409 | 425)
}

/// `Retry-After` in seconds or as a date, which is read against the reply's own `Date` so that clocks need not agree.
/// A date without a `Date` beside it says nothing that we could use.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let parse = |text: &str| {
        jiff::fmt::rfc2822::parse(text)
            .ok()
            .map(|date| date.timestamp())
    };
    let now = headers
        .get(DATE)
        .and_then(|value| value.to_str().ok())
        .and_then(parse)?;
    let wait = parse(text)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

#[cfg(test)]
mod tests;
