//! The one thread that writes. While one commit runs the next units gather; then all of them, up to a limit, become one
//! transaction. It is also the only one to copy the write-ahead log back (checkpoint).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::apply::{Applier, Halt};
use super::dictionary::Dictionary;
use super::directory::Directory;
use super::encode::Sql;
use super::queue::{Queue, Taken, Waiting};
use crate::{Committed, StoreError, Write};

/// A transaction takes at most this many units, so that the first of them does not wait long for the last.
const BATCH_UNITS_MAX: usize = 512;
/// A transaction takes no further unit from here on.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// The write-ahead log is copied back when it has grown by this many pages.
const CHECKPOINT_PAGES: i32 = 2_000;
/// Or when nothing came for so long.
const IDLE: Duration = Duration::from_millis(500);

type Outcome = Result<Committed, StoreError>;

pub(super) struct Writer {
    pub queue: Arc<Queue>,
    pub words: Arc<Dictionary>,
    pub directory: Arc<Directory>,
}

impl Writer {
    /// Runs until the queue is closed and empty, or the disk fails. Gives up the connection with it.
    pub(super) fn run(self, mut db: Connection) {
        let pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&pages);
        let hooked = db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }));
        let worked = hooked.and_then(|()| {
            let applier = Applier::new(&db, &self.words)?;
            Loop {
                applier,
                writer: &self,
                wal: WriteAheadLog {
                    pages,
                    copied_at: 0,
                },
                is_full: false,
            }
            .run()
        });
        if let Err(error) = worked {
            self.fail(&error);
        }
    }

    /// Takes nothing more, from nobody: what is on disk is all there is.
    fn fail(&self, error: &rusqlite::Error) -> StoreError {
        let failed = StoreError::Failed {
            reason: error.to_string(),
        };
        for waiting in self.queue.fail(failed.clone()) {
            self.queue.done(waiting.bytes);
            call(waiting, Err(failed.clone()));
        }
        failed
    }
}

struct WriteAheadLog {
    /// How long it is, told by SQLite at each commit.
    pages: Arc<AtomicI32>,
    /// How long it was when it was last copied back.
    copied_at: i32,
}

impl WriteAheadLog {
    fn grown_pages(&mut self) -> i32 {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.copied_at {
            // It began anew.
            self.copied_at = 0;
        }
        pages - self.copied_at
    }
}

struct Loop<'a> {
    applier: Applier<'a>,
    writer: &'a Writer,
    wal: WriteAheadLog,
    /// The disk was full, and there is not enough room yet to start new runs.
    is_full: bool,
}

