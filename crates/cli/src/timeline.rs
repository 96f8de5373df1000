//! A run's history as people read it: the tasks in order, how each went, and how long it took.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A history entry, from the embedded server or over HTTP: `seq`, `at`, `event`, `task`, `name`, `data`.
pub type Entry = Value;

/// One task run.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskLine {
    /// Its number within the run.
    pub id: u64,
    pub name: String,
    /// JSON pointer into the definition.
    pub task: String,
    /// How many tasks it stands within.
    pub depth: usize,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// `running`, `completed`, `faulted`, `cancelled`.
    pub status: &'static str,
    /// Tries beyond the first.
    pub retries: u64,
    /// Why it faulted.
    pub error: Option<String>,
    pub input: Value,
    pub output: Option<Value>,
}

/// The task runs of a history, in order of their starts.
pub fn tasks(entries: &[Entry]) -> Vec<TaskLine> {
    let mut lines: Vec<TaskLine> = Vec::new();
    let mut of_frame: HashMap<u64, usize> = HashMap::new();
    for entry in entries {
        let data = &entry["data"];
        let at = time(&entry["at"]);
        if entry["event"] == "tasksCancelled" {
            let ids = data["ids"].as_array().into_iter().flatten();
            for index in ids.filter_map(|id| of_frame.get(&id.as_u64()?).copied()) {
                end(&mut lines[index], "cancelled", at);
            }
            continue;
        }
        let Some(id) = data["id"].as_u64() else {
            continue;
        };
        if entry["event"] == "taskStarted" {
            let parent = data["parent"]
                .as_u64()
                .and_then(|parent| of_frame.get(&parent));
            let depth = parent.map_or(0, |index| lines[*index].depth + 1);
            of_frame.insert(id, lines.len());
            lines.push(TaskLine {
                id,
                name: text(&entry["name"]),
                task: text(&entry["task"]),
                depth,
                started_at: at,
                ended_at: None,
                status: "running",
                retries: 0,
                error: None,
                input: data["input"].clone(),
                output: None,
            });
            continue;
        }
        let Some(line) = of_frame.get(&id).map(|index| &mut lines[*index]) else {
            continue;
        };
        match entry["event"].as_str().unwrap_or_default() {
            "inputTaken" => line.input = data["input"].clone(),
            "attemptStarted" => line.retries = data["attempt"].as_u64().unwrap_or(0),
            "taskCompleted" => {
                line.output = Some(data["output"].clone());
                end(line, "completed", at);
            }
            "taskFaulted" => {
                line.error = Some(error(&data["error"]));
                end(line, "faulted", at);
            }
            _ => {}
        }
    }
    lines
}

fn end(line: &mut TaskLine, status: &'static str, at: Timestamp) {
    line.status = status;
    line.ended_at = Some(at);
}

/// A workflow error in one line: what, then why.
pub fn error(error: &Value) -> String {
    let kind = text(&error["type"]);
    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
    let title = error["title"].as_str().unwrap_or(&kind);
    let status = error["status"]
        .as_u64()
        .map_or(String::new(), |status| format!(" ({kind} {status})"));
    match error["detail"].as_str() {
        Some(detail) => format!("{title}{status}: {detail}"),
        None => format!("{title}{status}"),
    }
}

/// An entry in words: its event, its task, and what matters of its data.
pub fn words(entry: &Entry) -> String {
    let event = spaced(entry["event"].as_str().unwrap_or_default());
    let data = &entry["data"];
    let subject = match entry["name"].as_str() {
        Some(name) => format!(" {name}"),
        None => String::new(),
    };
    let detail = match entry["event"].as_str().unwrap_or_default() {
        "taskFaulted" | "runFaulted" | "errorCaught" => error(&data["error"]),
        "effectRequested" => text(&data["request"]["function"]),
        "attemptStarted" => format!("retry {}", data["attempt"]),
        "iterationStarted" => format!("item {}", data["index"]),
        "timerSet" => format!("until {}", text(&data["due"])),
        "runCancelled" => text(&data["reason"]),
        "emitted" => text(&data["event"]["type"]),
        _ => String::new(),
    };
    if detail.is_empty() {
        format!("{event}{subject}")
    } else {
        format!("{event}{subject}: {detail}")
    }
}

/// `taskStarted` as `task started`.
fn spaced(event: &str) -> String {
    let mut out = String::new();
    for c in event.chars() {
        if c.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Text as it is, nothing for null, anything else as JSON.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub fn time(value: &Value) -> Timestamp {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// In the reader's time zone, to the second.
pub fn clock(at: Timestamp) -> String {
    let zoned = at.to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A length of time in two units at most: `1.2 s`, `3 min 5 s`.
pub fn length(from: Timestamp, to: Timestamp) -> String {
    let millis = to
        .as_millisecond()
        .saturating_sub(from.as_millisecond())
        .max(0);
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{}.{} s", seconds, millis % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}
