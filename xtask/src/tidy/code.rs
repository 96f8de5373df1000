//! Rust source as the bans see it: comments and texts blanked, `use` groups written out.
//!
//! Not a parser. It knows just enough of the lexical rules that a word in a comment or a text is no finding, and that
//! `use std::{fs, io};` is found as `std::fs`.

/// The same lines with comments, texts and character literals replaced by spaces.
///
/// Code after `#[cfg(test)] mod name {` is left out as well: what tests may do is decided by the path of a file, and
/// inline test modules stand at the end of theirs.
pub fn without_comments_and_texts(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = literal_or_comment(rest, out.chars().next_back());
        if length > 0 {
            let (blanked, after) = rest.split_at(length);
            out.extend(blanked.chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = after;
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    if let Some(start) = inline_tests(&out) {
        out.truncate(start);
    }
    out
}

/// The bytes of the comment or literal that `rest` starts with; 0 when it starts with neither.
fn literal_or_comment(rest: &str, before: Option<char>) -> usize {
    let follows_word = before.is_some_and(is_word);
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        block_comment(rest)
    } else if rest.starts_with('"') {
        text(rest)
    } else if !follows_word && (rest.starts_with("r\"") || rest.starts_with("r#")) {
        raw_text(rest, 1)
    } else if !follows_word && (rest.starts_with("br\"") || rest.starts_with("br#")) {
        raw_text(rest, 2)
    } else if rest.starts_with('\'') {
        character(rest)
    } else {
        0
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn text(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_text(rest: &str, prefix: usize) -> usize {
    let hashes = rest[prefix..].chars().take_while(|c| *c == '#').count();
    let opened = prefix + hashes;
    if !rest[opened..].starts_with('"') {
        return 0; // a raw identifier such as `r#type`
    }
    let close = format!("\"{}", "#".repeat(hashes));
    match rest[opened + 1..].find(&close) {
        Some(at) => opened + 1 + at + close.len(),
        None => rest.len(),
    }
}

/// A character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let after = at + escaped.len_utf8();
            rest[after..].find('\'').map_or(0, |end| after + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

fn inline_tests(code: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let after = code[start + "#[cfg(test)]".len()..].trim_start();
        let ends_header = after.find(['{', ';']);
        let opens = ends_header.is_some_and(|end| after[end..].starts_with('{'));
        if after.starts_with("mod ") && opens {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

/// Every path a `use` declaration brings in, with the index of the line where its last segment stands.
pub fn used_paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("use ") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let start = at + "use ".len();
        let end = code[start..]
            .find(';')
            .map_or(code.len(), |end| start + end);
        if code[start..end].contains('{') {
            write_out(code, start..end, &mut paths);
        }
    }
    paths
}

fn write_out(code: &str, range: std::ops::Range<usize>, paths: &mut Vec<(usize, String)>) {
    let mut prefixes: Vec<String> = vec![String::new()];
    let mut segment = String::new();
    let first_line = code[..range.start].matches('\n').count();
    let mut line = first_line;
    for c in code[range].chars().chain([',']) {
        match c {
            '{' => {
                let outer = prefixes.last().cloned().unwrap_or_default();
                prefixes.push(format!("{outer}{}", std::mem::take(&mut segment)));
            }
            ',' | '}' => {
                if !segment.is_empty() {
                    let outer = prefixes.last().map_or("", String::as_str);
                    paths.push((line, format!("{outer}{}", std::mem::take(&mut segment))));
                }
                if c == '}' {
                    prefixes.pop();
                }
            }
            '\n' => line += 1,
            c if c.is_whitespace() => {}
            c => segment.push(c),
        }
    }
}

/// True when `code` holds `needle` and it is not just part of a longer word.
pub fn mentions(code: &str, needle: &str) -> bool {
    let starts_as_word = needle.starts_with(is_word);
    let ends_as_word = needle.ends_with(is_word);
    code.match_indices(needle).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + needle.len()..].chars().next();
        let is_part = starts_as_word && before.is_some_and(is_word)
            || ends_as_word && after.is_some_and(is_word);
        !is_part
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
