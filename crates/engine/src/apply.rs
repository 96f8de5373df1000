//! One history event folded into the state. Total: it cannot fail, and evaluates no expression.
//!
//! An event that names a task run the state does not have is passed over: stored data is untrusted on load.

use dsl::value::Value;

use crate::command::Outcome;
use crate::event::{Data, HistoryEvent, Slot};
use crate::state::{Frame, Phase, Ready, RunState, Status, Timer};

/// Folds one recorded event into the state; `at` is the time of its record.
pub fn apply(state: &mut RunState, event: &HistoryEvent, at: jiff::Timestamp) {
    match event {
        HistoryEvent::RunStarted { input } => {
            state.mode = Status::Running;
            state.started_at = Some(at);
            state.input = input.clone();
            state.carry = input.clone();
        }
        HistoryEvent::TaskReady {
            task,
            parent,
            slot,
            raw,
        } => {
            let raw = state.resolve(raw, *parent);
            state.ready.push(Ready {
                task: *task,
                parent: *parent,
                slot: *slot,
                raw,
            });
        }
        HistoryEvent::Continued { tasks } => {
            for _ in 0..*tasks {
                state.ready.pop();
            }
        }
        HistoryEvent::TaskSkipped { branch: None, .. } => {}
        HistoryEvent::TaskSkipped {
            branch: Some((id, index)),
            ..
        } => {
            let output = state
                .frames
                .get(id)
                .map_or(Value::Null, |frame| frame.input.clone());
            if let Some(Phase::Fork {
                outputs, pending, ..
            }) = phase(state, Some(*id))
                && let Some(place) = outputs.get_mut(*index as usize)
            {
                *place = Some(output);
                *pending = pending.saturating_sub(1);
            }
        }
        HistoryEvent::TaskStarted {
            id,
            task,
            parent,
            slot,
            raw,
        } => {
            let raw = state.resolve(raw, *parent);
            state.next = state.next.max(id + 1);
            state.carry = raw.clone();
            let frame = Frame {
                task: *task,
                parent: *parent,
                slot: *slot,
                started_at: at,
                input: raw.clone(),
                raw,
                extensions: Vec::new(),
                phase: Phase::Open,
            };
            state.frames.insert(*id, frame);
        }
        HistoryEvent::TaskCompleted {
            id,
            output,
            context,
        } => complete(state, *id, output, context.as_ref()),
        HistoryEvent::TaskFaulted { id, error } => {
            if let Some(frame) = remove(state, *id)
                && let Slot::Branch(_) = frame.slot
                && let Some(Phase::Fork {
                    pending,
                    faults,
                    first_fault,
                    ..
                }) = phase(state, frame.parent)
            {
                *pending = pending.saturating_sub(1);
                *faults += 1;
                first_fault.get_or_insert_with(|| error.clone());
            }
        }
        HistoryEvent::TasksCancelled { ids } => {
            for id in ids {
                remove(state, *id);
            }
        }
        HistoryEvent::Emitted { event } => state.carry = event.clone(),
        HistoryEvent::EffectAnswered { effect, outcome } => answer(state, *effect, outcome),
        HistoryEvent::TimerSet {
            timer,
            id,
            purpose,
            due,
        } => {
            state.next = state.next.max(timer + 1);
            state.timers.insert(
                *timer,
                Timer {
                    frame: *id,
                    purpose: *purpose,
                    due: *due,
                },
            );
        }
        HistoryEvent::TimerFired { timer } | HistoryEvent::TimerCleared { timer } => {
            state.timers.remove(*timer);
        }
        HistoryEvent::Held { command } => state.held.push(command.clone()),
        HistoryEvent::RunSuspended => state.mode = Status::Suspended,
        HistoryEvent::RunResumed => {
            state.mode = Status::Running;
            state.held.clear();
        }
        HistoryEvent::RunCancelled { .. } => end(state, Status::Cancelled),
        HistoryEvent::RunFaulted { error } => {
            state.error = Some(error.clone());
            end(state, Status::Faulted);
        }
        HistoryEvent::RunCompleted { output } => {
            state.output = Some(state.resolve(output, None));
            end(state, Status::Completed);
        }
        _ => apply_to_frame(state, event),
    }
}

