//! A bank with one account: payments out of it, and the ledger that shows them.
//!
//! Amounts are whole cents. `POST /payments` honours `Idempotency-Key`: a repeated payment moves no money again.

use std::path::Path;

use axum::extract::{Path as InPath, State};
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::database::Database;
use crate::front::{Credential, Front};
use crate::idempotency::{self, Made};
use crate::problem::{Body, Problem};
use crate::{BANK_TOKEN, StartError, page};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS payment (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        payee TEXT NOT NULL,
        amount INTEGER NOT NULL,
        reference TEXT NOT NULL
    ) STRICT;";

/// What the account held before the first payment: 100,000.00.
const OPENING_BALANCE: i64 = 10_000_000;

pub(crate) fn router(folder: Option<&Path>) -> Result<Router, StartError> {
    let database = Database::open(folder, "bank", TABLES)?;
    let open = Router::new()
        .route("/", get(show_page))
        .with_state(database.clone());
    let guarded = Router::new()
        .route("/payments", post(pay))
        .route("/payments/{id}", get(read))
        .route("/ledger", get(ledger))
        .with_state(database.clone());
    Ok(Front {
        system: "bank",
        database,
        credential: Some(Credential::Bearer(BANK_TOKEN)),
    }
    .router(open, guarded))
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    payee: String,
    /// Cents.
    amount: i64,
    reference: String,
}

impl Payment {
    fn checked(self) -> Result<Self, Problem> {
        if self.payee.trim().is_empty() {
            return Err(Problem::invalid("payee", "`payee` must not be empty"));
        }
        if self.amount <= 0 {
            return Err(Problem::invalid(
                "amount",
                "`amount` must be a positive number of cents",
            ));
        }
        Ok(self)
    }
}

async fn pay(
    State(bank): State<Database>,
    headers: HeaderMap,
    Body(payment): Body<Payment>,
) -> Result<Made, Problem> {
    let payment = payment.checked()?;
    bank.transaction(|transaction| {
        idempotency::once(transaction, &headers, "payments", &payment, |transaction| {
            let id = transfer(transaction, &payment)?;
            Ok((format!("/payments/p-{id}"), read_payment(transaction, id)?))
        })
    })
}

fn transfer(transaction: &Transaction<'_>, payment: &Payment) -> Result<i64, Problem> {
    let balance = balance(transaction)?;
    if payment.amount > balance {
        let detail = format!(
            "the account holds {balance} cents, {} were to be paid",
            payment.amount
        );
        return Err(Problem::conflict("insufficient-funds", detail).with("balance", balance));
    }
    transaction.execute(
        "INSERT INTO payment (at, payee, amount, reference) VALUES (?1, ?2, ?3, ?4)",
        params![
            Timestamp::now().to_string(),
            payment.payee.trim(),
            payment.amount,
            payment.reference
        ],
    )?;
    Ok(transaction.last_insert_rowid())
}

async fn read(
    State(bank): State<Database>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let number = id.strip_prefix("p-").and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| Problem::not_found(format!("there is no payment `{id}`")))?;
    bank.transaction(|transaction| Ok(Json(read_payment(transaction, number)?)))
}

async fn ledger(State(bank): State<Database>) -> Result<Json<Value>, Problem> {
    bank.transaction(|transaction| {
        let entries = payments(transaction)?;
        Ok(Json(
            json!({ "balance": balance(transaction)?, "total": entries.len(), "entries": entries }),
        ))
    })
}

async fn show_page(State(bank): State<Database>) -> Result<Html<String>, Problem> {
    let (balance, payments) =
        bank.transaction(|transaction| Ok((balance(transaction)?, payments(transaction)?)))?;
    let text =
        |payment: &Value, column: &str| payment[column].as_str().unwrap_or_default().to_owned();
    let rows: Vec<Vec<String>> = payments
        .iter()
        .map(|payment| {
            let amount = money(payment["amount"].as_i64().unwrap_or_default());
            vec![
                text(payment, "at"),
                text(payment, "payee"),
                text(payment, "reference"),
                amount,
            ]
        })
        .collect();
    let about = format!("Balance {}. As JSON: /ledger", money(balance));
    Ok(page::table(
        "Bank",
        &about,
        &["at", "payee", "reference", "amount"],
        &rows,
    ))
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn balance(transaction: &Transaction<'_>) -> Result<i64, Problem> {
    let paid: i64 =
        transaction.query_row("SELECT coalesce(sum(amount), 0) FROM payment", [], |row| {
            row.get(0)
        })?;
    Ok(OPENING_BALANCE - paid)
}

fn read_payment(transaction: &Transaction<'_>, id: i64) -> Result<Value, Problem> {
    transaction
        .query_row(
            "SELECT id, at, payee, amount, reference FROM payment WHERE id = ?1",
            [id],
            as_json,
        )
        .optional()?
        .ok_or_else(|| Problem::not_found(format!("there is no payment `p-{id}`")))
}

fn payments(transaction: &Transaction<'_>) -> Result<Vec<Value>, Problem> {
    let mut statement =
        transaction.prepare("SELECT id, at, payee, amount, reference FROM payment ORDER BY id")?;
    Ok(statement
        .query_map([], as_json)?
        .collect::<Result<_, _>>()?)
}

fn as_json(row: &Row<'_>) -> rusqlite::Result<Value> {
    Ok(json!({
        "id": format!("p-{}", row.get::<_, i64>("id")?),
        "at": row.get::<_, String>("at")?,
        "payee": row.get::<_, String>("payee")?,
        "amount": row.get::<_, i64>("amount")?,
        "reference": row.get::<_, String>("reference")?,
    }))
}
