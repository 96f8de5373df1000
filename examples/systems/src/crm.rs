//! A small CRM: contacts with an e-mail address that is theirs alone, and the sequences they are nurtured by.
//!
//! Described by `/openapi.json`. Creating honours `Idempotency-Key`; an address that is already known is a conflict.

mod contact;

use std::path::Path;

use axum::extract::{Path as InPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::database::Database;
use crate::front::{self, Credential, Front};
use crate::idempotency::{self, Made};
use crate::problem::{Asked, Body, Problem};
use crate::{CRM_TOKEN, StartError, page};
use contact::Fields;

const OPENAPI: &str = include_str!("crm/openapi.json");
const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

pub(crate) fn router(folder: Option<&Path>) -> Result<Router, StartError> {
    let database = Database::open(folder, "crm", contact::TABLES)?;
    let open = Router::new()
        .route("/", get(show_page))
        .with_state(database.clone())
        .merge(front::openapi(OPENAPI));
    let guarded = Router::new()
        .route("/me", get(me))
        .route("/contacts", get(search).post(create))
        .route("/contacts/{id}", get(read).put(replace).delete(delete))
        .route("/contacts/{id}/sequence", post(add_to_sequence))
        .with_state(database.clone());
    Ok(Front {
        system: "crm",
        database,
        credential: Some(Credential::Bearer(CRM_TOKEN)),
    }
    .router(open, guarded))
}

async fn me() -> Json<Value> {
    Json(json!({ "account": "demo", "name": "Demo user of the CRM" }))
}

#[derive(Debug, Deserialize)]
struct Search {
    email: Option<String>,
    #[serde(default)]
    offset: u32,
    limit: Option<u32>,
}

async fn search(
    State(crm): State<Database>,
    Asked(search): Asked<Search>,
) -> Result<Json<Value>, Problem> {
    let limit = search.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid(
            "limit",
            format!("`limit` must be between 1 and {LIMIT_MAX}"),
        ));
    }
    let (total, items) = crm.transaction(|transaction| {
        contact::find(transaction, search.email.as_deref(), search.offset, limit)
    })?;
    Ok(Json(json!({ "total": total, "items": items })))
}

async fn create(
    State(crm): State<Database>,
    headers: HeaderMap,
    Body(fields): Body<Fields>,
) -> Result<Made, Problem> {
    let fields = fields.checked()?;
    crm.transaction(|transaction| {
        idempotency::once(transaction, &headers, "contacts", &fields, |transaction| {
            let id = contact::insert(transaction, &fields)?;
            Ok((format!("/contacts/c-{id}"), contact::read(transaction, id)?))
        })
    })
}

async fn read(
    State(crm): State<Database>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let id = contact::id(&id)?;
    crm.transaction(|transaction| Ok(Json(contact::read(transaction, id)?)))
}

async fn replace(
    State(crm): State<Database>,
    InPath(id): InPath<String>,
    Body(fields): Body<Fields>,
) -> Result<Json<Value>, Problem> {
    let id = contact::id(&id)?;
    let fields = fields.checked()?;
    crm.transaction(|transaction| {
        contact::replace(transaction, id, &fields)?;
        Ok(Json(contact::read(transaction, id)?))
    })
}

async fn delete(
    State(crm): State<Database>,
    InPath(id): InPath<String>,
) -> Result<StatusCode, Problem> {
    let id = contact::id(&id)?;
    crm.transaction(|transaction| contact::delete(transaction, id))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Membership {
    sequence: String,
}

/// Adding twice is the same as adding once, with or without a key.
async fn add_to_sequence(
    State(crm): State<Database>,
    InPath(id): InPath<String>,
    Body(membership): Body<Membership>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let id = contact::id(&id)?;
    let sequence = membership.sequence.trim();
    if sequence.is_empty() {
        return Err(Problem::invalid("sequence", "`sequence` must not be empty"));
    }
    crm.transaction(|transaction| {
        let is_new = contact::add_to_sequence(transaction, id, sequence)?;
        let status = if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok((status, Json(contact::read(transaction, id)?)))
    })
}

async fn show_page(State(crm): State<Database>) -> Result<Html<String>, Problem> {
    let (total, contacts) =
        crm.transaction(|transaction| contact::find(transaction, None, 0, LIMIT_MAX))?;
    let columns = [
        "email",
        "name",
        "company",
        "stage",
        "score",
        "sequences",
        "notes",
    ];
    let rows: Vec<Vec<String>> = contacts
        .iter()
        .map(|contact| {
            columns
                .iter()
                .map(|column| cell(&contact[*column]))
                .collect()
        })
        .collect();
    Ok(page::table(
        "CRM",
        &format!("{total} contacts. API: /openapi.json"),
        &columns,
        &rows,
    ))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
