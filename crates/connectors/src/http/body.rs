//! A value to the bytes of a request, by content type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dsl::value::Value;
use sha2::{Digest as _, Sha256};

use super::arguments::{kind, scalar, wrong};
use crate::function::CallError;

pub(super) struct Encoded {
    pub bytes: Bytes,
    pub content_type: String,
}

/// Encodes `body` for `content_type`, or for the type that suits the value when the caller names none.
///
/// Text always goes out as it is, whatever the type. `{ base64: ... }` gives bytes to any type but JSON and forms.
/// `key` is the call's idempotency key: the same call always gives the same bytes.
pub(super) fn encode(
    body: &Value,
    content_type: Option<&str>,
    key: &str,
) -> Result<Encoded, CallError> {
    let Some(content_type) = content_type else {
        return Ok(match body {
            Value::String(text) => encoded(text.as_bytes().to_vec(), "text/plain; charset=utf-8"),
            other => encoded(json(other), "application/json"),
        });
    };
    let essence = essence(content_type);
    if let Value::String(text) = body {
        return Ok(encoded(text.as_bytes().to_vec(), content_type));
    }
    if is_json(&essence) {
        return Ok(encoded(json(body), content_type));
    }
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Ok(encoded(form(body)?, content_type)),
        "multipart/form-data" => multipart(body, key),
        _ => match bytes_of(body)? {
            Some(bytes) => Ok(encoded(bytes, content_type)),
            None => Ok(encoded(json(body), content_type)),
        },
    }
}

/// `type/subtype` in lower case, without parameters.
pub(super) fn essence(content_type: &str) -> String {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

pub(super) fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn encoded(bytes: Vec<u8>, content_type: &str) -> Encoded {
    Encoded {
        bytes: bytes.into(),
        content_type: content_type.to_owned(),
    }
}

fn json(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    value.write_json(&mut out);
    out
}

fn form(body: &Value) -> Result<Vec<u8>, CallError> {
    let Value::Object(map) = body else {
        return Err(wrong(format!(
            "a form needs an object as `body`, found {}",
            kind(body)
        )));
    };
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in map.iter() {
        for text in texts(key, value)? {
            pairs.append_pair(key, &text);
        }
    }
    Ok(pairs.finish().into_bytes())
}

/// The texts of a query or form entry: an array repeats the key, null leaves it out.
pub(super) fn texts(key: &str, value: &Value) -> Result<Vec<String>, CallError> {
    let one = |value: &Value| {
        scalar(value).ok_or_else(|| {
            wrong(format!(
                "`{key}` needs a text, number or boolean, found {}",
                kind(value)
            ))
        })
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

fn bytes_of(value: &Value) -> Result<Option<Vec<u8>>, CallError> {
    match value.get("base64").map(Value::as_str) {
        Some(Some(text)) => {
            let bytes = STANDARD
                .decode(text)
                .map_err(|error| wrong(format!("`base64` is not base64: {error}")))?;
            Ok(Some(bytes))
        }
        _ => Ok(None),
    }
}

/// Each entry is a part: a scalar is a field; `{ content | base64, filename?, type? }` is a file.
fn multipart(body: &Value, key: &str) -> Result<Encoded, CallError> {
    let Value::Object(map) = body else {
        return Err(wrong(format!(
            "multipart/form-data needs an object as `body`, found {}",
            kind(body)
        )));
    };
    // The hash covers the parts, so no part can contain it.
    let digest = Sha256::new()
        .chain_update(key)
        .chain_update(json(body))
        .finalize();
    let boundary: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut out = Vec::new();
    for (name, value) in map.iter() {
        let items: &[Value] = match value {
            Value::Array(items) => items,
            other => std::slice::from_ref(other),
        };
        for item in items {
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            push_part(&mut out, name, item)?;
        }
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(encoded(
        out,
        &format!("multipart/form-data; boundary={boundary}"),
    ))
}

fn push_part(out: &mut Vec<u8>, name: &str, value: &Value) -> Result<(), CallError> {
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(name)?);
    let bytes = match value {
        Value::Object(_) => {
            let text = |key: &str| value.get(key).and_then(Value::as_str);
            let bytes = match (bytes_of(value)?, text("content")) {
                (Some(bytes), _) => bytes,
                (None, Some(text)) => text.as_bytes().to_vec(),
                (None, None) => {
                    return Err(wrong(format!("part `{name}` needs `content` or `base64`")));
                }
            };
            let filename = text("filename").unwrap_or(name);
            let content_type = text("type").unwrap_or("application/octet-stream");
            head.push_str(&format!(
                "; filename=\"{}\"\r\nContent-Type: {}",
                quoted(filename)?,
                one_line(content_type)?
            ));
            bytes
        }
        other => scalar(other)
            .ok_or_else(|| wrong(format!("part `{name}` cannot be {}", kind(other))))?
            .into_bytes(),
    };
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(&bytes);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// A quote is written as the WHATWG standard for forms says; control characters are refused.
fn quoted(text: &str) -> Result<String, CallError> {
    Ok(one_line(text)?.replace('"', "%22"))
}

fn one_line(text: &str) -> Result<&str, CallError> {
    if text.chars().any(char::is_control) {
        return Err(wrong(format!(
            "`{}` holds a control character",
            text.escape_debug()
        )));
    }
    Ok(text)
}
