//! Changes to a text that leave everything else as it was: comments, order, quotes, blank lines.
//!
//! Each change touches the lines of what it changes and no others. The result is read again and compared with the data
//! that was wanted, so a text that cannot be changed this way is refused rather than damaged.

mod write;

use std::ops::Range;

use super::{Document, Entry, Node, NodeKind, pointer_segments};
use crate::value::{Map, Text, Value};
use write::{block, flow, key_text};

/// One change, at a place named by a JSON pointer into the text as the changes before it left it.
#[derive(Clone, Debug)]
pub struct Edit {
    pub pointer: String,
    pub change: Change,
}

#[derive(Clone, Debug)]
pub enum Change {
    /// Replaces the value; a key that a mapping does not have yet is added at its end.
    Set(Value),
    /// Removes the entry of a mapping or of a list. Comments around it stay.
    Remove,
    /// Adds an entry to a list, after the one at the pointer.
    InsertAfter(Value),
    /// Gives the entry of a mapping another key.
    Rename(Text),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the text is not one valid document")]
    NotValid,
    #[error("there is nothing at `{pointer}` that could be changed this way")]
    NotFound { pointer: String },
    #[error(
        "the text around `{pointer}` is written in a way that cannot be changed without rewriting it"
    )]
    Unsupported { pointer: String },
}

/// Applies the changes one after another.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    edits
        .iter()
        .try_fold(text.to_owned(), |text, edit| apply(&text, edit))
}

fn apply(text: &str, edit: &Edit) -> Result<String, EditError> {
    let root = read(text).ok_or(EditError::NotValid)?;
    let segments: Vec<String> = pointer_segments(&edit.pointer).collect();
    let not_found = || EditError::NotFound {
        pointer: edit.pointer.clone(),
    };
    let unsupported = || EditError::Unsupported {
        pointer: edit.pointer.clone(),
    };
    let wanted = changed(&root.value, &segments, &edit.change).ok_or_else(not_found)?;
    let (range, replacement) = Place { text, root: &root }
        .splice(&segments, &edit.change)
        .ok_or_else(unsupported)?;
    let mut result = text.to_owned();
    result.replace_range(range, &replacement);
    match read(&result) {
        Some(found) if found.value == wanted => Ok(result),
        _ => Err(unsupported()),
    }
}

fn read(text: &str) -> Option<Node> {
    let documents = super::parse(text).ok()?;
    let [Document { root, .. }] = <[_; 1]>::try_from(documents).ok()?;
    Some(root)
}

/// The data that a change should lead to.
fn changed(value: &Value, segments: &[String], change: &Change) -> Option<Value> {
    let [segment, rest @ ..] = segments else {
        return match change {
            Change::Set(new) => Some(new.clone()),
            _ => None,
        };
    };
    match value {
        Value::Array(items) => {
            let index: usize = segment.parse().ok()?;
            let mut items = items.to_vec();
            let item = items.get(index)?.clone();
            match change {
                Change::Remove if rest.is_empty() => drop(items.remove(index)),
                Change::InsertAfter(new) if rest.is_empty() => items.insert(index + 1, new.clone()),
                _ => items[index] = changed(&item, rest, change)?,
            }
            Some(Value::array(items))
        }
        Value::Object(map) => {
            let mut map = Map::clone(map);
            match change {
                Change::Remove if rest.is_empty() => drop(map.shift_remove(&**segment)?),
                Change::Rename(name) if rest.is_empty() => {
                    let value = map.shift_remove(&**segment)?;
                    if map.insert(name.clone(), value).is_some() {
                        return None;
                    }
                }
                Change::Set(new) if rest.is_empty() => {
                    drop(map.insert(segment.as_str().into(), new.clone()))
                }
                _ => {
                    let inner = changed(map.get(&**segment)?, rest, change)?;
                    map.insert(segment.as_str().into(), inner);
                }
            }
            Some(Value::Object(map.into()))
        }
        _ => None,
    }
}

struct Place<'t> {
    text: &'t str,
    root: &'t Node,
}

type Splice = Option<(Range<usize>, String)>;

