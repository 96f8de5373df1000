//! What regular expressions find in texts, as jq tells it.

mod compiled;

use std::ops::Range;
use std::sync::Arc;

pub(super) use compiled::{Compiled, Constants, Flags, Regexes, Wrong};

use super::arith::shown;
use super::meter::{Meter, Stop, throw};

use crate::value::{Text, Value};

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

/// All matches of `pattern` in `text` (the first only without `g`), and the text.
pub(super) fn matches(
    meter: &Meter,
    text: &Value,
    pattern: &Value,
    flags: &Value,
) -> Result<(Text, Vec<Match>), Stop> {
    let (text, compiled, flags) = opened(meter, text, pattern, flags)?;
    let (regex, pattern) = (&compiled.regex, &compiled.pattern);
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
        // The engine's worst case is the text times the pattern.
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

/// Whether `pattern` is found in `text`.
pub(super) fn is_found(
    meter: &Meter,
    text: &Value,
    pattern: &Value,
    flags: &Value,
) -> Result<bool, Stop> {
    let (found, compiled, read) = opened(meter, text, pattern, flags)?;
    // Both say that some empty matches are none.
    if read.is_global || read.skips_empty {
        return Ok(!matches(meter, text, pattern, flags)?.1.is_empty());
    }
    meter.work(8 + compiled.pattern.len() / 8 + found.len() / 8)?;
    Ok(compiled.regex.is_match(found))
}

/// The text, the pattern as compiled, and what its flags say.
fn opened<'t>(
    meter: &Meter,
    text: &'t Value,
    pattern: &Value,
    flags: &Value,
) -> Result<(&'t Text, Arc<Compiled>, Flags), Stop> {
    let Value::String(text) = text else {
        return throw(format!(
            "{} cannot be matched, as it is not a string",
            shown(text)
        ));
    };
    let (pattern, flags) = match (pattern, flags) {
        (Value::Array(both), Value::Null) => (
            both.first().unwrap_or(&Value::Null),
            both.get(1).unwrap_or(&Value::Null),
        ),
        _ => (pattern, flags),
    };
    let Value::String(pattern) = pattern else {
        return throw(format!(
            "{} cannot be matched, as it is not a string",
            shown(pattern)
        ));
    };
    let read = Flags::read(flags).or_else(throw)?;
    match meter.regexes.get(meter, pattern, read.options)? {
        Ok(compiled) => Ok((text, compiled, read)),
        Err(Wrong::Large) => throw(format!(
            "{} (at offset 0) is too large a regex",
            shown(&Value::String(pattern.clone()))
        )),
        Err(Wrong::Long(message)) => throw(message),
        Err(Wrong::Syntax(_)) => throw(format!("{pattern} (at offset 0) is not a valid regex")),
    }
}

impl Match {
    pub fn groups(&self) -> usize {
        self.groups.len()
    }
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
