//! The embedded default, on SQLite: one file, one writer thread with group commit, a few readers.
//!
//! A reply of `Done` means that the write-ahead log with the unit was synced (`synchronous=FULL`). A write or sync that
//! fails is never tried again: what the operating system then keeps is unknown, so the store stops and is opened anew.

mod apply;
mod dictionary;
mod directory;
mod encode;
#[cfg(feature = "faults")]
pub mod faulty_vfs;
mod migrate;
mod prune;
mod queue;
mod read;
mod readers;
mod statements;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use self::dictionary::Dictionary;
use self::directory::Directory;
use self::encode::Sql;
use self::migrate::MigrateError;
use self::queue::Queue;
use self::readers::{Readers, explain};
use self::writer::Writer;
use crate::{Queries, Reply, Store, StoreError, Unit};

/// Earlier ones could lose a commit when the write-ahead log began anew during a checkpoint.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// Of a new database. Measured with `commit_rate`.
const PAGE_BYTES: u32 = 4096;
/// The write-ahead log's file is cut to this when it begins anew.
const WAL_KEPT_BYTES: i64 = 64 << 20;
/// Only somebody from outside can be in the way: the directory is locked.
const BUSY: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct Options {
    /// Units are refused as overloaded while this many bytes wait to be written.
    pub waiting_bytes_max: usize,
    /// How many may read at the same time; the others wait.
    pub readers: usize,
    /// Pages that the writer keeps in memory, at most.
    pub writer_cache_bytes: usize,
    /// Pages that each reader keeps in memory, at most.
    pub reader_cache_bytes: usize,
    /// Space on disk given up when the disk is full, so that runs can go on for a while. 0: none.
    pub reserve_bytes: u64,
    /// The name of the SQLite VFS that reads and writes files. None: the operating system's own.
    pub vfs: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            waiting_bytes_max: 64 << 20,
            readers: 4,
            writer_cache_bytes: 64 << 20,
            reader_cache_bytes: 8 << 20,
            reserve_bytes: 16 << 20,
            vfs: None,
        }
    }
}

pub struct SqliteStore {
    queue: Arc<Queue>,
    readers: Readers,
    words: Arc<Dictionary>,
    /// Taken by the first `close`.
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Let go by `close`, after the writer has ended.
    directory: Mutex<Option<Arc<Directory>>>,
}

impl SqliteStore {
    /// Opens the data in this directory, or begins it; brings it to this program's schema.
    ///
    /// Errors: [`StoreError::InUse`], [`StoreError::Newer`], [`StoreError::Damaged`], [`StoreError::Unusable`]; the data
    /// is as it was.
    pub fn open(directory: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let found = rusqlite::version_number();
        assert!(
            found >= SQLITE_VERSION_MIN,
            "linked with SQLite {found}, which can lose commits"
        );
        let directory = Arc::new(Directory::claim(directory.as_ref(), options.reserve_bytes)?);
        let cannot = |error: MigrateError| explain_open(error, &directory);
        look(&directory, &options).map_err(cannot)?;
        let db = open_writer(&directory, &options).map_err(cannot)?;
        let words = Arc::new(Dictionary::load(&db).map_err(|error| cannot(error.into()))?);
        let queue = Arc::new(Queue::new(options.waiting_bytes_max));
        let readers = Readers::new(
            directory.database(),
            options.vfs.clone(),
            options.readers,
            options.reader_cache_bytes,
        );
        let (its_queue, its_words, its_directory) = (
            Arc::clone(&queue),
            Arc::clone(&words),
            Arc::clone(&directory),
        );
        let writer = Writer {
            queue: its_queue,
            words: its_words,
            directory: its_directory,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.run(db));
        let thread = thread.map_err(|error| StoreError::Unusable {
            directory: directory.path().display().to_string(),
            reason: format!("cannot start the writer's thread: {error}"),
        })?;
        let (writer, directory) = (Mutex::new(Some(thread)), Mutex::new(Some(directory)));
        Ok(Self {
            queue,
            readers,
            words,
            writer,
            directory,
        })
    }

    /// Reads and checks everything; takes long on much data. The problems found, none when all is well.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(|db| {
            let mut statement = db.prepare("PRAGMA integrity_check")?;
            let found: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Sql<_>>()?;
            let mut problems: Vec<String> = found.into_iter().filter(|line| line != "ok").collect();
            let miscounted = "SELECT count(*) FROM
                (SELECT workflow, status, count(*) AS runs FROM run GROUP BY workflow, status) AS found
                FULL JOIN (SELECT * FROM run_count WHERE runs <> 0) AS kept USING (workflow, status)
                WHERE found.runs IS NOT kept.runs";
            let miscounted: i64 = db.query_row(miscounted, [], |row| row.get(0))?;
            if miscounted > 0 {
                problems.push(format!("{miscounted} counts of runs are wrong"));
            }
            Ok(problems)
        })
    }
}

impl Store for SqliteStore {
    fn submit(&self, unit: Unit, reply: Reply) {
        self.queue.submit(unit, reply);
    }

    fn waiting_bytes(&self) -> usize {
        self.queue.waiting_bytes()
    }

    fn queries(&self) -> &dyn Queries {
        self
    }

    fn close(&self) {
        self.queue.refuse(StoreError::Closed);
        self.readers.close();
        let thread = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            // A reply that closes the store runs on the writer's own thread, which then ends by itself.
            && thread.thread().id() != std::thread::current().id()
        {
            thread
                .join()
                .expect("the writer's thread catches what its replies throw");
        }
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Looks at the data without changing it. May write all the same: what a cut-off first start left must be rolled back.
fn look(directory: &Directory, options: &Options) -> Result<(), MigrateError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;

    let db = connect(
        &directory.database(),
        flags,
        options.vfs.as_deref(),
        1 << 20,
    )?;
    migrate::check(&db).map(|_| ())
}

fn open_writer(directory: &Directory, options: &Options) -> Result<Connection, MigrateError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = connect(
        &directory.database(),
        flags,
        options.vfs.as_deref(),
        options.writer_cache_bytes,
    )?;
    // Works only before the first table is made.
    db.pragma_update(None, "page_size", PAGE_BYTES)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
    migrate::migrate(&mut db)?;
    Ok(db)
}

fn connect(
    database: &PathBuf,
    flags: OpenFlags,
    vfs: Option<&str>,
    cache_bytes: usize,
) -> Sql<Connection> {
    let db = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(database, flags, vfs)?,
        None => Connection::open_with_flags(database, flags)?,
    };
    db.busy_timeout(BUSY)?;
    // After a failed sync, copying the log back would make half units of what was never answered.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;

    let cache_kib = i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX);
    db.pragma_update(None, "cache_size", -cache_kib)?;
    // A mapped file turns an error of the disk into a signal.
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "foreign_keys", false)?;
    // No files outside of the data directory.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(db)
}

fn explain_open(error: MigrateError, directory: &Directory) -> StoreError {
    let path = directory.path().display().to_string();
    match error {
        MigrateError::Newer { found } => StoreError::Newer {
            directory: path,
            found,
            known: migrate::KNOWN,
        },
        MigrateError::Foreign { .. } | MigrateError::Differs { .. } => StoreError::Unusable {
            directory: path,
            reason: error.to_string(),
        },
        MigrateError::Sql(error) => match explain(error) {
            StoreError::Damaged { reason } => StoreError::Damaged {
                reason: format!(
                    "{reason}; restore {path} from a backup, or save what can be read with `sqlite3 segue.db .recover`"
                ),
            },
            StoreError::Failed { reason } => StoreError::Unusable {
                directory: path,
                reason,
            },
            other => other,
        },
    }
}
