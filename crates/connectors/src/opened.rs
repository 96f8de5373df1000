//! Secrets opened for one call, remembered so that they can be struck out of everything that goes back.
//!
//! This is the second net: the wall is that runs only ever hold references.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;

use crate::function::{CallError, Secrets};

pub(crate) const REDACTED: &str = "[redacted]";

/// Shorter secrets are struck out of headers and errors by their place, not by searching: the text may be any word.
const SEARCHED_BYTES_MIN: usize = 6;

/// Fields of a secret that are no secret themselves, and that people look for in a reply or a log.
const OPEN_FIELDS: [&str; 12] = [
    "username",
    "authority",
    "endpoints",
    "grant",
    "id",
    "authentication",
    "request",
    "issuers",
    "scopes",
    "audiences",
    "type",
    "host",
];

/// Opens sealed references for one host.
pub(crate) struct Opener<'a> {
    secrets: &'a dyn Secrets,
    namespace: &'a str,
    host: String,
    redaction: Redaction,
}

impl<'a> Opener<'a> {
    pub fn new(secrets: &'a dyn Secrets, namespace: &'a str, host: &str) -> Self {
        Self {
            secrets,
            namespace,
            host: host.to_owned(),
            redaction: Redaction::default(),
        }
    }

    /// The same rights toward another host.
    pub fn for_host(&self, host: &str) -> Self {
        Self::new(self.secrets, self.namespace, host)
    }

    pub fn namespace(&self) -> &str {
        self.namespace
    }

    /// The text with its sealed references opened, and whether there were any.
    pub fn text(&mut self, sealed: &str) -> Result<(String, bool), CallError> {
        let mut opened = Vec::new();
        let text = self
            .secrets
            .unseal(self.namespace, sealed, &self.host, &mut opened)
            .map_err(CallError::before)?;
        // Each by itself: a reply may give back one of several, or a part of the text around them.
        for secret in &opened {
            self.add_texts(secret);
            if secret.as_str().is_none() {
                self.redaction.add(&secret.to_json());
            }
        }
        Ok((text, !opened.is_empty()))
    }

    /// Opens the references in every text of `value`, keys excepted.
    pub fn value(&mut self, value: &Value) -> Result<(Value, bool), CallError> {
        Ok(match value {
            Value::String(text) => {
                let (opened, is_secret) = self.text(text)?;
                if is_secret {
                    (opened.into(), true)
                } else {
                    (value.clone(), false)
                }
            }
            Value::Array(items) => {
                let opened = items
                    .iter()
                    .map(|item| self.value(item))
                    .collect::<Result<Vec<_>, _>>()?;
                let is_secret = opened.iter().any(|(_, is_secret)| *is_secret);
                (
                    Value::array(opened.into_iter().map(|(item, _)| item).collect()),
                    is_secret,
                )
            }
            Value::Object(map) => {
                let mut is_secret = false;
                let mut out = Vec::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let (item, found) = self.value(item)?;
                    is_secret |= found;
                    out.push((key.clone(), item));
                }
                (Value::object(out), is_secret)
            }
            other => (other.clone(), false),
        })
    }

    /// The secret called `name`.
    pub fn secret(&mut self, name: &str) -> Result<Value, CallError> {
        let value = self
            .secrets
            .open(self.namespace, name, &self.host)
            .map_err(CallError::before)?;
        self.add_texts(&value);
        Ok(value)
    }

    /// A field of a connection or of an authentication policy: `{ secret: name }` is opened, so are references in texts.
    ///
    /// Not for data of a run, which must not be able to name a secret.
    pub fn field(&mut self, value: &Value) -> Result<(Value, bool), CallError> {
        match value {
            Value::Object(map) if map.len() == 1 && map.contains_key("secret") => {
                let name = value.get("secret").and_then(Value::as_str).ok_or_else(|| {
                    CallError::configuration(
                        "secret is not named",
                        "`secret` needs the name of a secret",
                    )
                })?;
                Ok((self.secret(name)?, true))
            }
            Value::Object(map) => {
                let mut is_secret = false;
                let mut out = Vec::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let (item, found) = self.field(item)?;
                    is_secret |= found;
                    out.push((key.clone(), item));
                }
                Ok((Value::object(out), is_secret))
            }
            other => self.value(other),
        }
    }

    /// Strikes `text` out too, such as a header made of a secret.
    pub fn add(&mut self, text: &str) {
        self.redaction.add(text);
    }

    pub fn absorb(&mut self, other: Opener<'_>) {
        self.redaction.needles.extend(other.redaction.needles);
        self.redaction.sort();
    }

    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    fn add_texts(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.redaction.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_texts(item)),
            Value::Object(map) => {
                let hidden = map
                    .iter()
                    .filter(|(key, _)| !OPEN_FIELDS.contains(&&***key));
                hidden.for_each(|(_, item)| self.add_texts(item));
            }
            _ => {}
        }
    }
}

