//! What a decision writes.

use dsl::Value;
use engine::{Command, Decision, Effect, Moment, Outcome, RunState, Status};
use store::{Bytes, Message, Parcel, Record, RunChange, Text, Timer, Write};

use super::Core;
use super::hot::{Hot, run_status, summary};
use crate::clock::{millis, millis_up};

/// Records after which a snapshot is due, once they outweigh the last one.
const SNAPSHOT_RECORDS: u32 = 64;

impl Core {
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
        self.write_effects(hot, decision, writes);
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

    /// The state that lifecycle events are told from, when anybody wants them.
    pub fn before(&self, state: &RunState) -> Option<RunState> {
        let is_wanted = self.bus.has_lifecycle_listener() || self.definitions.has_lifecycle_start();
        is_wanted.then(|| state.clone())
    }

    /// Publishes the lifecycle events of a decision. `before` is the state it was taken in.
    pub fn write_lifecycle(
        &self,
        hot: &Hot,
        mut before: RunState,
        decision: &Decision,
        moment: &Moment,
        writes: &mut Vec<Write>,
    ) {
        for (index, event) in decision.events.iter().enumerate() {
            // An event's number: the record's and its place in it.
            let number = hot.seq * 1_000_000 + index as u64;
            let told = engine::lifecycle_events(
                &hot.loaded.definition,
                &before,
                event,
                moment.now,
                number,
            );
            for event in told {
                let origin = Value::from(&*hot.loaded.row.name);
                let body = Value::array(vec![origin, event])
                    .to_json()
                    .into_bytes()
                    .into();
                writes.push(Write::OutboxPut(self.parcel(hot, "lifecycle", body)));
            }
            engine::apply(&mut before, event, moment.now);
        }
    }

    fn write_effects(&self, hot: &mut Hot, decision: &Decision, writes: &mut Vec<Write>) {
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
                    writes.push(Write::OutboxPut(self.parcel(hot, "event", body)));
                }
                Effect::StartRun { effect, run } => {
                    let body = serde_json::to_vec(&(hot.id, effect, run))
                        .expect("a sub-run is plain data")
                        .into();
                    writes.push(Write::OutboxPut(self.parcel(hot, "start", body)));
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

    fn parcel(&self, hot: &Hot, kind: &str, body: Bytes) -> Parcel {
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
}

fn unknown_error(detail: &str) -> dsl::WorkflowError {
    dsl::WorkflowError::new(dsl::workflow_error::ErrorKind::Runtime, "Sub-run", detail)
}
