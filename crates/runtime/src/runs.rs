//! Runs in memory: one command after another for each run, each decision committed before it is acted on.
//!
//! INVARIANT: effects of a decision begin only in the reply of the unit that holds its record. Reads are excepted: they
//! change nothing outside and are repeated after a crash anyway, so they may run ahead of the disk by a few records.
//! INVARIANT: a run's units are handed to the store in the order of its decisions (under the run's own lock).

mod follow_up;
mod hot;
mod record;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use engine::{Command, Moment, Rejection};
use store::{Committed, RunChange, RunId, RunStatus, Store, StoreError, Unit, Write};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::Bus;
use crate::clock::{Clock, millis};
use crate::definitions::{Definitions, Loaded};
use crate::metrics::Metrics;
use crate::performer::Performer;
use crate::resources::Resources;
use crate::secrets::SecretKeeper;
use crate::timers::Timers;
use crate::view::{LiveEvent, RunDetail};
pub(crate) use follow_up::FollowUp;
pub(crate) use hot::{Hot, fold};

/// Shards of the table of runs; a power of two.
const SHARDS: usize = 64;
/// A run whose decision panicked so often is set aside.
const BREAKS_MAX: u32 = 3;
/// How long to wait before a command is tried again that the store refused.
const AGAIN: Duration = Duration::from_millis(500);

/// All that the parts of the runtime share.
pub(crate) struct Core {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub connector: Arc<dyn Performer>,
    pub resources: Arc<Resources>,
    pub secrets: Arc<SecretKeeper>,
    pub definitions: Definitions,
    pub bus: Bus,
    pub timers: Timers,
    pub metrics: Metrics,
    pub live: tokio::sync::broadcast::Sender<LiveEvent>,
    /// Wakes the schedules when definitions or their notes changed.
    pub schedule_changed: tokio::sync::Notify,
    pub handle: tokio::runtime::Handle,
    pub stopping: CancellationToken,
    /// Calls under way, waited for at a stop.
    pub tasks: TaskTracker,
    pub runtime: dsl::Value,
    /// How often a run's decision panicked.
    breaks: Mutex<HashMap<RunId, u32>>,
    shards: Vec<Mutex<HashMap<RunId, Arc<Mutex<Hot>>>>>,
}

/// What a core is made of, besides what it makes itself.
pub(crate) struct Parts {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub connector: Arc<dyn Performer>,
    pub resources: Arc<Resources>,
    pub secrets: Arc<SecretKeeper>,
}
/// Told what became of a command, once that is on disk.
pub(crate) type Done = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

#[derive(Debug)]
pub(crate) enum Refusal {
    NotFound,
    Rejected(Rejection),
    /// Deciding about the run panicked; it is set aside.
    Broken,
    Store(StoreError),
}

