//! Functions of texts.

use super::{Native, native};
use crate::expr::arith::{is_number, shown};
use crate::expr::format::{Format, insert, to_json, to_text};
use crate::expr::meter::{Meter, Stop, throw};
use crate::expr::{regex, text};
use crate::value::{Limits, Text, Value};

pub(super) static TABLE: &[Native] = &[
    native("tostring", 0, |meter, input, _| match input {
        Value::String(_) => Ok(input),
        other => Ok(Value::String(to_text(meter, &other)?)),
    }),
    native("tonumber", 0, |meter, input, _| tonumber(meter, input)),
    native("tojson", 0, |meter, input, _| {
        Ok(Value::String(to_json(meter, &input)?.into()))
    }),
    native("fromjson", 0, |meter, input, _| fromjson(meter, &input)),
    native("format", 1, |meter, input, args| {
        let Some(format) = args[0].as_str().and_then(Format::named) else {
            return throw(format!(
                "{} is not a valid format",
                text::dump(&args[0], 30)
            ));
        };
        let mut out = String::new();
        insert(meter, Some(format), &input, &mut out)?;
        Ok(Value::String(out.into()))
    }),
    native("utf8bytelength", 0, |_, input, _| match &input {
        Value::String(text) => Ok(Value::Int(text.len() as i64)),
        _ => throw(format!(
            "{} only strings have UTF-8 byte length",
            shown(&input)
        )),
    }),
    native("explode", 0, |meter, input, _| {
        let text = string(&input, "cannot be exploded, as it is not a string")?;
        meter.items(text.len())?;
        Ok(Value::array(
            text.chars()
                .map(|letter| Value::Int(i64::from(u32::from(letter))))
                .collect(),
        ))
    }),
    native("implode", 0, |meter, input, _| text::implode(meter, &input)),
    native("ascii_downcase", 0, |meter, input, _| {
        let text = string(&input, "cannot be converted, as it is not a string")?;
        meter.text(text.len())?;
        Ok(Value::String(text.to_ascii_lowercase().into()))
    }),
    native("ascii_upcase", 0, |meter, input, _| {
        let text = string(&input, "cannot be converted, as it is not a string")?;
        meter.text(text.len())?;
        Ok(Value::String(text.to_ascii_uppercase().into()))
    }),
    native("trim", 0, |meter, input, _| {
        trimmed(meter, &input, str::trim)
    }),
    native("ltrim", 0, |meter, input, _| {
        trimmed(meter, &input, str::trim_start)
    }),
    native("rtrim", 0, |meter, input, _| {
        trimmed(meter, &input, str::trim_end)
    }),
    native("startswith", 1, |meter, input, args| {
        match (&input, &args[0]) {
            (Value::String(text), Value::String(start)) => {
                meter.reading(start)?;
                Ok(Value::Bool(text.starts_with(&**start)))
            }
            _ => throw("startswith() requires string inputs"),
        }
    }),
    native("endswith", 1, |meter, input, args| {
        match (&input, &args[0]) {
            (Value::String(text), Value::String(end)) => {
                meter.reading(end)?;
                Ok(Value::Bool(text.ends_with(&**end)))
            }
            _ => throw("endswith() requires string inputs"),
        }
    }),
    native("ltrimstr", 1, |meter, input, args| {
        stripped(meter, input, &args[0], |text, part| text.strip_prefix(part))
    }),
    native("rtrimstr", 1, |meter, input, args| {
        stripped(meter, input, &args[0], |text, part| text.strip_suffix(part))
    }),
    native("trimstr", 1, |meter, input, args| {
        let input = stripped(meter, input, &args[0], |text, part| text.strip_prefix(part))?;
        stripped(meter, input, &args[0], |text, part| text.strip_suffix(part))
    }),
    native("split", 1, |meter, input, args| match (&input, &args[0]) {
        (Value::String(text), Value::String(separator)) => text::split_text(meter, text, separator),
        _ => throw("split input and separator must be strings"),
    }),
    native("join", 1, |meter, input, args| {
        join(meter, &input, &args[0])
    }),
    native("_match", 2, |meter, input, args| {
        let (text, found) = regex::matches(meter, &input, &args[0], &args[1])?;
        let groups: usize = found.iter().map(|found| found.groups()).sum();
        meter.items((found.len() + groups).saturating_mul(28))?;
        Ok(Value::array(
            found
                .iter()
                .map(|found| regex::object(found, &text))
                .collect(),
        ))
    }),
    native("_test", 2, |meter, input, args| {
        regex::is_found(meter, &input, &args[0], &args[1]).map(Value::Bool)
    }),
    native("_capture", 2, |meter, input, args| {
        let (_, found) = regex::matches(meter, &input, &args[0], &args[1])?;
        let captures: Result<Vec<Value>, Stop> = found
            .iter()
            .map(|found| regex::captures(meter, found))
            .collect();
        Ok(Value::array(captures?))
    }),
    native("_split", 2, |meter, input, args| {
        split_by(meter, &input, &args[0], &args[1])
    }),
];

