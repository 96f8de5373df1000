//! JSON that people give on the command line: written out, in a file, or on standard input.

use std::io::Read as _;

use dsl::Value;

use crate::failure::Failure;

/// Longest text taken from a file or from standard input.
const BYTES_MAX: u64 = 64 << 20;

/// Reads `JSON`, `@FILE` or `-`; `what` names it in messages.
pub fn json(what: &str, given: &str) -> Result<Value, Failure> {
    let (place, text) = if given == "-" {
        ("standard input".to_owned(), standard_input()?)
    } else if let Some(path) = given.strip_prefix('@') {
        let open = std::fs::File::open(path);
        let read = open.and_then(read_within);
        let text = read.map_err(|error| Failure::file("read", path.as_ref(), &error))?;
        (path.to_owned(), text)
    } else {
        (what.to_owned(), given.as_bytes().to_vec())
    };
    Value::parse_json(&text).map_err(|error| {
        let before = &text[..error.offset.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1;
        let failure = Failure::user(format!(
            "{what} is not JSON: {} at line {line}, column {column} of {place}",
            error.message
        ));
        match given.starts_with(['@', '-', '{', '[', '"']) {
            true => failure,
            false => failure.help("write text in quotes: '\"text\"'; a file is given as @FILE"),
        }
    })
}

/// All of standard input.
pub fn standard_input() -> Result<Vec<u8>, Failure> {
    read_within(std::io::stdin().lock())
        .map_err(|error| Failure::user(format!("cannot read standard input: {error}")))
}

fn read_within(reader: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        let message = format!("it has more than {BYTES_MAX} bytes");
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            message,
        ));
    }
    Ok(bytes)
}
