//! `segue logs`: what happened, line by line, and with `--follow` what happens.

use serde_json::{Value, json};

use super::show::history;
use crate::arguments::Logs;
use crate::client::Client;
use crate::failure::Failure;
use crate::terminal::{Terminal, plain};
use crate::timeline::{clock, text, time, words};

/// Runs listed before following all of them.
const RUNS_BEFORE: &str = "20";
const ENDED: [&str; 3] = ["completed", "faulted", "cancelled"];

pub async fn perform(terminal: &Terminal, options: &Logs) -> Result<(), Failure> {
    let client = Client::of(&options.target)?;
    match &options.run {
        Some(given) => {
            let id = client.run_id(given).await?;
            one(terminal, &client, &id, options.follow).await
        }
        None => all(terminal, &client, options.follow).await,
    }
}

async fn one(
    terminal: &Terminal,
    client: &Client,
    id: &str,
    is_following: bool,
) -> Result<(), Failure> {
    // Opened before the history is read, so that nothing falls between the two.
    let mut live = match is_following {
        true => Some(client.live(Some(id)).await?),
        false => None,
    };
    let mut next = 1;
    loop {
        let new = history(client, id, next).await?;
        next = new.next;
        for entry in &new.entries {
            show_entry(terminal, entry)?;
        }
        let Some(live) = &mut live else { return Ok(()) };
        let run = client.get(&["runs", id], &[]).await?;
        let is_ended = run["endedAt"].is_string();
        let has_more = !history(client, id, next).await?.entries.is_empty();
        if is_ended && !has_more {
            return Ok(());
        }
        if !has_more && live.next().await?.is_none() {
            return Err(Failure::unavailable("the server is stopping"));
        }
    }
}

fn show_entry(terminal: &Terminal, entry: &Value) -> Result<(), Failure> {
    if terminal.is_json {
        return terminal.out_json(entry);
    }
    terminal.out(format!(
        "{}  {}",
        clock(time(&entry["at"])),
        plain(&words(entry))
    ))
}

async fn all(terminal: &Terminal, client: &Client, is_following: bool) -> Result<(), Failure> {
    let mut live = match is_following {
        true => Some(client.live(None).await?),
        false => None,
    };
    let page = client.get(&["runs"], &[("limit", RUNS_BEFORE)]).await?;
    for run in page["runs"].as_array().into_iter().flatten().rev() {
        let event = json!({
            "run": run["id"], "namespace": run["namespace"], "workflow": run["workflow"],
            "status": run["status"], "at": run["updatedAt"], "summary": run["summary"],
        });
        show_change(terminal, &event)?;
    }
    let Some(live) = &mut live else { return Ok(()) };
    while let Some(event) = live.next().await? {
        match &*event.name {
            "run" => show_change(terminal, &event.data)?,
            "lagged" => terminal.note(format!("{} changes were missed", event.data["missed"])),
            _ => {}
        }
    }
    Err(Failure::unavailable("the server is stopping"))
}

fn show_change(terminal: &Terminal, event: &Value) -> Result<(), Failure> {
    if terminal.is_json {
        return terminal.out_json(event);
    }
    let status = text(&event["status"]);
    let fill = " ".repeat("completed".len().saturating_sub(status.len()));
    let name = format!("{}/{}", text(&event["namespace"]), text(&event["workflow"]));
    let summary = match ENDED.contains(&&*status) || event["summary"].is_string() {
        true => text(&event["summary"]),
        false => String::new(),
    };
    let line = format!(
        "{}  {}  {}{fill}  {}  {}",
        clock(time(&event["at"])),
        text(&event["run"]),
        terminal.out_paint().status(&status),
        plain(&name),
        plain(&summary)
    );
    terminal.out(line.trim_end())
}
