//! Contacts as rows, and the rules about their fields.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::problem::Problem;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS contact (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        email TEXT NOT NULL UNIQUE,
        name TEXT,
        company TEXT,
        stage TEXT NOT NULL,
        score INTEGER,
        notes TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS membership (
        contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
        sequence TEXT NOT NULL,
        PRIMARY KEY (contact, sequence)
    ) STRICT;";

const STAGES: [&str; 4] = ["lead", "nurture", "priority", "customer"];

/// What a client may say about a contact.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    email: String,
    name: Option<String>,
    company: Option<String>,
    stage: Option<String>,
    score: Option<i64>,
    notes: Option<String>,
}

impl Fields {
    /// Addresses are compared without regard to case, so they are kept in small letters.
    pub(super) fn checked(mut self) -> Result<Self, Problem> {
        self.email = self.email.trim().to_lowercase();
        let is_address = self.email.split_once('@').is_some_and(|(name, domain)| {
            !name.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
        if !is_address || self.email.contains(char::is_whitespace) {
            return Err(Problem::invalid(
                "email",
                format!("`{}` is not an e-mail address", self.email),
            ));
        }
        if let Some(stage) = self
            .stage
            .as_deref()
            .filter(|stage| !STAGES.contains(stage))
        {
            return Err(Problem::invalid(
                "stage",
                format!("`{stage}` is not one of {}", STAGES.join(", ")),
            ));
        }
        if self.score.is_some_and(|score| !(0..=10).contains(&score)) {
            return Err(Problem::invalid(
                "score",
                "`score` must be between 0 and 10",
            ));
        }
        Ok(self)
    }

    fn stage(&self) -> &str {
        self.stage.as_deref().unwrap_or("lead")
    }
}

/// Contacts are named `c-1`, `c-2`, ... outside.
pub(super) fn id(text: &str) -> Result<i64, Problem> {
    text.strip_prefix("c-")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| unknown(text))
}

pub(super) fn insert(transaction: &Transaction<'_>, fields: &Fields) -> Result<i64, Problem> {
    refuse_taken_email(transaction, &fields.email, None)?;
    let now = Timestamp::now().to_string();
    transaction.execute(
        "INSERT INTO contact (email, name, company, stage, score, notes, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        params![
            fields.email,
            fields.name,
            fields.company,
            fields.stage(),
            fields.score,
            fields.notes,
            now
        ],
    )?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn replace(
    transaction: &Transaction<'_>,
    id: i64,
    fields: &Fields,
) -> Result<(), Problem> {
    refuse_taken_email(transaction, &fields.email, Some(id))?;
    let changed = transaction.execute(
        "UPDATE contact SET email = ?2, name = ?3, company = ?4, stage = ?5, score = ?6, notes = ?7, updated_at = ?8
         WHERE id = ?1",
        params![
            id,
            fields.email,
            fields.name,
            fields.company,
            fields.stage(),
            fields.score,
            fields.notes,
            Timestamp::now().to_string()
        ],
    )?;
    expect_one(changed, id)
}

pub(super) fn delete(transaction: &Transaction<'_>, id: i64) -> Result<(), Problem> {
    expect_one(
        transaction.execute("DELETE FROM contact WHERE id = ?1", [id])?,
        id,
    )
}

/// Answers whether the contact was not in the sequence before.
pub(super) fn add_to_sequence(
    transaction: &Transaction<'_>,
    id: i64,
    sequence: &str,
) -> Result<bool, Problem> {
    read(transaction, id)?;
    let added = transaction.execute(
        "INSERT OR IGNORE INTO membership (contact, sequence) VALUES (?1, ?2)",
        params![id, sequence],
    )?;
    Ok(added == 1)
}

const COLUMNS: &str = "id, email, name, company, stage, score, notes, created_at, updated_at,
    (SELECT json_group_array(sequence) FROM membership WHERE contact = contact.id) AS sequences";

pub(super) fn read(transaction: &Transaction<'_>, id: i64) -> Result<Value, Problem> {
    transaction
        .query_row(
            &format!("SELECT {COLUMNS} FROM contact WHERE id = ?1"),
            [id],
            as_json,
        )
        .optional()?
        .ok_or_else(|| unknown(&format!("c-{id}")))
}

/// How many contacts there are with this address (of any, without one), and a page of them.
pub(super) fn find(
    transaction: &Transaction<'_>,
    email: Option<&str>,
    offset: u32,
    limit: u32,
) -> Result<(u32, Vec<Value>), Problem> {
    let email = email.map(|email| email.trim().to_lowercase());
    let wanted = "(?1 IS NULL OR email = ?1)";
    let total = transaction.query_row(
        &format!("SELECT count(*) FROM contact WHERE {wanted}"),
        [&email],
        |row| row.get(0),
    )?;
    let mut statement = transaction.prepare(&format!(
        "SELECT {COLUMNS} FROM contact WHERE {wanted} ORDER BY id LIMIT ?3 OFFSET ?2"
    ))?;
    let items = statement
        .query_map(params![email, offset, limit], as_json)?
        .collect::<Result<_, _>>()?;
    Ok((total, items))
}

fn as_json(row: &Row<'_>) -> rusqlite::Result<Value> {
    let sequences: String = row.get("sequences")?;
    Ok(json!({
        "id": format!("c-{}", row.get::<_, i64>("id")?),
        "email": row.get::<_, String>("email")?,
        "name": row.get::<_, Option<String>>("name")?,
        "company": row.get::<_, Option<String>>("company")?,
        "stage": row.get::<_, String>("stage")?,
        "score": row.get::<_, Option<i64>>("score")?,
        "notes": row.get::<_, Option<String>>("notes")?,
        "sequences": serde_json::from_str::<Value>(&sequences).unwrap_or_else(|_| json!([])),
        "createdAt": row.get::<_, String>("created_at")?,
        "updatedAt": row.get::<_, String>("updated_at")?,
    }))
}

fn refuse_taken_email(
    transaction: &Transaction<'_>,
    email: &str,
    except: Option<i64>,
) -> Result<(), Problem> {
    let holder: Option<i64> = transaction
        .query_row(
            "SELECT id FROM contact WHERE email = ?1 AND (?2 IS NULL OR id <> ?2)",
            params![email, except],
            |row| row.get(0),
        )
        .optional()?;
    match holder {
        None => Ok(()),
        Some(id) => Err(Problem::conflict(
            "contact-exists",
            format!("there is a contact with the address `{email}`"),
        )
        .with("contact", format!("c-{id}"))),
    }
}

fn expect_one(changed: usize, id: i64) -> Result<(), Problem> {
    if changed == 1 {
        Ok(())
    } else {
        Err(unknown(&format!("c-{id}")))
    }
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("there is no contact `{id}`"))
}
