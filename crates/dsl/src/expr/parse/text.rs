//! Strings with expressions in them, formats, and objects.

use std::ops::Range;

use super::{Parsed, Parser, constant, fault, identity};
use crate::expr::CompileError;
use crate::expr::format::Format;
use crate::expr::lex::{Token, token};
use crate::expr::term::{Kind, Piece, Term};
use crate::value::Value;

impl<'s> Parser<'s> {
    /// A string, its opening quote being read.
    pub(super) fn string(&mut self, format: Option<Format>) -> Parsed {
        let start = self.at;
        let mut pieces = Vec::new();
        let mut text = String::new();
        loop {
            let rest = &self.source[self.at..];
            let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            if rest[plain..].starts_with('"') {
                self.at += 1;
                break;
            }
            if rest[plain..].starts_with("\\(") {
                self.at += 2;
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text).into()));
                }
                pieces.push(Piece::Term(self.inner()?));
                self.expect(")", "to close `\\(`")?;
            } else if rest[plain..].starts_with('\\') {
                text.push(self.escape()?);
            } else {
                return Err(fault(
                    "this text has no closing `\"`",
                    start - 1..self.source.len(),
                ));
            }
        }
        if pieces.is_empty() {
            return Ok(constant(Value::String(text.into())));
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.into()));
        }
        self.term(Kind::Format(format, pieces))
    }

    /// One `\` escape, the backslash being next.
    fn escape(&mut self) -> Result<char, CompileError> {
        let start = self.at;
        let escape = self.source[start + 1..].chars().next();
        let decoded = match escape {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(start),
            other => {
                let end = start + 1 + other.map_or(0, char::len_utf8);
                return Err(fault(
                    "no such escape in a text; a backslash is written `\\\\`",
                    start..end,
                ));
            }
        };
        self.at = start + 2;
        Ok(decoded)
    }

    fn unicode(&mut self, start: usize) -> Result<char, CompileError> {
        let unit = |at: usize| {
            let digits = self.source.get(at..at + 4)?;
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u32::from_str_radix(digits, 16).expect("four hexadecimal digits"))
        };
        let Some(first) = unit(start + 2) else {
            return Err(fault(
                "expected four hexadecimal digits after `\\u`",
                start..start + 2,
            ));
        };
        let mut end = start + 6;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.source[end..].starts_with("\\u") {
            let second = unit(end + 2).filter(|second| (0xdc00..0xe000).contains(second));
            if let Some(second) = second {
                code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                end += 6;
            }
        }
        let decoded =
            char::from_u32(code).ok_or_else(|| fault("half of a surrogate pair", start..end))?;
        self.at = end;
        Ok(decoded)
    }

    /// `@name` alone, or before a string whose inserted values it formats.
    pub(super) fn format(&mut self, name: &str, range: Range<usize>) -> Parsed {
        let Some(format) = Format::named(name) else {
            let help = crate::expr::suggest::nearest(name, Format::names())
                .map(|name| format!("did you mean `@{name}`?"));
            return Err(CompileError {
                message: format!("unknown format `@{name}`"),
                range,
                help,
            });
        };
        if let (Token::Quote, quote) = token(self.source, self.at) {
            self.at = quote.end;
            return self.string(Some(format));
        }
        self.term(Kind::Format(Some(format), vec![Piece::Term(identity())]))
    }

    /// An object, its opening brace being read.
    pub(super) fn object(&mut self) -> Parsed {
        if self.take("}") {
            return Ok(constant(Value::object::<&str>([])));
        }
        let mut entries = Vec::new();
        loop {
            entries.push(self.deeper(Self::entry)?);
            if self.take("}") {
                break;
            }
            self.expect(",", "or `}` in the object")?;
            if self.take("}") {
                break;
            }
        }
        self.term(Kind::Object(entries))
    }

    fn entry(&mut self) -> Result<(Term, Term), CompileError> {
        let start = self.at;
        let (found, range) = self.next();
        let (key, default) = match found {
            Token::Word(name) => (
                constant(Value::string(name)),
                Some(self.index(identity(), constant(Value::string(name)))?),
            ),
            Token::Variable("__loc__") => {
                self.at = start;
                (constant(Value::string("__loc__")), Some(self.atom()?))
            }
            Token::Variable(name) => (
                constant(Value::string(name)),
                Some(self.variable(name, range)?),
            ),
            Token::Quote | Token::Format(_) => {
                self.at = start;
                let key = self.atom()?;
                // Only a plain text may stand alone: reading an expression twice would double at each level.
                match &key.kind {
                    Kind::Const(text) => {
                        let value = self.index(identity(), constant(text.clone()))?;
                        (key, Some(value))
                    }
                    _ => (key, None),
                }
            }
            Token::Symbol("(") => {
                let key = self.inner()?;
                self.expect(")", "to close the key")?;
                (key, None)
            }
            _ => {
                self.at = start;
                return Err(self.unexpected("a key of the object"));
            }
        };
        if self.take(":") {
            let outside = std::mem::replace(&mut self.is_comma_allowed, false);
            let value = self.pipe();
            self.is_comma_allowed = outside;
            return Ok((key, value?));
        }
        match default {
            Some(value) => Ok((key, value)),
            None => Err(self.unexpected("`:` and a value after the key")),
        }
    }
}
