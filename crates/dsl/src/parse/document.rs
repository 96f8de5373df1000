//! The document as a whole: its heading, then its parts in the order in which they need each other.

use super::decoder::{At, Decoder, is_expression, shorten};
use crate::definition::{Definition, Document, Evaluate, Mode, Schedule};
use crate::problem::code;
use crate::value::{Text, Value};

const KEYS: [&str; 11] = [
    "$schema", "$id", "document", "input", "use", "do", "timeout", "output", "schedule",
    "evaluate", "metadata",
];
/// `metadata` at the top is a slip for `document.metadata`; it is in no list of allowed keys.
const ALLOWED: [&str; 10] = [
    "$schema", "$id", "document", "input", "use", "do", "timeout", "output", "schedule", "evaluate",
];

/// Where the standard publishes its schema, before and after it was renamed in 2026.
const SCHEMA_HOMES: [&str; 2] = [
    "https://serverlessworkflow.io/schemas/1.",
    "https://open-workflow-specification.org/schemas/1.",
];

impl<'a> Decoder<'a> {
    pub fn definition(&mut self, at: &At<'a>, digest: String) -> Option<Definition> {
        self.any_mapping(at, "a definition")?;
        self.top_level_keys(at);
        self.schema_homes(at);
        let document = self
            .required(at, "a definition", "document")
            .and_then(|at| self.heading(&at));
        let evaluate = at
            .get("evaluate")
            .map_or(Some(Evaluate::default()), |at| self.evaluate(&at));
        self.mode = evaluate.clone().unwrap_or_default().mode;
        let extensions = at.get("use").map_or_else(Vec::new, |at| self.uses(&at));
        let input = self.input(at);
        let output = self.output(at);
        let timeout = at.get("timeout").map(|at| self.timeout(&at));
        let schedule = at.get("schedule").map(|at| self.schedule(&at));
        let root = self
            .required(at, "a definition", "do")
            .and_then(|at| self.task_list(&at, "`do`", None));
        self.settle_directives();
        if self.has_errors() {
            return None;
        }
        Some(Definition {
            document: document?,
            input: input?,
            output: output?,
            timeout: all_or_none(timeout)?,
            schedule: all_or_none(schedule)?,
            evaluate: evaluate?,
            secrets: std::mem::take(&mut self.uses.secrets).into_iter().collect(),
            extensions,
            root: root?,
            tasks: std::mem::take(&mut self.tasks)
                .into_iter()
                .collect::<Option<_>>()?,
            source: at.node.value.clone(),
            digest: digest.into(),
        })
    }

    fn top_level_keys(&mut self, at: &At<'a>) {
        for (key, entry) in at.entries().filter(|(key, _)| !ALLOWED.contains(&&***key)) {
            let help = match &**key {
                "metadata" | "namespace" | "name" | "version" | "dsl" | "title" | "summary"
                | "tags" => Some(format!(
                    "write it under `document`: `document: {{{key}: ...}}`"
                )),
                "states" | "functions" | "events" | "start" | "specVersion" => Some(
                    "this is DSL 0.x; Segue reads DSL 1.0, whose tasks stand under `do`".to_owned(),
                ),
                _ => crate::suggest::help(key, KEYS.into_iter().filter(|key| *key != "metadata")),
            };
            self.key_error(
                code::UNKNOWN_KEY,
                &entry,
                format!("a definition has no key `{}`", shorten(key)),
                help,
            );
        }
    }

    fn schema_homes(&mut self, at: &At<'a>) {
        for key in ["$schema", "$id"] {
            let Some(at) = at.get(key) else { continue };
            let Some(uri) = self.string(&at, &format!("`{key}`")) else {
                continue;
            };
            let is_known = key == "$id"
                || SCHEMA_HOMES.iter().any(|home| uri.starts_with(home))
                || !uri.contains("://");
            if !is_known {
                let message = format!(
                    "`$schema` is `{}`, which is not the standard's schema",
                    shorten(uri)
                );
                let help = format!("`{}0.3/workflow.yaml`, or leave it out", SCHEMA_HOMES[0]);
                self.error(code::WRONG_VALUE, &at, message, help);
            }
        }
    }

    fn heading(&mut self, at: &At<'a>) -> Option<Document> {
        const HEADING: [&str; 8] = [
            "dsl",
            "namespace",
            "name",
            "version",
            "title",
            "summary",
            "tags",
            "metadata",
        ];
        self.mapping(at, "`document`", &HEADING)?;
        let dsl = self
            .required(at, "`document`", "dsl")
            .and_then(|at| self.dsl_version(&at));
        let namespace = self
            .required(at, "`document`", "namespace")
            .and_then(|at| self.dns_label(&at, "the namespace"));
        let name = self
            .required(at, "`document`", "name")
            .and_then(|at| self.dns_label(&at, "the name"));
        let version = self
            .required(at, "`document`", "version")
            .and_then(|at| self.version(&at, "the version"));
        let title = self.optional_constant(at, "title");
        let summary = self.optional_constant(at, "summary");
        let tags = self.optional_mapping(at, "tags");
        let metadata = self.optional_mapping(at, "metadata");
        Some(Document {
            dsl: dsl?,
            namespace: namespace?,
            name: name?,
            version: version?,
            title: title?,
            summary: summary?,
            tags: tags?,
            metadata: metadata?,
        })
    }

