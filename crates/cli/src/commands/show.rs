//! `segue show`: all about one run, on one screen where it fits.

use serde_json::{Value, json};

use crate::arguments::Show;
use crate::client::Client;
use crate::failure::Failure;
use crate::terminal::{Ink, Paint, Terminal, plain, plain_lines};
use crate::timeline::{self, TaskLine, clock, length, text, time};

/// Lines of a value before it is cut; `--json` and `--history` have all of it.
const VALUE_LINES: usize = 40;
/// Pages of history that are read at most, 1,000 records each.
const PAGES_MAX: usize = 100;

pub async fn perform(terminal: &Terminal, options: &Show) -> Result<(), Failure> {
    let client = Client::of(&options.one.target)?;
    let id = client.run_id(&options.one.run).await?;
    let run = client.get(&["runs", &id], &[]).await?;
    let history = history(&client, &id, 1).await?;
    if terminal.is_json {
        let mut document = run;
        if options.history {
            document["history"] = json!(history.entries);
        }
        return terminal.out_json(&document);
    }
    let paint = terminal.out_paint();
    let mut page = head(&run, paint);
    page.extend(value("input", &run["input"], paint));
    let tasks = timeline::tasks(&history.entries);
    if options.history {
        page.push(heading("history", paint));
        page.extend(
            history
                .entries
                .iter()
                .flat_map(|entry| entry_lines(entry, paint)),
        );
    } else if !tasks.is_empty() {
        page.push(heading("tasks", paint));
        page.extend(tasks.iter().map(|task| task_line(task, paint)));
    }
    if history.is_cut {
        page.push(format!(
            "  … there is more; `segue show {id} --history --json` has {PAGES_MAX},000 records"
        ));
    }
    page.extend(outstanding(&run, paint));
    page.extend(outcome(&run, paint));
    page.extend(next_actions(&run, &tasks, paint));
    terminal.out(page.join("\n"))
}

/// A run's history from a record on.
pub struct History {
    pub entries: Vec<Value>,
    /// The record after the last.
    pub next: u64,
    is_cut: bool,
}

pub async fn history(client: &Client, id: &str, from: u64) -> Result<History, Failure> {
    let mut history = History {
        entries: Vec::new(),
        next: from,
        is_cut: false,
    };
    for _ in 0..PAGES_MAX {
        let from = history.next.to_string();
        let query = [("from", &*from), ("limit", "1000")];
        let mut page = client.get(&["runs", id, "history"], &query).await?;
        if let Value::Array(entries) = page["entries"].take() {
            history.entries.extend(entries);
        }
        let last = history
            .entries
            .last()
            .and_then(|entry| entry["seq"].as_u64());
        history.next = last.map_or(history.next, |last| last + 1);
        if page["next"].is_null() {
            return Ok(history);
        }
    }
    history.is_cut = true;
    Ok(history)
}

fn head(run: &Value, paint: Paint) -> Vec<String> {
    let word = text(&run["status"]);
    let name = format!(
        "{}/{} {}",
        text(&run["namespace"]),
        text(&run["workflow"]),
        text(&run["version"])
    );
    let created = time(&run["createdAt"]);
    let mut lines = vec![
        format!(
            "{}  {}  {}",
            paint.on(Ink::Bold, &plain(&name)),
            paint.status(&word),
            text(&run["id"])
        ),
        format!(
            "  started   {}  by {}",
            clock(created),
            plain(&text(&run["trigger"]))
        ),
    ];
    if run["endedAt"].is_string() {
        let ended = time(&run["endedAt"]);
        lines.push(format!(
            "  ended     {}  after {}",
            clock(ended),
            length(created, ended)
        ));
    }
    for (label, key) in [("parent", "parent"), ("retry of", "retryOf")] {
        if let Some(id) = run[key].as_str() {
            lines.push(format!("  {label:<9} {id}"));
        }
    }
    lines
}

fn heading(title: &str, paint: Paint) -> String {
    format!("{}:", paint.on(Ink::Bold, title))
}

fn value(title: &str, value: &Value, paint: Paint) -> Vec<String> {
    let shown = serde_json::to_string_pretty(value).unwrap_or_default();
    let lines: Vec<&str> = shown.lines().collect();
    let mut page = vec![heading(title, paint)];
    page.extend(
        lines
            .iter()
            .take(VALUE_LINES)
            .map(|line| format!("  {}", plain(line))),
    );
    if lines.len() > VALUE_LINES {
        page.push(format!(
            "  … {} more lines, with --json",
            lines.len() - VALUE_LINES
        ));
    }
    page
}

