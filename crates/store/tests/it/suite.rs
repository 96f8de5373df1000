//! What the verbs that drive runs mean, on every store.

use store::memory::MemoryStore;
use store::sqlite::SqliteStore;
use store::{Committed, Loaded, Record, RunRow, RunStatus, Store, StoreError, Unit, Write};

use crate::make::{at, bytes, change, commit, commit_all, done, key, record, row, run, unit};
use crate::whole::options;

pub fn each(check: impl Fn(&dyn Store)) {
    check(&MemoryStore::new());
    let directory = tempfile::tempdir().unwrap();
    check(&SqliteStore::open(directory.path(), options()).unwrap());
}

pub fn numbers(rows: &[RunRow], all: u32) -> Vec<u32> {
    rows.iter()
        .map(|row| (0..all).find(|number| run(*number) == row.id).unwrap())
        .collect()
}

#[test]
fn a_run_is_started_changed_and_ended() {
    each(|store| {
        let first = RunRow {
            parent: Some(run(8)),
            parent_effect: None,
            retry_of: Some(run(9)),
            summary: Some("ü".into()),
            ..row(1)
        };
        done(
            store,
            [Write::RunPut(first.clone()), record(1, 1, "started")],
        );
        assert_eq!(store.queries().run(run(1)), Ok(Some(first.clone())));
        assert_eq!(store.queries().run(run(2)), Ok(None));

        done(store, [change(1, RunStatus::Faulted, 7)]);
        let ended = RunRow {
            status: RunStatus::Faulted,
            updated_at: at(7),
            ended_at: Some(at(7)),
            summary: None,
            ..first
        };
        assert_eq!(store.queries().run(run(1)), Ok(Some(ended)));
    });
}

#[test]
fn a_run_may_end_in_the_unit_that_starts_it() {
    each(|store| {
        done(
            store,
            [
                Write::RunPut(row(1)),
                change(1, RunStatus::Waiting, 2),
                change(1, RunStatus::Completed, 3),
            ],
        );
        let ended = RunRow {
            status: RunStatus::Completed,
            updated_at: at(3),
            ended_at: Some(at(3)),
            ..row(1)
        };
        assert_eq!(store.queries().run(run(1)), Ok(Some(ended)));
        let counts = store.queries().run_counts(None).unwrap();
        assert_eq!(
            counts,
            [("sales".into(), "greet".into(), RunStatus::Completed, 1)]
        );
    });
}

#[test]
fn loading_gives_the_snapshot_and_what_came_after() {
    each(|store| {
        let records = (1..=5).map(|seq| record(1, seq, &format!("r{seq}")));
        done(store, [Write::RunPut(row(1))].into_iter().chain(records));
        let seqs = |loaded: &Loaded| {
            loaded
                .records
                .iter()
                .map(|record| record.seq)
                .collect::<Vec<_>>()
        };
        let loaded = store.queries().load(run(1)).unwrap().unwrap();
        assert_eq!(
            (loaded.snapshot.clone(), seqs(&loaded)),
            (None, vec![1, 2, 3, 4, 5])
        );
        for seq in [2, 3] {
            done(
                store,
                [Write::Snapshot {
                    run: run(1),
                    seq,
                    body: bytes("s"),
                }],
            );
        }
        let loaded = store.queries().load(run(1)).unwrap().unwrap();
        assert_eq!(
            (loaded.snapshot.clone(), seqs(&loaded)),
            (Some((3, bytes("s"))), vec![4, 5])
        );
        let page = store.queries().history(run(1), 2, 2).unwrap();
        let expected = |seq: u64| Record {
            run: run(1),
            seq,
            at: at(1),
            body: bytes(&format!("r{seq}")),
        };
        assert_eq!(page, [expected(2), expected(3)]);
        assert_eq!(store.queries().load(run(2)), Ok(None));
    });
}

#[test]
fn the_same_delivery_makes_one_run() {
    each(|store| {
        let with = |number: u32, body: u8| Unit {
            dedupe: Some(key("k", body, number)),
            ..unit([Write::RunPut(row(number))])
        };
        // The second and the third are in the first one's transaction, the fourth is not.
        let answers = commit_all(store, [with(1, 7), with(2, 7), with(3, 8)]);
        let duplicate = |is_same_body| {
            Ok(Committed::Duplicate {
                run: run(1),
                is_same_body,
            })
        };
        assert_eq!(
            answers,
            [Ok(Committed::Done), duplicate(true), duplicate(false)]
        );
        assert_eq!(commit(store, with(4, 7)), duplicate(true));
        let other_scope = Unit {
            dedupe: Some(store::DedupeKey {
                scope: "ops/hook:x".into(),
                ..key("k", 7, 5)
            }),
            ..unit([])
        };
        assert_eq!(commit(store, other_scope), Ok(Committed::Done));
        for number in 2..5 {
            assert_eq!(
                store.queries().run(run(number)),
                Ok(None),
                "nothing of a duplicate is written"
            );
        }
    });
}

#[test]
fn a_refused_unit_leaves_no_trace_and_takes_nobody_with_it() {
    let conflict = |what| Err(StoreError::Conflict { what });
    let cases = [
        (
            "the run is there",
            unit([record(2, 1, "x"), Write::RunPut(row(1))]),
            conflict("run"),
        ),
        (
            "the record is there",
            unit([Write::RunPut(row(2)), record(1, 1, "x")]),
            conflict("record"),
        ),
        (
            "twice the same record",
            unit([record(2, 1, "x"), record(2, 1, "x")]),
            conflict("record"),
        ),
        (
            "no such run",
            unit([record(2, 1, "x"), change(9, RunStatus::Running, 1)]),
            Err(StoreError::NotFound { what: "run" }),
        ),
        (
            "changed before it is put",
            unit([change(2, RunStatus::Running, 1), Write::RunPut(row(2))]),
            Err(StoreError::NotFound { what: "run" }),
        ),
    ];
    for (name, refused, expected) in cases {
        each(|store| {
            done(store, [Write::RunPut(row(1)), record(1, 1, "first")]);
            let refused = Unit {
                dedupe: Some(key("k", 1, 2)),
                ..refused.clone()
            };
            let around = |number: u32| {
                unit([Write::RunPut(RunRow {
                    workflow: format!("w{number}").into(),
                    ..row(number)
                })])
            };
            let answers = commit_all(store, [around(3), refused, around(4)]);
            assert_eq!(
                answers,
                [Ok(Committed::Done), expected.clone(), Ok(Committed::Done)],
                "{name}"
            );
            assert_eq!(store.queries().run(run(2)), Ok(None), "{name}");
            assert_eq!(store.queries().history(run(2), 0, 9), Ok(vec![]), "{name}");
            assert_eq!(
                store.queries().history(run(1), 0, 9).unwrap().len(),
                1,
                "{name}"
            );
            let workflows: Vec<_> = store
                .queries()
                .run_counts(None)
                .unwrap()
                .into_iter()
                .map(|row| row.1)
                .collect();
            assert_eq!(
                workflows,
                ["greet".into(), "w3".into(), "w4".into()],
                "{name}"
            );
            // Its key was not kept either.
            let again = Unit {
                dedupe: Some(key("k", 1, 5)),
                ..around(5)
            };
            assert_eq!(commit(store, again), Ok(Committed::Done), "{name}");
        });
    }
}
