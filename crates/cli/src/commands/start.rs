//! `segue start`: a run of a workflow that the server has.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::arguments::Start;
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::terminal::{Ink, Terminal, plain_lines};
use crate::timeline;

/// One request waits so long; then the next.
const WAIT: &str = "PT30S";

pub async fn perform(terminal: &Terminal, options: &Start) -> Result<ExitCode, Failure> {
    let client = Client::of(&options.target)?;
    let input = match &options.input {
        Some(given) => serde_json::to_value(input::json("the input", given)?).unwrap_or_default(),
        None => json!({}),
    };
    let (namespace, name) = workflow(&client, &options.workflow).await?;
    let mut query = Vec::new();
    query.extend(
        options
            .version
            .as_deref()
            .map(|version| ("version", version)),
    );
    let path = ["workflows", &*namespace, &*name, "runs"];
    let key = options.idempotency_key.as_deref();
    let started = client.start(&path, &query, key, &input).await?;
    let id = started["run"].as_str().unwrap_or_default();
    if !options.wait {
        match terminal.is_json {
            true => terminal.out_json(&started)?,
            false => terminal.out(id)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    terminal.note(format!("started {id}"));
    loop {
        let run = client.get(&["runs", id], &[("wait", WAIT)]).await?;
        if !run["endedAt"].is_null() {
            return tell(terminal, &run);
        }
    }
}

/// Namespace and name; a name alone is looked up.
async fn workflow(client: &Client, given: &str) -> Result<(String, String), Failure> {
    if let Some((namespace, name)) = given.split_once('/') {
        return Ok((namespace.to_owned(), name.to_owned()));
    }
    let list = client.get(&["workflows"], &[]).await?;
    let all = list["workflows"].as_array().into_iter().flatten();
    let namespaces: Vec<String> = all
        .filter(|workflow| workflow["name"] == given)
        .map(|workflow| timeline::text(&workflow["namespace"]))
        .collect();
    match &namespaces[..] {
        [namespace] => Ok((namespace.clone(), given.to_owned())),
        [] => Err(Failure::user(format!("there is no workflow `{given}`"))
            .help("`segue workflows` lists them")),
        several => Err(
            Failure::user(format!("several namespaces have a workflow `{given}`")).help(format!(
                "write NAMESPACE/{given}, with one of {}",
                several.join(", ")
            )),
        ),
    }
}

fn tell(terminal: &Terminal, run: &Value) -> Result<ExitCode, Failure> {
    let is_completed = run["status"] == "completed";
    if terminal.is_json {
        terminal.out_json(run)?;
    } else if is_completed {
        terminal.out_json(&run["output"])?;
    } else {
        let why = match run["error"].is_null() {
            true => String::new(),
            false => format!(": {}", timeline::error(&run["error"])),
        };
        let paint = terminal.note_paint();
        let status = timeline::text(&run["status"]);
        terminal.note(format!(
            "{} {status}{}",
            paint.on(Ink::Red, "the run"),
            plain_lines(&why)
        ));
        terminal.note(format!(
            "`segue show {}` has more",
            timeline::text(&run["id"])
        ));
    }
    match is_completed {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(Kind::User.exit_code())),
    }
}
