//! What must hold after every command, whatever the workflow does.
//!
//! History is written as JSON and read back; folding it gives the live state; a snapshot of the state survives being
//! written and read; and the effects that the engine says are outstanding are those that the world still knows of.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use dsl::Definition;
use engine::{Effect, HistoryEvent, RunState};

/// The event after a trip through JSON.
pub(crate) fn written_and_read(event: &HistoryEvent) -> Result<HistoryEvent> {
    let text = serde_json::to_string(event).with_context(|| format!("cannot write {event:?}"))?;
    let read: HistoryEvent =
        serde_json::from_str(&text).with_context(|| format!("cannot read back {text}"))?;
    ensure!(
        read == *event,
        "JSON changes a history event: {event:?} became {read:?} through {text}"
    );
    Ok(read)
}

pub(crate) fn replay_agrees(live: &RunState, replayed: &RunState) -> Result<()> {
    ensure!(
        live == replayed,
        "replay gives another state\n  live:     {live:?}\n  replayed: {replayed:?}"
    );
    let text = serde_json::to_string(live).context("cannot write the state")?;
    let read: RunState =
        serde_json::from_str(&text).with_context(|| format!("cannot read back {text}"))?;
    ensure!(
        read == *live,
        "JSON changes the state\n  live: {live:?}\n  read: {read:?}"
    );
    Ok(())
}

/// What a run waits for outside of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outstanding {
    pub calls: BTreeSet<u64>,
    pub runs: BTreeSet<u64>,
    pub timers: BTreeSet<u64>,
    pub listeners: BTreeSet<u64>,
}

/// After a restart the run must be given back exactly what it waits for.
pub(crate) fn outstanding_agrees(
    definition: &Definition,
    state: &RunState,
    known: &Outstanding,
) -> Result<()> {
    let mut said = Outstanding::default();
    if !state.status().is_ended() {
        for effect in engine::outstanding(definition, state) {
            match effect {
                Effect::Perform { effect, .. } => said.calls.insert(effect),
                Effect::StartRun { effect, .. } => said.runs.insert(effect),
                Effect::SetTimer { timer, .. } => said.timers.insert(timer),
                Effect::Listen { listener, .. } => said.listeners.insert(listener),
                other => anyhow::bail!("{other:?} cannot be outstanding"),
            };
        }
    }
    ensure!(
        said == *known,
        "the engine and the world disagree about what is outstanding\n  engine: {said:?}\n  world:  {known:?}"
    );
    Ok(())
}
