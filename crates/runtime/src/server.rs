//! The handle that the faces hold.

mod definitions;
mod keys;
mod runs;
mod triggers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dsl::value::Value;
use store::{AuditRow, DedupeKey, RunId, Store, StoreError, Unit, Write};

use crate::clock::{Clock, SystemClock, millis};
use crate::error::RuntimeError;
use crate::performer::Performer;
use crate::resources::Resources;
use crate::runs::{Core, Parts};
use crate::scope::Scope;
use crate::secrets::SecretKeeper;
use crate::view::{LiveEvent, RunDetail};
use crate::{timers, triggers as schedules};
use keys::Owner;

/// How careful the server is with its surroundings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    #[default]
    Production,
    /// Calls may reach loopback addresses, and shell tasks may run.
    Development,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data lives; none: in memory only (`segue run`).
    pub data: Option<PathBuf>,
    pub profile: Profile,
    /// Private networks that calls may reach, as CIDR.
    pub allowed_networks: Vec<String>,
    /// Files with secrets, one per file, named as the secret.
    pub secret_directory: Option<PathBuf>,
    /// Secrets from the environment, already read by the caller: name and value.
    pub secrets: Vec<(String, String)>,
    /// How long ended runs are kept.
    pub retention: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: None,
            profile: Profile::Production,
            allowed_networks: Vec::new(),
            secret_directory: None,
            secrets: Vec::new(),
            retention: Some(Duration::from_secs(30 * 24 * 3600)),
        }
    }
}

/// The raw input of a run, and the bytes it came as.
#[derive(Clone, Debug)]
pub struct RunInput {
    pub value: Value,
    pub raw: Option<Arc<[u8]>>,
}

#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// None: the active version.
    pub version: Option<Arc<str>>,
    /// The same key with the same body within 7 days starts one run.
    pub idempotency_key: Option<Arc<str>>,
    /// Wait for the end of the run, at most so long.
    pub wait: Option<Duration>,
}

#[derive(Clone, Debug)]
pub struct Started {
    pub run: RunId,
    /// The key was known: this is the first one's run.
    pub is_duplicate: bool,
    /// When asked to wait and it ended in time.
    pub ended: Option<RunDetail>,
}

/// A delivery to a webhook source, as it arrived.
#[derive(Clone, Debug)]
pub struct HookRequest {
    pub method: String,
    /// Path and query as received.
    pub uri: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Arc<[u8]>,
}

#[derive(Clone, Debug)]
pub struct HookReply {
    /// 202 (accepted), 200 (a repeated delivery, or a sync reply), or as the source says.
    pub status: u16,
    pub body: Value,
    /// The run or runs that it started.
    pub runs: Vec<RunId>,
}

/// What a test or a benchmark brings instead of the real thing.
#[derive(Default)]
pub struct StandIns {
    pub store: Option<Arc<dyn Store>>,
    pub clock: Option<Arc<dyn Clock>>,
    pub performer: Option<Arc<dyn Performer>>,
}

/// A running Segue.
pub struct Server {
    core: Arc<Core>,
    options: Options,
    owner: Owner,
}

/// Dedupe keys are kept so long: longer than any sender repeats a delivery.
const DEDUPE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Ended runs removed in one unit.
const PRUNE_BATCH: u32 = 500;
const PRUNE_EVERY: Duration = Duration::from_secs(600);

impl Server {
    /// Opens the store, takes up unfinished runs, starts timers and schedules. Ready when it returns.
    pub async fn start(options: Options) -> Result<Arc<Self>, RuntimeError> {
        Self::start_with(options, StandIns::default()).await
    }

