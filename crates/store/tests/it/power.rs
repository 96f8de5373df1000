//! A power cut, and a disk that fails: nothing that was answered is lost, nothing that failed is answered.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

use store::sqlite::faulty_vfs::{Fault, FaultyDisk};
use store::sqlite::{Options, SqliteStore};
use store::{Committed, RunStatus, Store, StoreError};

use crate::make::{change, commit, commit_all, prune, record, unit};
use crate::whole::{RECORDS, check, options, quick_directory, whole_unit};

fn disk() -> Arc<FaultyDisk> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    FaultyDisk::register(&format!("faulty-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn on(disk: &FaultyDisk) -> Options {
    Options {
        vfs: Some(disk.name().to_owned()),
        ..options()
    }
}

/// Which pieces of what was not synced outlive the cut.
const CHANCES: [fn(u64) -> bool; 3] = [
    |_| false,
    |_| true,
    |piece| piece.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0,
];

fn check_after_cut(
    disk: &FaultyDisk,
    chances: &[fn(u64) -> bool],
    must: &BTreeSet<u32>,
    may: std::ops::Range<u32>,
) -> Result<(), StoreError> {
    for chance in chances {
        let left = quick_directory();
        disk.cut_power(left.path(), chance).unwrap();
        check(left.path(), must, may.clone())?;
    }
    Ok(())
}

/// Cuts the power again and again while units are written; the first loss, if there is one.
fn cut_while_writing(disk: &FaultyDisk, cuts: u32) -> Result<(), StoreError> {
    const IN_FLIGHT: u32 = 8;
    let directory = quick_directory();
    let store = SqliteStore::open(directory.path(), on(disk)).unwrap();
    let (done, answers) = sync_channel(IN_FLIGHT as usize);
    let submit = |number: u32| {
        let done = done.clone();
        store.submit(
            whole_unit(number),
            Box::new(move |answer| drop(done.send(answer.map(|_| number)))),
        );
    };
    (0..IN_FLIGHT).for_each(submit);
    let mut answered = BTreeSet::new();
    let mut next = IN_FLIGHT;
    for cut in 0..cuts {
        for _ in 0..1 + cut * 13 % 40 {
            answered.insert(answers.recv().unwrap()?);
            submit(next);
            next += 1;
        }
        // The writer goes on while the picture is taken: some of these units are in the middle of being written.
        check_after_cut(disk, &CHANCES, &answered, 0..next)?;
    }
    Ok(())
}

#[test]
fn what_was_answered_outlives_a_power_cut() {
    cut_while_writing(&disk(), 25).unwrap();
}

/// Shows that the test above can fail: without syncs it does.
#[test]
fn without_syncs_a_power_cut_loses_what_was_answered() {
    let disk = disk();
    disk.lie();
    assert!(
        cut_while_writing(&disk, 25).is_err(),
        "a disk that only says that it syncs is found out"
    );
}

#[derive(Default)]
struct Story {
    done: BTreeSet<u32>,
    full: BTreeSet<u32>,
    is_failed: bool,
}

const UNITS: u32 = 6;

/// Opens, writes a few units one by one, closes.
fn story(directory: &Path, disk: &FaultyDisk) -> Story {
    let mut story = Story::default();
    let Ok(store) = SqliteStore::open(directory, on(disk)) else {
        return story;
    };
    for number in 0..UNITS {
        match commit(&store, whole_unit(number)) {
            Ok(Committed::Done) => {
                assert!(!story.is_failed, "a store that failed takes nothing more");
                story.done.insert(number);
            }
            Err(StoreError::DiskFull) => {
                story.full.insert(number);
            }
            Err(StoreError::Failed { .. }) => story.is_failed = true,
            other => panic!("{other:?}"),
        }
    }
    store.close();
    assert_eq!(store.waiting_bytes(), 0);
    story
}

/// Every write, truncation and sync of the story fails in turn.
fn fail_each(fault: Fault) -> Vec<Story> {
    // A story waits for threads more than it computes, so several are told at once.
    const AT_ONCE: usize = 4;
    let whole = disk();
    let directory = quick_directory();
    assert_eq!(story(directory.path(), &whole).done.len(), UNITS as usize);
    let operations = whole.operations();
    assert!(operations > 20, "the disk sees what happens");
    let next = AtomicU64::new(1);
    let tell = || {
        let mut stories = Vec::new();
        loop {
            let operation = next.fetch_add(1, Ordering::Relaxed);
            if operation > operations {
                return stories;
            }
            stories.push(fail_at(operation, fault));
        }
    };
    let stories: Vec<Story> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(tell)).collect();
        let told = threads.into_iter().map(|thread| thread.join().unwrap());
        told.flatten().collect()
    });
    assert_eq!(stories.len() as u64, operations);
    stories
}

