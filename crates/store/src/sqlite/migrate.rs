//! Brings the data to this program's schema: numbered files, each run once in its own transaction, with its checksum kept.
//! Data from a newer program is refused untouched; a released file never changes.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as ours in its header.
pub(super) const APPLICATION_ID: i32 = 0x5345_4755;

const MIGRATIONS: &[(&str, &str)] = &[(
    "0001_first",
    include_str!("../../migrations/sqlite/0001_first.sql"),
)];

/// The number of the newest migration this program has.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

#[derive(Debug, thiserror::Error)]
pub(super) enum MigrateError {
    #[error("the data is newer: {found}")]
    Newer { found: u32 },
    #[error("it is not a database of this program (application id {found:#x})")]
    Foreign { found: i32 },
    #[error("migration `{name}` that made it differs from this program's")]
    Differs { name: &'static str },
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}

/// Looks without writing: how many migrations the data has had.
pub(super) fn check(db: &Connection) -> Result<u32, MigrateError> {
    let version: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i32 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let is_empty = db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })?;
    if version == 0 && application == 0 && is_empty {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(MigrateError::Foreign { found: application });
    }
    if version > KNOWN {
        return Err(MigrateError::Newer { found: version });
    }
    for (number, (name, sql)) in (1..=version).zip(MIGRATIONS) {
        let kept: i64 = db.query_row(
            "SELECT checksum FROM migration WHERE id = ?1",
            [number],
            |row| row.get(0),
        )?;
        if kept != checksum(sql) {
            return Err(MigrateError::Differs { name });
        }
    }
    Ok(version)
}

pub(super) fn migrate(db: &mut Connection) -> Result<(), MigrateError> {
    let done = check(db)?;
    for (number, (name, sql)) in (1..=KNOWN).zip(MIGRATIONS).skip(done as usize) {
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if number == 1 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.execute_batch(
                "CREATE TABLE migration (id INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
            )?;
        }
        transaction.execute_batch(sql)?;
        transaction.execute(
            "INSERT INTO migration VALUES (?1, ?2, ?3)",
            (number, name, checksum(sql)),
        )?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// FNV-1a: tells an edited file from the released one, and is the same on every machine.
fn checksum(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}

#[cfg(test)]
mod tests;
