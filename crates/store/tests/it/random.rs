//! Random units leave memory and SQLite equal, in answers and in data, and SQLite equal to itself when opened again.

use proptest::prelude::*;
use proptest::sample::select;
use store::memory::MemoryStore;
use store::sqlite::{Options, SqliteStore};
use store::{
    AuditRow, DefinitionRow, Listener, Message, Parcel, ResourceRow, RunFilter, RunRow, RunStatus,
    Store, Text, Timer, Unit, Write,
};

use crate::dump::dump;
use crate::make::{at, bytes, change, commit_all, delivery, key, record, row, run, uuid};
use crate::whole::quick_directory;

/// Few ids, so that writes meet.
const RUNS: u32 = 12;
const TIMES: u32 = 60;

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Text> {
    select(words).prop_map(Text::from)
}

fn a_status() -> impl Strategy<Value = RunStatus> {
    select(RunStatus::ALL.to_vec())
}

fn a_run() -> impl Strategy<Value = RunRow> {
    let names = (
        word(&["sales", "ops"]),
        word(&["greet", "Pay"]),
        word(&["1.0.0", "1.1.0"]),
        word(&["api", "event"]),
    );
    let others = (proptest::option::of(0..RUNS), proptest::option::of(0..RUNS));
    (
        0..RUNS,
        names,
        a_status(),
        others,
        proptest::option::of(word(&["it failed", "waits for Pay"])),
    )
        .prop_map(
            |(
                number,
                (namespace, workflow, version, trigger),
                status,
                (parent, retry_of),
                summary,
            )| RunRow {
                namespace,
                workflow,
                version,
                trigger,
                status,
                ended_at: status.is_ended().then(|| at(number + 5)),
                parent: parent.map(run),
                parent_effect: None,
                retry_of: retry_of.map(run),
                summary,
                ..row(number)
            },
        )
}

fn a_run_write() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => a_run().prop_map(Write::RunPut),
        4 => (0..RUNS, a_status(), 0..TIMES).prop_map(|(number, status, when)| change(number, status, when)),
        4 => (0..RUNS, 1..6_u64).prop_map(|(number, seq)| record(number, seq, "{}")),
        1 => (0..RUNS, 0..6_u64).prop_map(|(number, seq)| Write::Snapshot { run: run(number), seq, body: bytes("s") }),
        2 => (0..RUNS, proptest::collection::vec(0..RUNS, 0..3))
            .prop_map(|(number, runs)| Write::DeliveryPut(delivery(number, &runs))),
        1 => (0..RUNS, 0..4_u8).prop_map(|(number, blob)| Write::BlobPut {
            run: run(number),
            sha256: [blob; 32],
            body: bytes("blob")
        }),
    ]
}

fn a_waiting_write() -> impl Strategy<Value = Write> {
    prop_oneof![
        (0..RUNS, 0..3_u64, 0..TIMES).prop_map(|(number, timer, due)| Write::TimerSet(Timer {
            run: run(number),
            timer,
            due: at(due)
        })),
        (0..RUNS, 0..3_u64).prop_map(|(number, timer)| Write::TimerClear {
            run: run(number),
            timer
        }),
        (
            0..RUNS,
            0..3_u64,
            proptest::collection::vec(word(&["", "a", "com.example.b"]), 0..3)
        )
            .prop_map(|(number, listener, types)| {
                Write::ListenerSet(Listener {
                    run: run(number),
                    listener,
                    namespace: "sales".into(),
                    types,
                })
            }),
        (0..RUNS, 0..3_u64).prop_map(|(number, listener)| Write::ListenerClear {
            run: run(number),
            listener
        }),
        (0..TIMES, 0..RUNS).prop_map(|(id, number)| Write::InboxPut(Message {
            id: uuid(id),
            run: run(number),
            body: bytes("message")
        })),
        (0..TIMES).prop_map(|id| Write::InboxClear { id: uuid(id) }),
        (0..TIMES, word(&["event", "run"])).prop_map(|(id, kind)| Write::OutboxPut(Parcel {
            id: uuid(id),
            namespace: "sales".into(),
            kind,
            body: bytes("parcel")
        })),
        (0..TIMES).prop_map(|id| Write::OutboxClear { id: uuid(id) }),
    ]
}

