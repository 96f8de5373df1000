//! How many units and rows become durable in a second, beside what SQLite itself inserts on the same machine.
//!
//! `cargo run --release -p store --example commit_rate [directory [name]]`; compare only figures of one run.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use store::sqlite::{Options, SqliteStore};
use store::{
    Bytes, Committed, DedupeKey, Delivery, Millis, Record, RunChange, RunId, RunRow, RunStatus,
    Store, Unit, Write,
};

const SPAN: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parent = match std::env::args_os().nth(1) {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let only = std::env::args().nth(2);
    bare_inserts(&parent.path().join("bare.db"))?;
    for waiting in [32, 256] {
        for (name, rows, make) in [
            (
                "accept: run, record, delivery",
                3,
                accept as fn(&mut Load) -> Unit,
            ),
            (
                "accept with key: run, record, delivery, key",
                4,
                accept_with_key,
            ),
            ("short run: run, record, change", 2, short_run),
            (
                "five-task run: 7 units with a record each",
                1,
                five_task_run,
            ),
        ] {
            if only
                .as_ref()
                .is_some_and(|only| !name.starts_with(only.as_str()))
            {
                continue;
            }
            let directory = parent.path().join(format!("{waiting}-{rows}"));
            let store = Arc::new(SqliteStore::open(&directory, Options::default())?);
            let count = keep_busy(&store, waiting, make)?;
            let per_second = count as f64 / SPAN.as_secs_f64();
            println!(
                "{waiting:>4} in flight  {name:<44} {per_second:>9.0} units/s {:>9.0} rows/s",
                per_second * f64::from(rows)
            );
            store.close();
        }
    }
    Ok(())
}

/// One closed loop for each of `waiting` callers, all driven by two threads, as a server's are.
fn keep_busy(
    store: &Arc<SqliteStore>,
    waiting: usize,
    make: fn(&mut Load) -> Unit,
) -> Result<u64, Box<dyn std::error::Error>> {
    const THREADS: usize = 2;
    let committed = Arc::new(AtomicU64::new(0));
    let threads = (0..THREADS).map(|thread| {
        let (store, committed) = (Arc::clone(store), Arc::clone(&committed));
        std::thread::spawn(move || {
            let (answered, answers) = sync_channel(waiting);
            let mut loads: Vec<Load> = (0..waiting / THREADS).map(|_| Load::new()).collect();
            let submit = |place: usize, load: &mut Load| {
                let answered = answered.clone();
                // The loop has ended when nobody listens.
                store.submit(
                    make(load),
                    Box::new(move |answer| drop(answered.send((place, answer)))),
                );
            };
            for (place, load) in loads.iter_mut().enumerate() {
                submit(place, load);
            }
            let start = Instant::now();
            let mut count = 0;
            while start.elapsed() < SPAN {
                let (place, answer) = answers.recv().expect("each unit is answered");
                assert_eq!(answer, Ok(Committed::Done), "thread {thread}");
                count += 1;
                submit(place, &mut loads[place]);
            }
            committed.fetch_add(count, Ordering::Relaxed);
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().map_err(|_| "a thread stopped")?;
    }
    Ok(committed.load(Ordering::Relaxed))
}

/// What one caller does next.
struct Load {
    run: RunId,
    seq: u64,
    body: Bytes,
    headers: Bytes,
}

impl Load {
    fn new() -> Self {
        let (body, headers) = (Bytes::from(vec![b'x'; 300]), Bytes::from(vec![b'h'; 200]));
        Self {
            run: RunId(uuid::Uuid::nil()),
            seq: 0,
            body,
            headers,
        }
    }

    fn record(&self, run: RunId, seq: u64) -> Write {
        Write::Journal(Record {
            run,
            seq,
            at: now(),
            body: Arc::clone(&self.body),
        })
    }
}

fn accept(load: &mut Load) -> Unit {
    let id = RunId(uuid::Uuid::now_v7());
    let (namespace, source) = ("sales".into(), "hook:sales/contact-form".into());
    let (headers, body) = (Arc::clone(&load.headers), Arc::clone(&load.body));
    let delivery = Delivery {
        id: uuid::Uuid::now_v7(),
        namespace,
        source,
        received_at: now(),
        headers,
        body,
        runs: vec![id],
    };
    Unit {
        dedupe: None,
        writes: vec![
            Write::RunPut(row(id)),
            load.record(id, 1),
            Write::DeliveryPut(delivery),
        ],
    }
}

fn accept_with_key(load: &mut Load) -> Unit {
    let run = RunId(uuid::Uuid::now_v7());
    // Scattered, as other people's ids are.
    let scattered = run
        .0
        .as_u128()
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let (scope, key) = (
        "sales/hook:contact-form".into(),
        uuid::Uuid::from_u128(scattered).to_string().into(),
    );
    Unit {
        dedupe: Some(DedupeKey {
            scope,
            key,
            digest: [7; 32],
            at: now(),
            run,
        }),
        ..accept(load)
    }
}

fn short_run(load: &mut Load) -> Unit {
    let id = RunId(uuid::Uuid::now_v7());
    Unit {
        dedupe: None,
        writes: vec![
            Write::RunPut(row(id)),
            load.record(id, 1),
            Write::RunChange(ended(id)),
        ],
    }
}

/// Start, five tasks, end.
fn five_task_run(load: &mut Load) -> Unit {
    let mut writes = Vec::with_capacity(2);
    if load.seq.is_multiple_of(7) {
        (load.run, load.seq) = (RunId(uuid::Uuid::now_v7()), 0);
        writes.push(Write::RunPut(row(load.run)));
    }
    load.seq += 1;
    writes.push(load.record(load.run, load.seq));
    if load.seq == 7 {
        writes.push(Write::RunChange(ended(load.run)));
    }
    Unit {
        dedupe: None,
        writes,
    }
}

fn row(id: RunId) -> RunRow {
    RunRow {
        id,
        namespace: "sales".into(),
        workflow: "greet".into(),
        version: "1.0.0".into(),
        definition: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        status: RunStatus::Running,
        created_at: now(),
        updated_at: now(),
        ended_at: None,
        parent: None,
        parent_effect: None,
        retry_of: None,
        trigger: "hook:sales/contact-form".into(),
        summary: None,
    }
}

fn ended(id: RunId) -> RunChange {
    RunChange {
        id,
        status: RunStatus::Completed,
        updated_at: now(),
        ended_at: Some(now()),
        summary: None,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement outside the server: rows carry the time at which they are made"
)]
fn now() -> Millis {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    Millis(i64::try_from(since.as_millis()).expect("before the year 292,000,000"))
}

/// The limit: rows like the journal's through one prepared statement, 256 in each synced transaction.
fn bare_inserts(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let db = rusqlite::Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 2_000)?;
    db.execute_batch(
        "CREATE TABLE journal (run BLOB, seq INTEGER, at INTEGER, body BLOB, PRIMARY KEY (run, seq)) WITHOUT ROWID",
    )?;
    let mut insert = db.prepare("INSERT INTO journal VALUES (?1, ?2, ?3, ?4)")?;
    let body = [b'x'; 300];
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < SPAN {
        db.execute_batch("BEGIN")?;
        for _ in 0..256 {
            insert.execute((uuid::Uuid::now_v7().as_bytes(), 1, now().0, &body))?;
            count += 1;
        }
        db.execute_batch("COMMIT")?;
    }
    println!(
        "bare inserts, 256 a transaction, one thread {:>47.0} rows/s",
        f64::from(count) / SPAN.as_secs_f64()
    );
    Ok(())
}
