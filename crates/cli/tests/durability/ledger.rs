//! Clients that write down every answer, each in a file of its own that is synced before the next request goes out.
//!
//! What a client holds in memory is not believed: the oracle reads the files.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::program;

/// Deliveries go out as long as there are permits; what was begun is repeated until it is answered.
pub struct Clients {
    tasks: JoinSet<()>,
    /// Where the server is now; nowhere while it is down.
    pub server: watch::Sender<Option<SocketAddr>>,
    /// How many deliveries may begin.
    pub permits: Arc<Semaphore>,
    pub unanswered: Arc<AtomicU64>,
    folder: PathBuf,
}

/// What the ledgers say.
pub struct Ledger {
    /// The runs that were named for each delivery: one, if all is well.
    pub runs: BTreeMap<u64, Vec<String>>,
    /// Answers with 2xx, repetitions included.
    pub answers: usize,
}

impl Clients {
    pub fn start(count: u64, folder: &Path) -> Self {
        let (server, _) = watch::channel(None);
        let (permits, unanswered) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
        let next = Arc::new(AtomicU64::new(1));
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let client = One {
                http: program::http(),
                server: server.subscribe(),
                permits: permits.clone(),
                unanswered: unanswered.clone(),
                next: next.clone(),
                ledger: std::fs::File::create(folder.join(format!("ledger-{number}"))).unwrap(),
            };
            tasks.spawn(client.deliver_all());
        }
        Self {
            tasks,
            server,
            permits,
            unanswered,
            folder: folder.to_owned(),
        }
    }

    /// Begins nothing more, and returns when everything begun is answered.
    pub async fn finish(mut self) -> Ledger {
        self.permits.close();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        Ledger::read(&self.folder)
    }
}

impl Ledger {
    fn read(folder: &Path) -> Self {
        let mut ledger = Self {
            runs: BTreeMap::new(),
            answers: 0,
        };
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("ledger-")
            {
                continue;
            }
            for line in std::fs::read_to_string(path).unwrap().lines() {
                let [delivery, status, run] = line.split(' ').collect::<Vec<_>>()[..] else {
                    panic!("a line of the ledger: {line}");
                };
                if !status.starts_with('2') {
                    continue;
                }
                ledger.answers += 1;
                let runs = ledger.runs.entry(delivery.parse().unwrap()).or_default();
                if !runs.iter().any(|known| known == run) {
                    runs.push(run.to_owned());
                }
            }
        }
        ledger
    }
}

struct One {
    http: reqwest::Client,
    server: watch::Receiver<Option<SocketAddr>>,
    permits: Arc<Semaphore>,
    unanswered: Arc<AtomicU64>,
    next: Arc<AtomicU64>,
    ledger: std::fs::File,
}

impl One {
    async fn deliver_all(mut self) {
        while let Ok(permit) = self.permits.clone().acquire_owned().await {
            permit.forget();
            let delivery = self.next.fetch_add(1, Ordering::Relaxed);
            self.deliver(delivery).await;
            // A sender that lost its notes sends again what was answered long ago.
            if delivery.is_multiple_of(7) {
                self.deliver(delivery).await;
            }
        }
    }

    /// Repeats the delivery until it is accepted.
    async fn deliver(&mut self, delivery: u64) {
        loop {
            let at = *self.server.wait_for(Option::is_some).await.unwrap();
            let address = at.expect("waited for");
            let url = format!("http://{address}/hooks/load/deliveries");
            let request = self
                .http
                .post(url)
                .header("x-delivery-id", format!("d-{delivery}"))
                .header("content-type", "application/json")
                .body(format!(r#"{{"number":{delivery}}}"#));
            let Some((status, run)) = answer(request).await else {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                self.server_is_gone(address).await;
                continue;
            };
            writeln!(self.ledger, "{delivery} {status} {run}").unwrap();
            self.ledger.sync_data().unwrap();
            match status {
                200..=299 => return,
                503 => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => panic!("delivery {delivery} was answered {status}"),
            }
        }
    }

    /// Waits for another server, but not for long: an answer may be lost although the server lives.
    async fn server_is_gone(&mut self, address: SocketAddr) {
        let changed = self.server.wait_for(|now| *now != Some(address));
        let _ = tokio::time::timeout(Duration::from_millis(200), changed).await;
    }
}

/// The whole answer, or none: half of one does not count.
async fn answer(request: reqwest::RequestBuilder) -> Option<(u16, String)> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    let location = answer
        .headers()
        .get("location")
        .map(|value| value.to_str().unwrap().to_owned());
    answer.bytes().await.ok()?;
    let run = location.as_deref().and_then(|path| path.rsplit('/').next());
    Some((status, run.unwrap_or("-").to_owned()))
}
