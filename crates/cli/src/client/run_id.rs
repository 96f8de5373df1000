//! Ids of runs as people type them: whole, or enough of the start or the end.

use serde_json::Value;

use super::Client;
use crate::failure::Failure;

/// Characters that a part must have.
const PART_CHARS_MIN: usize = 6;
/// Hex digits of a whole id.
const DIGITS: usize = 32;
/// How many runs a part is looked for among, newest first.
const PAGES_MAX: usize = 20;
const PAGE: &str = "1000";

impl Client {
    /// The whole id of the run that `given` names.
    pub async fn run_id(&self, given: &str) -> Result<String, Failure> {
        let part = digits(given)?;
        if part.len() == DIGITS {
            return Ok(with_dashes(&part));
        }
        let mut found: Vec<String> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut query = vec![("limit", PAGE)];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let page = self.get(&["runs"], &query).await?;
            let ids = page["runs"].as_array().into_iter().flatten();
            let ids = ids.filter_map(|run| run["id"].as_str());
            found.extend(ids.filter(|id| is_part(&part, id)).map(str::to_owned));
            match &page["next"] {
                Value::String(next) => after = Some(next.clone()),
                _ => return only(given, &found, false),
            }
        }
        only(given, &found, true)
    }
}

fn only(given: &str, found: &[String], has_more: bool) -> Result<String, Failure> {
    match found {
        [id] => Ok(id.clone()),
        [] if has_more => Err(
            Failure::user(format!("there is no run `{given}` among the newest"))
                .help("older runs are found by their whole id"),
        ),
        [] => {
            Err(Failure::user(format!("there is no run `{given}`")).help("`segue runs` lists them"))
        }
        several => Err(
            Failure::user(format!("`{given}` fits {} runs", several.len())).help(format!(
                "give more of it: {}",
                several[..several.len().min(5)].join(", ")
            )),
        ),
    }
}

/// Lower-case hex digits without dashes.
fn digits(given: &str) -> Result<String, Failure> {
    let digits: String = given
        .chars()
        .filter(|c| *c != '-')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    if is_hex && (PART_CHARS_MIN..=DIGITS).contains(&digits.len()) {
        return Ok(digits);
    }
    let message = format!("`{given}` is not the id of a run");
    Err(Failure::usage(message).help(format!(
        "expected the whole id, or at least {PART_CHARS_MIN} characters of its start or end"
    )))
}

fn is_part(part: &str, id: &str) -> bool {
    let id = id.replace('-', "");
    id.starts_with(part) || id.ends_with(part)
}

fn with_dashes(digits: &str) -> String {
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests;
