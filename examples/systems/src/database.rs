//! The SQLite file of one system, or a database in memory.
//!
//! One connection behind a lock: the statements take microseconds and the systems serve a demonstration, so handlers may
//! hold it. Commits survive the end of the process, not the loss of power (`synchronous=NORMAL`).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};

use crate::problem::Problem;
use crate::{StartError, front, idempotency};

#[derive(Clone, Debug)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens `<folder>/<system>.sqlite` and creates what is missing of `tables`.
    pub(crate) fn open(
        folder: Option<&Path>,
        system: &'static str,
        tables: &str,
    ) -> Result<Self, StartError> {
        Self::connect(folder, system, tables)
            .map_err(|source| StartError::Database { system, source })
    }

    fn connect(folder: Option<&Path>, system: &str, tables: &str) -> rusqlite::Result<Self> {
        let connection = match folder {
            Some(folder) => Connection::open(folder.join(format!("{system}.sqlite")))?,
            None => Connection::open_in_memory()?,
        };
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;",
        )?;
        connection.execute_batch(front::received::TABLES)?;
        connection.execute_batch(idempotency::TABLES)?;
        connection.execute_batch(tables)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` in one transaction, which is undone when it answers with a problem.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        // A panic elsewhere has rolled its transaction back, so the connection may be used again.
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}