impl Place<'_> {
    fn splice(&self, segments: &[String], change: &Change) -> Splice {
        let Some((last, parents)) = segments.split_last() else {
            let Change::Set(value) = change else {
                return None;
            };
            return Some((self.root.span.start..self.end(self.root), block(value, 0)));
        };
        let parent = parents.iter().try_fold(self.root, |node, segment| {
            node.at(&super::pointer_push("", segment))
        })?;
        match (&parent.kind, change) {
            (NodeKind::Mapping(entries), Change::Set(value)) => {
                match entries.iter().find(|entry| &*entry.key == last) {
                    Some(entry) => self.set(parent, entry.key_span.end, &entry.value, value),
                    None => self.append(parent, entries, last, value),
                }
            }
            (NodeKind::Mapping(entries), Change::Remove) => {
                let index = entries.iter().position(|entry| &*entry.key == last)?;
                self.remove_entry(parent, entries, index)
            }
            (NodeKind::Mapping(entries), Change::Rename(name)) => {
                let entry = entries.iter().find(|entry| &*entry.key == last)?;
                Some((entry.key_span.start..entry.key_span.end, key_text(name)))
            }
            (NodeKind::Sequence(items), Change::Set(value)) => {
                let item = items.get(last.parse::<usize>().ok()?)?;
                let dash = if self.is_flow(parent) {
                    item.span.start
                } else {
                    self.dash(item)? + 1
                };
                self.set(parent, dash, item, value)
            }
            (NodeKind::Sequence(items), Change::Remove) => {
                self.remove_item(parent, items, last.parse().ok()?)
            }
            (NodeKind::Sequence(items), Change::InsertAfter(value)) => {
                self.insert_after(parent, items.get(last.parse::<usize>().ok()?)?, value)
            }
            _ => None,
        }
    }

    /// Replaces a value whose key or dash ends at `before`.
    fn set(&self, parent: &Node, before: usize, old: &Node, value: &Value) -> Splice {
        let is_collection = |value: &Value| {
            matches!(value, Value::Array(items) if !items.is_empty())
                || matches!(value, Value::Object(map) if !map.is_empty())
        };
        if self.is_flow(parent) || (!is_collection(value) && !self.is_block(old)) {
            let text = if self.is_flow(parent) {
                flow(value)
            } else {
                block(value, self.indentation(before) + 2)
            };
            let gap = if old.span.start == old.span.end {
                " "
            } else {
                ""
            };
            // An absent value stands right behind its colon.
            let start = if gap.is_empty() {
                old.span.start
            } else {
                self.after_colon(before)?
            };
            return Some((start..old.span.end.max(start), format!("{gap}{text}")));
        }
        let start = self.after_colon(before).unwrap_or(before);
        let is_item = matches!(parent.kind, NodeKind::Sequence(_));
        let indentation = self.indentation(before) + 2;
        let text = match value {
            _ if is_item || !is_collection(value) => format!(" {}", block(value, indentation)),
            _ => format!("\n{}{}", " ".repeat(indentation), block(value, indentation)),
        };
        let end = self.end(old).max(start);
        Some((start..end, text))
    }

    fn append(&self, parent: &Node, entries: &[Entry], key: &str, value: &Value) -> Splice {
        let Some(last) = entries.last() else {
            return Some((
                parent.span.start..parent.span.end,
                format!("{{{}: {}}}", key_text(key), flow(value)),
            ));
        };
        if self.is_flow(parent) {
            let end = last.value.span.end.max(last.key_span.end);
            return Some((end..end, format!(", {}: {}", key_text(key), flow(value))));
        }
        let indentation = entries[0].key_span.column - 1;
        let at = self.line_end(self.end(&last.value).max(last.key_span.end));
        Some((
            at..at,
            self.line(at, indentation, &write::entry(key, value, indentation)),
        ))
    }

    fn insert_after(&self, parent: &Node, item: &Node, value: &Value) -> Splice {
        if self.is_flow(parent) {
            return Some((item.span.end..item.span.end, format!(", {}", flow(value))));
        }
        let indentation = self.column(self.dash(item)?);
        let at = self.line_end(self.end(item));
        Some((
            at..at,
            self.line(
                at,
                indentation,
                &format!("- {}", block(value, indentation + 2)),
            ),
        ))
    }

    fn remove_entry(&self, parent: &Node, entries: &[Entry], index: usize) -> Splice {
        let entry = &entries[index];
        let end = self.end(&entry.value).max(entry.key_span.end);
        let range = entry.key_span.start..end;
        if entries.len() == 1 {
            return Some((parent.span.start..end.max(parent.span.end), "{}".to_owned()));
        }
        if self.is_flow(parent) {
            let next = entries.get(index + 1).map(|entry| entry.key_span.start);
            let before = index.checked_sub(1).map(|before| {
                entries[before]
                    .value
                    .span
                    .end
                    .max(entries[before].key_span.end)
            });
            return self.remove_from_flow(range, before, next);
        }
        self.remove_lines(
            range,
            entries.get(index + 1).map(|entry| entry.key_span.start),
        )
    }

    fn remove_item(&self, parent: &Node, items: &[Node], index: usize) -> Splice {
        let item = items.get(index)?;
        if items.len() == 1 {
            return Some((
                parent.span.start..self.end(item).max(parent.span.end),
                "[]".to_owned(),
            ));
        }
        if self.is_flow(parent) {
            let next = items.get(index + 1).map(|item| item.span.start);
            let before = index.checked_sub(1).map(|before| items[before].span.end);
            return self.remove_from_flow(item.span.start..item.span.end, before, next);
        }
        let next = items
            .get(index + 1)
            .map_or(Some(None), |item| self.dash(item).map(Some))?;
        self.remove_lines(self.dash(item)?..self.end(item), next)
    }

    fn remove_from_flow(
        &self,
        range: Range<usize>,
        before: Option<usize>,
        next: Option<usize>,
    ) -> Splice {
        match (next, before) {
            (Some(next), _) => Some((range.start..next, String::new())),
            (None, Some(before)) => Some((before..range.end, String::new())),
            (None, None) => None,
        }
    }

    /// Removes whole lines, or, behind a dash, up to the entry that follows.
    fn remove_lines(&self, range: Range<usize>, next: Option<usize>) -> Splice {
        let line_start = self.line_start(range.start);
        if self.text[line_start..range.start].trim().is_empty() {
            return Some((line_start..self.line_end(range.end), String::new()));
        }
        Some((range.start..next?, String::new()))
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text[node.span.start..].starts_with(['{', '['])
            && !matches!(node.kind, NodeKind::Scalar { .. })
    }

    /// Written over lines of its own: a block collection or a block scalar.
    fn is_block(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Scalar { style, .. } => {
                matches!(style, super::Style::Literal | super::Style::Folded)
            }
            _ => !self.is_flow(node),
        }
    }

    /// Where a node's text ends, without the line break after it.
    fn end(&self, node: &Node) -> usize {
        let end = match &node.kind {
            NodeKind::Mapping(entries) if !self.is_flow(node) => {
                entries.last().map_or(node.span.end, |entry| {
                    self.end(&entry.value).max(entry.key_span.end)
                })
            }
            NodeKind::Sequence(items) if !self.is_flow(node) => {
                items.last().map_or(node.span.end, |item| self.end(item))
            }
            _ => node.span.end,
        };
        if self.is_block(node) {
            self.text[..end].trim_end().len()
        } else {
            end
        }
    }

    /// The dash in front of an item of a block list.
    fn dash(&self, item: &Node) -> Option<usize> {
        let before = self.text[..item.span.start].trim_end();
        let dash = before.strip_suffix('-')?.len();
        // The dash of a list within a list on one line is not at the place where its line is indented to.
        self.text[self.line_start(dash)..dash]
            .trim()
            .is_empty()
            .then_some(dash)
    }

    fn after_colon(&self, key_end: usize) -> Option<usize> {
        let rest = &self.text[key_end..];
        let colon = rest.find(|c: char| !c.is_whitespace())?;
        rest[colon..]
            .starts_with(':')
            .then_some(key_end + colon + 1)
    }

    /// Columns before the content of the line that holds `offset`; a dash counts as indentation.
    fn indentation(&self, offset: usize) -> usize {
        let line = &self.text[self.line_start(offset)..offset];
        let mut rest = line.trim_start_matches(' ');
        while let Some(inner) = rest.strip_prefix("- ") {
            rest = inner.trim_start_matches(' ');
        }
        line.len() - rest.len()
    }

    fn column(&self, offset: usize) -> usize {
        offset - self.line_start(offset)
    }

    fn line_start(&self, offset: usize) -> usize {
        self.text[..offset]
            .rfind('\n')
            .map_or(0, |line_break| line_break + 1)
    }

    /// The start of the line after the one that holds `offset`.
    fn line_end(&self, offset: usize) -> usize {
        self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |line_break| offset + line_break + 1)
    }

    /// A line of its own at `at`, with the line break that the text around it uses.
    fn line(&self, at: usize, indentation: usize, content: &str) -> String {
        let line_break = if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let first = if at == self.text.len() && !self.text.ends_with('\n') {
            line_break
        } else {
            ""
        };
        let last = if first.is_empty() { line_break } else { "" };
        let content = content.replace('\n', line_break);
        format!("{first}{}{content}{last}", " ".repeat(indentation))
    }
}