impl Core {
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            store: parts.store,
            clock: parts.clock,
            connector: parts.connector,
            resources: parts.resources,
            secrets: parts.secrets,
            definitions: Definitions::default(),
            bus: Bus::default(),
            timers: Timers::default(),
            metrics: Metrics::default(),
            live: tokio::sync::broadcast::channel(1_024).0,
            schedule_changed: tokio::sync::Notify::new(),
            handle: tokio::runtime::Handle::current(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            runtime: dsl::Value::object([
                ("name", dsl::Value::from("Segue")),
                ("version", dsl::Value::from(env!("CARGO_PKG_VERSION"))),
                ("metadata", dsl::Value::object::<&str>([])),
            ]),
            breaks: Mutex::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        })
    }

    pub fn moment(&self, loaded: &Loaded) -> Moment {
        Moment {
            now: self.clock.now(),
            entropy: self.clock.entropy(),
            secrets: self
                .secrets
                .references(&loaded.row.namespace, &loaded.definition.secrets),
            runtime: self.runtime.clone(),
            budget: 1_000,
        }
    }

    // The table of runs.

    fn shard(&self, run: RunId) -> MutexGuard<'_, HashMap<RunId, Arc<Mutex<Hot>>>> {
        let low = run.0.as_u128() as usize;
        self.shards[low % SHARDS]
            .lock()
            .expect("no panic while held")
    }

    /// The run, from memory or read again; none: there is no such run, or it has ended.
    pub fn hot(&self, run: RunId) -> Result<Option<Arc<Mutex<Hot>>>, StoreError> {
        if let Some(hot) = self.shard(run).get(&run) {
            return Ok(Some(hot.clone()));
        }
        let Some(read) = self.read_hot(run)? else {
            return Ok(None);
        };
        let mut shard = self.shard(run);
        let hot = shard.entry(run).or_insert_with(|| {
            self.metrics.runs_hot.add(1);
            Arc::new(Mutex::new(read))
        });
        Ok(Some(hot.clone()))
    }

    fn read_hot(&self, run: RunId) -> Result<Option<Hot>, StoreError> {
        let Some(kept) = self.store.queries().load(run)? else {
            return Ok(None);
        };
        if kept.row.status.is_ended() {
            return Ok(None);
        }
        let Some(loaded) = self
            .definitions
            .by_digest(self.store.queries(), &kept.row.definition)?
        else {
            return Err(StoreError::Damaged {
                reason: format!(
                    "run {run} needs definition {}, which is gone",
                    kept.row.definition
                ),
            });
        };
        Hot::read(kept, loaded).map(Some)
    }

    fn forget(&self, run: RunId) {
        if self.shard(run).remove(&run).is_some() {
            self.metrics.runs_hot.sub(1);
        }
    }

    /// Tells when the run has ended; none: it has already, or is unknown.
    pub fn watch(
        &self,
        run: RunId,
    ) -> Result<Option<tokio::sync::oneshot::Receiver<RunDetail>>, StoreError> {
        let Some(hot) = self.hot(run)? else {
            return Ok(None);
        };
        let mut hot = lock(&hot);
        // It has ended in memory before it has on disk, and only the latter counts.
        if hot.state.status().is_ended() && hot.unacked == 0 {
            return Ok(None);
        }
        Ok(Some(hot.watch()))
    }

    // Commands.

    /// Gives a run a command. `also` is written in the same unit, whether or not the command changes the run.
    pub fn deliver(
        self: &Arc<Self>,
        run: RunId,
        command: Command,
        mut also: Vec<Write>,
        done: Done,
    ) {
        let hot = match self.hot(run) {
            Ok(Some(hot)) => hot,
            Ok(None) => return self.write_only(also, Refusal::NotFound, done),
            Err(error) => return done(Err(Refusal::Store(error))),
        };
        let mut guard = lock(&hot);
        if guard.is_stale {
            return done(Err(Refusal::Store(StoreError::Overloaded {
                waiting_bytes: 0,
            })));
        }
        let moment = self.moment(&guard.loaded);
        let loaded = guard.loaded.clone();
        let before = self.before(&guard.state);
        let decided = catch_unwind(AssertUnwindSafe(|| {
            engine::advance(&loaded.definition, &mut guard.state, command, &moment)
        }));
        match decided {
            Ok(Ok(decision)) => {
                let mut unit = Unit::default();
                self.record(&mut guard, &decision, &moment, &mut unit.writes);
                if let Some(before) = before {
                    self.write_lifecycle(&guard, before, &decision, &moment, &mut unit.writes);
                }
                unit.writes.append(&mut also);
                self.submit(&hot, &mut guard, unit, decision, done);
            }
            Ok(Err(rejection)) => {
                drop(guard);
                self.write_only(also, Refusal::Rejected(rejection), done);
            }
            Err(_) => {
                guard.is_stale = true;
                drop(guard);
                self.forget(run);
                self.broke(run, also, done);
            }
        }
    }

    /// A decision panicked: a bug of ours. The run is tried again, and set aside when it breaks every time.
    fn broke(&self, run: RunId, mut also: Vec<Write>, done: Done) {
        let breaks = {
            let mut breaks = self.breaks.lock().expect("no panic while held");
            let count = breaks.entry(run).or_default();
            *count += 1;
            *count
        };
        tracing::error!(%run, breaks, "deciding about a run panicked; this is a bug in Segue");
        if breaks < BREAKS_MAX {
            let again = StoreError::Overloaded { waiting_bytes: 0 };
            return done(Err(Refusal::Store(again)));
        }
        also.push(Write::RunChange(RunChange {
            id: run,
            status: RunStatus::Suspended,
            updated_at: millis(self.clock.now()),
            ended_at: None,
            summary: Some("quarantined: deciding about it broke Segue three times".into()),
        }));
        self.write_only(also, Refusal::Broken, done);
    }

    fn write_only(&self, also: Vec<Write>, refusal: Refusal, done: Done) {
        if also.is_empty() {
            return done(Err(refusal));
        }
        let reply = move |written: Result<Committed, StoreError>| match written {
            Ok(_) => done(Err(refusal)),
            Err(error) => done(Err(Refusal::Store(error))),
        };
        self.store.submit(
            Unit {
                dedupe: None,
                writes: also,
            },
            Box::new(reply),
        );
    }

    /// Delivers a command that must not be lost: tried again until the store takes it or the run does not want it.
    pub fn deliver_again(self: &Arc<Self>, run: RunId, command: Command) {
        self.deliver_again_with(run, command, Vec::new());
    }

    pub fn deliver_again_with(self: &Arc<Self>, run: RunId, command: Command, also: Vec<Write>) {
        let core = self.clone();
        let (kept_command, kept_also) = (command.clone(), also.clone());
        let done = move |result: Result<(), Refusal>| {
            if let Err(Refusal::Store(error)) = result {
                if matches!(error, StoreError::Closed) {
                    return; // The next process takes the run up from what is kept.
                }
                if matches!(
                    error,
                    StoreError::Failed { .. } | StoreError::Damaged { .. }
                ) {
                    tracing::error!(%run, "a command waits for the store: {error}");
                    return;
                }
                let handle = core.handle.clone();
                handle.spawn(async move {
                    tokio::time::sleep(AGAIN).await;
                    core.deliver_again_with(run, kept_command, kept_also);
                });
            }
        };
        self.deliver(run, command, also, Box::new(done));
    }

    /// [`Core::deliver`], waited for.
    pub async fn ask(
        self: &Arc<Self>,
        run: RunId,
        command: Command,
        also: Vec<Write>,
    ) -> Result<(), Refusal> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.deliver(
            run,
            command,
            also,
            Box::new(move |result| drop(sender.send(result))),
        );
        receiver
            .await
            .unwrap_or(Err(Refusal::Store(StoreError::Failed {
                reason: "the store went away".into(),
            })))
    }
}

pub(crate) fn lock(hot: &Arc<Mutex<Hot>>) -> MutexGuard<'_, Hot> {
    // A panic while deciding leaves the state of this one run in doubt; the next command reads it again.
    hot.lock().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        guard.is_stale = true;
        guard
    })
}
