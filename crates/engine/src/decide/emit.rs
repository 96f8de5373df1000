//! `emit` publishes a CloudEvent; `raise` raises an error.

use dsl::definition::task::{Emit, Raise};
use dsl::value::{Map, Value};
use dsl::workflow_error::{ErrorKind, WorkflowError};

use super::{Machine, Work};
use crate::effect::Effect;
use crate::event::HistoryEvent;

impl Machine<'_> {
    pub(super) fn emit(&mut self, id: u64, emit: &Emit) -> Result<(), WorkflowError> {
        let written = self.template(id, &emit.event)?;
        let written = written.as_object().ok_or_else(|| not_an_event(&written))?;
        let mut event = Map::with_capacity(written.len() + 3);
        event.insert("specversion".into(), Value::from("1.0"));
        event.insert("id".into(), Value::from(format!("{}/{id}", self.state.id)));
        event.insert("time".into(), Value::from(self.moment.now.to_string()));
        for (name, value) in written.iter().filter(|(_, value)| !value.is_null()) {
            event.insert(name.clone(), value.clone());
        }
        for name in ["source", "type"] {
            if event
                .get(name)
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                return Err(WorkflowError::new(
                    ErrorKind::Expression,
                    "Not an event",
                    format!("the event's `{name}` must be text"),
                ));
            }
        }
        let event = Value::Object(event.into());
        self.record(HistoryEvent::Emitted {
            event: event.clone(),
        });
        self.effects.push(Effect::Publish {
            event: event.clone(),
        });
        self.work.push_back(Work::Complete {
            id,
            output: event,
            go: None,
        });
        Ok(())
    }

    /// The error to raise.
    pub(super) fn raise(&mut self, id: u64, raise: &Raise) -> Result<WorkflowError, WorkflowError> {
        let value = self.template(id, &raise.error)?;
        let text = |name: &str| {
            value
                .get(name)
                .filter(|field| !field.is_null())
                .map(text_of)
        };
        let status = value.get("status").and_then(status_of);
        match (text("type"), status) {
            (Some(kind), Some(status)) => Ok(WorkflowError {
                kind,
                status,
                title: text("title"),
                detail: text("detail"),
                instance: text("instance"),
            }),
            _ => Err(WorkflowError::new(
                ErrorKind::Expression,
                "Not an error",
                format!("an error needs a `type` and a `status` from 100 to 599, found `{value}`"),
            )),
        }
    }
}

fn status_of(value: &Value) -> Option<u16> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number)
        .ok()
        .filter(|status| (100..600).contains(status))
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_json(), str::to_owned)
}

fn not_an_event(found: &Value) -> WorkflowError {
    WorkflowError::new(
        ErrorKind::Expression,
        "Not an event",
        format!("expected an object, found {}", found.type_name()),
    )
}
