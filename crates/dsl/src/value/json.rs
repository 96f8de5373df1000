//! JSON text to values and back.
//!
//! Strict RFC 8259, with limits; errors name the byte. Numbers keep what was written (see [`Value::Decimal`]).

use std::sync::Arc;

use indexmap::map::Entry;

use super::number::{is_exact, write_f64, write_i64};
use super::{Map, Text, Value};

/// What parsing accepts; beyond it the text is refused, never cut.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub depth_max: usize,
    pub bytes_max: usize,
    /// A key that comes twice: false refuses the text, true lets the last one win, as jq does.
    pub last_key_wins: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 128,
            bytes_max: 64 << 20,
            last_key_wins: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct JsonError {
    pub message: String,
    pub offset: usize,
}

pub(super) fn parse(text: &[u8], limits: Limits) -> Result<Value, JsonError> {
    if text.len() > limits.bytes_max {
        return Err(JsonError {
            message: format!("more than {} bytes", limits.bytes_max),
            offset: limits.bytes_max,
        });
    }
    let text = std::str::from_utf8(text).map_err(|error| JsonError {
        message: "not UTF-8".into(),
        offset: error.valid_up_to(),
    })?;
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        limits,
    };
    parser.space();
    let value = parser.value()?;
    parser.space();
    if parser.at < parser.bytes.len() {
        return parser.fail("expected the end after the value");
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    depth: usize,
    limits: Limits,
}

impl Parser<'_> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, JsonError> {
        self.fail_at(self.at, message)
    }

    fn fail_at<T>(&self, offset: usize, message: impl Into<String>) -> Result<T, JsonError> {
        Err(JsonError {
            message: message.into(),
            offset,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => {
                let found = self.text[self.at..].chars().next().unwrap_or(' ');
                self.fail(format!("expected a value, found `{found}`"))
            }
            None => self.fail("expected a value, found the end"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail(format!("expected `{word}`"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        self.depth += 1;
        if self.depth > self.limits.depth_max {
            return self.fail(format!("more than {} levels deep", self.limits.depth_max));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        self.enter()?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                items.push(self.value()?);
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.fail("expected `,` or `]`"),
                }
                self.space();
            }
        }
        self.depth -= 1;
        Ok(Value::Array(Arc::new(items)))
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        self.enter()?;
        let mut map = Map::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.entry(&mut map)?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.fail("expected `,` or `}`"),
                }
                self.space();
            }
        }
        self.depth -= 1;
        Ok(Value::Object(Arc::new(map)))
    }

    fn entry(&mut self, map: &mut Map) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.fail("expected a key in quotes");
        }
        let key = self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return self.fail("expected `:`");
        }
        self.at += 1;
        self.space();
        let value = self.value()?;
        match map.entry(key) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(mut place) if self.limits.last_key_wins => {
                place.insert(value);
            }
            Entry::Occupied(place) => {
                let message = format!("key `{}` comes twice", place.key());
                return self.fail_at(start, message);
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let mut is_integer = true;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => {
                self.at += 1;
                if matches!(self.peek(), Some(b'0'..=b'9')) {
                    return self.fail_at(start, "a number starts with a needless zero");
                }
            }
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            is_integer = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(number(&self.text[start..self.at], is_integer))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            self.fail("expected a digit")
        } else {
            Ok(())
        }
    }

    /// The text between quotes, without a second copy when there is no escape.
    fn string(&mut self) -> Result<Text, JsonError> {
        self.at += 1;
        let mut built = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let rest = &self.text[start..self.at];
                    self.at += 1;
                    if built.is_empty() {
                        return Ok(rest.into());
                    }
                    built.push_str(rest);
                    return Ok(built.into());
                }
                Some(b'\\') => {
                    built.push_str(&self.text[start..self.at]);
                    self.escape(&mut built)?;
                    start = self.at;
                }
                Some(0..=0x1f) => return self.fail("a control character must be escaped"),
                Some(_) => self.at += 1,
                None => return self.fail("expected a closing quote"),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        let decoded = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start, out),
            _ => return self.fail_at(start, "no such escape"),
        };
        self.at += 1;
        out.push(decoded);
        Ok(())
    }

    fn unicode(&mut self, start: usize, out: &mut String) -> Result<(), JsonError> {
        let first = self.hex(start)?;
        let code = match first {
            0xd800..=0xdbff => {
                if self.bytes.get(self.at) != Some(&b'\\')
                    || self.bytes.get(self.at + 1) != Some(&b'u')
                {
                    return self.fail_at(start, "half of a surrogate pair");
                }
                self.at += 1;
                let second = self.hex(start)?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return self.fail_at(start, "half of a surrogate pair");
                }
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            code => code,
        };
        match char::from_u32(code) {
            Some(decoded) => out.push(decoded),
            None => return self.fail_at(start, "half of a surrogate pair"),
        }
        Ok(())
    }

    /// Four hexadecimal digits after the `u` that is next.
    fn hex(&mut self, start: usize) -> Result<u32, JsonError> {
        let digits = self
            .text
            .get(self.at + 1..self.at + 5)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.fail_at(start, "expected four hexadecimal digits");
        };
        self.at += 5;
        Ok(code)
    }
}

/// The value of a JSON number. Source of the rule: integers stay integers, nothing written is lost.
pub(super) fn number(text: &str, is_integer: bool) -> Value {
    if is_integer
        && text != "-0"
        && let Ok(number) = text.parse()
    {
        return Value::Int(number);
    }
    let number: f64 = text.parse().unwrap_or(f64::NAN);
    if is_exact(text, number) {
        Value::Float(number)
    } else {
        Value::Decimal(text.into())
    }
}

pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => write_i64(*number, out),
        Value::Float(number) => write_f64(*number, out),
        Value::Decimal(text) => out.extend_from_slice(text.as_bytes()),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            out.push(b'{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write(item, out);
            }
            out.push(b'}');
        }
    }
}

pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let escape = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0..=0x1f | 0x7f => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..index]);
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            out.extend_from_slice(&[
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
        start = index + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
