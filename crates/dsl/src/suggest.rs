//! "Did you mean": the nearest of the names that would have been right.

/// Names longer than this are nobody's typing mistake, and comparing them costs.
const CHARS_MAX: usize = 64;

/// Names looked at; a text can be full of wrong names and of right ones, and each pair costs.
const CANDIDATES_MAX: usize = 1_000;

/// The candidate nearest to `written`, when it is near enough to be a slip.
pub fn nearest<'c>(
    written: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let written: Vec<char> = written.chars().take(CHARS_MAX + 1).collect();
    if written.len() > CHARS_MAX {
        return None;
    }
    // Two letters that differ in one are not alike; a longer word may have one slip in three letters.
    let limit = if written.len() < 3 {
        0
    } else {
        written.len() / 3
    };
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter_map(|candidate| {
            let distance = distance(&written, candidate)?;
            (distance <= limit).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?", or else the whole list when it is short.
pub fn help<'c>(
    written: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
) -> Option<String> {
    if let Some(name) = nearest(written, candidates.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let mut names: Vec<&str> = candidates.into_iter().take(13).collect();
    names.sort_unstable();
    (!names.is_empty() && names.len() <= 12).then(|| format!("allowed here: {}", list(&names)))
}

/// "`a`, `b` and `c`".
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other, upper and lower case alike.
fn distance(written: &[char], candidate: &str) -> Option<usize> {
    let candidate: Vec<char> = candidate.chars().take(CHARS_MAX + 1).collect();
    if candidate.len() > CHARS_MAX {
        return None;
    }
    let same = |a: char, b: char| a.eq_ignore_ascii_case(&b);
    let width = candidate.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, a) in written.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, b) in candidate.iter().enumerate() {
            let replaced = last[j] + usize::from(!same(*a, *b));
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && same(*a, candidate[j - 1]) && same(written[i - 1], *b) {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    Some(last[width - 1])
}
