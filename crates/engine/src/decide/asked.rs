//! What a run has asked of the outside: all that it waits for, and what one decision asks in the end.

use std::collections::HashSet;

use dsl::Definition;

use super::listen;
use crate::command::Command;
use crate::effect::Effect;
use crate::state::{Phase, RunState, Timer};

/// The effects that a run waits for: to be arranged again after a restart.
#[must_use]
pub fn outstanding(definition: &Definition, state: &RunState) -> Vec<Effect> {
    let mut effects = Vec::new();
    // What a suspended run holds has come back already.
    let mut answered = HashSet::new();
    let mut fired = HashSet::new();
    for held in &state.held {
        match held {
            Command::Answered { effect, .. } => drop(answered.insert(*effect)),
            Command::TimerFired { timer } => drop(fired.insert(*timer)),
            _ => {}
        }
    }
    for (id, frame) in &state.frames {
        match &frame.phase {
            Phase::Calling { effect, .. } | Phase::SubRun { effect, .. }
                if answered.contains(effect) => {}
            Phase::Calling {
                effect,
                request,
                is_uncertain: false,
            } => {
                effects.push(Effect::Perform {
                    effect: *effect,
                    request: request.clone(),
                });
            }
            Phase::SubRun { effect, run } => effects.push(Effect::StartRun {
                effect: *effect,
                run: run.clone(),
            }),
            Phase::Listen { is_last: false, .. } => {
                effects.push(Effect::Listen {
                    listener: *id,
                    types: listen::types(definition.task(frame.task)),
                });
            }
            _ => {}
        }
    }
    effects.extend(
        state
            .timers
            .iter()
            .filter(|(timer, _)| !fired.contains(timer))
            .map(|(timer, Timer { due, .. })| Effect::SetTimer {
                timer: *timer,
                due: *due,
            }),
    );
    effects
}

/// What was asked and given up within one decision is never asked.
pub(super) fn without_given_up(mut effects: Vec<Effect>) -> Vec<Effect> {
    /// Timers and effects share one row of numbers; a listener bears its task run's, of the same row.
    fn number(effect: &Effect) -> Option<u64> {
        match effect {
            Effect::Perform { effect, .. }
            | Effect::StartRun { effect, .. }
            | Effect::Abandon { effect } => Some(*effect),
            Effect::SetTimer { timer, .. } | Effect::ClearTimer { timer } => Some(*timer),
            Effect::Listen { listener, .. } | Effect::Unlisten { listener } => Some(*listener),
            Effect::Publish { .. } => None,
        }
    }
    let (mut asked, mut given_up) = (HashSet::new(), HashSet::new());
    for effect in &effects {
        let is_given_up = matches!(
            effect,
            Effect::Abandon { .. } | Effect::ClearTimer { .. } | Effect::Unlisten { .. }
        );
        let set = if is_given_up {
            &mut given_up
        } else {
            &mut asked
        };
        set.extend(number(effect));
    }
    given_up.retain(|number| asked.contains(number));
    if !given_up.is_empty() {
        effects.retain(|effect| number(effect).is_none_or(|number| !given_up.contains(&number)));
    }
    effects
}
