//! Replies that submit, stores that close, and too much at once.

use std::sync::mpsc::sync_channel;

use store::sqlite::SqliteStore;
use store::{Committed, Millis, Store, StoreError, Write};

use crate::make::{commit, commit_all, record, row, unit};
use crate::suite::each;
use crate::whole::options;

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
    let (sent, answers) = sync_channel(1);
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
    let (go, wait) = sync_channel::<()>(1);
    let (entered, inside) = sync_channel(1);
    store.submit(
        unit([Write::RunPut(row(1))]),
        Box::new(move |_| {
            entered.send(()).unwrap();
            wait.recv().unwrap();
        }),
    );
    inside.recv().unwrap();
    let large = "x".repeat(4_000);
    let (sent, answer) = sync_channel(1);
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
