//! Destructuring: `. as [$a, {b: $c}] ?// $d`.

use super::{Parsed, Parser, constant, fault};
use crate::expr::CompileError;
use crate::expr::lex::{Token, token};
use crate::expr::term::{Pattern, Shape, Term};
use crate::value::Value;

impl<'s> Parser<'s> {
    /// All alternatives, and the variables that they bind together.
    pub(super) fn patterns(&mut self) -> Result<(Vec<Pattern>, Vec<&'s str>), CompileError> {
        let mut names = Vec::new();
        let mut shapes = vec![self.shape(&mut names)?];
        while self.take_alternative() {
            shapes.push(self.shape(&mut names)?);
        }
        let slots = names.len();
        Ok((
            shapes
                .into_iter()
                .map(|shape| Pattern { shape, slots })
                .collect(),
            names,
        ))
    }

    fn take_alternative(&mut self) -> bool {
        let (found, range) = token(self.source, self.at);
        let is_it = found == Token::Symbol("?") && self.source[range.end..].starts_with("//");
        if is_it {
            self.at = range.end + 2;
        }
        is_it
    }

    fn shape(&mut self, names: &mut Vec<&'s str>) -> Result<Shape, CompileError> {
        match self.next() {
            (Token::Variable(name), _) => Ok(Shape::Variable(slot(names, name))),
            (Token::Symbol("["), _) => self.deeper(|parser| {
                let mut shapes = vec![parser.shape(names)?];
                while parser.take(",") {
                    shapes.push(parser.shape(names)?);
                }
                parser.expect("]", "to close the pattern")?;
                Ok(Shape::Array(shapes))
            }),
            (Token::Symbol("{"), _) => self.deeper(|parser| {
                let mut entries = vec![parser.shape_entry(names)?];
                while parser.take(",") {
                    entries.push(parser.shape_entry(names)?);
                }
                parser.expect("}", "to close the pattern")?;
                Ok(Shape::Object(entries))
            }),
            (_, range) => Err(fault("expected `$name`, `[` or `{` after `as`", range)),
        }
    }

    fn shape_entry(
        &mut self,
        names: &mut Vec<&'s str>,
    ) -> Result<(Term, Option<usize>, Option<Shape>), CompileError> {
        let (found, range) = self.next();
        if let Token::Variable(name) = found {
            let variable = Some(slot(names, name));
            let inside = if self.take(":") {
                Some(self.shape(names)?)
            } else {
                None
            };
            return Ok((constant(Value::string(name)), variable, inside));
        }
        let key: Parsed = match found {
            Token::Word(name) => Ok(constant(Value::string(name))),
            Token::Quote => self.string(None),
            Token::Symbol("(") => {
                let key = self.inner()?;
                self.expect(")", "to close the key")?;
                Ok(key)
            }
            _ => Err(fault("expected a key of the pattern", range)),
        };
        let key = key?;
        self.expect(":", "after the key of the pattern")?;
        Ok((key, None, Some(self.shape(names)?)))
    }
}

fn slot<'s>(names: &mut Vec<&'s str>, name: &'s str) -> usize {
    names
        .iter()
        .position(|known| *known == name)
        .unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        })
}
