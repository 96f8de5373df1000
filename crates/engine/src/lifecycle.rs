//! The CloudEvents that the specification has us publish about runs and tasks.
//!
//! Source: DSL 1.0.3, Lifecycle Events.

use dsl::definition::Definition;
use dsl::value::{Text, Value};

use crate::evaluate::error_value;
use crate::event::HistoryEvent;
use crate::state::{Phase, RunState};

/// What the types of lifecycle events begin with.
pub const LIFECYCLE_PREFIX: &str = "io.serverlessworkflow.";

/// The lifecycle events that tell of `event`, as far as the specification has them. `before` is the state that the event
/// was applied to; `number` makes the ids unique within the run.
#[must_use]
pub fn lifecycle_events(
    definition: &Definition,
    before: &RunState,
    event: &HistoryEvent,
    at: jiff::Timestamp,
    number: u64,
) -> Vec<Value> {
    let mut told = Told {
        definition,
        before,
        time: Value::from(at.to_string()),
        number,
        events: Vec::new(),
    };
    let all = || before.frames.keys().copied();
    match event {
        HistoryEvent::RunStarted { .. } => told.run(
            "started",
            "startedAt",
            vec![("definition", reference(definition))],
        ),
        HistoryEvent::RunSuspended => {
            told.run("suspended", "suspendedAt", Vec::new());
            told.tasks(all(), "suspended", "suspendedAt");
        }
        HistoryEvent::RunResumed => {
            told.run("resumed", "resumedAt", Vec::new());
            told.tasks(all(), "resumed", "resumedAt");
        }
        // What was still under way when a run ends is cancelled with it.
        HistoryEvent::RunCancelled { .. } => {
            told.tasks(all(), "cancelled", "cancelledAt");
            told.run("cancelled", "cancelledAt", Vec::new());
        }
        HistoryEvent::RunFaulted { error } => {
            told.tasks(all(), "cancelled", "cancelledAt");
            told.run("faulted", "faultedAt", vec![("error", error_value(error))]);
        }
        HistoryEvent::RunCompleted { output } => {
            told.tasks(all(), "cancelled", "cancelledAt");
            told.run(
                "completed",
                "completedAt",
                vec![("output", before.resolve(output, None))],
            );
        }
        HistoryEvent::ListenEntered { .. } => {
            told.run("correlation-started", "startedAt", Vec::new())
        }
        HistoryEvent::EventConsumed {
            id,
            correlations,
            is_last: true,
            ..
        } => {
            let known = match before.frames.get(id).map(|frame| &frame.phase) {
                Some(Phase::Listen { correlations, .. }) => correlations.as_slice(),
                _ => &[],
            };
            let keys = Value::object(known.iter().chain(correlations).cloned());
            told.run(
                "correlation-completed",
                "completedAt",
                vec![("correlationKeys", keys)],
            );
        }
        HistoryEvent::TaskStarted { task, .. } => {
            let reference = &definition.task(*task).reference;
            told.task(reference, "created", "createdAt", Vec::new());
            told.task(reference, "started", "startedAt", Vec::new());
        }
        HistoryEvent::AttemptStarted { id, .. } => told.tasks([*id], "retried", "retriedAt"),
        HistoryEvent::TaskFaulted { id, error } => told.known_task(
            *id,
            "faulted",
            "faultedAt",
            vec![("error", error_value(error))],
        ),
        HistoryEvent::TaskCompleted { id, output, .. } => {
            told.known_task(
                *id,
                "completed",
                "completedAt",
                vec![("output", before.resolve(output, Some(*id)))],
            );
        }
        HistoryEvent::TasksCancelled { ids } => {
            told.tasks(ids.iter().copied(), "cancelled", "cancelledAt")
        }
        _ => {}
    }
    told.events
}

/// Lifecycle events of one history event, gathered.
struct Told<'a> {
    definition: &'a Definition,
    before: &'a RunState,
    time: Value,
    number: u64,
    events: Vec<Value>,
}

impl Told<'_> {
    fn run(&mut self, what: &str, at: &str, more: Vec<(&str, Value)>) {
        let name = qualified_name(self.definition, self.before);
        self.push(
            &format!("workflow.{what}"),
            vec![("name", name), (at, self.time.clone())],
            more,
        );
    }

    fn task(&mut self, reference: &Text, what: &str, at: &str, more: Vec<(&str, Value)>) {
        let workflow = qualified_name(self.definition, self.before);
        let data = vec![
            ("workflow", workflow),
            ("task", Value::String(reference.clone())),
            (at, self.time.clone()),
        ];
        self.push(&format!("task.{what}"), data, more);
    }

    fn known_task(&mut self, id: u64, what: &str, at: &str, more: Vec<(&str, Value)>) {
        if let Some(frame) = self.before.frames.get(&id) {
            let reference = self.definition.task(frame.task).reference.clone();
            self.task(&reference, what, at, more);
        }
    }

    fn tasks(&mut self, ids: impl IntoIterator<Item = u64>, what: &str, at: &str) {
        for id in ids {
            self.known_task(id, what, at, Vec::new());
        }
    }

    fn push(&mut self, kind: &str, data: Vec<(&str, Value)>, more: Vec<(&str, Value)>) {
        let data = data.into_iter().chain(more);
        let id = format!(
            "{}/lifecycle/{}/{}",
            self.before.id,
            self.number,
            self.events.len()
        );
        self.events.push(Value::object([
            ("specversion", Value::from("1.0")),
            ("id", Value::from(id)),
            ("source", Value::from(format!("/runs/{}", self.before.id))),
            ("type", Value::from(format!("{LIFECYCLE_PREFIX}{kind}.v1"))),
            ("time", self.time.clone()),
            ("datacontenttype", Value::from("application/json")),
            ("data", Value::object(data)),
        ]));
    }
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