impl Loop<'_> {
    fn run(mut self) -> Sql<()> {
        let mut units = VecDeque::new();
        let result = self.work(&mut units);
        if let Err(error) = &result {
            let failed = self.writer.fail(error);
            for waiting in units {
                self.writer.queue.done(waiting.bytes);
                call(waiting, Err(failed.clone()));
            }
        }
        result
    }

    fn work(&mut self, units: &mut VecDeque<Waiting>) -> Sql<()> {
        loop {
            let patience = (self.wal.grown_pages() > 0).then_some(IDLE);
            match self.writer.queue.take(units, patience) {
                Taken::Units => {
                    while !units.is_empty() {
                        self.commit(next_batch(units))?;
                        if self.wal.grown_pages() >= CHECKPOINT_PAGES {
                            self.checkpoint("PASSIVE")?;
                        }
                    }
                }
                Taken::Nothing => self.checkpoint("PASSIVE")?,
                Taken::Closed => return self.checkpoint("TRUNCATE"),
            }
        }
    }

    /// Makes the batch durable, then answers. An error means that the store must stop; the batch has been told so.
    fn commit(&mut self, batch: Vec<Waiting>) -> Sql<()> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; batch.len()];
        self.refuse_what_does_not_fit(&batch, &mut outcomes);
        let made = self.make(&batch, &mut outcomes);
        let failure = match made {
            Ok(()) => None,
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                self.is_full = true;
                self.writer.directory.release_reserve();
                outcomes.fill(Some(Err(StoreError::DiskFull)));
                None
            }
            Err(error) => {
                let failed = self.writer.fail(&error);
                outcomes.fill(Some(Err(failed)));
                Some(error)
            }
        };
        self.writer
            .queue
            .done(batch.iter().map(|waiting| waiting.bytes).sum());
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            call(waiting, outcome.expect("each unit was made or refused"));
        }
        failure.map_or(Ok(()), Err)
    }

    /// On a full disk no new runs start; what is left of the disk is for those that go on, and for pruning.
    fn refuse_what_does_not_fit(&mut self, batch: &[Waiting], outcomes: &mut [Option<Outcome>]) {
        if !self.is_full {
            return;
        }
        if self.writer.directory.has_room() {
            self.writer.directory.hold_reserve();
            self.is_full = false;
            return;
        }
        for (waiting, outcome) in batch.iter().zip(outcomes) {
            if waiting
                .unit
                .writes
                .iter()
                .any(|write| matches!(write, Write::RunPut(_) | Write::DeliveryPut(_)))
            {
                *outcome = Some(Err(StoreError::DiskFull));
            }
        }
    }

    /// One transaction with all units that have no outcome yet.
    fn make(&mut self, batch: &[Waiting], outcomes: &mut [Option<Outcome>]) -> Sql<()> {
        let before = outcomes.to_vec();
        let result = match self.make_together(batch, outcomes) {
            // Rare, so the usual way needs no savepoints: start over, with one around each unit.
            Err(Halt::Refused(_)) => {
                self.roll_back()?;
                outcomes.clone_from_slice(&before);
                self.make_one_by_one(batch, outcomes)
            }
            Err(Halt::Sql(error)) => Err(error),
            Ok(()) => Ok(()),
        };
        let result = result.and_then(|()| {
            self.applier.finish()?;
            self.applier.sql.commit.execute([])?;
            Ok(())
        });
        match result {
            Ok(()) => {
                self.applier.committed();
                Ok(())
            }
            Err(error) => {
                // Whether this works or not, the error decides what follows.
                let _ = self.roll_back();
                Err(error)
            }
        }
    }

    fn make_together(
        &mut self,
        batch: &[Waiting],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Halt> {
        self.applier.sql.begin.execute([])?;
        for (waiting, outcome) in batch.iter().zip(outcomes) {
            if outcome.is_none() {
                *outcome = Some(Ok(self.applier.unit(&waiting.unit)?));
            }
        }
        Ok(())
    }

    fn make_one_by_one(&mut self, batch: &[Waiting], outcomes: &mut [Option<Outcome>]) -> Sql<()> {
        self.applier.sql.begin.execute([])?;
        for (waiting, outcome) in batch.iter().zip(outcomes) {
            if outcome.is_some() {
                continue;
            }
            self.applier.db.execute_batch("SAVEPOINT one")?;
            let mark = self.applier.mark();
            *outcome = match self.applier.unit(&waiting.unit) {
                Ok(committed) => Some(Ok(committed)),
                Err(Halt::Refused(refusal)) => {
                    self.applier.db.execute_batch("ROLLBACK TO one")?;
                    self.applier.forget_since(&mark);
                    Some(Err(refusal))
                }
                Err(Halt::Sql(error)) => return Err(error),
            };
            self.applier.db.execute_batch("RELEASE one")?;
        }
        Ok(())
    }

    fn roll_back(&mut self) -> Sql<()> {
        self.applier.forget_all();
        // Some errors have already rolled back.
        if self.applier.db.is_autocommit() {
            Ok(())
        } else {
            self.applier.db.execute_batch("ROLLBACK")
        }
    }

    /// Copies the write-ahead log back. Readers in the way or a full disk only put it off.
    fn checkpoint(&mut self, mode: &str) -> Sql<()> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        match self.applier.db.query_row(&sql, [], |_| Ok(())) {
            Err(error) if !is_put_off(&error) => return Err(error),
            _ => self.wal.copied_at = self.wal.pages.load(Ordering::Relaxed),
        }
        Ok(())
    }
}

fn is_put_off(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull)
    )
}

fn next_batch(units: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut bytes = 0;
    let fits = |waiting: &&Waiting| {
        let is_room = bytes < BATCH_BYTES_MAX;
        bytes += waiting.bytes;
        is_room
    };
    let count = units.iter().take(BATCH_UNITS_MAX).take_while(fits).count();
    units.drain(..count).collect()
}

/// A reply that panics must not take the writer with it.
fn call(waiting: Waiting, outcome: Outcome) {
    let _ = catch_unwind(AssertUnwindSafe(|| (waiting.reply)(outcome)));
}
