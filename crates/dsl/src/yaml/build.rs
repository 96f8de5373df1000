//! Parser events to the tree, with everything refused that a definition must not contain.

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span as RawSpan};
use indexmap::IndexMap;
use indexmap::map::Entry as Slot;

use super::{
    BYTES_MAX, Comment, DEPTH_MAX, Document, Entry, KEY_CHARS_MAX, Node, NodeKind, Style, resolve,
};
use crate::problem::{PROBLEMS_MAX, Problem, START, Severity, Span, code};
use crate::value::{Map, Text, Value};
use crate::yaml::{pointer_push, push_segment};

/// Every document that could be read, and every fault.
pub(super) fn parse(text: &str) -> (Vec<Document>, Vec<Problem>) {
    if text.len() > BYTES_MAX {
        let message = format!(
            "the text has {} bytes, at most {BYTES_MAX} are read",
            text.len()
        );
        let help = "split it into several definitions";
        return (
            Vec::new(),
            vec![problem(code::TOO_LARGE, message, START, Some(help))],
        );
    }
    let mut builder = Builder::default();
    builder.read(text);
    (builder.documents, builder.problems)
}

#[derive(Default)]
struct Builder {
    documents: Vec<Document>,
    comments: Vec<Comment>,
    /// Collections that are open, outermost first.
    frames: Vec<Frame>,
    problems: Vec<Problem>,
}

struct Frame {
    start: Span,
    content: Content,
}

enum Content {
    Sequence {
        items: Vec<Node>,
    },
    Mapping {
        entries: Vec<Entry>,
        values: Map,
        seen: IndexMap<Text, Span>,
        key: Option<(Text, Span)>,
    },
}

/// What a step of reading leads to.
enum Next {
    Event,
    /// The rest of the document is not worth reading.
    Stop,
}

impl Builder {
    fn read(&mut self, text: &str) {
        let options = granit_parser::options! {
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            max_buffered_comment_events: BYTES_MAX,
            simple_key_max_lookahead: KEY_CHARS_MAX,
        };
        let mut parser = Parser::new_from_str_with_options(text, options);
        loop {
            match parser.next_event() {
                None => return,
                Some(Ok((Event::StreamEnd, _))) => return,
                Some(Ok((event, span))) => {
                    if let Next::Stop = self.event(&event, span) {
                        return;
                    }
                }
                Some(Err(error)) => {
                    self.syntax(text, &error);
                    self.frames.clear();
                    if !matches!(parser.proceed_next_document(), Ok(true))
                        || self.problems.len() >= PROBLEMS_MAX
                    {
                        return;
                    }
                }
            }
        }
    }

    fn event(&mut self, event: &Event<'_>, raw: RawSpan) -> Next {
        let span = convert(raw.start, raw.end);
        if event.tag().is_some() {
            let at = raw
                .tag_span()
                .map_or(span, |tag| convert(tag.start, tag.end));
            self.refuse(
                "a tag",
                at,
                "write the value itself: text in quotes, numbers and `true`/`false` without",
            );
        }
        match event {
            Event::Comment(comment, _) => self.comments.push(Comment {
                text: comment.to_string(),
                span,
            }),
            Event::Anchor(..) => self.refuse(
                "an anchor",
                span,
                "repeat the value, or move it to `use` and name it there",
            ),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(
                    "an alias",
                    span,
                    "repeat the value, or move it to `use` and name it there",
                );
                self.finish(Node {
                    span,
                    value: Value::Null,
                    kind: NodeKind::Scalar {
                        text: "".into(),
                        style: Style::Plain,
                    },
                });
            }
            Event::Scalar(scalar, style, ..) => self.finish(scalar_node(scalar, *style, span)),
            Event::SequenceStart(..) => {
                return self.open(span, Content::Sequence { items: Vec::new() });
            }
            Event::MappingStart(..) => {
                let content = Content::Mapping {
                    entries: Vec::new(),
                    values: Map::new(),
                    seen: IndexMap::new(),
                    key: None,
                };
                return self.open(span, content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
        if self.problems.len() >= PROBLEMS_MAX {
            Next::Stop
        } else {
            Next::Event
        }
    }

    fn open(&mut self, span: Span, content: Content) -> Next {
        if self.frames.len() == DEPTH_MAX {
            self.problems.push(too_deep(span));
            return Next::Stop;
        }
        self.frames.push(Frame {
            start: span,
            content,
        });
        Next::Event
    }

    fn close(&mut self, end: Span) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let (value, kind, last) = match frame.content {
            Content::Sequence { items } => {
                let last = items.last().map(|item| item.span.end);
                (
                    Value::array(items.iter().map(|item| item.value.clone()).collect()),
                    NodeKind::Sequence(items),
                    last,
                )
            }
            Content::Mapping {
                entries, values, ..
            } => {
                let last = entries
                    .last()
                    .map(|entry| entry.value.span.end.max(entry.key_span.end));
                (
                    Value::Object(values.into()),
                    NodeKind::Mapping(entries),
                    last,
                )
            }
        };
        // A block collection's end event stands where the next thing begins; its last child is where it really ends.
        let is_flow = end.end > end.start;
        let end = if is_flow {
            end.end
        } else {
            last.unwrap_or(frame.start.end)
        };
        let span = Span {
            end: end.max(frame.start.start),
            ..frame.start
        };
        self.finish(Node { span, value, kind });
    }

    /// Puts a complete node where it belongs: into the innermost open collection, or as the root of a document.
    fn finish(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            self.documents.push(Document {
                root: node,
                comments: std::mem::take(&mut self.comments),
            });
            return;
        };
        let mut repeated = None;
        match &mut frame.content {
            Content::Sequence { items } => items.push(node),
            Content::Mapping {
                entries,
                values,
                seen,
                key,
            } => match key.take() {
                None => {
                    let (text, found) = key_of(&node);
                    self.problems.extend(found);
                    *key = Some((text, node.span));
                }
                Some((text, key_span)) => {
                    match seen.entry(text.clone()) {
                        Slot::Occupied(first) => {
                            repeated = Some((text.clone(), key_span, first.get().line))
                        }
                        Slot::Vacant(slot) => drop(slot.insert(key_span)),
                    }
                    values.insert(text.clone(), node.value.clone());
                    entries.push(Entry {
                        key: text,
                        key_span,
                        value: node,
                    });
                }
            },
        }
        if let Some((key, span, first)) = repeated {
            let message = format!("the key `{key}` is here a second time, first on line {first}");
            let found = problem(
                code::DUPLICATE_KEY,
                message,
                span,
                Some("remove one of the two"),
            );
            self.problems.push(Problem {
                pointer: pointer_push(&self.pointer(), &key),
                ..found
            });
        }
    }

