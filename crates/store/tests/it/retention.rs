//! What pruning takes, and what it leaves, on every store.

use store::{Committed, Listener, Message, RunFilter, RunStatus, Store, Timer, Unit, Write};

use crate::make::{
    at, bytes, change, commit, delivery, done, key, prune, record, row, run, unit, uuid,
};
use crate::suite::{each, numbers};

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
