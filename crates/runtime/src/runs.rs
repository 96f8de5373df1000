//! Runs in memory: one command after another for each run, each decision committed before it is acted on.
//!
//! INVARIANT: effects of a decision begin only in the reply of the unit that holds its record. Reads are excepted: they
//! change nothing outside and are repeated after a crash anyway, so they may run ahead of the disk by a few records.
//! INVARIANT: a run's units are handed to the store in the order of its decisions (under the run's own lock).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::performer::Performer;
use connectors::function::EffectClass;
use engine::{Command, Decision, Effect, Moment, Outcome, Rejection, RunState, Status};
use store::{
    Bytes, Committed, Message, Parcel, Record, RunChange, RunId, RunRow, RunStatus, Store,
    StoreError, Text, Timer, Unit, Write,
};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::Bus;
use crate::clock::{Clock, millis, millis_up, timestamp};
use crate::definitions::{Definitions, Loaded};
use crate::metrics::Metrics;
use crate::resources::Resources;
use crate::secrets::SecretKeeper;
use crate::timers::Timers;
use crate::view::{LiveEvent, RunDetail};

/// Shards of the table of runs; a power of two.
const SHARDS: usize = 64;
/// Records after which a snapshot is due, once they outweigh the last one.
const SNAPSHOT_RECORDS: u32 = 64;
/// Waiting runs stay in memory up to this many runs.
const HOT_MAX: u64 = 20_000;
/// Records of one run that may be on their way to the disk while its reads go on.
const RUN_AHEAD_MAX: u32 = 64;
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

/// A run in memory.
pub(crate) struct Hot {
    pub id: RunId,
    pub loaded: Arc<Loaded>,
    pub state: RunState,
    /// The line that lists show, as of the last decision.
    pub row: RunRow,
    seq: u64,
    records_since_snapshot: u32,
    bytes_since_snapshot: usize,
    snapshot_bytes: usize,
    timers: HashMap<u64, store::Millis>,
    pub calls: HashMap<u64, AbortHandle>,
    /// Records handed over and not yet on disk.
    unacked: u32,
    /// The store refused one of its units: what is in memory is ahead of what is kept.
    is_stale: bool,
    pub parent: Option<(RunId, u64)>,
    waiters: Vec<tokio::sync::oneshot::Sender<RunDetail>>,
}

/// Told what became of a command, once that is on disk.
pub(crate) type Done = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

