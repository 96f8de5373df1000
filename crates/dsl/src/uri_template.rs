//! URI templates, as far as the language has them: `{name}` stands for a top-level property of the task's input.
//!
//! Source: DSL 1.0.3, URI Template; RFC 6570, section 3.2.2 (simple string expansion).

use crate::value::Value;
use crate::workflow_error::{ErrorKind, WorkflowError};

/// Replaces every `{name}` in `template` by the property `name` of `input`, percent-encoded.
///
/// The name is taken verbatim: `{pet.id}` means the property `pet.id`. A missing property and `null` give nothing.
/// Errors: an expression error (400) when a property is an object or an array, when a brace is left open, and when a
/// value would climb out of its place in the path (`..`).
pub fn expand(template: &str, input: &Value) -> Result<String, WorkflowError> {
    if !template.contains(['{', '}']) {
        return Ok(template.to_owned());
    }
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(open);
        out.push_str(before);
        let close = after.find('}').filter(|_| after.starts_with('{'));
        let Some(close) = close else {
            return Err(wrong(format!(
                "`{template}` has a brace without its partner"
            )));
        };
        push_encoded(&mut out, &text_of(&after[1..close], input)?);
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    // A dot segment is resolved by whoever reads the address, so percent-encoding could not keep it in its place.
    if dot_segments(&out) > dot_segments(template) {
        return Err(wrong(format!(
            "a value would make `{template}` point outside its path, because it is `.` or `..`"
        )));
    }
    Ok(out)
}

fn text_of(name: &str, input: &Value) -> Result<String, WorkflowError> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.to_string()),
        Some(value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_))) => {
            Ok(value.to_json())
        }
        Some(value @ (Value::Array(_) | Value::Object(_))) => Err(wrong(format!(
            "`{{{name}}}` needs a string, number, boolean or null, found an {}",
            value.type_name()
        ))),
    }
}

fn push_encoded(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn dot_segments(uri: &str) -> usize {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.split('/')
        .filter(|segment| matches!(*segment, "." | ".."))
        .count()
}

fn wrong(detail: String) -> WorkflowError {
    WorkflowError::new(
        ErrorKind::Expression,
        "URI template cannot be expanded",
        detail,
    )
}

#[cfg(test)]
mod tests;
