//! The shapes of arguments: a small description of what may stand where, and the walk that checks it.
//!
//! The walk gives back the data with references to `use.authentications` replaced by the policies they name, so that
//! the engine sees one form only.

use super::decoder::{At, Decoder, is_expression, shorten};
use crate::problem::code;
use crate::suggest;
use crate::validate::standard::{Form, has_form};
use crate::value::{Map, Value};

/// What may stand in a place.
pub enum Shape {
    Any,
    /// Text; expressions in it are evaluated.
    Text,
    /// Text that must be known before running.
    Constant,
    /// One `${ }`.
    Expression,
    Boolean,
    /// A whole number within bounds.
    Integer(i64, i64),
    OneOf(&'static [&'static str]),
    /// An absolute URI or URI template; the flag says whether an expression may give it.
    Uri {
        expression: bool,
    },
    /// A URI or a part of one, such as `/token`; no expression.
    UriPart,
    /// A moment of RFC 3339, or an expression.
    Time,
    /// A JSON pointer, or an expression.
    Pointer,
    Duration,
    /// Name and value, values being text.
    TextMap,
    TextMapOrExpression,
    TextList,
    Map,
    MapOrText,
    /// A URI, an expression, or `uri` with `authentication`.
    Endpoint,
    Object(&'static Object),
    /// `use` with the name of a secret, or else this object.
    SecretOr(&'static Object),
    /// A policy, or `use` with the name of one.
    Authentication,
}

pub struct Object {
    /// What a message calls it.
    pub what: &'static str,
    pub fields: &'static [Field],
    /// Of each group exactly one must be there.
    pub choices: &'static [&'static [&'static str]],
    /// Whether other keys are allowed; the standard leaves some of its objects open.
    pub is_open: bool,
}

pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub is_required: bool,
}

pub const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        is_required: true,
    }
}

pub const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        is_required: false,
    }
}

impl<'a> Decoder<'a> {
    /// Checks `at` against `shape`; `what` is what a message calls it. Gives the data with policies put in.
    pub fn check(&mut self, shape: &Shape, at: &At<'a>, what: &str) -> Option<Value> {
        let value = at.node.value.clone();
        match shape {
            Shape::Any => Some(value),
            Shape::Text => self.string(at, what).map(|_| value),
            Shape::Constant => self.constant(at, what).map(|_| value),
            Shape::Expression => self.only_expression(at, what).map(|()| value),
            Shape::Boolean => self.boolean(at, what).map(|_| value),
            Shape::Integer(min, max) => self.integer(at, what, *min, *max).map(|_| value),
            Shape::OneOf(allowed) => self.one_of(at, what, allowed).map(|_| value),
            Shape::Uri { expression } => self.uri(at, what, *expression).map(|()| value),
            Shape::UriPart => self.uri_part(at, what).map(|()| value),
            Shape::Time => self.time(at, what).map(|()| value),
            Shape::Pointer => self.pointer_text(at, what).map(|()| value),
            Shape::Duration => self.duration(at, what).map(|_| value),
            Shape::TextMapOrExpression if at.text().is_some_and(is_expression) => {
                self.on_one_line(at, what).map(|()| value)
            }
            Shape::TextMap | Shape::TextMapOrExpression => self.text_map(at, what).map(|()| value),
            Shape::TextList => self.text_list(at, what).map(|()| value),
            Shape::MapOrText if at.text().is_some() => Some(value),
            Shape::Map | Shape::MapOrText => self.any_mapping(at, what).map(|()| value),
            Shape::Endpoint => self.endpoint(at, what),
            Shape::Object(object) => self.object(object, at, what),
            Shape::SecretOr(object) => self.secret_or(object, at, what),
            Shape::Authentication => self.authentication(at, what),
        }
    }

    pub fn object(&mut self, object: &'static Object, at: &At<'a>, what: &str) -> Option<Value> {
        self.any_mapping(at, what)?;
        let mut checked = Map::new();
        let mut is_good = true;
        for (key, entry) in at.entries() {
            let Some(field) = object.fields.iter().find(|field| field.name == &**key) else {
                if !object.is_open && !self.is_full() {
                    let help = suggest::help(key, object.fields.iter().map(|field| field.name));
                    self.key_error(
                        code::UNKNOWN_KEY,
                        &entry,
                        format!("{} has no key `{key}`", object.what),
                        help,
                    );
                    is_good = false;
                }
                checked.insert(key.clone(), entry.node.value.clone());
                continue;
            };
            match self.check(&field.shape, &entry, &format!("`{key}` of {}", object.what)) {
                Some(value) => {
                    checked.insert(key.clone(), value);
                }
                None => is_good = false,
            }
        }
        for field in object.fields.iter().filter(|field| field.is_required) {
            is_good &= self.required(at, object.what, field.name).is_some();
        }
        for choice in object.choices {
            is_good &= self.exactly_one(at, object.what, choice).is_some();
        }
        is_good.then(|| Value::Object(checked.into()))
    }

