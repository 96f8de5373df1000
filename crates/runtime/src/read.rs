//! Runs as people read them.

use std::sync::Arc;

use dsl::TaskId;
use dsl::Value;
use dsl::definition::Definition;
use engine::{Data, HistoryEvent, Phase, RunState, Slot, TimerPurpose};
use store::{Queries, Record, RunId, RunRow, StoreError};

use crate::clock::timestamp;
use crate::definitions::Loaded;
use crate::view::{HistoryEntry, OutstandingView, RunDetail, RunView};

/// Characters of a line for lists.
const LINE_CHARS: usize = 300;

pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(LINE_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

pub(crate) fn run_view(row: &RunRow) -> RunView {
    RunView {
        id: row.id,
        namespace: row.namespace.clone(),
        workflow: row.workflow.clone(),
        version: row.version.clone(),
        status: row.status,
        created_at: timestamp(row.created_at),
        updated_at: timestamp(row.updated_at),
        ended_at: row.ended_at.map(timestamp),
        parent: row.parent,
        retry_of: row.retry_of,
        trigger: row.trigger.clone(),
        summary: row.summary.clone(),
    }
}

pub(crate) fn detail(row: &RunRow, loaded: &Loaded, state: &RunState) -> RunDetail {
    RunDetail {
        run: run_view(row),
        input: state.input.clone(),
        output: state.output.clone(),
        error: state.error.clone(),
        context: state.context.clone(),
        outstanding: outstanding(&loaded.definition, state),
    }
}

fn outstanding(definition: &Definition, state: &RunState) -> Vec<OutstandingView> {
    let mut views = Vec::new();
    for (id, frame) in &state.frames {
        let timer = |purpose: TimerPurpose| {
            let mut timers = state.timers.of(*id).map(|(_, timer)| timer);
            timers.find(|timer| timer.purpose == purpose)
        };
        let (waits_for, detail, effect) = match &frame.phase {
            Phase::Calling {
                effect,
                request,
                is_uncertain: true,
            } => (
                "uncertain",
                format!("whether {} happened is not known", request.function),
                Some(*effect),
            ),
            Phase::Calling { request, .. } => ("call", request.function.to_string(), None),
            Phase::SubRun { run, .. } => (
                "run",
                format!("{}/{} {}", run.namespace, run.name, run.version),
                None,
            ),
            Phase::Listen { consumed, .. } => (
                "event",
                format!("an event ({} so far)", consumed.len()),
                None,
            ),
            Phase::Try { attempt, .. } => match timer(TimerPurpose::RetryDelay) {
                Some(timer) => (
                    "retry",
                    format!("attempt {} at {}", attempt + 1, timer.due),
                    None,
                ),
                None => continue,
            },
            _ => match timer(TimerPurpose::Wait) {
                Some(timer) => ("timer", format!("until {}", timer.due), None),
                None => continue,
            },
        };
        let task = definition.task(frame.task);
        views.push(OutstandingView {
            task: task.reference.clone(),
            name: task.name.clone(),
            waits_for,
            detail,
            effect,
            since: frame.started_at,
        });
    }
    views
}

/// Records as entries, one an event. `state` is the run as it was before the first record, and moves on.
pub(crate) fn history(
    loaded: &Loaded,
    state: &mut RunState,
    records: &[Record],
    from: u64,
) -> Vec<HistoryEntry> {
    let mut entries = Vec::new();
    for record in records {
        let at = timestamp(record.at);
        let events: Vec<HistoryEvent> = match serde_json::from_slice(&record.body) {
            Ok(events) => events,
            Err(error) => {
                entries.push(unreadable(record, &error));
                continue;
            }
        };
        for event in &events {
            if record.seq >= from {
                entries.push(entry(loaded, state, record.seq, at, event));
            }
            engine::apply(state, event, at);
        }
    }
    entries
}

fn unreadable(record: &Record, error: &serde_json::Error) -> HistoryEntry {
    HistoryEntry {
        seq: record.seq,
        at: timestamp(record.at),
        event: "unreadable".into(),
        task: None,
        name: None,
        data: Value::from(error.to_string()),
    }
}

fn entry(
    loaded: &Loaded,
    before: &RunState,
    seq: u64,
    at: jiff::Timestamp,
    event: &HistoryEvent,
) -> HistoryEntry {
    let definition = &loaded.definition;
    let task = match event {
        HistoryEvent::TaskStarted { task, .. }
        | HistoryEvent::TaskSkipped { task, .. }
        | HistoryEvent::TaskReady { task, .. } => Some(*task),
        _ => frame_of(before, event)
            .and_then(|id| before.frames.get(&id))
            .map(|frame| frame.task),
    };
    let task = task.map(|task| definition.task(task));
    let (name, mut data) = split(event);
    // Events name what the state holds; people read it written out.
    match event {
        HistoryEvent::TaskStarted { raw, parent, .. } => {
            set(&mut data, "raw", "input", written(before, raw, *parent))
        }
        HistoryEvent::TaskCompleted { id, output, .. } => set(
            &mut data,
            "output",
            "output",
            written(before, output, Some(*id)),
        ),
        HistoryEvent::RunCompleted { output } => {
            set(&mut data, "output", "output", written(before, output, None))
        }
        _ => {}
    }
    HistoryEntry {
        seq,
        at,
        event: name,
        task: task.map(|task| task.reference.clone()),
        name: task.map(|task| task.name.clone()),
        data,
    }
}

fn written(before: &RunState, data: &Data, frame: Option<u64>) -> Value {
    before.resolve(data, frame)
}

/// The variant's name and its fields.
fn split(event: &HistoryEvent) -> (Arc<str>, Value) {
    let value = serde_json::to_value(event).map_or(Value::Null, Value::from);
    match &value {
        Value::Object(map) => match map.first() {
            Some((name, fields)) => (name.clone(), fields.clone()),
            None => ("unknown".into(), Value::Null),
        },
        Value::String(name) => (name.clone(), Value::Null),
        _ => ("unknown".into(), Value::Null),
    }
}

fn set(data: &mut Value, old: &str, name: &str, value: Value) {
    if let Value::Object(map) = data {
        let map = Arc::make_mut(map);
        map.shift_remove(old);
        map.insert(name.into(), value);
    }
}

fn frame_of(before: &RunState, event: &HistoryEvent) -> Option<u64> {
    match event {
        HistoryEvent::InputTaken { id, .. }
        | HistoryEvent::ExtensionsApplied { id, .. }
        | HistoryEvent::AfterBegan { id, .. }
        | HistoryEvent::EffectRequested { id, .. }
        | HistoryEvent::SubRunRequested { id, .. }
        | HistoryEvent::LoopEntered { id, .. }
        | HistoryEvent::IterationStarted { id, .. }
        | HistoryEvent::ForkEntered { id, .. }
        | HistoryEvent::TryEntered { id }
        | HistoryEvent::ErrorCaught { id, .. }
        | HistoryEvent::AttemptStarted { id, .. }
        | HistoryEvent::CatchEntered { id }
        | HistoryEvent::ListenEntered { id, .. }
        | HistoryEvent::EventConsumed { id, .. }
        | HistoryEvent::EventProcessed { id, .. }
        | HistoryEvent::TaskCompleted { id, .. }
        | HistoryEvent::TaskFaulted { id, .. } => Some(*id),
        HistoryEvent::TimerSet { id, .. } => *id,
        HistoryEvent::TimerFired { timer } | HistoryEvent::TimerCleared { timer } => {
            before.timers.get(timer)?.frame
        }
        HistoryEvent::EffectAnswered { effect, .. } => before.frame_of_effect(*effect),
        _ => None,
    }
}

/// Every record of a run, in order.
pub(crate) fn all_records(queries: &dyn Queries, run: RunId) -> Result<Vec<Record>, StoreError> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let page = queries.history(run, all.last().map_or(1, |record| record.seq + 1), 1_000)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// A place in a run's past from which it can go on.
pub(crate) struct Point {
    state: RunState,
    task: TaskId,
    parent: Option<u64>,
    slot: Slot,
    raw: Value,
}

impl Point {
    /// The last start of a task (`from`: name or JSON pointer; none: the first task that faulted), found by folding.
    ///
    /// `target` is the definition to go on with; its tasks must stand where the old one's stood.
    pub fn find(
        old: &Loaded,
        target: &Loaded,
        mut state: RunState,
        records: &[Record],
        from: Option<&str>,
    ) -> Result<Self, String> {
        let reference = match from {
            Some(wanted) => {
                let found = old
                    .definition
                    .tasks
                    .iter()
                    .find(|task| *task.reference == *wanted || *task.name == *wanted);
                found
                    .map(|task| task.reference.clone())
                    .ok_or_else(|| format!("the workflow has no task `{wanted}`"))?
            }
            None => faulted_task(old, records)
                .ok_or("the run has no faulted task; name the task to go on from")?,
        };
        let mut found = None;
        for record in records {
            let at = timestamp(record.at);
            let events: Vec<HistoryEvent> = serde_json::from_slice(&record.body)
                .map_err(|error| format!("record {}: {error}", record.seq))?;
            for event in &events {
                if let HistoryEvent::TaskStarted {
                    task,
                    parent,
                    slot,
                    raw,
                    ..
                } = event
                    && old.definition.task(*task).reference == reference
                {
                    let raw = state.resolve(raw, *parent);
                    found = Some(Self {
                        state: state.clone(),
                        task: *task,
                        parent: *parent,
                        slot: *slot,
                        raw,
                    });
                }
                engine::apply(&mut state, event, at);
            }
        }
        let mut point = found.ok_or_else(|| format!("the run never came to `{reference}`"))?;
        point.move_to(old, target)?;
        Ok(point)
    }

    /// Names tasks as the other definition does.
    fn move_to(&mut self, old: &Loaded, target: &Loaded) -> Result<(), String> {
        if old.row.digest == target.row.digest {
            return Ok(());
        }
        let moved = |task: TaskId| {
            let reference = &old.definition.task(task).reference;
            let found = target.definition.task_at(reference).map(|task| task.id);
            found.ok_or_else(|| format!("the active version has no task at `{reference}`"))
        };
        self.task = moved(self.task)?;
        for task in self.state.frames.tasks_mut() {
            *task = moved(*task)?;
        }
        Ok(())
    }

    pub fn resume(self, run: RunId) -> RunState {
        self.state.resumed_at(
            run.to_string().into(),
            self.task,
            self.parent,
            self.slot,
            self.raw,
        )
    }
}

/// The task whose fault came first: those around it only passed the error on.
fn faulted_task(loaded: &Loaded, records: &[Record]) -> Option<Arc<str>> {
    let mut tasks = std::collections::HashMap::new();
    let mut found = None;
    let mut is_passing_on = false;
    for record in records {
        let events: Vec<HistoryEvent> = serde_json::from_slice(&record.body).ok()?;
        for event in events {
            match event {
                HistoryEvent::TaskStarted { id, task, .. } => drop(tasks.insert(id, task)),
                HistoryEvent::TaskFaulted { id, .. } if !is_passing_on => {
                    found = tasks
                        .get(&id)
                        .map(|task| loaded.definition.task(*task).reference.clone());
                    is_passing_on = true;
                }
                HistoryEvent::TaskFaulted { .. }
                | HistoryEvent::TasksCancelled { .. }
                | HistoryEvent::TimerCleared { .. } => {}
                HistoryEvent::RunFaulted { .. } => return found,
                _ => is_passing_on = false,
            }
        }
    }
    found
}
