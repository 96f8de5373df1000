//! A mail server that accepts everything and delivers nothing: mails are kept as `.eml` files and shown over HTTP.
//!
//! - `GET /mails?to=&at_least=&wait_ms=`: the mails, read by a mail parser; waits until there are `at_least`
//! - `GET /mails/{number}`: one of them as it was received
//!
//! The SMTP side is our own: what a demonstration needs of RFC 5321 is small. From a short look at the server libraries on
//! crates.io (2026-11), none was tried here: `mailin` 0.6 was the closest, but two of the crates it stands on seemed to be
//! without recent releases. A look that goes deeper may find one that fits.
//!
//! Ordered faults concern the SMTP side here: their `status` is the reply (4xx or 5xx) that a mail gets at the end of its
//! data, `"when": "after"` keeps the mail all the same.

mod mailbox;
mod session;
mod smtp;
mod view;

use std::path::Path;
use std::time::Duration;

use axum::extract::{Path as InPath, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::Database;
use crate::front::Front;
use crate::problem::{Asked, Problem};
use crate::{StartError, page};
use mailbox::Mailbox;
pub(crate) use smtp::Receiver;

/// User name and password that a mail client must present (`AUTH PLAIN`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

const WAIT_MS_MAX: u64 = 60_000;

/// The HTTP view, and what receives mails over SMTP.
pub(crate) fn open(
    folder: Option<&Path>,
    login: Option<Login>,
) -> Result<(Router, Receiver), StartError> {
    let mailbox = Mailbox::open(folder)?;
    let database = Database::open(folder, "mail", "")?;
    let open = Router::new()
        .route("/", get(show_page))
        .route("/mails", get(mails))
        .route("/mails/{number}", get(one))
        .with_state(mailbox.clone());
    let front = Front {
        system: "mail",
        database,
        credential: None,
    };
    let (router, faults) = front.router_and_faults(open, Router::new());
    Ok((
        router,
        Receiver {
            mailbox,
            login,
            faults,
        },
    ))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    to: Option<String>,
    #[serde(default)]
    at_least: usize,
    #[serde(default)]
    wait_ms: u64,
}

impl Filter {
    fn find(&self, mailbox: &Mailbox) -> Vec<Value> {
        let is_wanted = |mail: &Value| match &self.to {
            None => true,
            Some(wanted) => {
                let recipients = mail["envelope"]["to"].as_array();
                recipients.is_some_and(|list| list.iter().any(|to| to.as_str() == Some(wanted)))
            }
        };
        mailbox
            .all()
            .iter()
            .map(view::as_json)
            .filter(is_wanted)
            .collect()
    }
}

async fn mails(State(mailbox): State<Mailbox>, Asked(filter): Asked<Filter>) -> Json<Value> {
    let mut changed = mailbox.changes();
    let enough = async {
        loop {
            changed.mark_unchanged();
            let found = filter.find(&mailbox);
            if found.len() >= filter.at_least || changed.changed().await.is_err() {
                return found;
            }
        }
    };
    let wait = Duration::from_millis(filter.wait_ms.min(WAIT_MS_MAX));
    let found = match tokio::time::timeout(wait, enough).await {
        Ok(found) => found,
        Err(_) => filter.find(&mailbox),
    };
    Json(json!({ "total": found.len(), "items": found }))
}

async fn one(
    State(mailbox): State<Mailbox>,
    InPath(number): InPath<String>,
) -> Result<Response, Problem> {
    let mail = number.parse().ok().and_then(|number| mailbox.one(number));
    let mail = mail.ok_or_else(|| Problem::not_found(format!("there is no mail `{number}`")))?;
    let headers = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("message/rfc822"),
    )];
    Ok((headers, mail.content.to_vec()).into_response())
}

async fn show_page(State(mailbox): State<Mailbox>) -> Html<String> {
    let columns = ["date", "from", "to", "subject", "text"];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    let rows: Vec<Vec<String>> = mailbox
        .all()
        .iter()
        .map(view::as_json)
        .map(|mail| columns.iter().map(|column| text(&mail[*column])).collect())
        .collect();
    page::table(
        "Mails",
        "What would have been delivered, oldest first. As JSON: /mails",
        &columns,
        &rows,
    )
}
