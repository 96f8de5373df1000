//! YAML (and with it JSON) text as a tree that remembers where everything was written.
//!
//! The tree keeps spans, comments, the style of each scalar and the order of keys; scalars are resolved by the YAML 1.2
//! core schema, so `no` is text and `014` is fourteen. Anchors, aliases and tags are refused: a definition must mean what
//! it says at the place where it says it. What the tree means is the business of `parse` and of other readers.

mod build;
pub mod edit;
mod locate;
mod resolve;
#[cfg(test)]
mod tests;

use crate::problem::{Problem, Span};
use crate::value::{Text, Value};

pub use edit::{Change, Edit, EditError, edit};
pub use locate::{Lines, span_within};

/// Bytes of text that [`parse`] reads at most.
pub const BYTES_MAX: usize = 1 << 20;
/// Collections within collections.
pub const DEPTH_MAX: usize = 128;
/// Characters of a mapping's key.
pub const KEY_CHARS_MAX: usize = 1024;

/// One document of a text; several are separated by `---`.
#[derive(Clone, Debug)]
pub struct Document {
    pub root: Node,
    pub comments: Vec<Comment>,
}

/// A comment as written, without the `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub text: String,
    pub span: Span,
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    /// The data; parts of it are shared with the nodes below.
    pub value: Value,
    pub kind: NodeKind,
}

#[derive(Clone, Debug)]
pub enum NodeKind {
    Scalar { text: Text, style: Style },
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A key of a mapping and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Text,
    pub key_span: Span,
    pub value: Node,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Node {
    /// The value of `key`, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        // The last one, should a key stand twice, as in `value`.
        self.entries()?.iter().rfind(|entry| &*entry.key == key)
    }

    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The node at a JSON pointer below this one.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        pointer_segments(pointer).try_fold(self, |node, segment| match &node.kind {
            NodeKind::Mapping(_) => node.get(&segment),
            NodeKind::Sequence(items) => items.get(segment.parse::<usize>().ok()?),
            NodeKind::Scalar { .. } => None,
        })
    }

    #[must_use]
    pub fn to_value(&self) -> Value {
        self.value.clone()
    }
}

/// Reads every document of `text`.
///
/// Errors: every fault found; a syntax error ends its document, the documents after it are still read.
pub fn parse(text: &str) -> Result<Vec<Document>, Vec<Problem>> {
    match build::parse(text) {
        (documents, problems) if problems.is_empty() => Ok(documents),
        (_, problems) => Err(problems),
    }
}

/// Like [`parse`], but keeps what could be read beside the faults. Of a key that stands twice, the tree has both.
pub(crate) fn parse_what_is_there(text: &str) -> (Vec<Document>, Vec<Problem>) {
    build::parse(text)
}

/// The segments of a JSON pointer, unescaped.
pub(crate) fn pointer_segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// `pointer` with one more segment.
#[must_use]
pub(crate) fn pointer_push(pointer: &str, segment: &str) -> String {
    let mut pointer = pointer.to_owned();
    push_segment(&mut pointer, segment);
    pointer
}

pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
}