fn task_line(task: &TaskLine, paint: Paint) -> String {
    let indent = "  ".repeat(task.depth);
    let took = task
        .ended_at
        .map_or(String::new(), |end| length(task.started_at, end));
    let name = format!("{indent}{}", plain(&task.name));
    let status = paint.status(task.status);
    let fill = " ".repeat("completed".len().saturating_sub(task.status.len()));
    let mut line = format!(
        "  {}  {name:<28} {status}{fill} {took}",
        clock(task.started_at)
    );
    if task.retries > 0 {
        line.push_str(&format!("  {} retries", task.retries));
    }
    if let Some(error) = &task.error {
        line.push_str(&format!("  {}", plain(error)));
    }
    line.trim_end().to_owned()
}

fn entry_lines(entry: &Value, paint: Paint) -> Vec<String> {
    let at = clock(time(&entry["at"]));
    let place = text(&entry["task"]);
    let seq = text(&entry["seq"]);
    let words = timeline::words(entry);
    let mut lines = vec![
        format!(
            "  {seq:>4}  {at}  {}  {}",
            plain(&words),
            paint.on(Ink::Dim, &plain(&place))
        )
        .trim_end()
        .to_owned(),
    ];
    if !entry["data"].is_null() {
        lines.push(format!(
            "        {}",
            paint.on(Ink::Dim, &plain(&entry["data"].to_string()))
        ));
    }
    lines
}

fn outstanding(run: &Value, paint: Paint) -> Vec<String> {
    let tasks = run["outstanding"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if tasks.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("waits for", paint)];
    for task in tasks {
        let effect = match task["effect"].as_u64() {
            Some(effect) => format!("  (effect {effect})"),
            None => String::new(),
        };
        let (name, kind) = (text(&task["name"]), text(&task["waitsFor"]));
        let since = clock(time(&task["since"]));
        let detail = text(&task["detail"]);
        lines.push(format!(
            "  {}  {kind}: {}{effect}  since {since}",
            plain(&name),
            plain(&detail)
        ));
    }
    lines
}

fn outcome(run: &Value, paint: Paint) -> Vec<String> {
    if !run["error"].is_null() {
        let error = timeline::error(&run["error"]);
        let mut lines = vec![
            heading("error", paint),
            format!("  {}", paint.on(Ink::Red, &plain_lines(&error))),
        ];
        if let Some(place) = run["error"]["instance"].as_str() {
            lines.push(format!("  at {}", plain(place)));
        }
        return lines;
    }
    match run["status"] == "completed" {
        true => value("output", &run["output"], paint),
        false => Vec::new(),
    }
}

/// What a person may want to do now, as commands.
fn next_actions(run: &Value, tasks: &[TaskLine], paint: Paint) -> Vec<String> {
    let id = text(&run["id"]);
    let uncertain = run["outstanding"].as_array().into_iter().flatten();
    let uncertain = uncertain.filter_map(|task| task["effect"].as_u64());
    let mut actions: Vec<String> = uncertain
        .flat_map(|effect| {
            [
                format!("segue resolve {id} {effect} --value JSON   it happened"),
                format!("segue resolve {id} {effect} --again        it did not: perform it again"),
            ]
        })
        .collect();
    match run["status"].as_str().unwrap_or_default() {
        "faulted" => {
            actions.push(format!(
                "segue retry {id}            go on from the task that faulted"
            ));
            actions.push(format!(
                "segue retry {id} --latest   the same, with the definition as it is now"
            ));
        }
        "cancelled" => {
            if let Some(task) = tasks.iter().rev().find(|task| task.status == "cancelled") {
                actions.push(format!(
                    "segue retry {id} --from {}   go on from there",
                    plain(&task.task)
                ));
            }
        }
        "suspended" => actions.push(format!("segue resume {id}")),
        "running" | "waiting" | "pending" => {
            actions.push(format!("segue logs {id} --follow   see it go on"));
            actions.push(format!("segue cancel {id}"));
        }
        _ => {}
    }
    if actions.is_empty() {
        return actions;
    }
    let mut lines = vec![heading("next", paint)];
    lines.extend(actions.iter().map(|action| format!("  {action}")));
    lines
}