/// Events about the inside of one task run.
fn apply_to_frame(state: &mut RunState, event: &HistoryEvent) {
    match event {
        HistoryEvent::InputTaken { id, input } => {
            state.carry = input.clone();
            if let Some(frame) = state.frames.inside(*id) {
                frame.input = input.clone();
            }
        }
        HistoryEvent::ExtensionsApplied { id, extensions } => {
            if let Some(frame) = state.frames.inside(*id) {
                frame.extensions.clone_from(extensions);
            }
        }
        HistoryEvent::AfterBegan { id, output, go } => {
            let output = state.resolve(output, Some(*id));
            state.timers.remove_of(*id);
            state.ready.remove_of(*id);
            set_phase(state, *id, Phase::After { output, go: *go });
        }
        HistoryEvent::EffectRequested {
            id,
            effect,
            request,
        } => {
            state.next = state.next.max(effect + 1);
            set_phase(
                state,
                *id,
                Phase::Calling {
                    effect: *effect,
                    request: request.clone(),
                    is_uncertain: false,
                },
            );
        }
        HistoryEvent::SubRunRequested { id, effect, run } => {
            state.next = state.next.max(effect + 1);
            if run.is_awaited {
                set_phase(
                    state,
                    *id,
                    Phase::SubRun {
                        effect: *effect,
                        run: run.clone(),
                    },
                );
            }
        }
        HistoryEvent::LoopEntered { id, items } => {
            set_phase(
                state,
                *id,
                Phase::For {
                    items: items.clone(),
                    index: 0,
                },
            );
        }
        HistoryEvent::IterationStarted { id, index: started } => {
            if let Some(Phase::For { index, .. }) = phase(state, Some(*id)) {
                *index = *started;
            } else if let Some(Phase::Listen { is_iterating, .. }) = phase(state, Some(*id)) {
                *is_iterating = true;
            }
        }
        HistoryEvent::ForkEntered { id, branches } => {
            let outputs = vec![None; *branches as usize];
            set_phase(
                state,
                *id,
                Phase::Fork {
                    outputs,
                    pending: *branches,
                    faults: 0,
                    first_fault: None,
                },
            );
        }
        HistoryEvent::TryEntered { id } => {
            set_phase(
                state,
                *id,
                Phase::Try {
                    attempt: 0,
                    error: None,
                    is_catching: false,
                },
            );
        }
        HistoryEvent::ErrorCaught { id, error: caught } => {
            // An attempt that took too long may have had tasks that had not begun.
            state.ready.remove_of(*id);
            if let Some(Phase::Try { error, .. }) = phase(state, Some(*id)) {
                *error = Some(caught.clone());
            }
        }
        HistoryEvent::AttemptStarted {
            id,
            attempt: started,
        } => {
            if let Some(Phase::Try { attempt, error, .. }) = phase(state, Some(*id)) {
                *attempt = *started;
                *error = None;
            }
        }
        HistoryEvent::CatchEntered { id } => {
            if let Some(Phase::Try { is_catching, .. }) = phase(state, Some(*id)) {
                *is_catching = true;
            }
        }
        HistoryEvent::ListenEntered {
            id,
            filters,
            until_filters,
        } => {
            let phase = Phase::Listen {
                consumed: Vec::new(),
                matched: vec![false; *filters as usize],
                until_matched: vec![false; *until_filters as usize],
                correlations: Vec::new(),
                is_last: false,
                results: Vec::new(),
                is_iterating: false,
            };
            set_phase(state, *id, phase);
        }
        HistoryEvent::EventConsumed { .. } => consume(state, event),
        HistoryEvent::EventProcessed {
            id,
            output,
            context,
        } => {
            if let Some(context) = context {
                state.context = context.clone();
            }
            if let Some(Phase::Listen {
                results,
                is_iterating,
                ..
            }) = phase(state, Some(*id))
            {
                results.push(output.clone());
                *is_iterating = false;
            }
        }
        _ => {}
    }
}

fn consume(state: &mut RunState, event: &HistoryEvent) {
    let HistoryEvent::EventConsumed {
        id,
        filter,
        until_filter,
        item,
        correlations: new,
        is_last: last,
    } = event
    else {
        return;
    };
    let Some(Phase::Listen {
        consumed,
        matched,
        until_matched,
        correlations,
        is_last,
        ..
    }) = phase(state, Some(*id))
    else {
        return;
    };
    if until_filter.is_none() {
        consumed.push(item.clone());
    }
    if let Some(is_matched) = filter.and_then(|index| matched.get_mut(index as usize)) {
        *is_matched = true;
    }
    if let Some(is_matched) = until_filter.and_then(|index| until_matched.get_mut(index as usize)) {
        *is_matched = true;
    }
    correlations.extend(new.iter().cloned());
    *is_last |= last;
}

fn complete(state: &mut RunState, id: u64, output: &Data, context: Option<&Value>) {
    let output = state.resolve(output, Some(id));
    if let Some(context) = context {
        state.context = context.clone();
    }
    state.carry = output.clone();
    if let Some(frame) = remove(state, id)
        && let Slot::Branch(index) = frame.slot
        && let Some(Phase::Fork {
            outputs, pending, ..
        }) = phase(state, frame.parent)
        && let Some(place) = outputs.get_mut(index as usize)
    {
        *place = Some(output);
        *pending = pending.saturating_sub(1);
    }
}

fn answer(state: &mut RunState, answered: u64, outcome: &Outcome) {
    let waiting = state.frames.of_effect(answered);
    match outcome {
        Outcome::Value(value) => state.carry = value.clone(),
        Outcome::Error(_) => {}
        Outcome::Uncertain { .. } | Outcome::Again => {
            if let Some(id) = waiting
                && matches!(phase(state, waiting), Some(Phase::Calling { .. }))
            {
                let is_uncertain = matches!(outcome, Outcome::Uncertain { .. });
                return state.frames.set_uncertain(id, is_uncertain);
            }
        }
    }
    if let Some(id) = waiting {
        set_phase(state, id, Phase::Open);
    }
}

fn end(state: &mut RunState, mode: Status) {
    state.mode = mode;
    state.frames.clear();
    state.timers.clear();
    state.ready.clear();
    state.held.clear();
    state.carry = Value::Null;
}

fn remove(state: &mut RunState, id: u64) -> Option<Frame> {
    state.timers.remove_of(id);
    state.ready.remove_of(id);
    state.frames.remove(id)
}

fn phase(state: &mut RunState, id: Option<u64>) -> Option<&mut Phase> {
    state.frames.inside(id?).map(|frame| &mut frame.phase)
}

fn set_phase(state: &mut RunState, id: u64, phase: Phase) {
    state.frames.set_phase(id, phase);
}
