//! CloudEvents 1.0 over HTTP: one structured event, a batch, or binary mode (attributes in `ce-` headers).
//!
//! Whatever way it came, an event leaves as the JSON format's object: attributes beside `data` or `data_base64`, null
//! attributes left out. Bytes of a JSON media type become data, UTF-8 text becomes a string; only what is neither stays
//! `data_base64`. All that is wrong is reported at once. Source: CloudEvents 1.0.2, JSON format and HTTP binding.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dsl::value::{Map, Value};
use http::HeaderMap;
use percent_encoding::percent_decode_str;

use crate::problem::{Code, Finding, Problem};

/// Events of one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// Reads the events of a request: all of them, or every reason why not.
pub fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Value>, Problem> {
    let content_type = content_type(headers)?;
    let media_type = content_type.as_deref().map(media_type);
    match media_type.as_deref() {
        Some(STRUCTURED) => structured(body),
        Some(BATCH) => batch(body),
        Some(other) if other.starts_with("application/cloudevents") => Err(unsupported()),
        _ if headers.keys().any(|name| name.as_str().starts_with("ce-")) => {
            binary(headers, content_type, body)
        }
        _ => Err(unsupported()),
    }
}

fn unsupported() -> Problem {
    let detail = format!(
        "expected `{STRUCTURED}`, `{BATCH}`, or the attributes in `ce-` headers (binary mode)"
    );
    Problem::new(Code::MediaTypeUnsupported, detail)
}

fn content_type(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(http::header::CONTENT_TYPE) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|_| Problem::parameter("content-type", "is not text"))?;
    Ok(Some(text.to_owned()))
}

/// Type and subtype without parameters, lower case.
pub(crate) fn media_type(content_type: &str) -> String {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

pub(crate) fn is_json(media_type: &str) -> bool {
    matches!(media_type, "application/json" | "text/json")
        || (media_type.contains('/') && media_type.ends_with("+json"))
}

fn structured(body: &[u8]) -> Result<Vec<Value>, Problem> {
    let value = Value::parse_json(body).map_err(|error| Problem::json(body, &error))?;
    let mut findings = Vec::new();
    let event = from_json(&value, "", &mut findings);
    finish(event.into_iter().collect(), findings)
}

fn batch(body: &[u8]) -> Result<Vec<Value>, Problem> {
    let value = Value::parse_json(body).map_err(|error| Problem::json(body, &error))?;
    let Some(items) = value.as_array() else {
        return finish(
            Vec::new(),
            vec![Finding::at(
                "",
                format!("expected an array of events, found {}", value.type_name()),
            )],
        );
    };
    if items.len() > BATCH_EVENTS_MAX {
        let detail = format!(
            "the batch has {} events, at most {BATCH_EVENTS_MAX} are taken at once",
            items.len()
        );
        return Err(Problem::new(Code::BodyTooLarge, detail));
    }
    let mut findings = Vec::new();
    let events = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| from_json(item, &format!("/{at}"), &mut findings))
        .collect();
    finish(events, findings)
}

fn finish(events: Vec<Value>, findings: Vec<Finding>) -> Result<Vec<Value>, Problem> {
    let Some(first) = findings.first() else {
        return Ok(events);
    };
    let place = first
        .pointer
        .as_deref()
        .filter(|place| !place.is_empty())
        .map_or_else(String::new, |place| format!("`{place}`: "));
    let more = if findings.len() == 1 {
        String::new()
    } else {
        format!(" (and {} more)", findings.len() - 1)
    };
    let detail = format!("{place}{}{more}", first.message);
    Err(Problem::new(Code::EventInvalid, detail).with_all(findings))
}

/// One event of the JSON format.
fn from_json(value: &Value, at: &str, findings: &mut Vec<Finding>) -> Option<Value> {
    let Some(members) = value.as_object() else {
        findings.push(Finding::at(
            at,
            format!(
                "expected an event, which is an object, found {}",
                value.type_name()
            ),
        ));
        return None;
    };
    let found_before = findings.len();
    let mut event = Map::with_capacity(members.len());
    let mut encoded = None;
    for (name, value) in members.iter() {
        let place = || format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        match &**name {
            "data" => {
                event.insert(name.clone(), value.clone());
            }
            "data_base64" if !value.is_null() => {
                match value.as_str().map(|text| BASE64.decode(text)) {
                    Some(Ok(bytes)) => encoded = Some(bytes),
                    _ => findings.push(Finding::at(place(), "expected text in base64")),
                }
            }
            _ if value.is_null() => {}
            _ => match check_attribute(name, value) {
                Ok(()) => {
                    event.insert(name.clone(), value.clone());
                }
                Err(message) => findings.push(Finding::at(place(), message)),
            },
        }
    }
    if event.contains_key("data") && encoded.is_some() {
        findings.push(Finding::at(
            format!("{at}/data_base64"),
            "an event has `data` or `data_base64`, not both",
        ));
    }
    if let Some(bytes) = encoded {
        let media_type = event
            .get("datacontenttype")
            .and_then(Value::as_str)
            .map_or_else(|| "application/json".to_owned(), media_type);
        insert_bytes(&mut event, &media_type, &bytes, |message| {
            findings.push(Finding::at(format!("{at}/data_base64"), message))
        });
    }
    require(&event, |name| format!("{at}/{name}"), findings);
    (findings.len() == found_before).then(|| Value::Object(event.into()))
}

