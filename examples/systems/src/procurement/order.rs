//! Orders, the budgets they come out of, and the articles they are made of.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::problem::Problem;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS purchase (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        request TEXT NOT NULL,
        requester TEXT NOT NULL,
        department TEXT NOT NULL,
        items TEXT NOT NULL,
        total INTEGER NOT NULL,
        status TEXT NOT NULL
    ) STRICT;";

/// Department and what it may spend, in cents.
const BUDGETS: [(&str, i64); 2] = [("workshop", 1_000_000), ("office", 200_000)];

const ITEMS_MAX: usize = 1_000;
const QUANTITY_MAX: i64 = 100_000;

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Article {
    sku: &'static str,
    name: &'static str,
    /// Cents.
    price: i64,
}

const CATALOGUE: [Article; 5] = [
    Article {
        sku: "drill",
        name: "Cordless drill",
        price: 18_900,
    },
    Article {
        sku: "gloves",
        name: "Work gloves, pair",
        price: 450,
    },
    Article {
        sku: "lathe",
        name: "Bench lathe",
        price: 640_000,
    },
    Article {
        sku: "chair",
        name: "Office chair",
        price: 23_900,
    },
    Article {
        sku: "paper",
        name: "Paper, 500 sheets",
        price: 390,
    },
];

#[derive(Debug, Serialize)]
pub(super) struct Budget {
    department: String,
    limit: i64,
    spent: i64,
    left: i64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// The purchase request that the order fulfils.
    request: String,
    pub(super) requester: String,
    department: String,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Item {
    sku: String,
    quantity: i64,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Open,
    Paid,
    Cancelled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Paid => "paid",
            Status::Cancelled => "cancelled",
        }
    }
}

pub(super) fn article(sku: &str) -> Result<Article, Problem> {
    let found = CATALOGUE.into_iter().find(|article| article.sku == sku);
    found.ok_or_else(|| Problem::not_found(format!("there is no article `{sku}`")))
}

pub(super) fn budget(transaction: &Transaction<'_>, department: &str) -> Result<Budget, Problem> {
    let known = BUDGETS.iter().find(|(name, _)| *name == department);
    let (_, limit) = known
        .ok_or_else(|| Problem::not_found(format!("there is no department `{department}`")))?;
    let spent: i64 = transaction.query_row(
        "SELECT coalesce(sum(total), 0) FROM purchase WHERE department = ?1 AND status <> 'cancelled'",
        [department],
        |row| row.get(0),
    )?;
    Ok(Budget {
        department: department.to_owned(),
        limit: *limit,
        spent,
        left: limit - spent,
    })
}

/// Orders are named `o-1`, `o-2`, ... outside.
pub(super) fn id(text: &str) -> Result<i64, Problem> {
    text.strip_prefix("o-")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| unknown(text))
}

pub(super) fn place(transaction: &Transaction<'_>, order: &Order) -> Result<i64, Problem> {
    let total = total(&order.items)?;
    refuse_second_order(transaction, &order.request)?;
    let budget = budget(transaction, &order.department)?;
    if total > budget.left {
        let detail = format!(
            "the order costs {total} cents, `{}` has {} left",
            order.department, budget.left
        );
        return Err(Problem::conflict("over-budget", detail).with("left", budget.left));
    }
    transaction.execute(
        "INSERT INTO purchase (at, request, requester, department, items, total, status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open')",
        params![
            Timestamp::now().to_string(),
            order.request,
            order.requester,
            order.department,
            serde_json::to_string(&order.items)?,
            total
        ],
    )?;
    Ok(transaction.last_insert_rowid())
}

/// What was cancelled may be ordered again, with the same request.
fn refuse_second_order(transaction: &Transaction<'_>, request: &str) -> Result<(), Problem> {
    let first: Option<i64> = transaction
        .query_row(
            "SELECT id FROM purchase WHERE request = ?1 AND status <> 'cancelled'",
            [request],
            |row| row.get(0),
        )
        .optional()?;
    match first {
        None => Ok(()),
        Some(id) => Err(Problem::conflict(
            "already-ordered",
            format!("`{request}` was ordered before"),
        )
        .with("order", format!("o-{id}"))),
    }
}

fn total(items: &[Item]) -> Result<i64, Problem> {
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(Problem::invalid(
            "items",
            format!("an order has 1 to {ITEMS_MAX} items"),
        ));
    }
    let mut total = 0;
    for (index, item) in items.iter().enumerate() {
        if !(1..=QUANTITY_MAX).contains(&item.quantity) {
            let detail = format!("a quantity is between 1 and {QUANTITY_MAX}");
            return Err(Problem::invalid(&format!("items/{index}/quantity"), detail));
        }
        let article = article(&item.sku).map_err(|_| {
            Problem::invalid(
                &format!("items/{index}/sku"),
                format!("there is no article `{}`", item.sku),
            )
        })?;
        total += article.price * item.quantity;
    }
    Ok(total)
}

/// An order that was paid or cancelled stays so; saying it again changes nothing.
pub(super) fn change_status(
    transaction: &Transaction<'_>,
    id: i64,
    status: Status,
) -> Result<(), Problem> {
    let current = read(transaction, id)?;
    let current = current["status"].as_str().unwrap_or_default();
    if current == status.name() {
        return Ok(());
    }
    if current != Status::Open.name() {
        let detail = format!("the order is {current} and cannot become {}", status.name());
        return Err(Problem::conflict("order-closed", detail).with("order", format!("o-{id}")));
    }
    transaction.execute(
        "UPDATE purchase SET status = ?2 WHERE id = ?1",
        params![id, status.name()],
    )?;
    Ok(())
}

const COLUMNS: &str = "id, at, request, requester, department, items, total, status";

pub(super) fn read(transaction: &Transaction<'_>, id: i64) -> Result<Value, Problem> {
    transaction
        .query_row(
            &format!("SELECT {COLUMNS} FROM purchase WHERE id = ?1"),
            [id],
            as_json,
        )
        .optional()?
        .ok_or_else(|| unknown(&format!("o-{id}")))
}

pub(super) fn all(transaction: &Transaction<'_>) -> Result<Vec<Value>, Problem> {
    let mut statement =
        transaction.prepare(&format!("SELECT {COLUMNS} FROM purchase ORDER BY id"))?;
    Ok(statement
        .query_map([], as_json)?
        .collect::<Result<_, _>>()?)
}

fn as_json(row: &Row<'_>) -> rusqlite::Result<Value> {
    let items: String = row.get("items")?;
    Ok(json!({
        "id": format!("o-{}", row.get::<_, i64>("id")?),
        "at": row.get::<_, String>("at")?,
        "request": row.get::<_, String>("request")?,
        "requester": row.get::<_, String>("requester")?,
        "department": row.get::<_, String>("department")?,
        "items": serde_json::from_str::<Value>(&items).unwrap_or_else(|_| json!([])),
        "total": row.get::<_, i64>("total")?,
        "status": row.get::<_, String>("status")?,
    }))
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("there is no order `{id}`"))
}
