//! A few read-only connections, shared by all who ask.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::encode::Sql;
use crate::StoreError;

pub(super) struct Readers {
    inner: Mutex<Inner>,
    returned: Condvar,
    open: Box<dyn Fn() -> Sql<Connection> + Send + Sync>,
}

struct Inner {
    idle: Vec<Connection>,
    /// How many more may be opened.
    left: usize,
    is_closed: bool,
}

/// Statements that a connection keeps prepared.
const STATEMENTS_KEPT: usize = 64;

impl Readers {
    pub(super) fn new(
        database: PathBuf,
        vfs: Option<String>,
        count: usize,
        cache_bytes: usize,
    ) -> Self {
        let open = move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let db = super::connect(&database, flags, vfs.as_deref(), cache_bytes)?;
            db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
            Ok(db)
        };
        let inner = Inner {
            idle: Vec::new(),
            left: count.max(1),
            is_closed: false,
        };
        Self {
            inner: Mutex::new(inner),
            returned: Condvar::new(),
            open: Box::new(open),
        }
    }

    /// Reads from one snapshot of the data: all statements of `read` see the same commits.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Sql<T>,
    ) -> Result<T, StoreError> {
        let db = Lent {
            db: Some(self.take()?),
            readers: self,
        };
        let transaction = db.connection().unchecked_transaction().map_err(explain)?;
        let result = read(&transaction).map_err(explain);
        drop(transaction);
        result
    }

    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.idle.clear();
        drop(inner);
        self.returned.notify_all();
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let mut inner = self.lock();
        loop {
            if inner.is_closed {
                return Err(StoreError::Closed);
            }
            if let Some(db) = inner.idle.pop() {
                return Ok(db);
            }
            if inner.left > 0 {
                inner.left -= 1;
                drop(inner);
                return (self.open)().map_err(|error| {
                    self.lock().left += 1;
                    self.returned.notify_one();
                    explain(error)
                });
            }
            inner = self
                .returned
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes back also when the reader panics.
struct Lent<'a> {
    db: Option<Connection>,
    readers: &'a Readers,
}

impl Lent<'_> {
    fn connection(&self) -> &Connection {
        self.db.as_ref().expect("only taken when dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut inner = self.readers.lock();
        if !inner.is_closed {
            inner.idle.extend(self.db.take());
        }
        drop(inner);
        self.readers.returned.notify_one();
    }
}

pub(super) fn explain(error: rusqlite::Error) -> StoreError {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows,
    };
    let is_damage = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    ) || matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | QueryReturnedNoRows
    );
    if is_damage {
        StoreError::Damaged {
            reason: error.to_string(),
        }
    } else {
        StoreError::Failed {
            reason: error.to_string(),
        }
    }
}
