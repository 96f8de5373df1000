//! A run in memory, and how it is made from what is kept.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{RunState, Status};
use store::{RunId, RunRow, RunStatus, StoreError, Text};
use tokio::task::AbortHandle;

use crate::clock::{millis_up, timestamp};
use crate::definitions::Loaded;
use crate::view::RunDetail;

/// A run in memory.
pub(crate) struct Hot {
    pub id: RunId,
    pub loaded: Arc<Loaded>,
    pub state: RunState,
    /// The line that lists show, as of the last decision.
    pub row: RunRow,
    pub seq: u64,
    pub records_since_snapshot: u32,
    pub bytes_since_snapshot: usize,
    pub snapshot_bytes: usize,
    pub timers: HashMap<u64, store::Millis>,
    pub calls: HashMap<u64, AbortHandle>,
    /// Records handed over and not yet on disk.
    pub unacked: u32,
    /// The store refused one of its units: what is in memory is ahead of what is kept.
    pub is_stale: bool,
    pub parent: Option<(RunId, u64)>,
    pub waiters: Vec<tokio::sync::oneshot::Sender<RunDetail>>,
}

impl Hot {
    /// A new run whose first record is yet to be committed.
    pub fn new(row: RunRow, loaded: Arc<Loaded>, state: RunState) -> Self {
        let timers = state.timers.iter();
        Self {
            id: row.id,
            loaded,
            timers: timers
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

    /// A run as it is kept.
    pub fn read(kept: store::Loaded, loaded: Arc<Loaded>) -> Result<Self, StoreError> {
        let (state, seq) = fold(kept.row.id, &kept)?;
        Ok(Self {
            seq,
            records_since_snapshot: kept.records.len() as u32,
            bytes_since_snapshot: kept.records.iter().map(|record| record.body.len()).sum(),
            snapshot_bytes: kept.snapshot.as_ref().map_or(0, |(_, body)| body.len()),
            ..Self::new(kept.row, loaded, state)
        })
    }

    /// Told when the run has ended.
    pub fn watch(&mut self) -> tokio::sync::oneshot::Receiver<RunDetail> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.waiters.push(sender);
        receiver
    }
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

pub(super) fn run_status(status: Status) -> RunStatus {
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

/// One line for lists: why it failed, or what it waits for.
pub(super) fn summary(hot: &Hot) -> Option<Text> {
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
