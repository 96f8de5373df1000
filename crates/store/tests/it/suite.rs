//! What each verb and each question means, on every store.

use store::memory::MemoryStore;
use store::sqlite::SqliteStore;
use store::{
    AuditRow, Committed, DefinitionRow, Listener, Loaded, Message, Millis, Parcel, Record,
    ResourceRow, RunFilter, RunRow, RunStatus, Store, StoreError, Timer, Unit, Write,
};

use crate::make::{
    at, bytes, change, commit, commit_all, delivery, done, key, prune, record, row, run, unit, uuid,
};
use crate::whole::options;

fn each(check: impl Fn(&dyn Store)) {
    check(&MemoryStore::new());
    let directory = tempfile::tempdir().unwrap();
    check(&SqliteStore::open(directory.path(), options()).unwrap());
}

fn numbers(rows: &[RunRow], all: u32) -> Vec<u32> {
    rows.iter()
        .map(|row| (0..all).find(|number| run(*number) == row.id).unwrap())
        .collect()
}

#[test]
fn a_run_is_started_changed_and_ended() {
    each(|store| {
        let first = RunRow {
            parent: Some(run(8)),
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

#[test]
fn lists_of_runs() {
    let started = |number: u32| {
        let namespace = if number % 2 == 0 { "sales" } else { "ops" };
        let workflow = if number % 3 == 0 { "greet" } else { "Pay" };
        let status = RunStatus::ALL[number as usize % 7];
        let parent = (number % 4 == 1).then(|| run(0));
        let summary = (number == 5).then(|| "Card refused".into());
        Write::RunPut(RunRow {
            namespace: namespace.into(),
            workflow: workflow.into(),
            status,
            parent,
            summary,
            ..row(number)
        })
    };
    let all = || RunFilter {
        limit: 100,
        ..RunFilter::default()
    };
    let cases = [
        ("all", all(), (0..14).rev().collect::<Vec<_>>()),
        ("a page", RunFilter { limit: 3, ..all() }, vec![13, 12, 11]),
        (
            "the next",
            RunFilter {
                after: Some(run(11)),
                limit: 3,
                ..all()
            },
            vec![10, 9, 8],
        ),
        ("none", RunFilter { limit: 0, ..all() }, vec![]),
        (
            "namespace",
            RunFilter {
                namespace: Some("ops".into()),
                ..all()
            },
            vec![13, 11, 9, 7, 5, 3, 1],
        ),
        (
            "a page of it",
            RunFilter {
                namespace: Some("ops".into()),
                after: Some(run(9)),
                limit: 2,
                ..all()
            },
            vec![7, 5],
        ),
        (
            "workflow",
            RunFilter {
                workflow: Some("greet".into()),
                ..all()
            },
            vec![12, 9, 6, 3, 0],
        ),
        (
            "unknown workflow",
            RunFilter {
                workflow: Some("none".into()),
                ..all()
            },
            vec![],
        ),
        (
            "failed",
            RunFilter {
                statuses: vec![RunStatus::Faulted],
                ..all()
            },
            vec![12, 5],
        ),
        (
            "completed",
            RunFilter {
                statuses: vec![RunStatus::Completed],
                ..all()
            },
            vec![13, 6],
        ),
        (
            "two",
            RunFilter {
                statuses: vec![RunStatus::Faulted, RunStatus::Pending],
                ..all()
            },
            vec![12, 7, 5, 0],
        ),
        (
            "failed in sales",
            RunFilter {
                statuses: vec![RunStatus::Faulted],
                namespace: Some("sales".into()),
                ..all()
            },
            vec![12],
        ),
        (
            "children",
            RunFilter {
                parent: Some(run(0)),
                ..all()
            },
            vec![13, 9, 5, 1],
        ),
        (
            "from",
            RunFilter {
                created_from: Some(at(12)),
                ..all()
            },
            vec![13, 12],
        ),
        (
            "before",
            RunFilter {
                created_before: Some(at(2)),
                ..all()
            },
            vec![1, 0],
        ),
        (
            "summary",
            RunFilter {
                text: Some("card".into()),
                ..all()
            },
            vec![5],
        ),
        (
            "name",
            RunFilter {
                text: Some("GREET".into()),
                ..all()
            },
            vec![12, 9, 6, 3, 0],
        ),
    ];
    each(|store| {
        done(store, (0..14).map(started));
        for (name, filter, expected) in &cases {
            assert_eq!(
                numbers(&store.queries().runs(filter).unwrap(), 14),
                *expected,
                "{name}"
            );
        }
        let going_on = [RunStatus::Running, RunStatus::Waiting];
        let ids = |after, limit| store.queries().run_ids(&going_on, after, limit).unwrap();
        assert_eq!(ids(None, 3), [run(1), run(2), run(8)]);
        assert_eq!(ids(Some(run(2)), 3), [run(8), run(9)]);
        let counts = store.queries().run_counts(Some("ops")).unwrap();
        assert_eq!(counts.iter().map(|count| count.3).sum::<u64>(), 7);
        assert!(counts.iter().all(|count| &*count.0 == "ops"));
    });
}

#[test]
fn timers_come_by_their_time() {
    each(|store| {
        let timer = |number: u32, timer: u64, due: u32| Timer {
            run: run(number),
            timer,
            due: at(due),
        };
        assert_eq!(store.queries().next_timer(), Ok(None));
        let set = [
            timer(1, 1, 30),
            timer(1, 2, 10),
            timer(2, 1, 20),
            timer(2, 2, 10),
        ];
        done(store, set.iter().cloned().map(Write::TimerSet));
        done(
            store,
            [
                Write::TimerSet(timer(1, 1, 5)),
                Write::TimerClear {
                    run: run(2),
                    timer: 2,
                },
            ],
        );
        assert_eq!(
            store.queries().timers_due(at(10), 9),
            Ok(vec![timer(1, 1, 5), timer(1, 2, 10)])
        );
        assert_eq!(
            store.queries().timers_due(at(99), 1),
            Ok(vec![timer(1, 1, 5)])
        );
        assert_eq!(store.queries().timers_due(at(4), 9), Ok(vec![]));
        assert_eq!(
            store.queries().timers(run(1)),
            Ok(vec![timer(1, 1, 5), timer(1, 2, 10)])
        );
        assert_eq!(store.queries().next_timer(), Ok(Some(at(5))));
        // Clearing what is not there is no trouble.
        done(
            store,
            [Write::TimerClear {
                run: run(7),
                timer: 7,
            }],
        );
    });
}

#[test]
fn listeners_inbox_and_outbox_come_in_pages() {
    each(|store| {
        let listener = |number: u32, listener: u64, types: &[&str]| Listener {
            run: run(number),
            listener,
            namespace: "sales".into(),
            types: types.iter().map(|name| (*name).into()).collect(),
        };
        let listeners = [
            listener(1, 1, &[]),
            listener(1, 2, &["a", ""]),
            listener(2, 1, &["com.example.ä"]),
        ];
        done(
            store,
            listeners.iter().rev().cloned().map(Write::ListenerSet),
        );
        assert_eq!(store.queries().listeners(None, 2).unwrap(), listeners[..2]);
        assert_eq!(
            store.queries().listeners(Some((run(1), 1)), 9).unwrap(),
            listeners[1..]
        );
        done(
            store,
            [Write::ListenerClear {
                run: run(1),
                listener: 2,
            }],
        );
        assert_eq!(
            store.queries().listeners(Some((run(1), 1)), 9).unwrap(),
            listeners[2..]
        );

        let messages: Vec<_> = (0..3)
            .map(|id| Message {
                id: uuid(id),
                run: run(1),
                body: bytes("m"),
            })
            .collect();
        done(store, messages.iter().rev().cloned().map(Write::InboxPut));
        assert_eq!(store.queries().inbox(None, 2).unwrap(), messages[..2]);
        done(store, [Write::InboxClear { id: uuid(1) }]);
        assert_eq!(
            store.queries().inbox(Some(uuid(0)), 9).unwrap(),
            messages[2..]
        );

        let parcel = |id: u32| Parcel {
            id: uuid(id),
            namespace: "sales".into(),
            kind: "event".into(),
            body: bytes("p"),
        };
        done(
            store,
            [Write::OutboxPut(parcel(2)), Write::OutboxPut(parcel(1))],
        );
        assert_eq!(
            store.queries().outbox(None, 9).unwrap(),
            [parcel(1), parcel(2)]
        );
        done(store, [Write::OutboxClear { id: uuid(1) }]);
        assert_eq!(store.queries().outbox(None, 9).unwrap(), [parcel(2)]);
    });
}

#[test]
fn deliveries_newest_first() {
    each(|store| {
        let other = |number: u32| store::Delivery {
            source: "api".into(),
            ..delivery(number, &[])
        };
        let ops = |number: u32| store::Delivery {
            namespace: "ops".into(),
            ..delivery(number, &[1, 2])
        };
        let all = [delivery(1, &[1]), other(2), ops(3), delivery(4, &[])];
        done(store, all.iter().cloned().map(Write::DeliveryPut));
        let ask = |namespace, source, after, limit| -> Vec<_> {
            let found = store
                .queries()
                .deliveries(namespace, source, after, limit)
                .unwrap();
            found
                .iter()
                .map(|found| all.iter().position(|there| there == found).unwrap() + 1)
                .collect()
        };
        assert_eq!(ask(None, None, None, 9), [4, 3, 2, 1]);
        assert_eq!(ask(None, None, Some(uuid(4)), 2), [3, 2]);
        assert_eq!(ask(Some("sales"), None, None, 9), [4, 2, 1]);
        assert_eq!(ask(None, Some("api"), None, 9), [2]);
        assert_eq!(ask(Some("ops"), Some("api"), None, 9), [0; 0]);
        assert_eq!(store.queries().delivery(uuid(3)), Ok(Some(ops(3))));
        assert_eq!(store.queries().delivery(uuid(9)), Ok(None));
    });
}

#[test]
fn definitions_stay_resources_change_audit_grows() {
    each(|store| {
        let definition = |digest: &str, name: &str, when: u32| DefinitionRow {
            digest: digest.into(),
            namespace: "sales".into(),
            name: name.into(),
            version: "1".into(),
            text: "t".into(),
            created_at: at(when),
        };
        let [first, again, second] = [
            definition("b", "greet", 1),
            definition("b", "greet", 9),
            definition("a", "greet", 2),
        ];
        done(
            store,
            [second.clone(), first.clone(), again].map(Write::DefinitionPut),
        );
        assert_eq!(store.queries().definition("b"), Ok(Some(first.clone())));
        assert_eq!(
            store.queries().definitions(Some("sales"), Some("greet")),
            Ok(vec![first, second])
        );
        assert_eq!(store.queries().definitions(Some("ops"), None), Ok(vec![]));

        let resource = |name: &str, body: &str| ResourceRow {
            kind: "connection".into(),
            namespace: "sales".into(),
            name: name.into(),
            body: bytes(body),
            updated_at: at(1),
        };
        done(
            store,
            [
                resource("crm", "1"),
                resource("bank", "1"),
                resource("crm", "2"),
            ]
            .map(Write::ResourcePut),
        );
        assert_eq!(
            store.queries().resource("connection", "sales", "crm"),
            Ok(Some(resource("crm", "2")))
        );
        assert_eq!(
            store.queries().resources("connection", None),
            Ok(vec![resource("bank", "1"), resource("crm", "2")])
        );
        assert_eq!(store.queries().resources("source", None), Ok(vec![]));
        let removed = ("connection".into(), "sales".into(), "crm".into());
        done(
            store,
            [Write::ResourceRemove {
                kind: removed.0,
                namespace: removed.1,
                name: removed.2,
            }],
        );
        assert_eq!(
            store.queries().resources("connection", Some("sales")),
            Ok(vec![resource("bank", "1")])
        );

        let audit = |namespace: &str, action: &str| AuditRow {
            at: at(1),
            namespace: namespace.into(),
            actor: "ada".into(),
            action: action.into(),
            subject: "s".into(),
            detail: bytes("{}"),
        };
        done(
            store,
            [audit("sales", "1"), audit("ops", "2"), audit("sales", "3")].map(Write::Audit),
        );
        assert_eq!(
            store.queries().audit(Some("sales"), 9),
            Ok(vec![audit("sales", "3"), audit("sales", "1")])
        );
        assert_eq!(
            store.queries().audit(None, 2),
            Ok(vec![audit("sales", "3"), audit("ops", "2")])
        );
    });
}

/// Run 1 lives; 2, 3, 4 have ended at 12, 13, 14.
fn with_old_runs(store: &dyn Store) {
    for number in 1..=4 {
        let is_old = number > 1;
        let status = if is_old {
            RunStatus::Completed
        } else {
            RunStatus::Waiting
        };
        let others = [
            Write::Snapshot {
                run: run(number),
                seq: 1,
                body: bytes("s"),
            },
            Write::TimerSet(Timer {
                run: run(number),
                timer: 1,
                due: at(1),
            }),
            Write::ListenerSet(Listener {
                run: run(number),
                listener: 1,
                namespace: "sales".into(),
                types: vec![],
            }),
            Write::InboxPut(Message {
                id: uuid(number),
                run: run(number),
                body: bytes("m"),
            }),
            // One blob of its own, and one for all.
            Write::BlobPut {
                run: run(number),
                sha256: [number as u8; 32],
                body: bytes("own"),
            },
            Write::BlobPut {
                run: run(number),
                sha256: [99; 32],
                body: bytes("shared"),
            },
            Write::DeliveryPut(delivery(number, &[number])),
        ];
        let run = [
            Write::RunPut(row(number)),
            record(number, 1, "r"),
            change(number, status, 10 + number),
        ];
        let unit = Unit {
            dedupe: Some(key(&number.to_string(), 1, number)),
            ..unit(run.into_iter().chain(others))
        };
        assert_eq!(commit(store, unit), Ok(Committed::Done));
    }
    // Deliveries of two runs, and of none.
    done(
        store,
        [
            delivery(20, &[1, 2]),
            delivery(21, &[2, 3]),
            delivery(22, &[]),
        ]
        .map(Write::DeliveryPut),
    );
}

#[test]
fn pruning_takes_all_of_an_old_run_and_nothing_of_a_live_one() {
    each(|store| {
        with_old_runs(store);
        let queries = store.queries();
        let alive = |store: &dyn Store| crate::dump::dump(store, 1..2);
        let before = queries.load(run(1)).unwrap();

        assert_eq!(commit(store, prune(14, 0, 100)), Ok(Committed::Done));
        let runs = queries
            .runs(&RunFilter {
                limit: 9,
                ..RunFilter::default()
            })
            .unwrap();
        assert_eq!(numbers(&runs, 9), [4, 1], "run 4 ended at the time itself");
        assert_eq!(queries.load(run(1)).unwrap(), before);
        for number in [2, 3] {
            assert_eq!(queries.history(run(number), 0, 9), Ok(vec![]));
            assert_eq!(queries.timers(run(number)), Ok(vec![]));
            assert_eq!(queries.blob(&[number as u8; 32]), Ok(None));
        }
        assert_eq!(queries.blob(&[1; 32]), Ok(Some(bytes("own"))));
        assert_eq!(queries.blob(&[99; 32]), Ok(Some(bytes("shared"))));
        assert_eq!(queries.listeners(None, 9).unwrap().len(), 2);
        assert_eq!(queries.inbox(None, 9).unwrap().len(), 2);
        let deliveries: Vec<_> = queries
            .deliveries(None, None, None, 9)
            .unwrap()
            .into_iter()
            .map(|row| row.id)
            .collect();
        assert_eq!(
            deliveries,
            [22, 20, 4, 1].map(uuid),
            "22 is not old, 20 has a run that lives"
        );

        // Nothing more to do.
        let after = alive(store);
        assert_eq!(commit(store, prune(14, 0, 100)), Ok(Committed::Done));
        assert_eq!(alive(store), after);

        // It ends at last.
        done(store, [change(1, RunStatus::Completed, 30)]);
        assert_eq!(commit(store, prune(100, 0, 100)), Ok(Committed::Done));
        assert_eq!(queries.run_counts(None), Ok(vec![]));
        assert_eq!(queries.blob(&[99; 32]), Ok(None));
        assert_eq!(queries.deliveries(None, None, None, 9), Ok(vec![]));
    });
}

#[test]
fn pruning_goes_in_pieces() {
    each(|store| {
        with_old_runs(store);
        let left = || {
            numbers(
                &store
                    .queries()
                    .runs(&RunFilter {
                        limit: 9,
                        ..RunFilter::default()
                    })
                    .unwrap(),
                9,
            )
        };
        for expected in [vec![4, 3, 1], vec![4, 1], vec![1], vec![1]] {
            assert_eq!(commit(store, prune(100, 0, 1)), Ok(Committed::Done));
            assert_eq!(left(), expected);
        }
    });
}

#[test]
fn a_dedupe_key_outlives_its_run_until_its_own_time() {
    each(|store| {
        with_old_runs(store);
        let again = |number: u32| Unit {
            dedupe: Some(key(&number.to_string(), 1, 30 + number)),
            ..Unit::default()
        };
        assert_eq!(commit(store, prune(100, 3, 100)), Ok(Committed::Done));
        let first = |number| {
            Ok(Committed::Duplicate {
                run: run(number),
                is_same_body: true,
            })
        };
        assert_eq!(
            commit(store, again(3)),
            first(3),
            "its run is gone, and still there is no second one"
        );
        assert_eq!(
            commit(store, again(2)),
            Ok(Committed::Done),
            "its time is over"
        );
    });
}

#[test]
fn a_reply_may_submit_and_close() {
    each(|store| {
        // The replies of one caller come in order.
        let answers = commit_all(
            store,
            (1..=50).map(|number| unit([Write::RunPut(row(number))])),
        );
        assert!(answers.iter().all(Result::is_ok));
        store.close();
        assert_eq!(commit(store, unit([])), Err(StoreError::Closed));
    });
    let directory = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(SqliteStore::open(directory.path(), options()).unwrap());
    let (sent, answers) = std::sync::mpsc::channel();
    let inner = std::sync::Arc::clone(&store);
    store.submit(
        unit([Write::RunPut(row(1))]),
        Box::new(move |_| {
            let last = sent.clone();
            let closing = std::sync::Arc::clone(&inner);
            inner.submit(
                unit([record(1, 1, "from a reply")]),
                Box::new(move |answer| {
                    closing.close();
                    last.send(answer).unwrap();
                }),
            );
        }),
    );
    assert_eq!(answers.recv().unwrap(), Ok(Committed::Done));
}

#[test]
fn too_much_at_once_is_refused_at_the_door() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(
        directory.path(),
        store::sqlite::Options {
            waiting_bytes_max: 4096,
            ..options()
        },
    )
    .unwrap();
    // The writer waits in the first reply, so the second unit stays in the queue.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (entered, inside) = std::sync::mpsc::channel();
    store.submit(
        unit([Write::RunPut(row(1))]),
        Box::new(move |_| {
            entered.send(()).unwrap();
            wait.recv().unwrap();
        }),
    );
    inside.recv().unwrap();
    let large = "x".repeat(4_000);
    let (sent, answer) = std::sync::mpsc::channel();
    store.submit(
        unit([record(1, 1, &large)]),
        Box::new(move |answer| sent.send(answer).unwrap()),
    );
    let waiting_bytes = store.waiting_bytes();
    assert!(waiting_bytes > 4_000);
    assert_eq!(
        commit(&store, unit([record(1, 2, &large)])),
        Err(StoreError::Overloaded { waiting_bytes })
    );
    go.send(()).unwrap();
    assert_eq!(answer.recv().unwrap(), Ok(Committed::Done));
    assert_eq!(
        commit(&store, unit([record(1, 2, &large)])),
        Ok(Committed::Done),
        "it may come again"
    );
    assert_eq!(store.queries().next_timer(), Ok(None::<Millis>));
    store.close();
    assert_eq!(store.waiting_bytes(), 0);
}
