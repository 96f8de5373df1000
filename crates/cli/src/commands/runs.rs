//! `segue runs`: runs in a table.

use serde_json::Value;

use crate::arguments::Runs;
use crate::client::Client;
use crate::failure::Failure;
use crate::terminal::{Terminal, plain, table};
use crate::timeline::{clock, length, text, time};

const HEADINGS: [&str; 6] = ["RUN", "WORKFLOW", "STATUS", "CREATED", "TOOK", "SUMMARY"];
const STATUS_COLUMN: usize = 2;
/// Characters of a summary in the table; `show` has all of it.
const SUMMARY_CHARS: usize = 60;

pub async fn perform(terminal: &Terminal, options: &Runs) -> Result<(), Failure> {
    let client = Client::of(&options.target)?;
    let limit = options.limit.to_string();
    let parent = match &options.parent {
        Some(given) => Some(client.run_id(given).await?),
        None => None,
    };
    let after = match &options.after {
        Some(given) => Some(client.run_id(given).await?),
        None => None,
    };
    let filters = [
        ("namespace", &options.namespace),
        ("workflow", &options.workflow),
        ("status", &options.status),
        ("text", &options.text),
        ("createdFrom", &options.since),
        ("createdBefore", &options.before),
        ("parent", &parent),
        ("after", &after),
    ];
    let mut query = vec![("limit", &*limit)];
    query.extend(
        filters
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?))),
    );
    let page = client.get(&["runs"], &query).await?;
    if terminal.is_json {
        return terminal.out_json(&page);
    }
    let runs = page["runs"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if runs.is_empty() {
        terminal.note("no runs");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    let paint = terminal.out_paint();
    terminal.out(table(
        &HEADINGS,
        &rows,
        |column, cell, padded| match column {
            STATUS_COLUMN => padded.replace(cell, &paint.status(cell)),
            _ => padded,
        },
    ))?;
    if let Some(next) = page["next"].as_str() {
        terminal.note(format!("there are more: `segue runs --after {next}`"));
    }
    Ok(())
}

fn row(run: &Value) -> Vec<String> {
    let created = time(&run["createdAt"]);
    let took = match run["endedAt"].as_str() {
        Some(_) => length(created, time(&run["endedAt"])),
        None => String::new(),
    };
    let cells = [
        text(&run["id"]),
        format!("{}/{}", text(&run["namespace"]), text(&run["workflow"])),
        text(&run["status"]),
        clock(created),
        took,
        cut(&text(&run["summary"])),
    ];
    cells.map(|cell| plain(&cell).into_owned()).to_vec()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SUMMARY_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
