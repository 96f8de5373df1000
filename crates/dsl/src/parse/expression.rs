//! Expressions and templates in their places, with faults shown inside the text that has them.

use super::decoder::{At, Decoder, is_expression};
use crate::expr::{ARGUMENTS, CompileError, Expression, Template};
use crate::problem::code;
use crate::suggest;
use crate::value::{Text, Value};
use crate::yaml::span_within;

impl<'a> Decoder<'a> {
    /// An expression where the standard wants one: bare jq, or within `${ }`.
    pub fn expression(&mut self, at: &At<'a>, what: &str) -> Option<Expression> {
        let Some(text) = at.text() else {
            self.wrong_type(at, what, "an expression (text)");
            return None;
        };
        let (source, offset) = unwrap(text);
        if source.trim().is_empty() {
            self.error(
                code::EXPRESSION,
                at,
                format!("{what} is an empty expression"),
                "write `.` for the data as it is".to_owned(),
            );
            return None;
        }
        let compiled = Expression::compile(source, &self.scope());
        compiled
            .map_err(|error| self.compile_error(at, &error, offset))
            .ok()
    }

    /// An expression or an object of expressions, as in `input.from` and `output.as`.
    pub fn transformation(&mut self, at: &At<'a>, what: &str) -> Option<Template> {
        if at.is_mapping() {
            return self.template(at, &at.node.value);
        }
        if at.text().is_some() {
            return self.expression(at, what).map(Template::Expression);
        }
        self.wrong_type(at, what, "an expression (text) or a mapping");
        None
    }

    /// Data in which only `${ }` is an expression. `written` is the data of `at`, possibly with policies put in.
    pub fn template(&mut self, at: &At<'a>, written: &Value) -> Option<Template> {
        let compiled = Template::compile(written, &self.scope(), self.mode);
        match compiled {
            Ok(template) => Some(template),
            Err(errors) => {
                for (pointer, error) in errors {
                    match at.below(&pointer) {
                        Some(place) => self.compile_error(&place, &error, 0),
                        // Inside a policy that was put in: reported already, where the policy is written.
                        None if self.has_errors() => {}
                        None => self.compile_error(at, &error, 0),
                    }
                }
                None
            }
        }
    }

    fn compile_error(&mut self, at: &At<'a>, error: &CompileError, offset: usize) {
        let range = offset + error.range.start..offset + error.range.end;
        let span = span_within(&self.lines, at.node, range);
        self.span_error(
            code::EXPRESSION,
            at,
            span,
            error.message.clone(),
            error.help.clone(),
        );
    }

    /// The names an expression may use at this place.
    fn scope(&self) -> Vec<&str> {
        ARGUMENTS
            .iter()
            .copied()
            .chain(self.variables.iter().map(|name| &**name))
            .collect()
    }

    /// Reads what is inside a loop or a `catch`, where `names` are variables.
    pub fn with_variables<T>(&mut self, names: &[Text], read: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.variables.len();
        self.variables.extend_from_slice(names);
        let result = read(self);
        self.variables.truncate(depth);
        result
    }

    /// The name of a variable, without the `$`: the one written, or else the standard's.
    pub fn variable(&mut self, at: Option<&At<'a>>, what: &str, default: &str) -> Option<Text> {
        let Some(at) = at else {
            return Some(default.into());
        };
        let written = self.constant(at, what)?;
        if let Some(name) = written.strip_prefix('$') {
            self.error(
                code::VARIABLE,
                at,
                format!("{what} is written without the `$`"),
                format!("write `{name}`"),
            );
            return None;
        }
        let is_name = written.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && written
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            let message = format!(
                "{what} is `{}`, which jq cannot use as a variable",
                super::decoder::shorten(written)
            );
            self.error(
                code::VARIABLE,
                at,
                message,
                "letters, digits and `_`, not starting with a digit".to_owned(),
            );
            return None;
        }
        if ARGUMENTS.contains(&written) {
            let message = format!(
                "{what} is `{written}`, which would hide the standard argument `${written}`"
            );
            let names = suggest::list(&ARGUMENTS);
            self.error(
                code::VARIABLE,
                at,
                message,
                format!("choose another name than {names}"),
            );
            return None;
        }
        Some(written.into())
    }
}

/// The jq inside `${ }`, or the text itself, and the offset at which it starts.
fn unwrap(text: &str) -> (&str, usize) {
    if !is_expression(text) {
        return (text, 0);
    }
    let start = text.find("${").map_or(0, |start| start + 2);
    let end = text.rfind('}').unwrap_or(text.len()).max(start);
    (&text[start..end], start)
}