#[derive(Debug)]
pub(crate) enum Refusal {
    NotFound,
    Rejected(Rejection),
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
        let (state, seq) = fold(run, &kept)?;
        let snapshot_bytes = kept.snapshot.as_ref().map_or(0, |(_, body)| body.len());
        Ok(Some(Hot {
            id: run,
            loaded,
            timers: state
                .timers
                .iter()
                .map(|(timer, known)| (*timer, millis_up(known.due)))
                .collect(),
            state,
            seq,
            records_since_snapshot: kept.records.len() as u32,
            bytes_since_snapshot: kept.records.iter().map(|record| record.body.len()).sum(),
            snapshot_bytes,
            calls: HashMap::new(),
            unacked: 0,
            is_stale: false,
            parent: kept.row.parent.zip(kept.row.parent_effect),
            row: kept.row,
            waiters: Vec::new(),
        }))
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
        if hot.state.status().is_ended() {
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
        match engine::advance(&loaded.definition, &mut guard.state, command, &moment) {
            Ok(decision) => {
                let mut unit = Unit::default();
                self.record(&mut guard, &decision, &moment, &mut unit.writes);
                unit.writes.append(&mut also);
                self.submit(&hot, &mut guard, unit, decision, done);
            }
            Err(rejection) => {
                drop(guard);
                self.write_only(also, Refusal::Rejected(rejection), done);
            }
        }
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

    // Records.

    /// Adds the writes that a decision asks for.
    pub fn record(
        &self,
        hot: &mut Hot,
        decision: &Decision,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) {
        let at = millis(moment.now);
        hot.seq += 1;
        let body: Bytes = serde_json::to_vec(&decision.events)
            .expect("history events are plain data")
            .into();
        hot.records_since_snapshot += 1;
        hot.bytes_since_snapshot += body.len();
        writes.push(Write::Journal(Record {
            run: hot.id,
            seq: hot.seq,
            at,
            body,
        }));
        self.write_effects(hot, decision, moment, writes);
        let status = run_status(hot.state.status());
        let summary = summary(hot);
        if status != hot.row.status || summary != hot.row.summary {
            let ended_at = status.is_ended().then_some(at);
            hot.row.status = status;
            hot.row.summary.clone_from(&summary);
            (hot.row.updated_at, hot.row.ended_at) = (at, ended_at);
            writes.push(Write::RunChange(RunChange {
                id: hot.id,
                status,
                updated_at: at,
                ended_at,
                summary,
            }));
        }
        if status.is_ended() {
            self.write_end(hot, moment, writes);
        } else if hot.records_since_snapshot >= SNAPSHOT_RECORDS
            && hot.bytes_since_snapshot >= hot.snapshot_bytes
        {
            let body: Bytes = serde_json::to_vec(&hot.state)
                .expect("a run's state is plain data")
                .into();
            (
                hot.records_since_snapshot,
                hot.bytes_since_snapshot,
                hot.snapshot_bytes,
            ) = (0, 0, body.len());
            writes.push(Write::Snapshot {
                run: hot.id,
                seq: hot.seq,
                body,
            });
        }
    }

    fn write_effects(
        &self,
        hot: &mut Hot,
        decision: &Decision,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) {
        for effect in &decision.effects {
            match effect {
                Effect::SetTimer { timer, due } => {
                    let due = millis_up(*due);
                    hot.timers.insert(*timer, due);
                    writes.push(Write::TimerSet(Timer {
                        run: hot.id,
                        timer: *timer,
                        due,
                    }));
                }
                Effect::ClearTimer { timer } => {
                    writes.push(Write::TimerClear {
                        run: hot.id,
                        timer: *timer,
                    });
                }
                Effect::Listen { listener, types } => {
                    writes.push(Write::ListenerSet(self.listener(hot, *listener, types)))
                }
                Effect::Unlisten { listener } => writes.push(Write::ListenerClear {
                    run: hot.id,
                    listener: *listener,
                }),
                Effect::Publish { event } => {
                    let body = event.to_json().into_bytes().into();
                    writes.push(Write::OutboxPut(self.parcel(hot, "event", body, moment)));
                }
                Effect::StartRun { effect, run } => {
                    let body = serde_json::to_vec(&(hot.id, effect, run))
                        .expect("a sub-run is plain data")
                        .into();
                    writes.push(Write::OutboxPut(self.parcel(hot, "start", body, moment)));
                }
                Effect::Perform { .. } | Effect::Abandon { .. } => {}
            }
        }
        for event in &decision.events {
            if let engine::HistoryEvent::TimerFired { timer } = event {
                writes.push(Write::TimerClear {
                    run: hot.id,
                    timer: *timer,
                });
                hot.timers.remove(timer);
            }
            if let engine::HistoryEvent::EffectAnswered { effect, .. } = event {
                hot.calls.remove(effect);
            }
        }
    }

    fn listener(&self, hot: &Hot, listener: u64, types: &[Text]) -> store::Listener {
        store::Listener {
            run: hot.id,
            listener,
            namespace: hot.loaded.row.namespace.clone(),
            types: types.to_vec(),
        }
    }

    fn parcel(&self, hot: &Hot, kind: &str, body: Bytes, _moment: &Moment) -> Parcel {
        Parcel {
            id: uuid::Uuid::now_v7(),
            namespace: hot.loaded.row.namespace.clone(),
            kind: kind.into(),
            body,
        }
    }

    /// What a run leaves when it has ended: its parent's answer, the next start of `schedule.after`.
    fn write_end(&self, hot: &Hot, moment: &Moment, writes: &mut Vec<Write>) {
        if let Some((parent, effect)) = hot.parent {
            let outcome = match hot.state.status() {
                Status::Completed => Outcome::Value(hot.state.output.clone().unwrap_or_default()),
                Status::Faulted => {
                    let mut error = hot
                        .state
                        .error
                        .clone()
                        .unwrap_or_else(|| unknown_error("the sub-run failed"));
                    error.instance = None; // It names a task of the sub-run.
                    Outcome::Error(error)
                }
                _ => Outcome::Error(unknown_error("the sub-run was cancelled")),
            };
            let body = serde_json::to_vec(&Command::Answered { effect, outcome })
                .expect("an answer is plain data")
                .into();
            writes.push(Write::InboxPut(Message {
                id: uuid::Uuid::now_v7(),
                run: parent,
                body,
            }));
        }
        crate::triggers::write_after(&hot.loaded, moment, writes);
    }

    /// Hands over a unit about a run whose lock is held, and acts on the decision once it is on disk.
    fn submit(
        self: &Arc<Self>,
        hot: &Arc<Mutex<Hot>>,
        guard: &mut Hot,
        unit: Unit,
        mut decision: Decision,
        done: Done,
    ) {
        let core = self.clone();
        let kept = hot.clone();
        let ahead = self.take_ahead(guard, &mut decision);
        guard.unacked += 1;
        let follow_up = FollowUp::of(guard, decision, &unit.writes);
        let reply = move |written: Result<Committed, StoreError>| match written {
            Ok(_) => {
                core.follow_up(&kept, follow_up);
                done(Ok(()));
            }
            Err(error) => {
                // A refusal at the door is told before `submit` returns, while the run's lock is held: not here.
                let handle = core.handle.clone();
                handle.spawn(async move {
                    core.make_stale(&kept);
                    done(Err(Refusal::Store(error)));
                });
            }
        };
        self.store.submit(unit, Box::new(reply));
        for (effect, request) in ahead {
            self.perform(guard, effect, request);
        }
    }

    /// Takes out the reads that need not wait for the disk.
    fn take_ahead(&self, hot: &Hot, decision: &mut Decision) -> Vec<(u64, engine::Request)> {
        if hot.unacked >= RUN_AHEAD_MAX {
            return Vec::new();
        }
        let mut ahead = Vec::new();
        decision.effects.retain(|effect| match effect {
            Effect::Perform { effect, request }
                if self.class_of(hot, *effect, &request.function, &request.with)
                    <= EffectClass::Read =>
            {
                ahead.push((*effect, request.clone()));
                false
            }
            _ => true,
        });
        ahead
    }

    /// What is in memory is ahead of the store: drop it, so that the next command reads the run again.
    fn make_stale(&self, hot: &Arc<Mutex<Hot>>) {
        let mut hot = lock(hot);
        hot.is_stale = true;
        for (_, call) in hot.calls.drain() {
            call.abort();
        }
        self.forget(hot.id);
    }

    /// A new run whose first record is being committed.
    pub fn begin(&self, row: RunRow, loaded: Arc<Loaded>, state: RunState) -> Hot {
        Hot {
            id: row.id,
            loaded,
            timers: state
                .timers
                .iter()
                .map(|(timer, known)| (*timer, millis_up(known.due)))
                .collect(),
            state,
            seq: 0,
            records_since_snapshot: 0,
            bytes_since_snapshot: 0,
            snapshot_bytes: 0,
            calls: HashMap::new(),
            unacked: 0,
            is_stale: false,
            parent: row.parent.zip(row.parent_effect),
            row,
            waiters: Vec::new(),
        }
    }

    /// Takes a run whose first record is on disk into the table, and acts on its decision.
    pub fn begun(self: &Arc<Self>, hot: Hot, follow_up: FollowUp) {
        self.metrics.runs_started.add(1);
        let run = hot.id;
        let has_ended = hot.state.status().is_ended();
        let hot = Arc::new(Mutex::new(hot));
        if !has_ended {
            self.metrics.runs_hot.add(1);
            self.shard(run).insert(run, hot.clone());
        }
        self.follow_up(&hot, follow_up);
    }

    /// Acts on a decision that is on disk. Called from the store's writer: nothing here blocks.
    fn follow_up(self: &Arc<Self>, hot: &Arc<Mutex<Hot>>, follow_up: FollowUp) {
        self.metrics.records.add(1);
        self.tell_live(&follow_up);
        let run = follow_up.run;
        let mut guard = lock(hot);
        guard.unacked = guard.unacked.saturating_sub(1);
        let mut is_outbox_due = false;
        for effect in follow_up.effects {
            match effect {
                Effect::Perform { effect, request } => self.perform(&mut guard, effect, request),
                Effect::Abandon { effect } => {
                    if let Some(call) = guard.calls.remove(&effect) {
                        call.abort();
                    }
                }
                Effect::SetTimer { timer, due } => self.timers.set(&Timer {
                    run,
                    timer,
                    due: millis_up(due),
                }),
                Effect::ClearTimer { timer } => {
                    if let Some(due) = guard.timers.remove(&timer) {
                        self.timers.clear(due, run, timer);
                    }
                }
                Effect::Listen { listener, types } => {
                    let namespace = follow_up.loaded.row.namespace.clone();
                    self.bus.add(store::Listener {
                        run,
                        listener,
                        namespace,
                        types,
                    });
                }
                Effect::Unlisten { listener } => self.bus.remove(run, listener),
                Effect::Publish { .. } | Effect::StartRun { .. } => is_outbox_due = true,
            }
        }
        drop(guard);
        if is_outbox_due || follow_up.has_messages {
            self.carry_soon(follow_up.parcels, follow_up.messages);
        }
        if follow_up.is_unfinished {
            let core = self.clone();
            self.handle
                .spawn(async move { core.deliver_again(run, Command::Continue) });
        }
        if follow_up.status.is_ended() {
            self.ended(hot, follow_up.status, &follow_up.loaded);
        } else if follow_up.status == RunStatus::Waiting && self.metrics.runs_hot.get() > HOT_MAX {
            self.evict(run, hot);
        }
    }

    fn evict(&self, run: RunId, hot: &Arc<Mutex<Hot>>) {
        let guard = lock(hot);
        if guard.waiters.is_empty() && guard.calls.is_empty() {
            // Whoever holds it still sees that it must be read again.
            drop(guard);
            let mut shard = self.shard(run);
            // Two: the table's and ours. Anyone else is about to use it.
            if Arc::strong_count(hot) <= 2 && shard.remove(&run).is_some() {
                self.metrics.runs_hot.sub(1);
            }
        }
    }

    fn ended(&self, hot: &Arc<Mutex<Hot>>, status: RunStatus, loaded: &Arc<Loaded>) {
        match status {
            RunStatus::Completed => self.metrics.runs_completed.add(1),
            RunStatus::Faulted => self.metrics.runs_faulted.add(1),
            _ => self.metrics.runs_cancelled.add(1),
        }
        let mut guard = lock(hot);
        let waiters = std::mem::take(&mut guard.waiters);
        let run = guard.id;
        for (_, call) in guard.calls.drain() {
            call.abort();
        }
        let detail = (!waiters.is_empty())
            .then(|| crate::read::detail(&guard.row, &guard.loaded, &guard.state));
        drop(guard);
        self.forget(run);
        for (waiter, detail) in waiters.into_iter().zip(std::iter::repeat(detail)) {
            // Whoever waited may have gone.
            let _ = detail.map(|detail| waiter.send(detail));
        }
        if loaded
            .definition
            .schedule
            .as_ref()
            .is_some_and(|schedule| schedule.after.is_some())
        {
            self.schedule_changed.notify_one();
        };
    }

    fn tell_live(&self, follow_up: &FollowUp) {
        if self.live.receiver_count() == 0 {
            return;
        }
        let _ = self.live.send(LiveEvent {
            run: follow_up.run,
            namespace: follow_up.loaded.row.namespace.clone(),
            workflow: follow_up.loaded.row.name.clone(),
            status: follow_up.status,
            seq: follow_up.seq,
            at: follow_up.at,
            summary: follow_up.summary.clone(),
        });
    }
}

/// What is to be done once a record is on disk.
pub(crate) struct FollowUp {
    run: RunId,
    loaded: Arc<Loaded>,
    seq: u64,
    at: jiff::Timestamp,
    status: RunStatus,
    summary: Option<Text>,
    effects: Vec<Effect>,
    is_unfinished: bool,
    has_messages: bool,
    parcels: Vec<Parcel>,
    messages: Vec<Message>,
}

impl FollowUp {
    pub fn of(hot: &Hot, decision: Decision, writes: &[Write]) -> Self {
        let mut at = jiff::Timestamp::UNIX_EPOCH;
        let (mut parcels, mut messages) = (Vec::new(), Vec::new());
        for write in writes {
            match write {
                Write::OutboxPut(parcel) => parcels.push(parcel.clone()),
                Write::InboxPut(message) => messages.push(message.clone()),
                Write::Journal(record) if record.run == hot.id => at = timestamp(record.at),
                _ => {}
            }
        }
        Self {
            run: hot.id,
            loaded: hot.loaded.clone(),
            seq: hot.seq,
            at,
            status: hot.row.status,
            summary: hot.row.summary.clone(),
            effects: decision.effects,
            is_unfinished: decision.is_unfinished,
            has_messages: !messages.is_empty(),
            parcels,
            messages,
        }
    }
}

impl Hot {
    /// Told when the run has ended.
    pub fn watch(&mut self) -> tokio::sync::oneshot::Receiver<RunDetail> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.waiters.push(sender);
        receiver
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

/// A run's state from what is kept of it, and its last record's number.
pub(crate) fn fold(run: RunId, kept: &store::Loaded) -> Result<(RunState, u64), StoreError> {
    let damaged = |reason: String| StoreError::Damaged {
        reason: format!("run {run}: {reason}"),
    };
    let (mut state, mut seq) = match &kept.snapshot {
        Some((seq, body)) => (
            serde_json::from_slice(body).map_err(|error| damaged(error.to_string()))?,
            *seq,
        ),
        None => (RunState::new(run.to_string()), 0),
    };
    for record in &kept.records {
        let events: Vec<engine::HistoryEvent> = serde_json::from_slice(&record.body)
            .map_err(|error| damaged(format!("record {}: {error}", record.seq)))?;
        for event in &events {
            engine::apply(&mut state, event, timestamp(record.at));
        }
        seq = record.seq;
    }
    Ok((state, seq))
}

pub(crate) fn run_status(status: Status) -> RunStatus {
    match status {
        Status::Pending => RunStatus::Pending,
        Status::Running => RunStatus::Running,
        Status::Waiting => RunStatus::Waiting,
        Status::Suspended => RunStatus::Suspended,
        Status::Cancelled => RunStatus::Cancelled,
        Status::Faulted => RunStatus::Faulted,
        Status::Completed => RunStatus::Completed,
    }
}

fn unknown_error(detail: &str) -> dsl::WorkflowError {
    dsl::WorkflowError::new(dsl::workflow_error::ErrorKind::Runtime, "Sub-run", detail)
}

/// One line for lists: why it failed, or what it waits for.
fn summary(hot: &Hot) -> Option<Text> {
    if let Some(error) = &hot.state.error {
        let place = error.instance.as_deref().unwrap_or("/");
        return Some(crate::read::cut(&format!("{place}: {error}")).into());
    }
    if hot.state.status() != Status::Waiting {
        return None;
    }
    let uncertain = hot.state.frames.first_uncertain();
    let frame = uncertain.or_else(|| hot.state.frames.values().next_back())?;
    let task = hot.loaded.definition.task(frame.task);
    let what = match &frame.phase {
        engine::Phase::Calling {
            is_uncertain: true,
            request,
            ..
        } => format!("uncertain whether {} happened", request.function),
        engine::Phase::Listen { .. } => "an event".to_owned(),
        engine::Phase::SubRun { run, .. } => format!("a run of {}/{}", run.namespace, run.name),
        engine::Phase::Try { .. } => "the next attempt".to_owned(),
        _ => "a time".to_owned(),
    };
    Some(format!("`{}` waits for {what}", task.name).into())
}
