//! What is written for people and programs: standard output for answers, standard error for everything about them.
//!
//! Colours only on a terminal, and not when `NO_COLOR` is set. Text that came from elsewhere passes [`plain`] first, so
//! that no file and no server can steer the reader's terminal.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use serde::Serialize;

use crate::failure::Failure;

/// Where output goes and how it looks.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Answers are JSON documents, one a line.
    pub is_json: bool,
    out: Paint,
    notes: Paint,
}

/// Whether a stream shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Coloured,
    Bare,
}

#[derive(Clone, Copy, Debug)]
pub enum Ink {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Terminal {
    pub fn new(is_json: bool, has_no_color: bool) -> Self {
        let paint = |is_terminal: bool| {
            if is_terminal && !has_no_color {
                Paint::Coloured
            } else {
                Paint::Bare
            }
        };
        Self {
            is_json,
            out: paint(io::stdout().is_terminal()),
            notes: paint(io::stderr().is_terminal()),
        }
    }

    pub fn out_paint(&self) -> Paint {
        self.out
    }

    pub fn note_paint(&self) -> Paint {
        self.notes
    }

    /// Writes an answer and a line end.
    pub fn out(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        write_line(io::stdout().lock(), text.as_ref()).map_err(|error| Failure::output(&error))
    }

    /// Writes an answer as JSON: on one line for programs, indented for people.
    pub fn out_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = if self.is_json {
            serde_json::to_string(value)
        } else {
            serde_json::to_string_pretty(value)
        };
        let text =
            text.map_err(|error| Failure::user(format!("cannot write this as JSON: {error}")))?;
        self.out(json_controls(&text))
    }

    /// Writes a line about what is going on. When nobody reads it there is nobody to tell.
    pub fn note(&self, text: impl AsRef<str>) {
        let _ = write_line(io::stderr().lock(), text.as_ref());
    }
}

fn write_line(mut stream: impl io::Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.write_all(b"\n")?;
    stream.flush()
}

impl Paint {
    pub fn on(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => 1,
            Ink::Dim => 2,
            Ink::Red => 31,
            Ink::Green => 32,
            Ink::Yellow => 33,
            Ink::Cyan => 36,
        };
        match self {
            Self::Coloured => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Bare => text.to_owned(),
        }
    }

    /// The colour of a run's or task's status.
    pub fn status(self, word: &str) -> String {
        match word {
            "completed" => self.on(Ink::Green, word),
            "faulted" => self.on(Ink::Red, word),
            "cancelled" | "suspended" | "uncertain" => self.on(Ink::Yellow, word),
            "running" | "waiting" | "pending" => self.on(Ink::Cyan, word),
            _ => word.to_owned(),
        }
    }
}

/// Control characters, line ends too, written out as `\u{1b}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    escape(
        text,
        |c| c.is_control(),
        |c, out| write!(out, "\\u{{{:x}}}", c as u32),
    )
}

/// Like [`plain`], but lines stay lines.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    let is_steering = |c: char| c.is_control() && c != '\n' && c != '\t';
    escape(text, is_steering, |c, out| {
        write!(out, "\\u{{{:x}}}", c as u32)
    })
}

/// JSON may hold some control characters as they are; written as escapes they mean the same.
fn json_controls(text: &str) -> Cow<'_, str> {
    let is_steering = |c: char| c.is_control() && c != '\n';
    escape(text, is_steering, |c, out| {
        write!(out, "\\u{:04x}", c as u32)
    })
}

fn escape(
    text: &str,
    is_escaped: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String) -> std::fmt::Result,
) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) {
            write(c, &mut out).expect("writing to a string does not fail");
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Rows with a heading, columns as wide as their widest cell. `paint` colours a cell that is already padded.
pub fn table(
    headings: &[&str],
    rows: &[Vec<String>],
    paint: impl Fn(usize, &str, String) -> String,
) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([headings[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &[&str], paint: &dyn Fn(usize, &str, String) -> String| {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let is_last = column + 1 == cells.len();
            let fill = if is_last {
                0
            } else {
                widths[column] - cell.chars().count()
            };
            paint(column, cell, format!("{cell}{}", " ".repeat(fill)))
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    let mut lines = vec![line(headings, &|_, _, padded| padded)];
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        lines.push(line(&cells, &paint));
    }
    lines.join("\n")
}
