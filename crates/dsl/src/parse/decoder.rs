//! What every part of the decoder shares: the place it reads, the problems it found, and the names in force.

use std::rc::Rc;

use indexmap::IndexMap;

use super::uses::Uses;
use crate::definition::{Mode, Task, TaskId};
use crate::problem::{PROBLEMS_MAX, Problem, Severity, Span, code};
use crate::suggest;
use crate::value::Text;
use crate::yaml::{Lines, Node, NodeKind, push_segment};

/// Bytes that references and shared policies may add to a definition beyond its own text. Without this limit a small
/// text could name a large policy thousands of times.
const COPIES_BYTES_MAX: usize = 16 << 20;

/// A node and the way to it.
#[derive(Clone)]
pub struct At<'a> {
    pub node: &'a Node,
    /// Where its key stands, for what is wrong with the key rather than with the value.
    pub key_span: Span,
    path: Option<Rc<Segment>>,
}

struct Segment {
    parent: Option<Rc<Segment>>,
    name: Name,
}

enum Name {
    Key(Text),
    Index(usize),
}

impl<'a> At<'a> {
    pub fn root(node: &'a Node) -> Self {
        Self {
            node,
            key_span: node.span,
            path: None,
        }
    }

    pub fn get(&self, key: &str) -> Option<Self> {
        let entry = self.node.entry(key)?;
        Some(self.step(&entry.value, entry.key_span, Name::Key(entry.key.clone())))
    }

    /// The entries of a mapping, each with its key.
    pub fn entries(&self) -> impl Iterator<Item = (&'a Text, At<'a>)> + use<'a> {
        let here = self.clone();
        let entries = self.node.entries().unwrap_or_default();
        entries.iter().map(move |entry| {
            (
                &entry.key,
                here.step(&entry.value, entry.key_span, Name::Key(entry.key.clone())),
            )
        })
    }

    pub fn items(&self) -> impl Iterator<Item = At<'a>> + use<'a> {
        let here = self.clone();
        let items = self.node.items().unwrap_or_default();
        items
            .iter()
            .enumerate()
            .map(move |(index, item)| here.step(item, item.span, Name::Index(index)))
    }

    /// The place at a JSON pointer below this one.
    pub fn below(&self, pointer: &str) -> Option<Self> {
        crate::yaml::pointer_segments(pointer).try_fold(self.clone(), |at, segment| {
            match &at.node.kind {
                NodeKind::Mapping(_) => at.get(&segment),
                NodeKind::Sequence(items) => {
                    let index = segment.parse().ok()?;
                    let item = items.get(index)?;
                    Some(at.step(item, item.span, Name::Index(index)))
                }
                NodeKind::Scalar { .. } => None,
            }
        })
    }

    pub fn pointer(&self) -> String {
        let mut names = Vec::new();
        let mut segment = self.path.as_ref();
        while let Some(found) = segment {
            names.push(&found.name);
            segment = found.parent.as_ref();
        }
        let mut pointer = String::new();
        for name in names.iter().rev() {
            match name {
                Name::Key(key) => push_segment(&mut pointer, key),
                Name::Index(index) => push_segment(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }

    pub fn is_mapping(&self) -> bool {
        matches!(self.node.kind, NodeKind::Mapping(_))
    }

    pub fn text(&self) -> Option<&'a str> {
        self.node.value.as_str()
    }

    /// A scalar as it is written, without its quotes.
    pub fn written(&self) -> &'a str {
        match &self.node.kind {
            NodeKind::Scalar { text, .. } => text,
            _ => "",
        }
    }

    fn step(&self, node: &'a Node, key_span: Span, name: Name) -> Self {
        Self {
            node,
            key_span,
            path: Some(Rc::new(Segment {
                parent: self.path.clone(),
                name,
            })),
        }
    }
}

