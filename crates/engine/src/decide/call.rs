//! `call`: a function of the workflow itself, or an effect on the outside.

use dsl::Template;
use dsl::definition::task::Call;
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;

use super::{Machine, Work};
use crate::effect::{Effect, Request};
use crate::event::{HistoryEvent, Slot};

impl Machine<'_> {
    pub(super) fn call(&mut self, id: u64, call: &Call) -> Result<(), WorkflowError> {
        let with = self.template(id, &call.with)?;
        if let Some(task) = call.defined {
            self.work.push_back(Work::Start {
                parent: Some(id),
                slot: Slot::Function,
                task,
                raw: with,
            });
            return Ok(());
        }
        let with = expand_endpoints(&call.with, with, self.input_of(id))?;
        self.request(
            id,
            Request {
                function: call.function.clone(),
                with,
            },
        );
        Ok(())
    }

    pub(super) fn request(&mut self, id: u64, request: Request) {
        let effect = self.next_number();
        self.record(HistoryEvent::EffectRequested {
            id,
            effect,
            request: request.clone(),
        });
        self.effects.push(Effect::Perform { effect, request });
    }
}

/// Expands `{name}` in the URIs that the author wrote out. What an expression gave is data and stays as it is.
///
/// Source: DSL 1.0.3, URI Template.
fn expand_endpoints(
    written: &Template,
    with: Value,
    input: &Value,
) -> Result<Value, WorkflowError> {
    const PLACES: [&[&str]; 4] = [
        &["endpoint"],
        &["endpoint", "uri"],
        &["document", "endpoint"],
        &["document", "endpoint", "uri"],
    ];
    PLACES.iter().try_fold(with, |with, place| {
        let is_written = written_at(written, place).is_some_and(|uri| uri.contains('{'));
        if is_written {
            expand_at(&with, place, input)
        } else {
            Ok(with)
        }
    })
}

fn written_at<'a>(template: &'a Template, place: &[&str]) -> Option<&'a str> {
    match (template, place.split_first()) {
        (Template::Constant(value), _) => place
            .iter()
            .try_fold(value, |value, name| value.get(name))
            .and_then(Value::as_str),
        (Template::Object(entries), Some((name, rest))) => {
            let (_, inner) = entries.iter().find(|(key, _)| &**key == *name)?;
            written_at(inner, rest)
        }
        _ => None,
    }
}

fn expand_at(value: &Value, place: &[&str], input: &Value) -> Result<Value, WorkflowError> {
    match place.split_first() {
        None => {
            let template = value.as_str().unwrap_or_default();
            dsl::uri_template::expand(template, input).map(Value::from)
        }
        Some((name, rest)) => {
            let Some(object) = value.as_object() else {
                return Ok(value.clone());
            };
            let Some(inner) = object.get(*name) else {
                return Ok(value.clone());
            };
            let inner = expand_at(inner, rest, input)?;
            let mut object = (**object).clone();
            object.insert((*name).into(), inner);
            Ok(Value::Object(object.into()))
        }
    }
}
