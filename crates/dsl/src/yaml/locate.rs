//! Where in the source a part of a scalar stands.
//!
//! A scalar's text differs from what is written: quotes, escapes, folded lines, the indentation of a block. A fault
//! inside an expression is reported against the text; here its range is mapped back to the source.

use std::ops::Range;

use super::{Node, NodeKind, Style};
use crate::problem::Span;

/// Starts of the lines of a text, to turn byte offsets into lines and columns.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (offset, byte) in bytes.iter().enumerate() {
            let is_break =
                *byte == b'\n' || (*byte == b'\r' && bytes.get(offset + 1) != Some(&b'\n'));
            if is_break {
                starts.push(offset + 1);
            }
        }
        Self { text, starts }
    }

    /// The span of a byte range; offsets inside a character or beyond the text move back to the nearest boundary.
    #[must_use]
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.boundary(range.start);
        let end = self.boundary(range.end).max(start);
        let line = self
            .starts
            .partition_point(|line_start| *line_start <= start)
            .max(1);
        let line_start = self.starts[line - 1];
        let column = self.text[line_start..start]
            .chars()
            .filter(|character| *character != '\u{feff}')
            .count()
            + 1;
        Span {
            start,
            end,
            line,
            column,
        }
    }

    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// The span of `range`, a byte range of the scalar's text, within the source; the whole scalar when it cannot be told.
#[must_use]
pub fn span_within(lines: &Lines<'_>, node: &Node, range: Range<usize>) -> Span {
    let NodeKind::Scalar { text, style } = &node.kind else {
        return node.span;
    };
    let Some(written) = lines.text.get(node.span.start..node.span.end) else {
        return node.span;
    };
    let found = align(text, written, *style, &[range.start, range.end]);
    match found[..] {
        [Some(start), Some(end)] if start <= end => {
            // An empty range still points at something a person can see.
            let end = if end == start {
                start + written[start..].chars().next().map_or(0, char::len_utf8)
            } else {
                end
            };
            lines.span(node.span.start + start..node.span.start + end)
        }
        _ => node.span,
    }
}

/// Walks text and source side by side and notes the source offset of each wanted text offset (ascending).
///
/// Every character that is not white space stands in both, in the same order; white space is matched where it can be and
/// skipped where folding or indentation changed it.
fn align(text: &str, written: &str, style: Style, wanted: &[usize]) -> Vec<Option<usize>> {
    let mut found = vec![None; wanted.len()];
    let mut source = start_of_content(written, style);
    let mut offset = 0;
    let mut characters = text.chars().peekable();
    loop {
        let next = characters.peek().copied();
        skip_whitespace(written, &mut source, next);
        for (slot, wanted) in found.iter_mut().zip(wanted) {
            if slot.is_none() && *wanted <= offset {
                *slot = Some(source.min(written.len()));
            }
        }
        let Some(character) = next else { break };
        match step(&written[source..], style) {
            Some((length, decoded)) if decoded.is_none_or(|decoded| decoded == character) => {
                source += length
            }
            // Folding made white space that is not written this way.
            _ if character.is_whitespace() => {}
            _ => break,
        }
        offset += character.len_utf8();
        characters.next();
    }
    found
}

fn start_of_content(written: &str, style: Style) -> usize {
    match style {
        Style::Plain => 0,
        Style::SingleQuoted | Style::DoubleQuoted => usize::from(written.starts_with(['\'', '"'])),
        // The header (`|-`, `>2`, perhaps a comment) ends with its line.
        Style::Literal | Style::Folded if written.starts_with(['|', '>']) => written
            .find('\n')
            .map_or(written.len(), |line_end| line_end + 1),
        Style::Literal | Style::Folded => 0,
    }
}

/// Skips white space in the source that the text does not have here.
fn skip_whitespace(written: &str, source: &mut usize, next: Option<char>) {
    let Some(next) = next else { return };
    while let Some(character) = written[*source..].chars().next() {
        if !character.is_whitespace() || character == next || (character == '\r' && next == '\n') {
            break;
        }
        if next.is_whitespace() && character != ' ' && character != '\t' {
            break;
        }
        *source += character.len_utf8();
    }
}

/// How many bytes the next character takes in the source, and which it is (none: an escape, taken on trust).
fn step(rest: &str, style: Style) -> Option<(usize, Option<char>)> {
    let character = rest.chars().next()?;
    match (style, character) {
        (Style::SingleQuoted, '\'') if rest.starts_with("''") => Some((2, Some('\''))),
        (Style::DoubleQuoted, '\\') => {
            let escape = rest[1..].chars().next()?;
            let digits = match escape {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            let mut length = 1 + escape.len_utf8() + digits;
            // A pair of surrogates is one character.
            if escape == 'u'
                && rest.get(2..4).is_some_and(|high| {
                    matches!(
                        high.to_ascii_lowercase().as_str(),
                        "d8" | "d9" | "da" | "db"
                    )
                })
            {
                length += 6;
            }
            (length <= rest.len() && rest.is_char_boundary(length)).then_some((length, None))
        }
        (_, '\r') if rest.starts_with("\r\n") => Some((2, Some('\n'))),
        (_, character) => Some((character.len_utf8(), Some(character))),
    }
}
