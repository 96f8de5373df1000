//! Values as YAML text, in the form a person would have typed.

use crate::value::Value;
use crate::yaml::resolve;

/// A value on lines of its own; the first line without indentation, the others indented by `indentation`.
pub fn block(value: &Value, indentation: usize) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| entry(key, value, indentation))
                .collect();
            entries.join(&line_break(indentation))
        }
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<String> = items
                .iter()
                .map(|item| format!("- {}", block(item, indentation + 2)))
                .collect();
            items.join(&line_break(indentation))
        }
        Value::String(text) if is_literal(text) => literal(text, indentation),
        _ => flow(value),
    }
}

/// `key: value` of a block mapping that stands at `indentation`.
pub fn entry(key: &str, value: &Value, indentation: usize) -> String {
    let key = key_text(key);
    match value {
        Value::Object(map) if !map.is_empty() => {
            format!(
                "{key}:{}{}",
                line_break(indentation + 2),
                block(value, indentation + 2)
            )
        }
        Value::Array(items) if !items.is_empty() => {
            format!(
                "{key}:{}{}",
                line_break(indentation + 2),
                block(value, indentation + 2)
            )
        }
        _ => format!("{key}: {}", block(value, indentation + 2)),
    }
}

/// A value on one line.
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(flow).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", key_text(key), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Float(number) if number.is_nan() => ".nan".to_owned(),
        Value::Float(number) if number.is_infinite() => {
            if *number > 0.0 { ".inf" } else { "-.inf" }.to_owned()
        }
        _ => value.to_json(),
    }
}

pub fn key_text(key: &str) -> String {
    scalar(key)
}

/// Text without quotes where that is safe anywhere, else in single quotes, else in double quotes.
fn scalar(text: &str) -> String {
    let is_safe = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '.' | '/' | '@' | '-' | '+' | ' ' | '(' | ')' | '$')
    };
    let is_plain = text
        .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '$'))
        && !text.ends_with(' ')
        && text.chars().all(is_safe)
        && resolve::plain(text).as_str() == Some(text);
    if is_plain {
        text.to_owned()
    } else if text
        .chars()
        .all(|c| !c.is_control() && c != '\u{feff}' && c != '\u{2028}' && c != '\u{2029}')
    {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        Value::string(text).to_json()
    }
}

fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && body
            .chars()
            .all(|c| c == '\n' || (!c.is_control() && c != '\u{feff}'))
}

fn literal(text: &str, indentation: usize) -> String {
    let (header, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let lines: Vec<String> = body
        .lines()
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("{}{line}", " ".repeat(indentation))
            }
        })
        .collect();
    format!("{header}\n{}", lines.join("\n"))
}

fn line_break(indentation: usize) -> String {
    format!("\n{}", " ".repeat(indentation))
}
