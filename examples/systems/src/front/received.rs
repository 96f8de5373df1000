//! The record of every request that reached a system, kept in its database beside what the requests changed.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::database::Database;
use crate::problem::{Asked, Problem};

pub(crate) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS requests (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        query TEXT,
        idempotency_key TEXT,
        body TEXT NOT NULL,
        status INTEGER
    ) STRICT;";

const WAIT_MS_MAX: u64 = 60_000;
const LIMIT: u32 = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct Received {
    database: Database,
    /// Changes whenever a request has been answered, for those who wait for one.
    changed: watch::Sender<u64>,
}

impl Received {
    pub(crate) fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
            changed: watch::Sender::new(0),
        }
    }

    /// Writes down a request before it is looked at; answers with its number.
    pub(super) fn record(&self, parts: &Parts, body: &[u8]) -> Result<i64, Problem> {
        let key = parts
            .headers
            .get("idempotency-key")
            .map(|key| String::from_utf8_lossy(key.as_bytes()));
        self.database.transaction(|transaction| {
            transaction.execute(
                "INSERT INTO requests (at, method, path, query, idempotency_key, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    Timestamp::now().to_string(),
                    parts.method.as_str(),
                    parts.uri.path(),
                    parts.uri.query(),
                    key,
                    String::from_utf8_lossy(body),
                ],
            )?;
            Ok(transaction.last_insert_rowid())
        })
    }

    pub(super) fn answered(&self, number: i64, status: StatusCode) -> Result<(), Problem> {
        self.database.transaction(|transaction| {
            transaction.execute(
                "UPDATE requests SET status = ?2 WHERE number = ?1",
                params![number, status.as_u16()],
            )?;
            Ok(())
        })?;
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }

    fn find(&self, filter: &Filter) -> Result<Found, Problem> {
        self.database.transaction(|transaction| {
            let wanted = "(?1 IS NULL OR method = ?1) AND (?2 IS NULL OR path = ?2)";
            let (total, answered) = transaction.query_row(
                &format!("SELECT count(*), count(status) FROM requests WHERE {wanted}"),
                params![filter.method, filter.path],
                |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u32>(1)?)),
            )?;
            // The newest ones when there are too many, and still oldest first.
            let mut statement = transaction.prepare(&format!(
                "SELECT * FROM (SELECT number, at, method, path, query, idempotency_key, body, status FROM requests
                 WHERE {wanted} ORDER BY number DESC LIMIT ?3) ORDER BY number"
            ))?;
            let items = statement.query_map(params![filter.method, filter.path, LIMIT], as_json)?;
            Ok(Found { total, answered, items: items.collect::<Result<_, _>>()? })
        })
    }
}

struct Found {
    total: u32,
    answered: u32,
    items: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    method: Option<String>,
    path: Option<String>,
    /// Do not answer before so many requests have been answered ...
    #[serde(default)]
    at_least: u32,
    /// ... or this time has passed.
    #[serde(default)]
    wait_ms: u64,
}

pub(crate) fn routes(received: Received) -> Router {
    Router::new()
        .route("/_requests", get(show))
        .with_state(received)
}

async fn show(
    State(received): State<Received>,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Value>, Problem> {
    let mut changed = received.changed.subscribe();
    let enough = async {
        loop {
            changed.mark_unchanged();
            let found = received.find(&filter)?;
            if found.answered >= filter.at_least || changed.changed().await.is_err() {
                return Ok::<_, Problem>(found);
            }
        }
    };
    let wait = Duration::from_millis(filter.wait_ms.min(WAIT_MS_MAX));
    let found = match tokio::time::timeout(wait, enough).await {
        Ok(found) => found?,
        Err(_) => received.find(&filter)?,
    };
    Ok(Json(json!({ "total": found.total, "items": found.items })))
}

fn as_json(row: &rusqlite::Row<'_>) -> rusqlite::Result<Value> {
    let body: String = row.get("body")?;
    // A body that is not JSON is shown as the text it was.
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&body).unwrap_or(Value::String(body))
    };
    Ok(json!({
        "number": row.get::<_, i64>("number")?,
        "at": row.get::<_, String>("at")?,
        "method": row.get::<_, String>("method")?,
        "path": row.get::<_, String>("path")?,
        "query": row.get::<_, Option<String>>("query")?,
        "idempotencyKey": row.get::<_, Option<String>>("idempotency_key")?,
        "body": body,
        "status": row.get::<_, Option<u16>>("status")?,
    }))
}
