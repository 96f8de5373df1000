//! A chat with incoming webhooks: `POST /hooks/{token}` with `{"text": ...}`, answered with `ok` as plain text.
//!
//! The token is the whole credential, and each belongs to one channel. Nothing recognises a repeated message: what is
//! posted twice stands there twice, which is what makes a chat message an effect that cannot be taken back.

use std::path::Path;

use axum::extract::{Path as InPath, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::Database;
use crate::front::{self, Front};
use crate::problem::{Body, Problem};
use crate::{StartError, page};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        channel TEXT NOT NULL,
        username TEXT NOT NULL,
        text TEXT NOT NULL
    ) STRICT;";

/// The tokens that exist, and where they post to.
const HOOKS: [(&str, &str); 3] = [
    ("sales", "#sales"),
    ("purchasing", "#purchasing"),
    ("operations", "#operations"),
];

const TEXT_CHARACTERS_MAX: usize = 4_000;

pub(crate) fn router(folder: Option<&Path>) -> Result<Router, StartError> {
    let database = Database::open(folder, "chat", TABLES)?;
    let open = Router::new()
        .route("/", get(show_page))
        .route("/messages", get(messages))
        .with_state(database.clone());
    let guarded = Router::new()
        .route("/hooks/{token}", post(receive))
        .with_state(database.clone());
    Ok(Front {
        system: "chat",
        database,
        credential: None,
    }
    .router(open, guarded))
}

#[derive(Debug, Deserialize)]
struct Message {
    text: String,
    username: Option<String>,
}

async fn receive(
    State(chat): State<Database>,
    InPath(token): InPath<String>,
    Body(message): Body<Message>,
) -> Result<&'static str, Problem> {
    let Some((_, channel)) = HOOKS.iter().find(|(known, _)| *known == token) else {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "invalid-token",
            "there is no such hook",
        ));
    };
    let length = message.text.chars().count();
    if message.text.trim().is_empty() || length > TEXT_CHARACTERS_MAX {
        return Err(Problem::invalid(
            "text",
            format!("`text` must have 1 to {TEXT_CHARACTERS_MAX} characters"),
        ));
    }
    chat.transaction(|transaction| {
        let username = message.username.as_deref().unwrap_or("incoming-webhook");
        transaction.execute(
            "INSERT INTO message (at, channel, username, text) VALUES (?1, ?2, ?3, ?4)",
            params![
                Timestamp::now().to_string(),
                channel,
                username,
                message.text
            ],
        )?;
        Ok("ok")
    })
}

async fn messages(State(chat): State<Database>) -> Result<Json<Value>, Problem> {
    Ok(front::list(chat.transaction(all)?))
}

async fn show_page(State(chat): State<Database>) -> Result<Html<String>, Problem> {
    let columns = ["at", "channel", "username", "text"];
    let text =
        |message: &Value, column: &str| message[column].as_str().unwrap_or_default().to_owned();
    let rows: Vec<Vec<String>> = chat
        .transaction(all)?
        .iter()
        .map(|message| columns.iter().map(|column| text(message, column)).collect())
        .collect();
    Ok(page::table(
        "Chat",
        "What was posted, oldest first. As JSON: /messages",
        &columns,
        &rows,
    ))
}

fn all(transaction: &Transaction<'_>) -> Result<Vec<Value>, Problem> {
    let mut statement =
        transaction.prepare("SELECT id, at, channel, username, text FROM message ORDER BY id")?;
    let messages = statement.query_map([], |row| {
        Ok(json!({
            "id": row.get::<_, i64>("id")?,
            "at": row.get::<_, String>("at")?,
            "channel": row.get::<_, String>("channel")?,
            "username": row.get::<_, String>("username")?,
            "text": row.get::<_, String>("text")?,
        }))
    })?;
    Ok(messages.collect::<Result<_, _>>()?)
}
