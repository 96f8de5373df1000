//! More than the server can take: it says so and asks to come again, its memory stays flat, what it accepted it does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::oracle;
use crate::program::{Program, Project};
use crate::target::{self, Target};

const DELIVER: &str = "/hooks/load/deliveries";
const CONNECTIONS: u64 = 200;
/// All of them together are many times what may be under way (64 MiB), so some must be refused.
const BODY_BYTES: usize = 4 << 20;
const LASTS: Duration = Duration::from_secs(5);
/// Above what it has when idle: bodies under way, what waits for the disk, and a debug build's generosity.
const RESIDENT_BYTES_MAX: u64 = 512 << 20;

/// What the answers were.
#[derive(Default)]
struct Tally {
    accepted: AtomicU64,
    refused: AtomicU64,
    cut_off: AtomicU64,
}

#[tokio::test(flavor = "multi_thread")]
async fn overload_is_answered_and_nothing_accepted_is_dropped() {
    let notes = tempfile::tempdir().unwrap();
    let target = Target::start(&notes).await;
    let project = Project::new(&target::project(target.address));
    let program = project.start();
    let (tally, until) = (Arc::new(Tally::default()), Instant::now() + LASTS);
    let body: Arc<str> = "x".repeat(BODY_BYTES).into();
    let mut tasks = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let (client, tally, body) = (program.client(), tally.clone(), body.clone());
        tasks.spawn(async move {
            let mut accepted = BTreeMap::new();
            let mut count = 0;
            while Instant::now() < until {
                count += 1;
                let number = connection * 100_000 + count;
                // Every fourth is small: those who ask for little are not all turned away.
                let padding = if count % 4 == 0 {
                    &body[..10]
                } else {
                    &body[..]
                };
                let text = format!(r#"{{"number":{number},"padding":"{padding}"}}"#);
                let sent = client
                    .try_deliver(DELIVER, &format!("d-{number}"), text)
                    .await;
                let Some(answer) = sent else {
                    // Refused before the body was read, and the answer lost with the connection: allowed, not counted.
                    tally.cut_off.fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                match answer.status {
                    200 | 202 => {
                        tally.accepted.fetch_add(1, Ordering::Relaxed);
                        accepted.insert(number, vec![answer.run.unwrap()]);
                    }
                    429 | 503 => {
                        tally.refused.fetch_add(1, Ordering::Relaxed);
                        assert!(answer.retry_after.is_some(), "says when: {answer:?}");
                    }
                    413 => panic!("no body is larger than allowed"),
                    _ => panic!("{answer:?}"),
                }
            }
            accepted
        });
    }
    let idlers = idle_connections(&program).await;
    let mut highest = 0;
    let mut ledger = Ledger {
        runs: BTreeMap::new(),
        answers: 0,
    };
    let mut look = tokio::time::interval(Duration::from_millis(50));
    while !tasks.is_empty() {
        tokio::select! {
            Some(ended) = tasks.join_next() => ledger.runs.extend(ended.unwrap()),
            _ = look.tick() => highest = highest.max(resident_bytes(&program)),
        }
    }
    drop(idlers);
    ledger.answers = ledger.runs.len();
    let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
    let (accepted, refused, cut_off) = (
        count(&tally.accepted),
        count(&tally.refused),
        count(&tally.cut_off),
    );
    println!(
        "overload: {accepted} accepted, {refused} refused with Retry-After, {cut_off} cut off, \
         resident at most {} MiB",
        highest >> 20
    );
    assert!(
        accepted > 0 && refused > 0,
        "{accepted} accepted, {refused} refused"
    );
    assert!(
        highest < RESIDENT_BYTES_MAX,
        "resident: {} MiB",
        highest >> 20
    );
    oracle::check(&program.client(), &ledger, &target).await;
}

/// Connections that begin a request and never end it: they hold a place, and nobody else up.
async fn idle_connections(program: &Program) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        #[expect(
            clippy::disallowed_methods,
            reason = "a client that behaves badly on purpose"
        )]
        let mut connection = TcpStream::connect(program.address).await.unwrap();
        connection
            .write_all(b"POST /hooks/load/deliveries HTTP/1.1\r\nhost: 127.0.0.1\r\n")
            .await
            .unwrap();
        connections.push(connection);
    }
    connections
}

fn resident_bytes(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim()
        .strip_suffix(" kB")
        .unwrap()
        .parse::<u64>()
        .unwrap()
        << 10
}

/// 100 MB are announced: refused before they are read, by its length or where the limit is passed.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_100_mb_is_refused_without_being_taken_in() {
    const HUGE: u64 = 100_000_000;
    let project = Project::new(&target::project(([127, 0, 0, 1], 9).into()));
    let program = project.start();
    let before = resident_bytes(&program);
    let cases = [
        (
            "announced",
            format!("content-length: {HUGE}\r\n"),
            String::new(),
        ),
        (
            "in chunks",
            "transfer-encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n", 1 << 16),
        ),
    ];
    for (name, header, chunk) in cases {
        #[expect(
            clippy::disallowed_methods,
            reason = "a client that behaves badly on purpose"
        )]
        let mut connection = TcpStream::connect(program.address).await.unwrap();
        let head = format!(
            "POST {DELIVER} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nx-delivery-id: huge\r\n{header}\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let block = vec![b'x'; 1 << 16];
        let (mut reader, mut writer) = connection.into_split();
        let sending = tokio::spawn(async move {
            let mut sent = 0;
            while sent < HUGE {
                let whole = [
                    chunk.as_bytes(),
                    &block,
                    if chunk.is_empty() { b"" } else { b"\r\n" },
                ]
                .concat();
                if writer.write_all(&whole).await.is_err() {
                    break;
                }
                sent += block.len() as u64;
            }
            sent
        });
        let mut answer = Vec::new();
        // A reset after the answer is how the server says that it will not read the rest.
        let _ = reader.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{name}: {answer}");
        assert!(
            answer.contains("/errors/body-too-large"),
            "{name}: {answer}"
        );
        sending.abort();
    }
    let after = resident_bytes(&program);
    assert!(
        after < before + (32 << 20),
        "resident: {} MiB, then {} MiB",
        before >> 20,
        after >> 20
    );
    assert!(
        program.client().runs().await.is_empty(),
        "nothing was started"
    );
}
