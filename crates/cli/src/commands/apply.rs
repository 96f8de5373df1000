//! `segue apply`: brings files to a server. All are checked here before the first one goes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::arguments::Apply;
use crate::client::{Body, Client};
use crate::failure::Failure;
use crate::findings::Report;
use crate::project::{self, File, Holds};
use crate::terminal::{Terminal, plain};
use crate::timeline::text;

pub async fn perform(terminal: &Terminal, options: &Apply) -> Result<(), Failure> {
    let mut files = project::files(&options.paths)?;
    // The server's settings are its own.
    files.retain(|file| file.holds != Holds::Settings);
    check(terminal, &files).await?;
    // Connections and sources first: workflows may be triggered as soon as they are there.
    files.sort_by_key(|file| file.holds == Holds::Definition);
    let client = Client::of(&options.target)?;
    let mut applied = Vec::new();
    for file in &files {
        let titles = send(&client, file, options.replace)
            .await
            .map_err(|failure| {
                let done = match applied.len() {
                    0 => "nothing was applied".to_owned(),
                    count => format!("{count} were applied before it"),
                };
                in_file(file, failure, &done)
            })?;
        if !terminal.is_json {
            for title in &titles {
                terminal.out(format!("applied {}", plain(title)))?;
            }
        }
        applied.extend(titles);
    }
    match terminal.is_json {
        true => terminal.out_json(&json!({ "applied": applied })),
        false => Ok(()),
    }
}

async fn check(terminal: &Terminal, files: &[File]) -> Result<(), Failure> {
    let mut reports = project::check(files).await?;
    reports.retain(|report| !report.findings.is_empty());
    if reports.iter().any(Report::has_errors) {
        return Err(Failure::user("nothing was applied").with_reports(reports));
    }
    if !terminal.is_json {
        for report in &reports {
            terminal.note(report.render(terminal.note_paint()));
        }
    }
    Ok(())
}

async fn send(client: &Client, file: &File, is_replacing: bool) -> Result<Vec<String>, Failure> {
    let body = Body::Yaml(&file.text);
    if file.holds == Holds::Resources {
        let answer = client.post(&["resources"], body).await?;
        let titles = answer["applied"].as_array().into_iter().flatten();
        return Ok(titles.map(text).collect());
    }
    let query: &[_] = if is_replacing {
        &[("replace", "true")]
    } else {
        &[]
    };
    let answer: Value = client
        .request(Method::POST, &["definitions"], query, body)
        .await?;
    let part = |name: &str| text(&answer[name]);
    Ok(vec![format!(
        "workflow/{}/{} {}",
        part("namespace"),
        part("name"),
        part("version")
    )])
}

/// The server's complaint, shown in the file that it is about.
fn in_file(file: &File, failure: Failure, done: &str) -> Failure {
    let reports = failure
        .reports
        .into_iter()
        .map(|report| file.report(report.findings));
    let message = format!("{}: {}; {done}", file.path.display(), failure.message);
    Failure {
        kind: failure.kind,
        message,
        help: failure.help,
        reports: reports.collect(),
    }
}
