//! `segue workflows` and `segue sources`: what the server has, in tables.

use serde_json::Value;

use crate::arguments::Listed;
use crate::client::Client;
use crate::failure::Failure;
use crate::terminal::{Terminal, plain, table};
use crate::timeline::{clock, text, time};

pub async fn workflows(terminal: &Terminal, options: &Listed) -> Result<(), Failure> {
    let client = Client::of(&options.target)?;
    let namespace = options.namespace.as_deref();
    let query: Vec<_> = namespace
        .map(|namespace| ("namespace", namespace))
        .into_iter()
        .collect();
    let list = client.get(&["workflows"], &query).await?;
    if terminal.is_json {
        return terminal.out_json(&list);
    }
    let headings = ["WORKFLOW", "VERSION", "STARTS", "NEXT", "RUNS"];
    show(
        terminal,
        &headings,
        &list["workflows"],
        "no workflows",
        |workflow| {
            let next = match workflow["nextFire"].is_string() {
                true => clock(time(&workflow["nextFire"])),
                false => String::new(),
            };
            vec![
                named(workflow),
                text(&workflow["version"]),
                joined(&workflow["schedule"], text),
                next,
                joined(&workflow["runs"], |pair| {
                    format!("{} {}", text(&pair[1]), text(&pair[0]))
                }),
            ]
        },
    )
}

pub async fn sources(terminal: &Terminal, options: &Listed) -> Result<(), Failure> {
    let client = Client::of(&options.target)?;
    let mut list = client.get(&["sources"], &[]).await?;
    if let (Some(namespace), Value::Array(sources)) = (&options.namespace, &mut list["sources"]) {
        sources.retain(|source| source["namespace"] == **namespace);
    }
    if terminal.is_json {
        return terminal.out_json(&list);
    }
    let base = client.base();
    let headings = ["SOURCE", "ADDRESS", "VERIFY", "MAKES"];
    show(
        terminal,
        &headings,
        &list["sources"],
        "no sources",
        |source| {
            vec![
                named(source),
                format!("POST {base}{}", text(&source["path"])),
                text(&source["verify"]),
                text(&source["eventType"]),
            ]
        },
    )
}

fn show(
    terminal: &Terminal,
    headings: &[&str],
    list: &Value,
    nothing: &str,
    row: impl Fn(&Value) -> Vec<String>,
) -> Result<(), Failure> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        terminal.note(nothing);
        return Ok(());
    }
    let clean = |cells: Vec<String>| cells.iter().map(|cell| plain(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = items.iter().map(|item| clean(row(item))).collect();
    terminal.out(table(headings, &rows, |_, _, padded| padded))
}

fn named(item: &Value) -> String {
    format!("{}/{}", text(&item["namespace"]), text(&item["name"]))
}

fn joined(list: &Value, word: impl Fn(&Value) -> String) -> String {
    let items = list.as_array().into_iter().flatten();
    items.map(word).collect::<Vec<_>>().join(", ")
}
