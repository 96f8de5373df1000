//! The program: it says where it listens, keeps its data, and stops when asked.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use systems::CRM_TOKEN;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::world::Caller;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo-systems"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Starts the program and reads the line that says that it is ready.
async fn ready(arguments: &[&str]) -> Result<(Child, Value)> {
    let mut child = program(arguments).spawn()?;
    let out = child.stdout.take().context("the output is piped")?;
    let line = BufReader::new(out)
        .lines()
        .next_line()
        .await?
        .context("a line when ready")?;
    let line: Value = serde_json::from_str(&line)?;
    assert_eq!(line["ready"], true);
    Ok((child, line))
}

async fn terminate(mut child: Child) -> Result<()> {
    let id = child.id().context("it runs")?.to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await?
            .success()
    );
    assert!(
        child.wait().await?.success(),
        "it ends without an error when asked"
    );
    Ok(())
}

fn path(folder: &Path) -> Result<&str> {
    folder.to_str().context("the folder has a plain name")
}

#[tokio::test]
async fn all_systems_start_stop_and_find_their_data_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = path(folder.path())?;

    let (child, line) = ready(&["all", "--port", "0", "--data", data]).await?;
    for system in ["crm", "enrichment", "chat", "bank", "procurement", "mail"] {
        let health = Caller::at(line[system].as_str().context("an address")?)
            .ask("GET /_health", "")
            .await?;
        assert_eq!(health.json["system"], system);
    }
    assert!(
        line["smtp"]
            .as_str()
            .is_some_and(|smtp| smtp.starts_with("127.0.0.1:")),
        "{line}"
    );
    let crm = Caller::at(line["crm"].as_str().context("an address")?).bearer(CRM_TOKEN);
    let key = [("idempotency-key", "k")];
    let ada = r#"{"email": "a@example.com"}"#;
    assert_eq!(crm.ask_with("POST /contacts", &key, ada).await?.status, 201);
    terminate(child).await?;

    let (child, line) = ready(&["crm", "--port", "0", "--data", data]).await?;
    assert_eq!(
        line.as_object().map(|line| line.len()),
        Some(2),
        "only the CRM: {line}"
    );
    let crm = Caller::at(line["crm"].as_str().context("an address")?).bearer(CRM_TOKEN);
    assert_eq!(crm.ask("GET /contacts", "").await?.json["total"], 1);
    assert_eq!(
        crm.ask_with("POST /contacts", &key, ada).await?.status,
        200,
        "the key is remembered too"
    );
    let requests = crm.ask("GET /_requests?method=POST", "").await?.json;
    assert_eq!(requests["total"], json!(2), "and so is every request");
    terminate(child).await
}

#[tokio::test]
async fn the_mail_server_alone_tells_both_ports() -> Result<()> {
    let (child, line) = ready(&["mail", "--port", "0"]).await?;
    assert!(
        line["mail"].is_string() && line["smtp"].is_string(),
        "{line}"
    );
    terminate(child).await
}

#[tokio::test]
async fn a_taken_port_is_named() -> Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let output = program(&["crm", "--port", &port]).output().await?;
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.starts_with(&format!(
            "error: cannot listen on 127.0.0.1:{port} for `crm`: "
        )),
        "{message}"
    );
    Ok(())
}

#[tokio::test]
async fn an_unusable_folder_is_named() -> Result<()> {
    let file = tempfile::NamedTempFile::new()?;
    let folder = file.path().join("data");
    let output = program(&["all", "--port", "0", "--data", path(&folder)?])
        .output()
        .await?;
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.starts_with("error: cannot use the folder `"),
        "{message}"
    );
    Ok(())
}