fn a_named_write() -> impl Strategy<Value = Write> {
    let names = || {
        (
            word(&["connection", "source"]),
            word(&["sales", "ops"]),
            word(&["crm", "mail"]),
        )
    };
    prop_oneof![
        (word(&["d1", "d2"]), word(&["sales", "ops"]), 0..TIMES).prop_map(
            |(digest, namespace, when)| {
                let (name, version, text) = ("greet".into(), "1.0.0".into(), "document: {}".into());
                Write::DefinitionPut(DefinitionRow {
                    digest,
                    namespace,
                    name,
                    version,
                    text,
                    created_at: at(when),
                })
            }
        ),
        (names(), 0..TIMES).prop_map(|((kind, namespace, name), when)| {
            Write::ResourcePut(ResourceRow {
                kind,
                namespace,
                name,
                body: bytes("{}"),
                updated_at: at(when),
            })
        }),
        names().prop_map(|(kind, namespace, name)| Write::ResourceRemove {
            kind,
            namespace,
            name
        }),
        (0..TIMES, word(&["sales", "ops"])).prop_map(|(when, namespace)| Write::Audit(AuditRow {
            at: at(when),
            namespace,
            actor: "ada".into(),
            action: "run.cancel".into(),
            subject: "x".into(),
            detail: bytes("{}")
        })),
    ]
}

fn a_unit() -> impl Strategy<Value = Unit> {
    let write = prop_oneof![
        6 => a_run_write(),
        3 => a_waiting_write(),
        1 => a_named_write(),
        1 => (0..TIMES, 0..TIMES, select(vec![0, 1, 2, 100]))
            .prop_map(|(before, keys, limit)| Write::Prune { before: at(before), dedupe_before: at(keys), limit }),
    ];
    let dedupe = (word(&["k1", "k2", "k3", "k4"]), 0..2_u8, 0..RUNS);
    (
        proptest::option::weighted(0.3, dedupe),
        proptest::collection::vec(write, 0..6),
    )
        .prop_map(|(dedupe, writes)| Unit {
            dedupe: dedupe.map(|(name, body, number)| key(&name, body, number)),
            writes,
        })
}

fn a_filter() -> impl Strategy<Value = RunFilter> {
    let words = (
        proptest::option::of(word(&["sales", "ops", "none"])),
        proptest::option::of(word(&["greet", "Pay"])),
        proptest::option::of(word(&["pay", "FAILED"])),
    );
    let times = (proptest::option::of(0..RUNS), proptest::option::of(0..RUNS));
    let runs = (
        proptest::option::of(0..RUNS),
        proptest::option::weighted(0.3, 0..RUNS),
    );
    (
        words,
        proptest::collection::vec(a_status(), 0..3),
        times,
        runs,
        0..6_u32,
    )
        .prop_map(
            |((namespace, workflow, text), statuses, (from, before), (after, parent), limit)| {
                RunFilter {
                    namespace,
                    workflow,
                    statuses,
                    created_from: from.map(at),
                    created_before: before.map(at),
                    parent: parent.map(run),
                    text,
                    after: after.map(run),
                    limit,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The units come in batches, so that they share transactions; two keys with the same time do not occur with a
    /// limit, because which of them goes first is nobody's business.
    #[test]
    fn memory_and_sqlite_stay_equal(
        batches in proptest::collection::vec(proptest::collection::vec(a_unit(), 1..6), 1..12),
        filters in proptest::collection::vec(a_filter(), 12),
    ) {
        let directory = quick_directory();
        let sqlite = SqliteStore::open(directory.path(), Options::default()).unwrap();
        let memory = MemoryStore::new();
        for (number, batch) in batches.iter().enumerate() {
            let expected = commit_all(&memory, batch.iter().cloned());
            prop_assert_eq!(commit_all(&sqlite, batch.iter().cloned()), expected, "batch {}", number);
            prop_assert_eq!(dump(&sqlite, 0..RUNS), dump(&memory, 0..RUNS), "after batch {}", number);
        }
        for filter in &filters {
            let expected = memory.queries().runs(filter);
            prop_assert_eq!(sqlite.queries().runs(filter), expected, "{:?}", filter);
            let expected = memory.queries().run_ids(&filter.statuses, filter.after, filter.limit);
            prop_assert_eq!(sqlite.queries().run_ids(&filter.statuses, filter.after, filter.limit), expected);
        }
        prop_assert_eq!(sqlite.verify(), Ok(Vec::new()));
        sqlite.close();

        let sqlite = SqliteStore::open(directory.path(), Options::default()).unwrap();
        prop_assert_eq!(dump(&sqlite, 0..RUNS), dump(&memory, 0..RUNS), "opened again");
    }
}