/// Texts that must not go back.
#[derive(Clone, Default)]
pub(crate) struct Redaction {
    needles: Vec<String>,
}

impl Redaction {
    fn add(&mut self, text: &str) {
        if text.len() < SEARCHED_BYTES_MIN {
            return;
        }
        let json = Value::from(text).to_json();
        let url: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let percent =
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        for form in [
            text,
            &json[1..json.len() - 1],
            &STANDARD.encode(text),
            &url,
            &percent,
        ] {
            if !self.needles.iter().any(|needle| needle == form) {
                self.needles.push(form.to_owned());
            }
        }
        self.sort();
    }

    /// The longest first, so that a secret inside another leaves no rest.
    fn sort(&mut self) {
        self.needles
            .sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    pub fn strike(&self, text: String) -> String {
        let found = |text: &String| {
            self.needles
                .iter()
                .any(|needle| text.contains(needle.as_str()))
        };
        if !found(&text) {
            return text;
        }
        self.needles
            .iter()
            .fold(text, |text, needle| text.replace(needle.as_str(), REDACTED))
    }

    pub fn strike_bytes(&self, mut bytes: Bytes) -> Bytes {
        for needle in &self.needles {
            if let Some(struck) = strike_one(&bytes, needle.as_bytes()) {
                bytes = struck.into();
            }
        }
        bytes
    }

    pub fn strike_error(&self, mut error: WorkflowError) -> WorkflowError {
        error.title = error.title.map(|text| self.strike(text));
        error.detail = error.detail.map(|text| self.strike(text));
        error
    }
}

fn strike_one(bytes: &[u8], needle: &[u8]) -> Option<Vec<u8>> {
    let first = find(bytes, needle)?;
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut next) = (bytes, Some(first));
    while let Some(at) = next {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(REDACTED.as_bytes());
        rest = &rest[at + needle.len()..];
        next = find(rest, needle);
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word in angle brackets is a reference to a secret of that name.
    struct Angles;

    impl Secrets for Angles {
        fn open(&self, _: &str, name: &str, _: &str) -> Result<Value, WorkflowError> {
            Ok(match name {
                "login" => Value::object([
                    ("username", "reader".into()),
                    ("password", "hunter2".into()),
                ]),
                _ => format!("value-of-{name}").into(),
            })
        }

        fn unseal(
            &self,
            namespace: &str,
            text: &str,
            host: &str,
            opened: &mut Vec<Value>,
        ) -> Result<String, WorkflowError> {
            let mut out = text.to_owned();
            for name in ["one", "two", "login"] {
                let reference = format!("<{name}>");
                if out.contains(&reference) {
                    let value = self.open(namespace, name, host)?;
                    let plain = value
                        .as_str()
                        .map_or_else(|| value.to_json(), str::to_owned);
                    out = out.replace(&reference, &plain);
                    opened.push(value);
                }
            }
            Ok(out)
        }
    }

    #[test]
    fn each_secret_of_a_text_is_struck_out_by_itself() {
        for (sealed, reply, expected) in [
            ("Bearer <one>", "not value-of-one", "not [redacted]"),
            (
                "/<one>?a=<two>",
                "nothing at /value-of-one",
                "nothing at /[redacted]",
            ),
            ("<one> and <two>", "value-of-two", "[redacted]"),
            ("<one> and <two>", "one and two", "one and two"),
            ("<login>", "reader with hunter2", "reader with [redacted]"),
            ("no reference", "no reference", "no reference"),
        ] {
            let mut opener = Opener::new(&Angles, "default", "example.com");
            let (_, is_secret) = opener.text(sealed).unwrap();
            assert_eq!(is_secret, sealed.contains('<'), "{sealed}");
            assert_eq!(
                opener.redaction().strike(reply.to_owned()),
                expected,
                "{sealed}"
            );
        }
    }

    #[test]
    fn every_form_of_a_secret_is_struck_out() {
        let mut redaction = Redaction::default();
        redaction.add("pass\"word/1");
        redaction.add("pass\"word/1 longer");
        for text in [
            "pass\"word/1",
            r#"{"a":"pass\"word/1"}"#,
            "pass%22word%2F1",
            &STANDARD.encode("pass\"word/1"),
            "pass\"word/1 longer",
        ] {
            let struck = redaction.strike(text.to_owned());
            assert!(
                struck.contains(REDACTED) && !struck.contains("word") && !struck.contains("longer"),
                "{text}: {struck}"
            );
            assert_eq!(
                redaction.strike_bytes(Bytes::from(text.to_owned())),
                struck.as_bytes()
            );
        }
        assert_eq!(redaction.strike("harmless".into()), "harmless");
    }
}
