//! Texts: how values are shown in errors, and functions that take texts apart.

use super::arith::shown;
use super::meter::{Meter, Stop, throw};
use crate::value::Value;

/// A value as compact JSON, cut after `max` bytes as jq does in its messages.
pub(super) fn dump(value: &Value, max: usize) -> String {
    let mut text = String::new();
    sketch(value, max + 4, &mut text);
    if text.len() <= max + 3 {
        return text;
    }
    let cut = (0..=max)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    text.truncate(cut);
    text.push_str("...");
    text
}

/// At least the first `max` bytes of the JSON, without writing a large value in full.
fn sketch(value: &Value, max: usize, out: &mut String) {
    if out.len() > max {
        return;
    }
    match value {
        Value::String(text) => {
            let cut = (0..=text.len().min(max))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            out.push_str(&Value::string(&text[..cut]).to_json());
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items
                .iter()
                .enumerate()
                .take_while(|(index, _)| *index <= max)
            {
                if index > 0 {
                    out.push(',');
                }
                sketch(item, max, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map
                .iter()
                .enumerate()
                .take_while(|(index, _)| *index <= max)
            {
                if index > 0 {
                    out.push(',');
                }
                sketch(&Value::String(key.clone()), max, out);
                out.push(':');
                sketch(item, max, out);
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_json()),
    }
}

/// `text / separator`
pub(super) fn split_text(meter: &Meter, text: &str, separator: &str) -> Result<Value, Stop> {
    meter.text(text.len())?;
    let mut parts = Vec::new();
    if text.is_empty() {
        return Ok(Value::array(parts));
    }
    let mut push = |part: &str| {
        meter.items(2)?;
        parts.push(Value::string(part));
        meter.tick()
    };
    if separator.is_empty() {
        let mut buffer = [0; 4];
        for letter in text.chars() {
            push(letter.encode_utf8(&mut buffer))?;
        }
    } else {
        for part in text.split(separator) {
            push(part)?;
        }
    }
    Ok(Value::array(parts))
}

/// Where `wanted` is in `text`, overlapping ones too. jq 1.6 counts bytes, later ones characters; so do we.
pub(super) fn indices_of_text(meter: &Meter, text: &str, wanted: &str) -> Result<Value, Stop> {
    if wanted.is_empty() {
        return Ok(Value::Null);
    }
    meter.work(text.len() / 16)?;
    let mut found = Vec::new();
    let (mut at, mut letters) = (0, 0_i64);
    while let Some(next) = text[at..].find(wanted) {
        meter.items(1)?;
        meter.tick()?;
        letters += text[at..at + next].chars().count() as i64;
        found.push(Value::Int(letters));
        let step = text[at + next..].chars().next().map_or(1, char::len_utf8);
        letters += 1;
        at += next + step;
    }
    Ok(Value::array(found))
}

pub(super) fn implode(meter: &Meter, value: &Value) -> Result<Value, Stop> {
    let Value::Array(codes) = value else {
        return throw(format!(
            "{} cannot be imploded: an array of code points is needed",
            shown(value)
        ));
    };
    meter.text(codes.len())?;
    let mut text = String::with_capacity(codes.len());
    for code in codes.iter() {
        let letter = code
            .as_f64()
            .filter(|_| !matches!(code, Value::String(_)))
            .and_then(|code| {
                let code = code.trunc();
                (0.0..=f64::from(u32::MAX))
                    .contains(&code)
                    .then_some(code as u32)
                    .and_then(char::from_u32)
            });
        match letter {
            Some(letter) => text.push(letter),
            None => return throw(format!("{} is not a Unicode code point", shown(code))),
        }
    }
    Ok(Value::String(text.into()))
}