fn binary(
    headers: &HeaderMap,
    content_type: Option<String>,
    body: &[u8],
) -> Result<Vec<Value>, Problem> {
    let mut findings = Vec::new();
    let mut event = Map::new();
    for name in headers.keys() {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else {
            continue;
        };
        match header_attribute(attribute, headers) {
            Ok(value) => {
                event.insert(attribute.into(), value);
            }
            Err(message) => findings.push(Finding::at(name.as_str(), message)),
        }
    }
    // Without a content type an event's data is JSON (CloudEvents 1.0.2, `datacontenttype`).
    let media_type = content_type
        .as_deref()
        .map_or_else(|| "application/json".to_owned(), media_type);
    if let Some(content_type) = content_type {
        event.insert("datacontenttype".into(), content_type.into());
    }
    if !body.is_empty() {
        insert_bytes(&mut event, &media_type, body, |message| {
            findings.push(Finding::at("body", message))
        });
    }
    require(&event, |name| format!("ce-{name}"), &mut findings);
    finish(vec![Value::Object(event.into())], findings)
}

fn header_attribute(attribute: &str, headers: &HeaderMap) -> Result<Value, String> {
    if matches!(attribute, "datacontenttype" | "data" | "data_base64") {
        return Err(
            "is not an attribute in binary mode: the body is the data, `Content-Type` its type"
                .into(),
        );
    }
    let mut values = headers.get_all(format!("ce-{attribute}")).iter();
    let value = values.next().ok_or("is missing")?;
    if values.next().is_some() {
        return Err("comes more than once".into());
    }
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| "is not UTF-8")?;
    let text = unquote(text);
    let text = percent_decode_str(&text)
        .decode_utf8()
        .map_err(|_| "is not UTF-8 after percent-decoding")?;
    let value = Value::string(&*text);
    check_attribute(attribute, &value)?;
    Ok(value)
}

/// A double-quoted header value without its quotes and backslashes; other values as they are. Source: HTTP binding 3.1.3.2.
fn unquote(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        out.push(if character == '\\' {
            characters.next().unwrap_or('\\')
        } else {
            character
        });
    }
    out
}

fn require(event: &Map, place: impl Fn(&str) -> String, findings: &mut Vec<Finding>) {
    for name in ["specversion", "id", "source", "type"] {
        let is_reported = findings
            .iter()
            .any(|finding| finding.pointer.as_deref() == Some(&place(name)));
        if !event.contains_key(name) && !is_reported {
            findings.push(Finding::at(place(name), "is missing"));
        }
    }
}

fn check_attribute(name: &str, value: &Value) -> Result<(), String> {
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return Err("an attribute's name has only lower-case letters and digits".into());
    }
    match name {
        "specversion" => match text_of(value)? {
            "1.0" => Ok(()),
            other => Err(format!("expected `1.0`, found `{other}`")),
        },
        "id" | "source" | "type" | "subject" | "datacontenttype" => text_of(value).map(drop),
        "dataschema" => {
            let text = text_of(value)?;
            url::Url::parse(text)
                .map(drop)
                .map_err(|_| format!("expected an absolute URI, found `{text}`"))
        }
        "time" => {
            let text = text_of(value)?;
            text.parse::<jiff::Timestamp>().map(drop).map_err(|_| {
                format!("expected a time such as `2026-11-21T10:00:00Z`, found `{text}`")
            })
        }
        _ => match value {
            Value::String(_) | Value::Bool(_) => Ok(()),
            Value::Int(number) if i32::try_from(*number).is_ok() => Ok(()),
            _ => Err(format!(
                "an extension attribute is text, a boolean or a 32-bit integer, found {}",
                value.type_name()
            )),
        },
    }
}

fn text_of(value: &Value) -> Result<&str, String> {
    match value.as_str() {
        Some("") => Err("is empty".into()),
        Some(text) => Ok(text),
        None => Err(format!("expected text, found {}", value.type_name())),
    }
}

fn insert_bytes(event: &mut Map, media_type: &str, bytes: &[u8], complain: impl FnOnce(String)) {
    if is_json(media_type) {
        match Value::parse_json(bytes) {
            Ok(value) => {
                event.insert("data".into(), value);
            }
            Err(error) => complain(format!("is not JSON, as its content type says: {error}")),
        }
        return;
    }
    match std::str::from_utf8(bytes) {
        Ok(text)
            if media_type.starts_with("text/")
                || media_type.ends_with("+xml")
                || media_type.ends_with("/xml") =>
        {
            event.insert("data".into(), Value::string(text));
        }
        _ => {
            event.insert("data_base64".into(), Value::string(BASE64.encode(bytes)));
        }
    }
}
