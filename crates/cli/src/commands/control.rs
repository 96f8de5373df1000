//! What people do to runs: cancel, suspend, resume, retry, resolve.

use serde_json::{Value, json};

use crate::arguments::{Cancel, OneRun, Resolve, Retry};
use crate::client::{Body, Client};
use crate::failure::Failure;
use crate::input;
use crate::terminal::Terminal;

/// The standard's general type, for an error given as text only.
const RUNTIME_ERROR: &str = "https://serverlessworkflow.io/spec/1.0.0/errors/runtime";

pub async fn cancel(terminal: &Terminal, options: &Cancel) -> Result<(), Failure> {
    let body = json!({ "reason": options.reason });
    act(
        terminal,
        &options.one,
        "cancel",
        Body::Json(&body),
        "cancelled",
    )
    .await
}

pub async fn suspend(terminal: &Terminal, options: &OneRun) -> Result<(), Failure> {
    act(terminal, options, "suspend", Body::Nothing, "suspended").await
}

pub async fn resume(terminal: &Terminal, options: &OneRun) -> Result<(), Failure> {
    act(terminal, options, "resume", Body::Nothing, "resumed").await
}

async fn act(
    terminal: &Terminal,
    one: &OneRun,
    action: &str,
    body: Body<'_>,
    done: &str,
) -> Result<(), Failure> {
    let client = Client::of(&one.target)?;
    let id = client.run_id(&one.run).await?;
    client.post(&["runs", &id, action], body).await?;
    if terminal.is_json {
        terminal.out_json(&json!({ "run": id, "done": done }))
    } else {
        terminal.out(format!("{done} {id}"))
    }
}

pub async fn retry(terminal: &Terminal, options: &Retry) -> Result<(), Failure> {
    let client = Client::of(&options.one.target)?;
    let id = client.run_id(&options.one.run).await?;
    let body = json!({ "from": options.from, "latest": options.latest });
    let answer = client
        .post(&["runs", &id, "retry"], Body::Json(&body))
        .await?;
    if terminal.is_json {
        return terminal.out_json(&answer);
    }
    terminal.out(answer["run"].as_str().unwrap_or_default())
}

pub async fn resolve(terminal: &Terminal, options: &Resolve) -> Result<(), Failure> {
    let outcome = &options.outcome;
    let body = if let Some(given) = &outcome.value {
        json!({ "outcome": "completed", "result": input::json("the value", given)? })
    } else if let Some(given) = &outcome.error {
        json!({ "outcome": "failed", "error": error(given)? })
    } else {
        json!({ "outcome": "repeat" })
    };
    let client = Client::of(&options.target)?;
    let id = client.run_id(&options.run).await?;
    let effect = options.effect.to_string();
    let path = ["runs", &*id, "effects", &*effect, "resolve"];
    client.post(&path, Body::Json(&body)).await?;
    if terminal.is_json {
        terminal.out_json(&json!({ "run": id, "effect": options.effect, "done": "resolved" }))
    } else {
        terminal.out(format!("resolved effect {effect} of {id}"))
    }
}

/// The specification's error object, or text as the detail of a general one.
fn error(given: &str) -> Result<Value, Failure> {
    if given.trim_start().starts_with('{') {
        let value = input::json("the error", given)?;
        return serde_json::to_value(value)
            .map_err(|error| Failure::user(format!("the error cannot be sent: {error}")));
    }
    Ok(json!({ "type": RUNTIME_ERROR, "status": 500, "title": "Did not happen", "detail": given }))
}
