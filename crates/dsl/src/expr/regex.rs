//! Regular expressions in linear time, with a limit on their size.

use std::ops::Range;

use super::arith::shown;
use super::meter::{Meter, Stop, throw};
use crate::value::{Text, Value};

const COMPILED_BYTES_MAX: usize = 1 << 20;
const PATTERN_BYTES_MAX: usize = 4 << 10;

pub(super) struct Match {
    pub range: Range<usize>,
    offset: usize,
    groups: Vec<Group>,
}

struct Group {
    name: Option<Text>,
    /// Offset in characters and text, when the group took part.
    found: Option<(usize, Text)>,
}

struct Flags {
    is_global: bool,
    skips_empty: bool,
}

/// All matches of `pattern` in `text` (the first only without `g`), and the text.
pub(super) fn matches(
    meter: &Meter,
    text: &Value,
    pattern: &Value,
    flags: &Value,
) -> Result<(Text, Vec<Match>), Stop> {
    let Value::String(text) = text else {
        return throw(format!(
            "{} cannot be matched, as it is not a string",
            shown(text)
        ));
    };
    let (pattern, flags) = match (pattern, flags) {
        (Value::Array(both), Value::Null) => (
            both.first().cloned().unwrap_or_default(),
            both.get(1).cloned().unwrap_or_default(),
        ),
        _ => (pattern.clone(), flags.clone()),
    };
    let Value::String(pattern) = &pattern else {
        return throw(format!(
            "{} cannot be matched, as it is not a string",
            shown(&pattern)
        ));
    };
    let (regex, flags) = compiled(meter, pattern, &flags)?;
    // The engine's worst case is the text times the pattern.
    let mut found = Vec::new();
    let mut counter = Counter {
        text,
        byte: 0,
        letters: 0,
    };
    let names: Vec<Option<Text>> = regex
        .capture_names()
        .skip(1)
        .map(|name| name.map(Text::from))
        .collect();
    let mut at = 0;
    loop {
        meter.work(8 + pattern.len() / 8)?;
        let Some(captures) = regex.captures_at(text, at) else {
            meter.work((text.len() - at) / 8)?;
            break;
        };
        let whole = captures.get(0).expect("group 0 is the match");
        meter.work((whole.end() - at) / 8)?;
        let is_empty = whole.start() == whole.end();
        let next = match is_empty {
            true => whole.end() + text[whole.end()..].chars().next().map_or(1, char::len_utf8),
            false => whole.end(),
        };
        // jq finds no empty match at the very end of a text that is not empty.
        let is_past_end =
            is_empty && flags.is_global && whole.start() == text.len() && !text.is_empty();
        if !(is_empty && flags.skips_empty || is_past_end) {
            let offset = counter.letters_before(whole.start());
            meter.items(4 * (names.len() + 1))?;
            let groups = names.iter().enumerate().map(|(index, name)| {
                let found = captures.get(index + 1).map(|group| {
                    let before = text[whole.start().min(group.start())..group.start()]
                        .chars()
                        .count();
                    (offset + before, Text::from(group.as_str()))
                });
                Group {
                    name: name.clone(),
                    found,
                }
            });
            let groups: Vec<Group> = groups.collect();
            let copied = groups
                .iter()
                .filter_map(|group| group.found.as_ref())
                .map(|(_, text)| text.len())
                .sum();
            meter.text(copied)?;
            found.push(Match {
                range: whole.start()..whole.end(),
                offset,
                groups,
            });
        }
        at = next;
        if !flags.is_global || at > text.len() {
            break;
        }
    }
    Ok((text.clone(), found))
}

/// Counts characters up to places that only grow.
struct Counter<'t> {
    text: &'t str,
    byte: usize,
    letters: usize,
}

impl Counter<'_> {
    fn letters_before(&mut self, byte: usize) -> usize {
        self.letters += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.letters
    }
}

fn compiled(meter: &Meter, pattern: &str, flags: &Value) -> Result<(regex::Regex, Flags), Stop> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return throw(format!(
            "a regular expression has at most {PATTERN_BYTES_MAX} bytes"
        ));
    }
    let letters = match flags {
        Value::Null => "",
        Value::String(letters) => letters,
        other => return throw(format!("{} is not a string of flags", shown(other))),
    };
    let mut builder = regex::RegexBuilder::new(pattern);
    builder
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .nest_limit(64);
    let mut read = Flags {
        is_global: false,
        skips_empty: false,
    };
    for letter in letters.chars() {
        match letter {
            'g' => read.is_global = true,
            'n' => read.skips_empty = true,
            'i' => {
                builder.case_insensitive(true);
            }
            'x' => {
                builder.ignore_whitespace(true);
            }
            'p' => {
                builder.dot_matches_new_line(true);
            }
            // `^` and `$` mean the whole text already; the longest match is not offered in linear time.
            's' | 'l' => {}
            _ => return throw(format!("{letters} is not a valid modifier string")),
        }
    }
    // Compiling costs about as much as a few hundred terms, more for long ones.
    meter.work(200 + 4 * pattern.len())?;
    meter.bytes(pattern.len() * 16)?;
    match builder.build() {
        Ok(regex) => Ok((regex, read)),
        Err(regex::Error::CompiledTooBig(_)) => throw(format!(
            "{} (at offset 0) is too large a regex",
            shown(&Value::string(pattern))
        )),
        Err(_) => throw(format!("{pattern} (at offset 0) is not a valid regex")),
    }
}

/// jq's match object.
pub(super) fn object(found: &Match, text: &str) -> Value {
    let groups = found.groups.iter().map(|group| {
        let name = group.name.clone().map_or(Value::Null, Value::String);
        match &group.found {
            Some((offset, text)) => Value::object([
                ("offset", Value::Int(*offset as i64)),
                ("length", Value::Int(text.chars().count() as i64)),
                ("string", Value::String(text.clone())),
                ("name", name),
            ]),
            None => Value::object([
                ("offset", Value::Int(-1)),
                ("string", Value::Null),
                ("length", Value::Int(0)),
                ("name", name),
            ]),
        }
    });
    let whole = &text[found.range.clone()];
    Value::object([
        ("offset", Value::Int(found.offset as i64)),
        ("length", Value::Int(whole.chars().count() as i64)),
        ("string", Value::string(whole)),
        ("captures", Value::array(groups.collect())),
    ])
}

/// The named groups, as `capture` gives them.
pub(super) fn captures(meter: &Meter, found: &Match) -> Result<Value, Stop> {
    meter.items(3 * found.groups.len())?;
    let named = found.groups.iter().filter_map(|group| {
        let text = group
            .found
            .as_ref()
            .map_or(Value::Null, |(_, text)| Value::String(text.clone()));
        Some((group.name.clone()?, text))
    });
    Ok(Value::object(named))
}
