//! What is done once a decision is on disk.

use std::sync::{Arc, Mutex};

use connectors::function::EffectClass;
use engine::{Command, Decision, Effect};
use store::{Committed, Message, Parcel, RunId, RunStatus, StoreError, Text, Timer, Unit, Write};

use super::hot::Hot;
use super::{Core, Done, Refusal, lock};
use crate::clock::{millis_up, timestamp};
use crate::definitions::Loaded;
use crate::view::LiveEvent;

/// Waiting runs stay in memory up to this many runs.
const HOT_MAX: u64 = 20_000;
/// Records of one run that may be on their way to the disk while its reads go on.
const RUN_AHEAD_MAX: u32 = 64;

impl Core {
    /// Hands over a unit about a run whose lock is held, and acts on the decision once it is on disk.
    pub(super) fn submit(
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
        let listeners = follow_up.listeners();
        // Heard from now on: who reads that the run listens may answer before the reply is here. What comes earlier than
        // the record waits for the run's lock, and is decided upon after it.
        self.bus.add_all(&listeners);
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
                    core.bus.remove_all(&listeners);
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
    ///
    /// Calls that the store knows of go on, and their outcomes come to the run as it is read; the others never were.
    fn make_stale(&self, hot: &Arc<Mutex<Hot>>) {
        let mut old = lock(hot);
        let run = old.id;
        let is_first = !std::mem::replace(&mut old.is_stale, true);
        let calls = std::mem::take(&mut old.calls);
        drop(old);
        if is_first {
            // Not again for a later refusal: then another reading is in the table.
            self.forget(run);
        }
        if calls.is_empty() {
            return;
        }
        let read = self.hot(run).unwrap_or_else(|error| {
            tracing::error!(%run, "a run cannot be read again: {error}");
            None
        });
        let mut read = read.as_ref().map(lock);
        for (effect, call) in calls {
            match &mut read {
                Some(read) if read.state.frame_of_effect(effect).is_some() => {
                    drop(read.calls.insert(effect, call));
                }
                _ => call.abort(),
            }
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
                // On the bus since before the record was written.
                Effect::Listen { .. } => {}
                Effect::Unlisten { listener } => self.bus.remove(run, listener),
                // In the outbox.
                Effect::Publish { .. } | Effect::StartRun { .. } => {}
            }
        }
        drop(guard);
        if follow_up.has_mail {
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
        if status == RunStatus::Faulted {
            let summary = guard.row.summary.as_deref().unwrap_or_default();
            tracing::info!(%run, workflow = %guard.row.workflow, "a run faulted: {summary}");
        }
        drop(guard);
        self.forget(run);
        if let Some(detail) = detail {
            for waiter in waiters {
                // Whoever waited may have gone.
                drop(waiter.send(detail.clone()));
            }
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
    has_mail: bool,
    parcels: Vec<Parcel>,
    messages: Vec<Message>,
}

impl FollowUp {
    /// What the run listens for from this decision on.
    pub fn listeners(&self) -> Vec<store::Listener> {
        let listen = |effect: &Effect| match effect {
            Effect::Listen { listener, types } => Some(store::Listener {
                run: self.run,
                listener: *listener,
                namespace: self.loaded.row.namespace.clone(),
                types: types.clone(),
            }),
            _ => None,
        };
        self.effects.iter().filter_map(listen).collect()
    }

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
            has_mail: !messages.is_empty() || !parcels.is_empty(),
            parcels,
            messages,
        }
    }
}
