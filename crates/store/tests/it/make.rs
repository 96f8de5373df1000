//! Short ways to make rows, and to submit and wait.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use store::{
    Bytes, Committed, DedupeKey, Delivery, Millis, Record, RunChange, RunId, RunRow, RunStatus,
    Store, StoreError, Unit, Write,
};
use uuid::Uuid;

/// When the first run was created.
pub const START: i64 = 1_700_000_000_000;

/// The id of the run made `number` milliseconds after the start.
pub fn run(number: u32) -> RunId {
    RunId(uuid(number))
}

pub fn uuid(number: u32) -> Uuid {
    let ms = u128::from((START + i64::from(number)).cast_unsigned());
    Uuid::from_u128((ms << 80) | (7 << 76) | (2 << 62) | u128::from(number))
}

pub fn at(number: u32) -> Millis {
    Millis(START + i64::from(number))
}

pub fn bytes(text: &str) -> Bytes {
    Arc::from(text.as_bytes())
}

pub fn row(number: u32) -> RunRow {
    RunRow {
        id: run(number),
        namespace: "sales".into(),
        workflow: "greet".into(),
        version: "1.0.0".into(),
        definition: "d1".into(),
        status: RunStatus::Running,
        created_at: at(number),
        updated_at: at(number),
        ended_at: None,
        parent: None,
        parent_effect: None,
        retry_of: None,
        trigger: "api".into(),
        summary: None,
    }
}

pub fn change(number: u32, status: RunStatus, when: u32) -> Write {
    let ended_at = status.is_ended().then(|| at(when));
    Write::RunChange(RunChange {
        id: run(number),
        status,
        updated_at: at(when),
        ended_at,
        summary: None,
    })
}

pub fn record(number: u32, seq: u64, body: &str) -> Write {
    Write::Journal(Record {
        run: run(number),
        seq,
        at: at(number),
        body: bytes(body),
    })
}

pub fn delivery(number: u32, runs: &[u32]) -> Delivery {
    Delivery {
        id: uuid(number),
        namespace: "sales".into(),
        source: "hook:sales/contact-form".into(),
        received_at: at(number),
        headers: bytes(r#"{"content-type":"application/json"}"#),
        body: bytes("{}"),
        runs: runs.iter().map(|number| run(*number)).collect(),
    }
}

pub fn key(key: &str, body: u8, number: u32) -> DedupeKey {
    DedupeKey {
        scope: "sales/hook:contact-form".into(),
        key: key.into(),
        digest: [body; 32],
        at: at(number),
        run: run(number),
    }
}

pub fn unit(writes: impl IntoIterator<Item = Write>) -> Unit {
    Unit {
        dedupe: None,
        writes: writes.into_iter().collect(),
    }
}

pub fn prune(before: u32, dedupe_before: u32, limit: u32) -> Unit {
    unit([Write::Prune {
        before: at(before),
        dedupe_before: at(dedupe_before),
        limit,
    }])
}

/// Submits and waits for the answer.
pub fn commit(store: &dyn Store, unit: Unit) -> Result<Committed, StoreError> {
    commit_all(store, [unit]).remove(0)
}

/// Submits all at once and waits for the answers, in the order of the units.
pub fn commit_all(
    store: &dyn Store,
    units: impl IntoIterator<Item = Unit>,
) -> Vec<Result<Committed, StoreError>> {
    let units: Vec<Unit> = units.into_iter().collect();
    // One place for each answer: no reply waits for us to read.
    let (answered, answers) = sync_channel(units.len());
    let mut count = 0;
    for unit in units {
        let (answered, number) = (answered.clone(), count);
        store.submit(
            unit,
            Box::new(move |answer| answered.send((number, answer)).expect("we wait for it")),
        );
        count += 1;
    }
    drop(answered);
    let mut answers: Vec<_> = answers.iter().collect();
    assert_eq!(answers.len(), count, "each unit is answered once");
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

pub fn done(store: &dyn Store, writes: impl IntoIterator<Item = Write>) {
    assert_eq!(commit(store, unit(writes)), Ok(Committed::Done));
}
