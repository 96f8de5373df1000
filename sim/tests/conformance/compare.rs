//! What steps say, read as data, and how it is compared with what was found.

use anyhow::{Context, Result, anyhow, ensure};
use dsl::problem::Problem;
use dsl::value::Value;
use gherkin::Step;
use jiff::SignedDuration;

/// The text under a step, without the media type behind the opening quotes and without its indentation.
pub fn written(step: &Step) -> Result<String> {
    let text = step.docstring.as_deref().context("the step needs a text")?;
    let (first, rest) = text.split_once('\n').unwrap_or(("", text));
    let body = if matches!(first.trim(), "" | "yaml" | "json") {
        rest
    } else {
        text
    };
    let margin = body
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    Ok(body
        .lines()
        .map(|line| line.get(margin..).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n"))
}

pub fn data(step: &Step) -> Result<Value> {
    let documents = dsl::yaml::parse(&written(step)?)
        .map_err(|problems| anyhow!("the text is no YAML: {}", listed(&problems)))?;
    Ok(documents
        .into_iter()
        .next()
        .map(|document| document.root.value)
        .unwrap_or_default())
}

pub fn listed(problems: &[Problem]) -> String {
    let one = |problem: &Problem| {
        format!(
            "\n    {:?} at {}: {}",
            problem.severity, problem.pointer, problem.message
        )
    };
    problems.iter().map(one).collect()
}

pub fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "none".to_owned(), Value::to_json)
}

/// The member at a path such as `content.id`.
pub fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
}

/// True when all of `wanted` is in `found`: objects by their members, everything else by equality.
pub fn has(found: &Value, wanted: &Value) -> bool {
    match (found.as_object(), wanted.as_object()) {
        (Some(found), Some(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| found.get(name).is_some_and(|found| has(found, wanted))),
        _ => found == wanted,
    }
}

pub fn should_hold(events: &[Value], wanted: &Value) -> Result<()> {
    let listed = || {
        events
            .iter()
            .map(|event| format!("\n    {event}"))
            .collect::<String>()
    };
    ensure!(
        events.iter().any(|event| has(event, wanted)),
        "published was only:{}",
        listed()
    );
    Ok(())
}

pub fn should_count(events: &[Value], kind: &str, count: usize) -> Result<()> {
    let found = events
        .iter()
        .filter(|event| event.get("type").and_then(Value::as_str) == Some(kind))
        .count();
    ensure!(found == count, "{found} were published");
    Ok(())
}

pub fn host(uri: &str) -> &str {
    uri.trim_start_matches("https://").trim_end_matches('/')
}

pub fn duration(text: &str) -> Result<SignedDuration> {
    text.parse()
        .with_context(|| format!("`{text}` is no duration"))
}

pub fn seconds(text: &str) -> Result<SignedDuration> {
    Ok(SignedDuration::from_secs_f64(text.parse()?))
}

pub fn start(timeline: &sim::Timeline, task: &str, number: usize) -> Result<SignedDuration> {
    let starts = timeline.starts(task);
    starts
        .get(number - 1)
        .copied()
        .with_context(|| format!("{task} ran {} times", starts.len()))
}
