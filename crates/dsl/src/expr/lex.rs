//! Tokens of jq. Strings are read by the parser, because expressions nest inside them.

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// A keyword or a function's name.
    Word(&'s str),
    /// `.name`, without the dot.
    Field(&'s str),
    /// `$name`, without the dollar.
    Variable(&'s str),
    /// `@name`, without the at sign.
    Format(&'s str),
    Number(&'s str),
    /// The quote that opens a string.
    Quote,
    Symbol(&'static str),
    /// A character that means nothing in jq.
    Unknown(char),
    End,
}

/// Longer ones first, so that the first match is the longest.
const SYMBOLS: [&str; 33] = [
    "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", ".", "[", "]",
    "(", ")", "{", "}", "|", ",", ":", ";", "=", "<", ">", "+", "-", "*", "/", "%", "?",
];

/// The token at or after `at`, and where it is.
pub(super) fn token(source: &str, at: usize) -> (Token<'_>, Range<usize>) {
    let start = skip_space(source, at);
    let rest = &source[start..];
    let Some(first) = rest.chars().next() else {
        return (Token::End, start..start);
    };
    let named = |prefix: usize| {
        let name = &rest[prefix..];
        let length = name
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (starts && length > 0).then(|| (&name[..length], start..start + prefix + length))
    };
    if let Some(found) = match first {
        '$' => named(1).map(|(name, range)| (Token::Variable(name), range)),
        '@' => named(1).map(|(name, range)| (Token::Format(name), range)),
        '.' => named(1).map(|(name, range)| (Token::Field(name), range)),
        _ => named(0).map(|(name, range)| (Token::Word(name), range)),
    } {
        return found;
    }
    if first.is_ascii_digit() || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
    {
        let length = number_length(rest.as_bytes());
        return (Token::Number(&rest[..length]), start..start + length);
    }
    if first == '"' {
        return (Token::Quote, start..start + 1);
    }
    match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        Some(symbol) => (Token::Symbol(symbol), start..start + symbol.len()),
        None => (Token::Unknown(first), start..start + first.len_utf8()),
    }
}

fn skip_space(source: &str, mut at: usize) -> usize {
    let bytes = source.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
            Some(b'#') => {
                at = bytes[at..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(bytes.len(), |end| at + end)
            }
            _ => return at,
        }
    }
}

fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end += 1;
        end += digits(end);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
