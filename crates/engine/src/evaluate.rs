//! The values behind an expression's names, at its place in a run.

use std::cell::Cell;

use dsl::Expression;
use dsl::definition::event::Matcher;
use dsl::definition::{Definition, EventFilter, Task, TaskKind};
use dsl::expr::{EvalLimits, Template, Variables};
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};

use crate::command::Moment;
use crate::event::Slot;
use crate::state::{Frame, Phase, RunState};

/// Where an expression is evaluated.
pub(crate) struct Place<'a> {
    pub definition: &'a Definition,
    pub state: &'a RunState,
    pub moment: &'a Moment,
    /// None: an expression of the workflow itself.
    pub task: Option<At<'a>>,
    pub output: Option<&'a Value>,
    /// Names only this expression sees, such as the loop variables in `while`.
    pub own: &'a [(&'a str, Value)],
}

/// The task run an expression belongs to (for `if`, one that has not begun).
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub task: &'a Task,
    pub parent: Option<u64>,
    pub slot: Slot,
    pub raw: &'a Value,
    pub input: Option<&'a Value>,
    pub raw_output: Option<&'a Value>,
    pub started_at: Option<jiff::Timestamp>,
    /// Lets `$task` also have the members of the task's definition (for `when` of an extension).
    pub is_merged: bool,
}

impl Place<'_> {
    pub fn expression(
        &self,
        expression: &Expression,
        input: &Value,
    ) -> Result<Value, WorkflowError> {
        let names = Names {
            place: self,
            is_secret_missing: Cell::new(false),
        };
        let value = expression.evaluate(input, &names, self.moment.now, EvalLimits::default());
        names.check(value)
    }

    pub fn template(&self, template: &Template, input: &Value) -> Result<Value, WorkflowError> {
        if let Template::Constant(value) = template {
            return Ok(value.clone());
        }
        let names = Names {
            place: self,
            is_secret_missing: Cell::new(false),
        };
        let value = template.evaluate(input, &names, self.moment.now, EvalLimits::default());
        names.check(value)
    }

    pub fn is_true(&self, expression: &Expression, input: &Value) -> Result<bool, WorkflowError> {
        self.expression(expression, input)
            .map(|value| value.is_true())
    }

    /// Whether the event passes the filter's attributes (correlation aside).
    pub fn accepts(
        &self,
        filter: &EventFilter,
        event: &Value,
        input: &Value,
    ) -> Result<bool, WorkflowError> {
        for (name, matcher) in &filter.with {
            let attribute = event.get(name).cloned().unwrap_or(Value::Null);
            let is_match = match matcher {
                Matcher::Equals { template, regex } => {
                    let wanted = self.template(template, input)?;
                    is_part(&wanted, &attribute)
                        || matches!((regex, attribute.as_str()), (Some(regex), Some(text)) if regex.is_match(text))
                }
                Matcher::Expression(expression) => {
                    let value = self.expression(expression, &attribute)?;
                    if &**name == "data" {
                        value.is_true()
                    } else {
                        value == Value::Bool(true) || value == attribute
                    }
                }
            };
            if !is_match {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether an event passes a filter of `schedule.on`: outside of any run.
pub fn matches_event(
    definition: &Definition,
    filter: &EventFilter,
    event: &Value,
    moment: &Moment,
) -> Result<bool, WorkflowError> {
    let state = RunState::new("");
    let place = Place {
        definition,
        state: &state,
        moment,
        task: None,
        output: None,
        own: &[],
    };
    place.accepts(filter, event, &Value::Null)
}

/// True when all of `wanted` is in `found`: objects by their members, everything else by equality.
fn is_part(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted
            .iter()
            .all(|(key, value)| found.get(key).is_some_and(|found| is_part(value, found))),
        _ => wanted == found,
    }
}

struct Names<'a> {
    place: &'a Place<'a>,
    is_secret_missing: Cell<bool>,
}

impl Names<'_> {
    fn check(&self, value: Result<Value, WorkflowError>) -> Result<Value, WorkflowError> {
        if !self.is_secret_missing.get() {
            return value;
        }
        let missing: Vec<&str> = self.missing_secrets().collect();
        Err(WorkflowError::new(
            ErrorKind::Authorization,
            "Secret not available",
            format!(
                "the workflow may not use, or there is no, secret `{}`",
                missing.join("`, `")
            ),
        ))
    }

    fn missing_secrets(&self) -> impl Iterator<Item = &str> {
        let held = &self.place.moment.secrets;
        self.place
            .definition
            .secrets
            .iter()
            .filter(|name| held.get(name).is_none())
            .map(|name| &**name)
    }

    fn secrets(&self) -> Value {
        if self.missing_secrets().next().is_some() {
            self.is_secret_missing.set(true);
        }
        let held = &self.place.moment.secrets;
        Value::object(
            self.place
                .definition
                .secrets
                .iter()
                .filter_map(|name| held.get(name).map(|value| (name.clone(), value.clone()))),
        )
    }

    fn workflow(&self) -> Value {
        let state = self.place.state;
        let started = state.started_at.unwrap_or(self.place.moment.now);
        Value::object([
            ("id", Value::String(state.id.clone())),
            ("definition", self.place.definition.source.clone()),
            ("input", state.input.clone()),
            ("startedAt", date_time(started)),
        ])
    }

    /// `$task`: within an extension's tasks, the task that is extended.
    fn task(&self) -> Option<Value> {
        let at = self.place.task?;
        let (mut parent, mut slot) = (at.parent, at.slot);
        while let Some(frame) = parent.and_then(|id| self.place.state.frames.get(&id)) {
            if matches!(slot, Slot::Before(_) | Slot::After(_)) {
                let output = if let Phase::After { output, .. } = &frame.phase {
                    Some(output)
                } else {
                    None
                };
                let task = self.place.definition.task(frame.task);
                return Some(descriptor(
                    task,
                    &frame.raw,
                    output,
                    Some(frame.started_at),
                    false,
                ));
            }
            (parent, slot) = (frame.parent, frame.slot);
        }
        Some(descriptor(
            at.task,
            at.raw,
            at.raw_output,
            at.started_at,
            at.is_merged,
        ))
    }

    /// A variable of a loop or `catch` clause around the task, the innermost first.
    fn local(&self, name: &str) -> Option<Value> {
        let at = self.place.task?;
        let (mut parent, mut slot) = (at.parent, at.slot);
        while let Some(frame) = parent.and_then(|id| self.place.state.frames.get(&id)) {
            if let Some(value) = own_variable(self.place.definition, frame, slot, name) {
                return Some(value);
            }
            (parent, slot) = (frame.parent, frame.slot);
        }
        None
    }
}