    fn dsl_version(&mut self, at: &At<'a>) -> Option<Text> {
        let text = self.version(at, "`dsl`")?;
        let mut parts = text.split('.');
        match (parts.next(), parts.next()) {
            (Some("1"), Some("0")) => {}
            (Some("1"), _) => {
                let help = "what is new in it may not be understood".to_owned();
                self.warning(
                    code::DSL_VERSION,
                    at,
                    format!("`dsl` is `{text}`, Segue knows 1.0"),
                    help,
                );
            }
            (Some("0"), _) => {
                let help = "DSL 0.x is another language; rewrite the definition for `dsl: '1.0.3'`"
                    .to_owned();
                self.error(
                    code::DSL_VERSION,
                    at,
                    format!("`dsl` is `{text}`, Segue reads DSL 1.0"),
                    help,
                );
                return None;
            }
            _ => {
                self.error(
                    code::DSL_VERSION,
                    at,
                    format!("`dsl` is `{text}`, Segue reads DSL 1.0"),
                    "write `dsl: '1.0.3'`".to_owned(),
                );
                return None;
            }
        }
        Some(text)
    }

    fn dns_label(&mut self, at: &At<'a>, what: &str) -> Option<Text> {
        const CHARS_MAX: usize = 63;
        let text = self.constant(at, what)?;
        let reason = if text.is_empty() {
            "is empty".to_owned()
        } else if text.chars().count() > CHARS_MAX {
            format!("is longer than {CHARS_MAX} characters")
        } else if let Some(bad) = text
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && *c != '-')
        {
            format!("contains `{}`", bad.escape_debug())
        } else if text.starts_with('-') || text.ends_with('-') {
            "starts or ends with `-`".to_owned()
        } else {
            return Some(text.into());
        };
        let message = format!("{what} `{}` {reason}", shorten(text));
        self.error(
            code::DOCUMENT_NAME,
            at,
            message,
            "letters, digits and `-` between them, at most 63".to_owned(),
        );
        None
    }

    fn version(&mut self, at: &At<'a>, what: &str) -> Option<Text> {
        if let Value::Int(_) | Value::Float(_) = at.node.value {
            let message = format!("{what} must be text, found the number `{}`", at.written());
            self.error(
                code::WRONG_TYPE,
                at,
                message,
                "put all three numbers in quotes, such as `'1.0.0'`".to_owned(),
            );
            return None;
        }
        let text = self.constant(at, what)?;
        if is_semantic_version(text) {
            return Some(text.into());
        }
        let message = format!("{what} `{}` is not a semantic version", shorten(text));
        self.error(
            code::DOCUMENT_NAME,
            at,
            message,
            "three numbers, such as `'1.0.0'`, without leading zeros".to_owned(),
        );
        None
    }

    fn evaluate(&mut self, at: &At<'a>) -> Option<Evaluate> {
        self.mapping(at, "`evaluate`", &["language", "mode"])?;
        let language = at.get("language").map(|at| {
            let language = self.constant(&at, "`language`")?;
            if language == "jq" {
                return Some(());
            }
            let message = format!(
                "the expression language `{}` is not supported",
                shorten(language)
            );
            self.error(
                code::WRONG_VALUE,
                &at,
                message,
                "Segue speaks `jq`".to_owned(),
            );
            None
        });
        let mode =
            at.get("mode").map(
                |at| match self.one_of(&at, "`mode`", &["strict", "loose"])? {
                    "loose" => Some(Mode::Loose),
                    _ => Some(Mode::Strict),
                },
            );
        all_or_none(language)?;
        Some(Evaluate {
            mode: all_or_none(mode)?.unwrap_or_default(),
        })
    }

    fn schedule(&mut self, at: &At<'a>) -> Option<Schedule> {
        self.mapping(at, "`schedule`", &["every", "cron", "after", "on"])?;
        let every = self.optional_duration(at, "every");
        let after = self.optional_duration(at, "after");
        let cron = at.get("cron").map(|at| self.cron(&at));
        let on = at.get("on").map(|at| self.consumption(&at, "`on`"));
        Some(Schedule {
            every: every?,
            cron: all_or_none(cron)?,
            after: after?,
            on: all_or_none(on)?,
        })
    }

    fn optional_constant(&mut self, at: &At<'a>, key: &str) -> Option<Option<Text>> {
        match at.get(key) {
            None => Some(None),
            Some(at) => self
                .string(&at, &format!("`{key}`"))
                .map(|text| Some(text.into())),
        }
    }

    /// A mapping kept as data; null when it is not there.
    pub fn optional_mapping(&mut self, at: &At<'a>, key: &str) -> Option<Value> {
        match at.get(key) {
            None => Some(Value::Null),
            Some(at) => self
                .any_mapping(&at, &format!("`{key}`"))
                .map(|()| at.node.value.clone()),
        }
    }
}

/// Turns "read, perhaps with a problem" inside out: the outer `None` says that a problem was reported.
pub fn all_or_none<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

/// Source: semver.org 2.0.0, as in the standard's schema.
fn is_semantic_version(text: &str) -> bool {
    if is_expression(text) {
        return false;
    }
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let (numbers, prerelease) = match text.split_once('-') {
        Some((numbers, prerelease)) => (numbers, Some(prerelease)),
        None => (text, None),
    };
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let is_identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_prerelease = |part: &str| {
        is_identifier(part) && (!part.bytes().all(|b| b.is_ascii_digit()) || is_number(part))
    };
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && prerelease.is_none_or(|text| text.split('.').all(is_prerelease))
        && build.is_none_or(|text| text.split('.').all(is_identifier))
}
