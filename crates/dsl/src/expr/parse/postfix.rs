//! The smallest parts of an expression, and what may follow them: `.a`, `[0]`, `[]`, `?`.

use super::{Parsed, Parser, constant, identity};
use crate::expr::lex::{Token, token};
use crate::expr::term::{Kind, Special, Term};
use crate::value::Value;

impl<'s> Parser<'s> {
    /// A term with everything that may follow it: `.a`, `[0]`, `[]`, `?`.
    pub(super) fn postfix(&mut self) -> Parsed {
        let mut term = self.atom()?;
        loop {
            let (found, range) = token(self.source, self.at);
            match found {
                Token::Symbol("?") => {
                    // `?//` belongs to patterns, where it is read before it gets here.
                    self.at = range.end;
                    term = self.term(Kind::Try(Box::new(term), None))?;
                }
                Token::Field(name) => {
                    self.at = range.end;
                    term = self.index(term, constant(Value::string(name)))?;
                }
                Token::Symbol(".") => {
                    self.at = range.end;
                    match token(self.source, self.at) {
                        (Token::Quote, quote) => {
                            self.at = quote.end;
                            let key = self.string(None)?;
                            term = self.index(term, key)?;
                        }
                        (Token::Symbol("["), _) => {}
                        _ => return Err(self.unexpected("a name, a string or `[` after `.`")),
                    }
                }
                Token::Symbol("[") => {
                    self.at = range.end;
                    term = self.bracket(term)?;
                }
                _ => return Ok(term),
            }
        }
    }

    pub(super) fn index(&self, base: Term, key: Term) -> Parsed {
        self.term(Kind::Index(Box::new(base), Box::new(key)))
    }

    /// What stands in `[ ]` after a term.
    fn bracket(&mut self, base: Term) -> Parsed {
        if self.take("]") {
            return self.term(Kind::Iterate(Box::new(base)));
        }
        if self.take(":") {
            let upto = self.inner()?;
            self.expect("]", "to close the slice")?;
            return self.term(Kind::Slice(Box::new(base), None, Some(Box::new(upto))));
        }
        let first = self.inner()?;
        if self.take("]") {
            return self.index(base, first);
        }
        self.expect(":", "or `]` after the index")?;
        let upto = if self.peek() == Token::Symbol("]") {
            None
        } else {
            Some(Box::new(self.inner()?))
        };
        self.expect("]", "to close the slice")?;
        self.term(Kind::Slice(Box::new(base), Some(Box::new(first)), upto))
    }

    pub(super) fn atom(&mut self) -> Parsed {
        let start = self.at;
        let (found, range) = self.next();
        match found {
            Token::Number(text) => Ok(constant(number(text))),
            Token::Quote => self.string(None),
            Token::Format(name) => self.format(name, range),
            Token::Field(name) => self.index(identity(), constant(Value::string(name))),
            Token::Variable("__loc__") => {
                let line = self.source[..range.start]
                    .bytes()
                    .filter(|byte| *byte == b'\n')
                    .count() as i64
                    + 1;
                let location = [
                    ("file", Value::string("<top-level>")),
                    ("line", Value::Int(line)),
                ];
                Ok(constant(Value::object(location)))
            }
            Token::Variable(name) => self.variable(name, range),
            Token::Symbol(".") => match token(self.source, self.at) {
                (Token::Quote, quote) => {
                    self.at = quote.end;
                    let key = self.string(None)?;
                    self.index(identity(), key)
                }
                _ => Ok(identity()),
            },
            Token::Symbol("..") => self.term(Kind::Special(Special::Recurse, Vec::new())),
            Token::Symbol("(") => {
                let inner = self.inner()?;
                self.expect(")", "to close the parenthesis")?;
                Ok(inner)
            }
            Token::Symbol("[") => {
                if self.take("]") {
                    return Ok(constant(Value::array(Vec::new())));
                }
                let inner = self.inner()?;
                self.expect("]", "to close the array")?;
                self.term(Kind::Array(Some(Box::new(inner))))
            }
            Token::Symbol("{") => self.object(),
            Token::Word(word) => self.word(word, range),
            _ => {
                self.at = start;
                Err(self.unexpected("a value, a path or a function"))
            }
        }
    }
}

/// A number as jq writes it, which JSON would not always accept (`.5`, `1.`).
fn number(text: &str) -> Value {
    let is_integer = text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if text.starts_with('.') {
        format!("0{text}")
    } else {
        text.to_owned()
    };
    Value::from_number_text(&text.replace(".e", ".0e").replace(".E", ".0E"), is_integer)
}