impl Variables for Names<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some((_, value)) = self.place.own.iter().find(|(own, _)| *own == name) {
            return Some(value.clone());
        }
        match name {
            "context" => Some(self.place.state.context.clone()),
            "input" => self.place.task.and_then(|at| at.input.cloned()),
            "output" => self.place.output.cloned(),
            "secrets" => Some(self.secrets()),
            "workflow" => Some(self.workflow()),
            "runtime" => Some(self.place.moment.runtime.clone()),
            "task" => self.task(),
            "authorization" => None,
            _ => self.local(name),
        }
    }
}

/// The variable that `frame` gives to what runs in its `slot`.
fn own_variable(definition: &Definition, frame: &Frame, slot: Slot, name: &str) -> Option<Value> {
    match (&definition.task(frame.task).kind, &frame.phase, slot) {
        (TaskKind::For(task), Phase::For { items, index }, Slot::Body) => {
            if *task.each == *name {
                items
                    .as_array()
                    .and_then(|items| items.get(*index as usize))
                    .cloned()
            } else if *task.at == *name {
                Some(Value::Int(*index as i64))
            } else {
                None
            }
        }
        (
            TaskKind::Listen(task),
            Phase::Listen {
                consumed, results, ..
            },
            Slot::Body,
        ) => {
            let foreach = task.foreach.as_ref()?;
            if *foreach.item == *name {
                consumed.get(results.len()).cloned()
            } else if *foreach.at == *name {
                Some(Value::Int(results.len() as i64))
            } else {
                None
            }
        }
        (
            TaskKind::Try(task),
            Phase::Try {
                error: Some(error), ..
            },
            Slot::Catch,
        ) if *task.catch.as_ == *name => Some(error_value(error)),
        _ => None,
    }
}

/// A workflow error as data.
pub(crate) fn error_value(error: &WorkflowError) -> Value {
    let mut entries = vec![
        ("type", Value::from(error.kind.as_str())),
        ("status", Value::Int(i64::from(error.status))),
    ];
    for (name, field) in [
        ("title", &error.title),
        ("detail", &error.detail),
        ("instance", &error.instance),
    ] {
        if let Some(text) = field {
            entries.push((name, Value::from(text.as_str())));
        }
    }
    Value::object(entries)
}

fn descriptor(
    task: &Task,
    raw: &Value,
    output: Option<&Value>,
    started_at: Option<jiff::Timestamp>,
    is_merged: bool,
) -> Value {
    let mut entries = vec![
        (
            dsl::value::Text::from("name"),
            Value::String(task.name.clone()),
        ),
        ("reference".into(), Value::String(task.reference.clone())),
        ("definition".into(), task.source.clone()),
        ("input".into(), raw.clone()),
    ];
    if let Some(output) = output {
        entries.push(("output".into(), output.clone()));
    }
    if let Some(at) = started_at {
        entries.push(("startedAt".into(), date_time(at)));
    }
    if is_merged && let Some(members) = task.source.as_object() {
        let taken: Vec<_> = members
            .iter()
            .filter(|(key, _)| !entries.iter().any(|(taken, _)| taken == *key))
            .collect();
        entries.extend(
            taken
                .into_iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
    Value::object(entries)
}

/// The specification's date time descriptor.
fn date_time(at: jiff::Timestamp) -> Value {
    Value::object([
        ("iso8601", Value::from(at.to_string())),
        (
            "epoch",
            Value::object([
                ("seconds", Value::Int(at.as_second())),
                ("milliseconds", Value::Int(at.as_millisecond())),
            ]),
        ),
    ])
}