    fn refuse(&mut self, what: &str, span: Span, help: &str) {
        let found = problem(
            code::YAML_FEATURE,
            format!("{what} is not allowed here"),
            span,
            Some(help),
        );
        self.problems.push(Problem {
            pointer: self.pointer(),
            ..found
        });
    }

    /// The place being read, as a JSON pointer.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for frame in &self.frames {
            match &frame.content {
                Content::Sequence { items } => push_segment(&mut pointer, &items.len().to_string()),
                Content::Mapping {
                    key: Some((key, _)),
                    ..
                } => push_segment(&mut pointer, key),
                Content::Mapping { key: None, .. } => {}
            }
        }
        pointer
    }

    fn syntax(&mut self, text: &str, error: &ScanError) {
        let mark = convert(*error.marker(), *error.marker());
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            self.problems.push(too_deep(mark));
            return;
        }
        let trimmed = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        if trimmed.starts_with('{')
            && let Err(json) = serde_json::from_str::<serde::de::IgnoredAny>(trimmed)
        {
            let skipped = text.len() - trimmed.len();
            let found = json.to_string();
            let message = found.split(" at line ").next().unwrap_or(&found);
            let lines = super::Lines::new(text);
            let skipped_lines = text[..skipped].matches('\n').count();
            let offset = offset_of(text, json.line() + skipped_lines, json.column());
            let message = format!("not valid JSON: {}", lower_first(message));
            self.problems.push(problem(
                code::SYNTAX,
                message,
                lines.span(offset..offset + 1),
                None,
            ));
            return;
        }
        let message = format!(
            "not valid YAML: {}",
            lower_first(error.info().trim_end_matches('.'))
        );
        let help = tab_help(text, mark);
        self.problems
            .push(problem(code::SYNTAX, message, mark, help));
    }
}

fn too_deep(span: Span) -> Problem {
    let message = format!("nested deeper than {DEPTH_MAX} levels");
    let help = "move the inner part to a workflow of its own";
    problem(code::TOO_DEEP, message, span, Some(help))
}

/// Byte offset of a line and a byte column, both counted from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (start + column.saturating_sub(1)).min(text.len())
}

fn tab_help(text: &str, mark: Span) -> Option<&'static str> {
    let line = text.lines().nth(mark.line.saturating_sub(1))?;
    let indentation = &line[..line.len() - line.trim_start().len()];
    indentation
        .contains('\t')
        .then_some("indent with spaces, YAML does not allow tabs")
}

/// The text of a node in the place of a key.
fn key_of(node: &Node) -> (Text, Option<Problem>) {
    let NodeKind::Scalar { text, .. } = &node.kind else {
        let message = "a key must be text, found a list or a mapping".to_owned();
        return (
            "".into(),
            Some(problem(
                code::SYNTAX,
                message,
                node.span,
                Some("quote it if it was meant as text"),
            )),
        );
    };
    if text.chars().count() > KEY_CHARS_MAX {
        let message = format!("a key has more than {KEY_CHARS_MAX} characters");
        return (
            "".into(),
            Some(problem(code::TOO_LARGE, message, node.span, None)),
        );
    }
    (text.clone(), None)
}

fn scalar_node(text: &str, style: ScalarStyle, span: Span) -> Node {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    };
    // The parser writes `~` for a value that is not there at all.
    let text: Text = if span.start == span.end && style == Style::Plain {
        "".into()
    } else {
        text.into()
    };
    let value = if style == Style::Plain {
        resolve::plain(&text)
    } else {
        Value::String(text.clone())
    };
    Node {
        span,
        value,
        kind: NodeKind::Scalar { text, style },
    }
}

fn convert(start: Marker, end: Marker) -> Span {
    let from = start.byte_offset().unwrap_or_default();
    let to = end.byte_offset().unwrap_or_default().max(from);
    Span {
        start: from,
        end: to,
        line: start.line(),
        column: start.col() + 1,
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

fn problem(code: &'static str, message: String, span: Span, help: Option<&str>) -> Problem {
    Problem {
        code,
        severity: Severity::Error,
        message,
        span,
        pointer: String::new(),
        help: help.map(str::to_owned),
    }
}