fn fail_at(operation: u64, fault: Fault) -> Story {
    let (disk, directory) = (disk(), quick_directory());
    disk.fail(operation, fault);
    let story = story(directory.path(), &disk);
    let context = format!("{fault:?} at {operation}");
    if story.is_failed && fault != Fault::Gone {
        // Also not when it is closed: what the failed sync left is not to be built upon.
        assert_eq!(
            disk.operations(),
            operation,
            "a store that failed lets go of the disk"
        );
    }
    check_after_cut(&disk, &CHANCES[2..], &story.done, 0..UNITS).expect(&context);
    check(directory.path(), &story.done, 0..UNITS).expect(&context);
    story
}

#[test]
fn a_device_that_fails_once_is_never_taken_for_success() {
    let stories = fail_each(Fault::Broken);
    assert!(
        stories
            .iter()
            .any(|story| story.is_failed && story.done.len() == 3),
        "some failed half way"
    );
}

#[test]
fn a_device_that_goes_away_takes_nothing_with_it() {
    let stories = fail_each(Fault::Gone);
    assert!(
        stories
            .iter()
            .any(|story| story.is_failed && story.done.len() == 3),
        "some failed half way"
    );
}

#[test]
fn a_full_disk_refuses_and_heals() {
    for fault in [Fault::Full, Fault::Short] {
        let stories = fail_each(fault);
        let healed =
            |story: &&Story| story.full.len() == 1 && story.done.len() == UNITS as usize - 1;
        assert!(
            stories.iter().filter(healed).count() > 5,
            "one unit is refused, the next one is taken: {fault:?}"
        );
    }
}

#[test]
fn what_a_full_disk_refused_is_not_there_and_may_come_again() {
    let (disk, directory) = (disk(), quick_directory());
    let store = SqliteStore::open(directory.path(), on(&disk)).unwrap();
    assert_eq!(commit(&store, whole_unit(1)), Ok(Committed::Done));
    disk.fail(disk.operations() + 1, Fault::Full);
    assert_eq!(commit(&store, whole_unit(2)), Err(StoreError::DiskFull));
    assert_eq!(store.queries().run(crate::make::run(2)), Ok(None));
    // Not a duplicate: the key went with the rest.
    assert_eq!(commit(&store, whole_unit(2)), Ok(Committed::Done));
    store.close();
    check(directory.path(), &BTreeSet::from([1, 2]), 0..3).unwrap();
}

#[test]
fn after_a_failure_reading_goes_on_and_nothing_is_taken() {
    let (disk, directory) = (disk(), quick_directory());
    let store = SqliteStore::open(directory.path(), on(&disk)).unwrap();
    assert_eq!(commit(&store, whole_unit(1)), Ok(Committed::Done));
    disk.fail(disk.operations() + 1, Fault::Broken);
    let first = commit(&store, whole_unit(2));
    assert!(matches!(first, Err(StoreError::Failed { .. })), "{first:?}");
    assert_eq!(commit(&store, whole_unit(3)), first);
    assert!(store.queries().run(crate::make::run(1)).unwrap().is_some());
    assert_eq!(store.queries().run(crate::make::run(3)), Ok(None));
}

#[test]
fn the_reserve_is_given_up_on_a_full_disk_and_taken_again() {
    let (disk, directory) = (disk(), quick_directory());
    let store = SqliteStore::open(
        directory.path(),
        Options {
            reserve_bytes: 1 << 20,
            ..on(&disk)
        },
    )
    .unwrap();
    let reserve = directory.path().join("segue.reserve");
    assert_eq!(reserve.metadata().unwrap().len(), 1 << 20);
    disk.fail(disk.operations() + 1, Fault::Full);
    assert_eq!(commit(&store, whole_unit(1)), Err(StoreError::DiskFull));
    assert!(!reserve.exists());
    assert_eq!(commit(&store, whole_unit(1)), Ok(Committed::Done));
    assert!(reserve.exists());
}

#[test]
fn on_a_full_disk_runs_go_on_but_none_starts() {
    let (disk, directory) = (disk(), quick_directory());
    // More than any disk has: there is never room for it.
    let store = SqliteStore::open(
        directory.path(),
        Options {
            reserve_bytes: 1 << 60,
            ..on(&disk)
        },
    )
    .unwrap();
    assert_eq!(commit(&store, whole_unit(1)), Ok(Committed::Done));
    disk.fail(disk.operations() + 1, Fault::Full);
    assert_eq!(commit(&store, whole_unit(2)), Err(StoreError::DiskFull));

    let ends = unit([
        record(1, RECORDS + 1, "end"),
        change(1, RunStatus::Cancelled, 2),
    ]);
    let answers = commit_all(&store, [whole_unit(3), ends, whole_unit(4)]);
    assert_eq!(
        answers,
        [
            Err(StoreError::DiskFull),
            Ok(Committed::Done),
            Err(StoreError::DiskFull)
        ]
    );
    assert_eq!(commit(&store, prune(100, 100, 10)), Ok(Committed::Done));
    assert_eq!(store.queries().run_counts(None), Ok(vec![]));
}
