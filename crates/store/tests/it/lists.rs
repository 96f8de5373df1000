//! What lists and pages show, on every store.

use store::{
    AuditRow, DefinitionRow, Listener, Message, Parcel, ResourceRow, RunFilter, RunRow, RunStatus,
    Timer, Write,
};

use crate::make::{at, bytes, delivery, done, row, run, uuid};
use crate::suite::{each, numbers};

#[test]
fn lists_of_runs() {
    let started = |number: u32| {
        let namespace = if number.is_multiple_of(2) {
            "sales"
        } else {
            "ops"
        };
        let workflow = if number.is_multiple_of(3) {
            "greet"
        } else {
            "Pay"
        };
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
