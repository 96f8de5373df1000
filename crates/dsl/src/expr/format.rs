//! `@text`, `@json`, `@csv` and the other formats: values as text for other languages.

use super::arith::shown;
use super::meter::{Meter, Stop, throw};
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
    Csv,
    Tsv,
    Html,
    Uri,
    UriDecode,
    Sh,
    Base64,
    Base64Decode,
    Base32,
    Base32Decode,
}

const NAMES: [(&str, Format); 12] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("html", Format::Html),
    ("uri", Format::Uri),
    ("urid", Format::UriDecode),
    ("sh", Format::Sh),
    ("base64", Format::Base64),
    ("base64d", Format::Base64Decode),
    ("base32", Format::Base32),
    ("base32d", Format::Base32Decode),
];

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Format {
    pub fn named(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

/// Appends a value that stands in a text: texts as they are, others as JSON, unless a format says otherwise.
pub(super) fn insert(
    meter: &Meter,
    format: Option<Format>,
    value: &Value,
    out: &mut String,
) -> Result<(), Stop> {
    match format.unwrap_or(Format::Text) {
        Format::Text => out.push_str(&to_text(meter, value)?),
        Format::Json => out.push_str(&to_json(meter, value)?),
        Format::Csv => row(meter, value, "csv", ",", out)?,
        Format::Tsv => row(meter, value, "tsv", "\t", out)?,
        Format::Html => {
            for letter in to_text(meter, value)?.chars() {
                match letter {
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '&' => out.push_str("&amp;"),
                    '\'' => out.push_str("&#39;"),
                    '"' => out.push_str("&quot;"),
                    other => out.push(other),
                }
            }
        }
        Format::Uri => uri(to_text(meter, value)?.as_bytes(), out),
        Format::UriDecode => out.push_str(&uri_decoded(value, &to_text(meter, value)?)?),
        Format::Sh => shell(meter, value, out)?,
        Format::Base64 => encode(to_text(meter, value)?.as_bytes(), BASE64, 6, 4, out),
        Format::Base32 => encode(to_text(meter, value)?.as_bytes(), BASE32, 5, 8, out),
        Format::Base64Decode => out.push_str(&decoded(value, &to_text(meter, value)?, BASE64, 6)?),
        Format::Base32Decode => out.push_str(&decoded(value, &to_text(meter, value)?, BASE32, 5)?),
    }
    meter.text(out.len())
}

/// `tostring`
pub(super) fn to_text(meter: &Meter, value: &Value) -> Result<std::sync::Arc<str>, Stop> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => Ok(to_json(meter, other)?.into()),
    }
}

/// `tojson`. The size is checked first: a small value with shared parts may be huge as text.
pub(super) fn to_json(meter: &Meter, value: &Value) -> Result<String, Stop> {
    if matches!(value, Value::Array(_) | Value::Object(_)) {
        let mut left = meter.bytes_left();
        let before = left;
        meter.check_result(value, &mut left, 0)?;
        meter.work((before - left) / 32)?;
    }
    let text = value.to_json();
    meter.text(text.len())?;
    Ok(text)
}

fn row(
    meter: &Meter,
    value: &Value,
    name: &str,
    separator: &str,
    out: &mut String,
) -> Result<(), Stop> {
    let Value::Array(cells) = value else {
        return throw(format!(
            "{} cannot be {name}-formatted, only an array can be",
            shown(value)
        ));
    };
    for (index, cell) in cells.iter().enumerate() {
        meter.tick()?;
        if index > 0 {
            out.push_str(separator);
        }
        match cell {
            Value::Null => {}
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_) => {
                out.push_str(&cell.to_json())
            }
            Value::String(text) if name == "csv" => {
                out.push('"');
                out.push_str(&text.replace('"', "\"\""));
                out.push('"');
            }
            Value::String(text) => {
                for letter in text.chars() {
                    match letter {
                        '\t' => out.push_str("\\t"),
                        '\n' => out.push_str("\\n"),
                        '\r' => out.push_str("\\r"),
                        '\\' => out.push_str("\\\\"),
                        other => out.push(other),
                    }
                }
            }
            _ => return throw(format!("{} is not valid in a csv row", shown(cell))),
        }
    }
    Ok(())
}

fn shell(meter: &Meter, value: &Value, out: &mut String) -> Result<(), Stop> {
    let words: &[Value] = match value {
        Value::Array(words) => words,
        other => std::slice::from_ref(other),
    };
    for (index, word) in words.iter().enumerate() {
        meter.tick()?;
        if index > 0 {
            out.push(' ');
        }
        match word {
            Value::String(text) => {
                out.push('\'');
                out.push_str(&text.replace('\'', "'\\''"));
                out.push('\'');
            }
            Value::Array(_) | Value::Object(_) => {
                return throw(format!("{} can not be escaped for shell", shown(word)));
            }
            other => out.push_str(&other.to_json()),
        }
    }
    Ok(())
}

fn uri(bytes: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn uri_decoded(value: &Value, text: &str) -> Result<String, Stop> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let code = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let Some(code) = code else {
            return throw(format!("{} is not a valid uri encoding", shown(value)));
        };
        bytes.push(code);
        rest = &after[2..];
    }
    String::from_utf8(bytes)
        .or_else(|_| throw(format!("{} is not a valid uri encoding", shown(value))))
}

/// Base64 and base32: `bits` a letter, `group` letters padded to.
fn encode(bytes: &[u8], alphabet: &[u8], bits: u32, group: usize, out: &mut String) {
    let (mut held, mut count, mut letters) = (0_u32, 0, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        count += 8;
        while count >= bits {
            count -= bits;
            out.push(char::from(
                alphabet[(held >> count) as usize & ((1 << bits) - 1)],
            ));
            letters += 1;
        }
        held &= (1 << count) - 1;
    }
    if count > 0 {
        out.push(char::from(
            alphabet[(held << (bits - count)) as usize & ((1 << bits) - 1)],
        ));
        letters += 1;
    }
    while letters % group != 0 {
        out.push('=');
        letters += 1;
    }
}

fn decoded(value: &Value, text: &str, alphabet: &[u8], bits: u32) -> Result<String, Stop> {
    let name = if bits == 6 { "base64" } else { "base32" };
    let refuse = || throw(format!("{} is not valid {name} data", shown(value)));
    let (mut held, mut count) = (0_u32, 0);
    let mut bytes = Vec::with_capacity(text.len());
    let letters = text.trim_end_matches('=');
    if bits == 6 && letters.len() % 4 == 1 {
        return refuse();
    }
    let mut codes = [None; 256];
    for (code, letter) in (0_u32..).zip(alphabet) {
        codes[usize::from(*letter)] = Some(code);
    }
    for letter in letters.bytes() {
        let Some(code) = codes[usize::from(letter)] else {
            return refuse();
        };
        held = held << bits | code;
        count += bits;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
            held &= (1 << count) - 1;
        }
    }
    // Bytes that are no text become the replacement character, as in jq.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
