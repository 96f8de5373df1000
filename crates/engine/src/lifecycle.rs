//! The CloudEvents that the specification has us publish about runs and tasks.
//!
//! Source: DSL 1.0.3, Lifecycle Events.

use dsl::definition::Definition;
use dsl::value::{Text, Value};

use crate::evaluate::error_value;
use crate::event::HistoryEvent;
use crate::state::RunState;

const PREFIX: &str = "io.serverlessworkflow.";

/// The lifecycle event that tells of `event`, if the specification has one. `before` is the state that the event was
/// applied to; `number` makes the id unique within the run.
#[must_use]
pub fn lifecycle_event(
    definition: &Definition,
    before: &RunState,
    event: &HistoryEvent,
    at: jiff::Timestamp,
    number: u64,
) -> Option<Value> {
    let time = Value::from(at.to_string());
    let (name, mut data) = match event {
        HistoryEvent::RunStarted { .. } => (
            "workflow.started",
            vec![
                ("definition", reference(definition)),
                ("startedAt", time.clone()),
            ],
        ),
        HistoryEvent::RunSuspended => ("workflow.suspended", vec![("suspendedAt", time.clone())]),
        HistoryEvent::RunResumed => ("workflow.resumed", vec![("resumedAt", time.clone())]),
        HistoryEvent::RunCancelled { .. } => {
            ("workflow.cancelled", vec![("cancelledAt", time.clone())])
        }
        HistoryEvent::RunFaulted { error } => (
            "workflow.faulted",
            vec![("faultedAt", time.clone()), ("error", error_value(error))],
        ),
        HistoryEvent::RunCompleted { output } => {
            let output = before.resolve(output, None);
            (
                "workflow.completed",
                vec![("completedAt", time.clone()), ("output", output)],
            )
        }
        HistoryEvent::ListenEntered { .. } => (
            "workflow.correlation-started",
            vec![("startedAt", time.clone())],
        ),
        HistoryEvent::EventConsumed {
            id, is_last: true, ..
        } => {
            let keys = match before.frames.get(id).map(|frame| &frame.phase) {
                Some(crate::state::Phase::Listen { correlations, .. }) => correlations.clone(),
                _ => Vec::new(),
            };
            (
                "workflow.correlation-completed",
                vec![
                    ("completedAt", time.clone()),
                    ("correlationKeys", Value::object(keys)),
                ],
            )
        }
        _ => return task_event(definition, before, event, at, number),
    };
    data.insert(0, ("name", qualified_name(definition, before)));
    Some(envelope(before, name, data, time, number))
}

fn task_event(
    definition: &Definition,
    before: &RunState,
    event: &HistoryEvent,
    at: jiff::Timestamp,
    number: u64,
) -> Option<Value> {
    let time = Value::from(at.to_string());
    let reference_of = |id: &u64| {
        before
            .frames
            .get(id)
            .map(|frame| definition.task(frame.task).reference.clone())
    };
    let (name, task, mut data): (&str, Text, Vec<(&str, Value)>) = match event {
        HistoryEvent::TaskStarted { task, .. } => (
            "task.started",
            definition.task(*task).reference.clone(),
            vec![("startedAt", time.clone())],
        ),
        HistoryEvent::AttemptStarted { id, .. } => (
            "task.retried",
            reference_of(id)?,
            vec![("retriedAt", time.clone())],
        ),
        HistoryEvent::TaskFaulted { id, error } => (
            "task.faulted",
            reference_of(id)?,
            vec![("faultedAt", time.clone()), ("error", error_value(error))],
        ),
        HistoryEvent::TaskCompleted { id, output, .. } => {
            let output = before.resolve(output, Some(*id));
            (
                "task.completed",
                reference_of(id)?,
                vec![("completedAt", time.clone()), ("output", output)],
            )
        }
        HistoryEvent::TasksCancelled { ids } => (
            "task.cancelled",
            reference_of(ids.first()?)?,
            vec![("cancelledAt", time.clone())],
        ),
        _ => return None,
    };
    data.insert(0, ("task", Value::String(task)));
    data.insert(0, ("workflow", qualified_name(definition, before)));
    Some(envelope(before, name, data, time, number))
}

fn qualified_name(definition: &Definition, state: &RunState) -> Value {
    Value::from(format!(
        "{}-{}.{}",
        definition.document.name, state.id, definition.document.namespace
    ))
}

fn reference(definition: &Definition) -> Value {
    let document = &definition.document;
    Value::object([
        ("name", Value::String(document.name.clone())),
        ("namespace", Value::String(document.namespace.clone())),
        ("version", Value::String(document.version.clone())),
    ])
}

fn envelope(
    state: &RunState,
    name: &str,
    data: Vec<(&str, Value)>,
    time: Value,
    number: u64,
) -> Value {
    Value::object([
        ("specversion", Value::from("1.0")),
        (
            "id",
            Value::from(format!("{}/lifecycle/{number}", state.id)),
        ),
        ("source", Value::from(format!("/runs/{}", state.id))),
        ("type", Value::from(format!("{PREFIX}{name}.v1"))),
        ("time", time),
        ("datacontenttype", Value::from("application/json")),
        ("data", Value::object(data)),
    ])
}