/// Reads the tree and gathers problems. A method that returns `None` has reported why.
pub struct Decoder<'a> {
    pub lines: Lines<'a>,
    pub mode: Mode,
    pub uses: Uses<'a>,
    /// The arena; a task is put in when it is complete.
    pub tasks: Vec<Option<Task>>,
    /// Variables of the loops and `catch` clauses around the place being read, beyond the standard arguments.
    pub variables: Vec<Text>,
    /// The task being read, which is the parent of the lists inside it.
    pub parent: Option<TaskId>,
    /// Flow directives that name no task of their own list; settled when all lists are known.
    pub unresolved: Vec<super::flow::Unresolved<'a>>,
    /// Every task name of the document, with the pointer of one list that has it.
    pub names: IndexMap<Text, String>,
    problems: Vec<Problem>,
    copied_bytes: usize,
}

impl<'a> Decoder<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            lines: Lines::new(text),
            mode: Mode::default(),
            uses: Uses::default(),
            tasks: Vec::new(),
            variables: Vec::new(),
            parent: None,
            unresolved: Vec::new(),
            names: IndexMap::new(),
            problems: Vec::new(),
            copied_bytes: 0,
        }
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// Reports an error about the value at `at`.
    pub fn error(
        &mut self,
        code: &'static str,
        at: &At<'a>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report(
            code,
            Severity::Error,
            at,
            at.node.span,
            message.into(),
            help.into(),
        );
    }

    /// Reports an error about the key of `at`.
    pub fn key_error(
        &mut self,
        code: &'static str,
        at: &At<'a>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report(
            code,
            Severity::Error,
            at,
            at.key_span,
            message.into(),
            help.into(),
        );
    }

    /// Reports an error about a part of the value at `at`.
    pub fn span_error(
        &mut self,
        code: &'static str,
        at: &At<'a>,
        span: Span,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report(code, Severity::Error, at, span, message.into(), help.into());
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        at: &At<'a>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report(
            code,
            Severity::Warning,
            at,
            at.key_span,
            message.into(),
            help.into(),
        );
    }

    fn report(
        &mut self,
        code: &'static str,
        severity: Severity,
        at: &At<'a>,
        span: Span,
        message: String,
        help: Option<String>,
    ) {
        if self.is_full() {
            return;
        }
        if self.problems.len() == PROBLEMS_MAX {
            let message = format!("more than {PROBLEMS_MAX} problems, the rest is not listed");
            self.problems.push(Problem {
                code: code::TOO_MANY_PROBLEMS,
                severity: Severity::Error,
                message,
                span,
                pointer: at.pointer(),
                help: None,
            });
            return;
        }
        self.problems.push(Problem {
            code,
            severity,
            message,
            span,
            pointer: at.pointer(),
            help,
        });
    }

    /// Whether further problems would not be listed.
    pub fn is_full(&self) -> bool {
        self.problems.len() > PROBLEMS_MAX
    }

    /// Counts bytes that stand in for something written once; false when there are too many of them.
    pub fn may_copy(&mut self, at: &At<'a>, bytes: usize) -> bool {
        let was_within = self.copied_bytes <= COPIES_BYTES_MAX;
        self.copied_bytes = self.copied_bytes.saturating_add(bytes);
        if self.copied_bytes <= COPIES_BYTES_MAX {
            return true;
        }
        if was_within {
            let message =
                "the definition grows too large when everything it names is put in its place";
            self.error(
                code::TOO_LARGE,
                at,
                message,
                "use shorter names, or split the workflow".to_owned(),
            );
        }
        false
    }

    /// A mapping whose keys are all among `allowed`; unknown keys are reported, and do not stop the reading.
    pub fn mapping(&mut self, at: &At<'a>, what: &str, allowed: &[&str]) -> Option<()> {
        self.any_mapping(at, what)?;
        for (key, entry) in at.entries() {
            if !allowed.contains(&&**key) && !self.is_full() {
                let help = suggest::help(key, allowed.iter().copied());
                self.key_error(
                    code::UNKNOWN_KEY,
                    &entry,
                    format!("{what} has no key `{key}`"),
                    help,
                );
            }
        }
        Some(())
    }

    pub fn any_mapping(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        if at.is_mapping() {
            return Some(());
        }
        self.wrong_type(at, what, "a mapping");
        None
    }

    pub fn required(&mut self, at: &At<'a>, what: &str, key: &str) -> Option<At<'a>> {
        let found = at.get(key);
        if found.is_none() {
            self.key_error(code::MISSING_KEY, at, format!("{what} needs `{key}`"), None);
        }
        found
    }

    /// A list that is not empty.
    pub fn list(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        match at.node.items() {
            None => {
                self.wrong_type(at, what, "a list");
                None
            }
            Some([]) => {
                self.error(code::EMPTY, at, format!("{what} is empty"), None);
                None
            }
            Some(_) => Some(()),
        }
    }

    pub fn wrong_type(&mut self, at: &At<'a>, what: &str, expected: &str) {
        let found = match at.node.value.type_name() {
            "object" => "a mapping".to_owned(),
            "array" => "a list".to_owned(),
            "null" => "nothing".to_owned(),
            "string" => format!("the text `{}`", shorten(at.text().unwrap_or_default())),
            name => format!("the {name} `{}`", shorten(at.written())),
        };
        let help = match at.node.value.type_name() {
            "number" | "boolean" if expected.contains("text") => {
                Some("put it in quotes".to_owned())
            }
            _ => None,
        };
        self.error(
            code::WRONG_TYPE,
            at,
            format!("{what} must be {expected}, found {found}"),
            help,
        );
    }

    /// Text, as it stands; expressions are the caller's business.
    pub fn string(&mut self, at: &At<'a>, what: &str) -> Option<&'a str> {
        let text = at.text();
        if text.is_none() {
            self.wrong_type(at, what, "text");
        }
        text
    }

    /// Text that must be known before running, so not an expression.
    pub fn constant(&mut self, at: &At<'a>, what: &str) -> Option<&'a str> {
        let text = self.string(at, what)?;
        self.no_expression(at, what)?;
        Some(text)
    }

    pub fn no_expression(&mut self, at: &At<'a>, what: &str) -> Option<()> {
        match at.text() {
            Some(text) if is_expression(text) => {
                let help =
                    "write the value itself; it must be known before the workflow runs".to_owned();
                self.error(
                    code::EXPRESSION_NOT_ALLOWED,
                    at,
                    format!("{what} cannot be an expression"),
                    help,
                );
                None
            }
            _ => Some(()),
        }
    }

    pub fn boolean(&mut self, at: &At<'a>, what: &str) -> Option<bool> {
        self.no_expression(at, what)?;
        let value = at.node.value.as_bool();
        if value.is_none() {
            self.wrong_type(at, what, "`true` or `false`");
        }
        value
    }

    pub fn one_of(&mut self, at: &At<'a>, what: &str, allowed: &[&str]) -> Option<&'a str> {
        let text = self.constant(at, what)?;
        if allowed.contains(&text) {
            return Some(text);
        }
        let help = suggest::nearest(text, allowed.iter().copied())
            .map(|name| format!("did you mean `{name}`?"));
        let expected = suggest::list(allowed);
        self.error(
            code::WRONG_VALUE,
            at,
            format!("{what} is `{}`, expected one of {expected}", shorten(text)),
            help,
        );
        None
    }

    /// Reserves an id; the task follows with [`Self::put`].
    pub fn reserve(&mut self) -> TaskId {
        let id = TaskId(
            u32::try_from(self.tasks.len()).expect("a text of 1 MiB has fewer than 2^32 tasks"),
        );
        self.tasks.push(None);
        id
    }

    pub fn put(&mut self, task: Task) {
        let index = task.id.0 as usize;
        self.tasks[index] = Some(task);
    }
}

/// Whether the whole text is one `${ ... }`.
pub fn is_expression(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("${") && text.ends_with('}')
}

/// Text for a message: one line, not too long.
pub fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut short: String = text
        .chars()
        .take(CHARS_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() > CHARS_MAX {
        short.push('…');
    }
    short
}
