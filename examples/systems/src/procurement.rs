//! A procurement system: who works here, what a department may still spend, what things cost, and the orders.
//!
//! Amounts are whole cents. An order takes its total out of the department's budget at once and gives it back when it is
//! cancelled. `POST /orders` honours `Idempotency-Key`.

mod order;
mod people;

use std::path::Path;

use axum::extract::{Path as InPath, State};
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::Database;
use crate::front::{self, Credential, Front};
use crate::idempotency::{self, Made};
use crate::problem::{Body, Problem};
use crate::{PROCUREMENT_TOKEN, StartError, page};
use order::{Order, Status};

pub(crate) fn router(folder: Option<&Path>) -> Result<Router, StartError> {
    let database = Database::open(folder, "procurement", order::TABLES)?;
    let open = Router::new()
        .route("/", get(show_page))
        .with_state(database.clone());
    let guarded = Router::new()
        .route("/people/{email}", get(person))
        .route("/budgets/{department}", get(budget))
        .route("/catalogue/{sku}", get(article))
        .route("/orders", get(orders).post(place))
        .route("/orders/{id}", get(read))
        .route("/orders/{id}/status", put(change_status))
        .with_state(database.clone());
    let credential = Some(Credential::Bearer(PROCUREMENT_TOKEN));
    Ok(Front {
        system: "procurement",
        database,
        credential,
    }
    .router(open, guarded))
}

async fn person(InPath(email): InPath<String>) -> Result<Json<Value>, Problem> {
    let person = people::by_email(&email)
        .ok_or_else(|| Problem::not_found(format!("nobody here is `{email}`")))?;
    Ok(Json(json!(person)))
}

async fn article(InPath(sku): InPath<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!(order::article(&sku)?)))
}

async fn budget(
    State(procurement): State<Database>,
    InPath(department): InPath<String>,
) -> Result<Json<Value>, Problem> {
    procurement.transaction(|transaction| Ok(Json(json!(order::budget(transaction, &department)?))))
}

async fn place(
    State(procurement): State<Database>,
    headers: HeaderMap,
    Body(order): Body<Order>,
) -> Result<Made, Problem> {
    if people::by_email(&order.requester).is_none() {
        return Err(Problem::invalid(
            "requester",
            format!("nobody here is `{}`", order.requester),
        ));
    }
    procurement.transaction(|transaction| {
        idempotency::once(transaction, &headers, "orders", &order, |transaction| {
            let id = order::place(transaction, &order)?;
            Ok((format!("/orders/o-{id}"), order::read(transaction, id)?))
        })
    })
}

async fn orders(State(procurement): State<Database>) -> Result<Json<Value>, Problem> {
    Ok(front::list(procurement.transaction(order::all)?))
}

async fn read(
    State(procurement): State<Database>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let id = order::id(&id)?;
    procurement.transaction(|transaction| Ok(Json(order::read(transaction, id)?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: Status,
}

async fn change_status(
    State(procurement): State<Database>,
    InPath(id): InPath<String>,
    Body(new): Body<NewStatus>,
) -> Result<Json<Value>, Problem> {
    let id = order::id(&id)?;
    procurement.transaction(|transaction| {
        order::change_status(transaction, id, new.status)?;
        Ok(Json(order::read(transaction, id)?))
    })
}

async fn show_page(State(procurement): State<Database>) -> Result<Html<String>, Problem> {
    let columns = [
        "id",
        "request",
        "requester",
        "department",
        "total",
        "status",
    ];
    let text = |order: &Value, column: &str| match &order[column] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows: Vec<Vec<String>> = procurement
        .transaction(order::all)?
        .iter()
        .map(|order| columns.iter().map(|column| text(order, column)).collect())
        .collect();
    Ok(page::table(
        "Procurement",
        "Orders, oldest first; totals in cents. As JSON: /orders",
        &columns,
        &rows,
    ))
}
