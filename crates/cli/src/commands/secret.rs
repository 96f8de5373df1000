//! `segue secret`: a value never stands on the command line, where others could read it.

use std::io::IsTerminal as _;

use reqwest::Method;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::json;

use crate::arguments::{OneSecret, Secret};
use crate::client::{Body, Client};
use crate::failure::Failure;
use crate::input;
use crate::terminal::{Terminal, plain};
use crate::timeline::text;

pub async fn perform(terminal: &Terminal, command: Secret) -> Result<(), Failure> {
    match command {
        Secret::Put(options) => put(terminal, &options).await,
        Secret::Rm(options) => remove(terminal, &options).await,
        Secret::List { namespace, target } => {
            let client = Client::of(&target)?;
            let list = client.get(&["secrets", &namespace], &[]).await?;
            if terminal.is_json {
                return terminal.out_json(&list);
            }
            for name in list["names"].as_array().into_iter().flatten() {
                terminal.out(plain(&text(name)))?;
            }
            Ok(())
        }
    }
}

async fn put(terminal: &Terminal, options: &OneSecret) -> Result<(), Failure> {
    let client = Client::of(&options.target)?;
    let value = value(terminal)?;
    let path = ["secrets", &*options.namespace, &*options.name];
    let body = json!({ "value": value });
    client
        .request(Method::PUT, &path, &[], Body::Json(&body))
        .await?;
    tell(terminal, options, "kept")
}

async fn remove(terminal: &Terminal, options: &OneSecret) -> Result<(), Failure> {
    let client = Client::of(&options.target)?;
    let path = ["secrets", &*options.namespace, &*options.name];
    client
        .request(Method::DELETE, &path, &[], Body::Nothing)
        .await?;
    tell(terminal, options, "removed")
}

fn tell(terminal: &Terminal, options: &OneSecret, done: &str) -> Result<(), Failure> {
    let OneSecret {
        namespace, name, ..
    } = options;
    match terminal.is_json {
        true => terminal.out_json(&json!({ "namespace": namespace, "name": name, "done": done })),
        false => terminal.out(format!("{done} {}/{}", plain(namespace), plain(name))),
    }
}

/// Standard input without its last line end; a terminal does not show what is typed.
fn value(terminal: &Terminal) -> Result<String, Failure> {
    let bytes = if std::io::stdin().is_terminal() {
        terminal.note("the secret (it is not shown), then Enter:");
        typed()?.into_bytes()
    } else {
        input::standard_input()?
    };
    let text = String::from_utf8(bytes).map_err(|_| Failure::user("the secret is not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    match text.is_empty() {
        true => Err(Failure::user("the secret is empty")),
        false => Ok(text.to_owned()),
    }
}

fn typed() -> Result<String, Failure> {
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::user(format!("cannot read the secret: {error}"));
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(|error| unreadable(&error))?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden).map_err(|error| unreadable(&error))?;
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Flush, &before).map_err(|error| unreadable(&error))?;
    read.map_err(|error| unreadable(&error))?;
    Ok(line)
}