fn string<'v>(value: &'v Value, otherwise: &str) -> Result<&'v Text, Stop> {
    match value {
        Value::String(text) => Ok(text),
        _ => throw(format!("{} {otherwise}", shown(value))),
    }
}

fn trimmed(meter: &Meter, input: &Value, trim: fn(&str) -> &str) -> Result<Value, Stop> {
    let text = string(input, "cannot be trimmed")?;
    meter.reading(text)?;
    let rest = trim(text);
    meter.text(rest.len())?;
    Ok(Value::string(rest))
}

/// Whatever is not a text, or lacks the part, stays as it is.
fn stripped(
    meter: &Meter,
    input: Value,
    part: &Value,
    strip: for<'t> fn(&'t str, &str) -> Option<&'t str>,
) -> Result<Value, Stop> {
    let rest = match (&input, part) {
        (Value::String(text), Value::String(part)) => strip(text, part),
        _ => None,
    };
    match rest {
        Some(rest) => {
            meter.text(rest.len())?;
            Ok(Value::string(rest))
        }
        None => Ok(input),
    }
}

fn join(meter: &Meter, input: &Value, separator: &Value) -> Result<Value, Stop> {
    let Value::Array(items) = input else {
        return throw(format!("Cannot iterate over {}", shown(input)));
    };
    if items.is_empty() {
        return Ok(Value::string(""));
    }
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        meter.tick()?;
        let before = joined.len();
        if index > 0 {
            match separator {
                Value::String(separator) => joined.push_str(separator),
                Value::Null => {}
                other => {
                    let so_far = Value::string(joined.as_str());
                    return throw(format!(
                        "{} and {} cannot be added",
                        shown(&so_far),
                        shown(other)
                    ));
                }
            }
        }
        match item {
            Value::Null => {}
            Value::String(text) => joined.push_str(text),
            Value::Bool(_) => joined.push_str(&item.to_json()),
            number if is_number(number) => joined.push_str(&item.to_json()),
            other => {
                let so_far = Value::string(joined.as_str());
                return throw(format!(
                    "{} and {} cannot be added",
                    shown(&so_far),
                    shown(other)
                ));
            }
        }
        meter.text(joined.len() - before)?;
    }
    Ok(Value::String(joined.into()))
}

fn tonumber(meter: &Meter, input: Value) -> Result<Value, Stop> {
    match &input {
        number if is_number(number) => Ok(input),
        Value::String(text) => {
            meter.text(text.len())?;
            let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
            match Value::parse_json(trimmed.as_bytes()) {
                Ok(number) if is_number(&number) => Ok(number),
                _ => throw(format!(
                    "Cannot be parsed as a number: {}",
                    text::dump(&input, 30)
                )),
            }
        }
        _ => throw(format!("{} cannot be parsed as a number", shown(&input))),
    }
}

fn fromjson(meter: &Meter, input: &Value) -> Result<Value, Stop> {
    let Value::String(text) = input else {
        return throw(format!("{} only strings can be parsed", shown(input)));
    };
    // A parsed value takes up to fifty times its text: `[{},{},{}`.
    let parts = |wanted: u8| text.bytes().filter(|byte| *byte == wanted).count();
    let values = parts(b',').saturating_add(parts(b':'));
    meter.bytes(text.len() + 48 * values + 160 * parts(b'[') + 256 * parts(b'{'))?;
    meter.work(text.len() / 8)?;
    let limits = Limits {
        depth_max: meter.depth_max(),
        last_key_wins: true,
        ..Limits::default()
    };
    Value::parse_json_within(text.as_bytes(), limits)
        .or_else(|error| throw(format!("{error} (while parsing '{}')", short(text))))
}

fn short(text: &str) -> &str {
    let cut = (0..=text.len().min(60))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    &text[..cut]
}

/// The parts between all matches.
fn split_by(meter: &Meter, input: &Value, pattern: &Value, flags: &Value) -> Result<Value, Stop> {
    let flags = match flags {
        Value::Null => Value::string("g"),
        Value::String(flags) => Value::string(format!("{flags}g")),
        other => return throw(format!("{} is not a string of flags", shown(other))),
    };
    let (text, found) = regex::matches(meter, input, pattern, &flags)?;
    meter.text(text.len())?;
    meter.items(2 * (found.len() + 1))?;
    let mut parts = Vec::with_capacity(found.len() + 1);
    let mut start = 0;
    for found in &found {
        parts.push(Value::string(&text[start..found.range.start]));
        start = found.range.end;
    }
    parts.push(Value::string(&text[start..]));
    Ok(Value::array(parts))
}