    /// [`Server::start`] with parts of one's own.
    pub async fn start_with(
        options: Options,
        stand_ins: StandIns,
    ) -> Result<Arc<Self>, RuntimeError> {
        let store: Arc<dyn Store> = match (stand_ins.store, &options.data) {
            (Some(store), _) => store,
            (None, Some(directory)) => Arc::new(store::sqlite::SqliteStore::open(
                directory,
                store::sqlite::Options::default(),
            )?),
            (None, None) => Arc::new(store::memory::threaded::ThreadedStore::default()),
        };
        let unusable = |error: std::io::Error| RuntimeError::Unavailable {
            what: format!("the server's keys cannot be used: {error}"),
        };
        let key = match &options.data {
            Some(directory) => SecretKeeper::key_of(directory).map_err(unusable)?,
            None => crate::secrets::random().map_err(unusable)?,
        };
        let owner = Owner::of(options.data.as_deref()).map_err(unusable)?;
        let secrets = Arc::new(SecretKeeper::new(
            key,
            options.secret_directory.clone(),
            options.secrets.clone(),
        ));
        let performer = match stand_ins.performer {
            Some(performer) => performer,
            None => crate::performer::connectors(&options, secrets.clone())?,
        };
        let core = Core::new(Parts {
            store,
            clock: stand_ins.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            connector: performer,
            resources: Arc::new(Resources::default()),
            secrets,
        });
        core.load()?;
        let taken = core.take_up_all().await?;
        if taken > 0 {
            tracing::info!(runs = taken, "took up unfinished runs");
        }
        let server = Arc::new(Self {
            core,
            options,
            owner,
        });
        server.spawn(timers::run(server.core.clone()));
        server.spawn(schedules::run(server.core.clone()));
        server.spawn(prune(server.core.clone(), server.options.retention));
        Ok(server)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.core.handle.spawn(work));
    }

    /// Refuses new triggers, lets calls under way end (at most `grace`), writes everything, closes.
    pub async fn stop(&self, grace: Duration) {
        self.core.stopping.cancel();
        self.core.tasks.close();
        if tokio::time::timeout(grace, self.core.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "calls were still under way at the end of the grace time; they are taken up at the next start"
            );
        }
        let store = self.core.store.clone();
        let closed = tokio::task::spawn_blocking(move || store.close()).await;
        if closed.is_err() {
            tracing::error!("the store did not close");
        }
    }

    /// False while stopping, or when the store takes no writes.
    pub fn is_ready(&self) -> bool {
        !self.core.stopping.is_cancelled() && self.core.store.is_healthy()
    }

    // Watching.

    /// Live events; a receiver that falls behind misses the oldest and is told so.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<LiveEvent> {
        self.core.live.subscribe()
    }

    /// Metrics in the OpenMetrics text format.
    pub fn metrics(&self) -> String {
        let waiting = self.core.store.waiting_bytes();
        format!(
            "{}# TYPE segue_store_waiting_bytes gauge\n# HELP segue_store_waiting_bytes Bytes that wait to be written.\nsegue_store_waiting_bytes {waiting}\n# EOF\n",
            self.core.metrics.render()
        )
    }

    // Tools.

    fn allow(&self, scope: &Scope, namespace: &str) -> Result<(), RuntimeError> {
        if scope.allows(namespace) {
            Ok(())
        } else {
            Err(RuntimeError::NotFound {
                what: "namespace",
                name: namespace.to_owned(),
            })
        }
    }

    /// Refuses new work while stopping, or when too much waits.
    fn admit(&self) -> Result<(), RuntimeError> {
        if self.core.stopping.is_cancelled() {
            Err(RuntimeError::Stopping)
        } else {
            Ok(())
        }
    }

    fn audit(&self, scope: &Scope, namespace: &str, action: &str, subject: &str) -> Write {
        Write::Audit(AuditRow {
            at: millis(self.core.clock.now()),
            namespace: namespace.into(),
            actor: scope.actor.clone(),
            action: action.into(),
            subject: subject.into(),
            detail: b"{}".as_slice().into(),
        })
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), RuntimeError> {
        if writes.is_empty() {
            return Ok(());
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.core.store.submit(
            Unit {
                dedupe: None,
                writes,
            },
            Box::new(move |result| drop(sender.send(result))),
        );
        match receiver.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(StoreError::Overloaded { .. })) => Err(RuntimeError::Overloaded),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(StoreError::Failed {
                reason: "the store went away".to_owned(),
            }
            .into()),
        }
    }
}

async fn prune(core: Arc<Core>, retention: Option<Duration>) {
    let Some(retention) = retention else { return };
    loop {
        let now = core.clock.now();
        let before = now
            .checked_sub(
                jiff::SignedDuration::try_from(retention).unwrap_or(jiff::SignedDuration::MAX),
            )
            .unwrap_or(jiff::Timestamp::MIN);
        let dedupe_before = now - jiff::SignedDuration::from_secs(DEDUPE_KEPT.as_secs() as i64);
        let write = Write::Prune {
            before: millis(before),
            dedupe_before: millis(dedupe_before),
            limit: PRUNE_BATCH,
        };
        core.store.submit(
            Unit {
                dedupe: None,
                writes: vec![write],
            },
            Box::new(|_| {}),
        );
        tokio::select! {
            () = tokio::time::sleep(PRUNE_EVERY) => {}
            () = core.stopping.cancelled() => return,
        }
    }
}

fn dedupe_key(scope: &str, key: &str, body: &[u8], at: jiff::Timestamp, run: RunId) -> DedupeKey {
    DedupeKey {
        scope: scope.into(),
        key: key.into(),
        digest: sha256(body),
        at: millis(at),
        run,
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}
