//! `segue emit`: publishes a CloudEvent.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::arguments::Emit;
use crate::client::{Body, Client};
use crate::failure::Failure;
use crate::input;
use crate::terminal::Terminal;

pub async fn perform(terminal: &Terminal, options: &Emit) -> Result<(), Failure> {
    let event = match &options.event {
        Some(given) => serde_json::to_value(input::json("the event", given)?).unwrap_or_default(),
        None => written(options)?,
    };
    let client = Client::of(&options.target)?;
    let query = [("namespace", &*options.namespace)];
    let answer = client
        .request(Method::POST, &["events"], &query, Body::CloudEvent(&event))
        .await?;
    if terminal.is_json {
        return terminal.out_json(&answer);
    }
    let runs = answer["runs"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if runs.is_empty() {
        terminal.note("kept; it started no run");
    }
    for run in runs {
        terminal.out(run.as_str().unwrap_or_default())?;
    }
    Ok(())
}

fn written(options: &Emit) -> Result<Value, Failure> {
    let id = match &options.id {
        Some(id) => id.clone(),
        None => uuid::Uuid::new_v4().to_string(),
    };
    let mut event = Map::new();
    event.insert("specversion".to_owned(), json!("1.0"));
    event.insert("id".to_owned(), json!(id));
    event.insert("source".to_owned(), json!(options.source));
    event.insert("type".to_owned(), json!(options.kind));
    if let Some(subject) = &options.subject {
        event.insert("subject".to_owned(), json!(subject));
    }
    if let Some(given) = &options.data_json {
        event.insert("datacontenttype".to_owned(), json!("application/json"));
        event.insert("data".to_owned(), json!(input::json("the data", given)?));
    }
    Ok(Value::Object(event))
}
