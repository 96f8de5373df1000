//! Opening: who may, what is refused, and what the files look like.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use store::sqlite::{Options, SqliteStore};
use store::{Store, StoreError};

use crate::make::{commit, done, record, row, run, unit};

fn open(directory: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(directory, Options::default())
}

fn refusal(directory: &Path) -> StoreError {
    open(directory).err().expect("it is refused")
}

#[test]
fn a_directory_belongs_to_one_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path()).unwrap();
    let path = directory.path().display().to_string();
    assert_eq!(
        refusal(directory.path()),
        StoreError::InUse { directory: path }
    );
    first.close();
    open(directory.path()).unwrap();
}

#[test]
fn files_are_private() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("new/data");
    let store = open(&directory).unwrap();
    done(&store, [store::Write::RunPut(row(1))]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(
        files.len() >= 4,
        "database, log, shared memory, lock: {files:?}"
    );
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn closing_leaves_one_whole_file_and_refuses_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    done(&store, [store::Write::RunPut(row(1))]);
    store.close();
    store.close();
    assert_eq!(
        commit(&store, unit([record(1, 1, "late")])),
        Err(StoreError::Closed)
    );
    assert_eq!(store.queries().run(run(1)), Err(StoreError::Closed));
    let log = directory
        .path()
        .join("segue.db-wal")
        .metadata()
        .map_or(0, |log| log.len());
    assert_eq!(log, 0, "the log was copied back");

    assert_eq!(store.waiting_bytes(), 0);
}

#[test]
fn newer_data_is_refused_untouched() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).unwrap().close();
    let database = directory.path().join("segue.db");
    let db = rusqlite::Connection::open(&database).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = std::fs::read(&database).unwrap();
    match refusal(directory.path()) {
        StoreError::Newer {
            found: 99, known, ..
        } => assert!((1..99).contains(&known)),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

#[test]
fn damaged_data_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).unwrap().close();
    std::fs::write(directory.path().join("segue.db"), [7; 8192]).unwrap();
    match refusal(directory.path()) {
        StoreError::Damaged { reason } => assert!(
            reason.contains("restore") && reason.contains(".recover"),
            "{reason}"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn verify_finds_damage_that_opening_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    for number in 0..500 {
        done(
            &store,
            [
                store::Write::RunPut(row(number)),
                record(number, 1, &"x".repeat(300)),
            ],
        );
    }
    assert_eq!(store.verify(), Ok(Vec::new()));
    store.close();
    let database = directory.path().join("segue.db");
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0x5a);
    std::fs::write(&database, bytes).unwrap();
    let store = open(directory.path()).unwrap();
    assert!(
        !matches!(store.verify(), Ok(problems) if problems.is_empty()),
        "the damage is found"
    );
}

#[test]
fn somebody_elses_database_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(directory.path().join("segue.db")).unwrap();
    db.execute_batch("CREATE TABLE note (text)").unwrap();
    drop(db);
    assert!(
        matches!(refusal(directory.path()), StoreError::Unusable { reason, .. } if reason.contains("not a database of this program"))
    );
}

#[test]
fn a_path_that_is_no_directory_is_unusable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(refusal(&file), StoreError::Unusable { .. }));
    assert!(matches!(
        refusal(&file.join("below")),
        StoreError::Unusable { .. }
    ));
}