    /// The one key of `choice` that is there.
    pub fn exactly_one(
        &mut self,
        at: &At<'a>,
        what: &str,
        choice: &[&'static str],
    ) -> Option<(&'static str, At<'a>)> {
        let mut found = choice.iter().filter_map(|key| Some((*key, at.get(key)?)));
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            (None, _) => {
                self.key_error(
                    code::EXACTLY_ONE,
                    at,
                    format!("{what} needs one of {}", suggest::list(choice)),
                    None,
                );
                None
            }
            (Some((first, _)), Some((second, at))) => {
                let message = format!(
                    "{what} has both `{first}` and `{second}`, only one of them is allowed"
                );
                self.key_error(code::EXACTLY_ONE, &at, message, None);
                None
            }
        }
    }

    fn only_expression(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        if at.text().is_some_and(is_expression) {
            return self.on_one_line(at, what);
        }
        self.wrong_type(at, what, "an expression `${ ... }`");
        None
    }

    /// The standard's pattern for expressions has a `.` that no line break matches, wherever other text is not allowed.
    pub fn on_one_line(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        let text = at.text().unwrap_or_default().trim();
        if !text.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
            return Some(());
        }
        let help = "write it on one line, or over several with `>-`, which joins them".to_owned();
        self.error(
            code::EXPRESSION,
            at,
            format!(
                "the expression of {what} has a line break, which the standard does not allow here"
            ),
            help,
        );
        None
    }

    pub fn integer(&mut self, at: &At<'a>, what: &str, min: i64, max: i64) -> Option<i64> {
        self.no_expression(at, what)?;
        match at.node.value.as_i64() {
            Some(number) if (min..=max).contains(&number) => Some(number),
            Some(number) => {
                self.error(
                    code::WRONG_VALUE,
                    at,
                    format!("{what} is {number}, expected {min} to {max}"),
                    None,
                );
                None
            }
            None => {
                self.wrong_type(at, what, "a whole number");
                None
            }
        }
    }

    pub fn uri(&mut self, at: &At<'a>, what: &str, may_be_expression: bool) -> Option<()> {
        if may_be_expression && at.text().is_some_and(is_expression) {
            return self.on_one_line(at, what);
        }
        let text = self.constant(at, what)?;
        if has_form(Form::Uri, text) {
            return Some(());
        }
        let help = match text.contains("://") {
            true => {
                "encode blanks and other special characters; `{name}` is filled in from the input"
            }
            false => "start with a scheme, such as `https://`",
        }
        .to_owned();
        self.error(
            code::WRONG_VALUE,
            at,
            format!("{what} is `{}`, expected an absolute URI", shorten(text)),
            help,
        );
        None
    }

    fn uri_part(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        let text = self.constant(at, what)?;
        if has_form(Form::UriPart, text) {
            return Some(());
        }
        let message = format!(
            "{what} is `{}`, expected a path such as `/token`",
            shorten(text)
        );
        self.error(code::WRONG_VALUE, at, message, None);
        None
    }

    fn time(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        let text = self.string(at, what)?;
        if is_expression(text) {
            return self.on_one_line(at, what);
        }
        if has_form(Form::Moment, text) {
            return Some(());
        }
        let help = "such as `2026-01-31T08:00:00Z`, or an expression `${ ... }`".to_owned();
        self.error(
            code::WRONG_VALUE,
            at,
            format!("{what} is `{}`, which is not a moment", shorten(text)),
            help,
        );
        None
    }

    fn pointer_text(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        let text = self.string(at, what)?;
        if is_expression(text) {
            return self.on_one_line(at, what);
        }
        if has_form(Form::JsonPointer, text) {
            return Some(());
        }
        let message = format!("{what} is `{}`, which is not a JSON pointer", shorten(text));
        self.error(
            code::WRONG_VALUE,
            at,
            message,
            "such as `/do/0/pay`".to_owned(),
        );
        None
    }

    fn text_map(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        self.any_mapping(at, what)?;
        let mut is_good = true;
        for (key, entry) in at.entries() {
            is_good &= self.string(&entry, &format!("`{key}` of {what}")).is_some();
        }
        is_good.then_some(())
    }

    fn text_list(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        if at.node.items().is_none() {
            self.wrong_type(at, what, "a list");
            return None;
        }
        let mut is_good = true;
        for item in at.items() {
            is_good &= self.string(&item, &format!("an entry of {what}")).is_some();
        }
        is_good.then_some(())
    }

    pub fn endpoint(&mut self, at: &At<'a>, what: &str) -> Option<Value> {
        if at.is_mapping() {
            return self.object(&super::shapes::ENDPOINT, at, what);
        }
        self.uri(at, what, true)?;
        Some(at.node.value.clone())
    }

    fn secret_or(&mut self, object: &'static Object, at: &At<'a>, what: &str) -> Option<Value> {
        if at.get("use").is_none() {
            return self.object(object, at, what);
        }
        let value = self.object(&super::shapes::SECRET, at, what)?;
        let name = at.get("use")?;
        self.secret(&name)?;
        Some(value)
    }
}
