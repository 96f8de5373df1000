//! Units of several rows that show whether they are there whole, and the check after a crash.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use store::sqlite::faulty_vfs::FaultyDisk;
use store::sqlite::{Options, SqliteStore};
use store::{Queries, Store, StoreError, Unit, Write};
use tempfile::TempDir;

use crate::make::{delivery, key, record, row, run, unit, uuid};

pub const RECORDS: u64 = 3;

/// A run, its records, its delivery, its key.
pub fn whole_unit(number: u32) -> Unit {
    let body = "x".repeat(400);
    let mut writes = vec![
        Write::RunPut(row(number)),
        Write::DeliveryPut(delivery(number, &[number])),
    ];
    writes.extend((1..=RECORDS).map(|seq| record(number, seq, &body)));
    Unit {
        dedupe: Some(key(&number.to_string(), 1, number)),
        ..unit(writes)
    }
}

/// Whether the unit is there; a panic when only a part of it is.
fn is_there(queries: &dyn Queries, number: u32) -> bool {
    let records = queries.history(run(number), 0, 100).unwrap().len();
    let parts = (
        queries.run(run(number)).unwrap().is_some(),
        queries.delivery(uuid(number)).unwrap().is_some(),
        records,
    );
    match parts {
        (true, true, found) if found as u64 == RECORDS => true,
        (false, false, 0) => false,
        _ => panic!("half of unit {number}: {parts:?}"),
    }
}

/// Small, and without a reserve, so that many can be made.
pub fn options() -> Options {
    Options {
        reserve_bytes: 0,
        ..Options::default()
    }
}

/// A directory in memory where there is one: for tests to which it makes no difference what reached the real disk, because
/// a model holds what a power cut leaves, or because a killed process leaves all that it wrote to the operating system.
pub fn quick_directory() -> TempDir {
    const MEMORY: &str = "/dev/shm";
    tempfile::tempdir_in(MEMORY)
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// Opens what is left, and compares: `must` are there, `may` are there whole or not at all, others are not.
pub fn check(
    directory: &Path,
    must: &BTreeSet<u32>,
    may: impl IntoIterator<Item = u32>,
) -> Result<(), StoreError> {
    // Checking needs no real syncs, and there are many checks.
    static QUICK: LazyLock<Arc<FaultyDisk>> = LazyLock::new(|| FaultyDisk::register("quick"));
    let vfs = Some(QUICK.name().to_owned());
    let store = SqliteStore::open(directory, Options { vfs, ..options() })?;
    assert_eq!(store.verify()?, Vec::<String>::new());
    let queries = store.queries();
    let there: BTreeSet<u32> = may
        .into_iter()
        .filter(|number| is_there(queries, *number))
        .collect();
    let lost: Vec<_> = must.difference(&there).collect();
    if !lost.is_empty() {
        return Err(StoreError::Damaged {
            reason: format!("lost {lost:?} of {}", must.len()),
        });
    }
    let counted: u64 = queries
        .run_counts(None)?
        .iter()
        .map(|(.., runs)| runs)
        .sum();
    assert_eq!(counted, there.len() as u64, "counts follow the runs");
    // It goes on.
    let next = u32::MAX;
    assert!(crate::make::commit(&store, whole_unit(next)).is_ok());
    assert!(is_there(store.queries(), next));
    store.close();
    QUICK.forget();
    Ok(())
}
