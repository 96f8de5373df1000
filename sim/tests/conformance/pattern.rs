//! Steps by their wording: `{}` stands for a quoted or bare word, or for anything up to what follows.

/// What the `{}` of `pattern` stand for in `text`, if it has that wording. Quotes around a value are taken off.
pub fn read<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next().unwrap_or_default())?;
    let mut values = Vec::new();
    for part in parts {
        let end = if part.is_empty() {
            rest.len()
        } else {
            rest.find(part)?
        };
        values.push(rest[..end].trim_matches(['\'', '"']));
        rest = &rest[end + part.len()..];
    }
    rest.is_empty().then_some(values)
}
