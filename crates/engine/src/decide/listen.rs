//! `listen`: consuming CloudEvents.

use dsl::Template;
use dsl::definition::event::Matcher;
use dsl::definition::task::{Foreach, Listen, Read};
use dsl::definition::{Consumption, EventFilter, Strategy, Task, TaskKind, Until};
use dsl::value::{Text, Value};
use dsl::workflow_error::WorkflowError;

use super::task::transform;
use super::{Machine, Work};
use crate::command::Rejection;
use crate::effect::Effect;
use crate::event::{HistoryEvent, Slot};
use crate::state::Phase;

/// The event types that can wake a listening task; empty: any.
pub(super) fn types(task: &Task) -> Vec<Text> {
    match &task.kind {
        TaskKind::Listen(listen) => types_of(&listen.to),
        _ => Vec::new(),
    }
}

fn types_of(consumption: &Consumption) -> Vec<Text> {
    let mut found = Vec::new();
    let mut filters: Vec<&EventFilter> = filters(consumption).iter().collect();
    let is_open = filters.is_empty();
    if let Strategy::Any {
        until: Some(Until::Consumed(until)),
        ..
    } = &consumption.strategy
    {
        filters.extend(self::filters(until));
    }
    for filter in filters {
        match filter.with.iter().find(|(name, _)| &**name == "type") {
            Some((
                _,
                Matcher::Equals {
                    template: Template::Constant(Value::String(text)),
                    ..
                },
            )) if is_plain(text) => {
                found.push(text.clone());
            }
            _ => return Vec::new(),
        }
    }
    if is_open { Vec::new() } else { found }
}

/// True for a type that only means itself, not a regular expression.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':'))
}

fn filters(consumption: &Consumption) -> &[EventFilter] {
    match &consumption.strategy {
        Strategy::One(filter) => std::slice::from_ref(filter),
        Strategy::All(filters) | Strategy::Any { filters, .. } => filters,
    }
}

/// An event that passed a filter of a listening task.
struct Taken {
    filter: Option<u32>,
    until_filter: Option<u32>,
    correlations: Vec<(Text, Value)>,
}

impl Machine<'_> {
    pub(super) fn enter_listen(&mut self, id: u64, listen: &Listen) -> Result<(), WorkflowError> {
        let until_filters = match &listen.to.strategy {
            Strategy::Any {
                until: Some(Until::Consumed(until)),
                ..
            } => filters(until).len() as u32,
            _ => 0,
        };
        self.record(HistoryEvent::ListenEntered {
            id,
            filters: filters(&listen.to).len() as u32,
            until_filters,
        });
        self.effects.push(Effect::Listen {
            listener: id,
            types: types_of(&listen.to),
        });
        Ok(())
    }

    /// True for a listening task that still takes events.
    pub(super) fn is_listening(&self, id: u64) -> bool {
        let phase = self.state.frames.get(&id).map(|frame| &frame.phase);
        matches!(phase, Some(Phase::Listen { is_last: false, .. }))
    }

    pub(super) fn event_arrived(&mut self, id: u64, event: &Value) -> Result<(), Rejection> {
        let frame = self.state.frames.get(&id).ok_or(Rejection::NotWanted)?;
        let TaskKind::Listen(listen) = &self.definition.task(frame.task).kind else {
            return Err(Rejection::NotWanted);
        };
        if !self.is_listening(id) {
            return Err(Rejection::NotWanted);
        }
        match self.taken(id, listen, event) {
            Ok(None) => return Err(Rejection::NotWanted),
            Ok(Some(taken)) => {
                if let Err(error) = self.consume(id, listen, event, taken) {
                    self.work.push_back(Work::Fault { id, error });
                }
            }
            Err(error) => self.work.push_back(Work::Fault { id, error }),
        }
        Ok(())
    }

    fn taken(
        &self,
        id: u64,
        listen: &Listen,
        event: &Value,
    ) -> Result<Option<Taken>, WorkflowError> {
        let Phase::Listen {
            matched,
            until_matched,
            ..
        } = &self.state.frames[&id].phase
        else {
            return Ok(None);
        };
        if let Strategy::Any {
            until: Some(Until::Consumed(until)),
            ..
        } = &listen.to.strategy
            && let Some((index, correlations)) =
                self.first_match(id, until, until_matched, event)?
        {
            return Ok(Some(Taken {
                filter: None,
                until_filter: Some(index),
                correlations,
            }));
        }
        if let Strategy::Any { filters, .. } = &listen.to.strategy
            && filters.is_empty()
        {
            return Ok(Some(Taken {
                filter: None,
                until_filter: None,
                correlations: Vec::new(),
            }));
        }
        let found = self.first_match(id, &listen.to, matched, event)?;
        Ok(found.map(|(index, correlations)| Taken {
            filter: Some(index),
            until_filter: None,
            correlations,
        }))
    }

    /// The first filter that takes the event; each filter of `all` takes one event only.
    fn first_match(
        &self,
        id: u64,
        consumption: &Consumption,
        matched: &[bool],
        event: &Value,
    ) -> Result<Option<(u32, Vec<(Text, Value)>)>, WorkflowError> {
        let is_once = matches!(consumption.strategy, Strategy::All(_));
        for (index, filter) in filters(consumption).iter().enumerate() {
            if is_once && matched.get(index) == Some(&true) {
                continue;
            }
            if !self.place(id).accepts(filter, event, self.input_of(id))? {
                continue;
            }
            if let Some(correlations) = self.correlates(id, filter, event)? {
                return Ok(Some((index as u32, correlations)));
            }
        }
        Ok(None)
    }

    /// None when the event does not correlate; else the values seen for the first time.
    fn correlates(
        &self,
        id: u64,
        filter: &EventFilter,
        event: &Value,
    ) -> Result<Option<Vec<(Text, Value)>>, WorkflowError> {
        let Phase::Listen { correlations, .. } = &self.state.frames[&id].phase else {
            return Ok(None);
        };
        let mut new = Vec::new();
        for (name, correlation) in &filter.correlate {
            let found = self.place(id).expression(&correlation.from, event)?;
            let expected = match &correlation.expect {
                Some(template) => Some(self.template(id, template)?),
                None => correlations
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, value)| value.clone()),
            };
            match expected {
                Some(expected) if expected == found => {}
                Some(_) => return Ok(None),
                None if found.is_null() => return Ok(None),
                None => new.push((name.clone(), found)),
            }
        }
        Ok(Some(new))
    }

    fn consume(
        &mut self,
        id: u64,
        listen: &Listen,
        event: &Value,
        taken: Taken,
    ) -> Result<(), WorkflowError> {
        let item = match listen.read {
            Read::Envelope => event.clone(),
            Read::Data | Read::Raw => event.get("data").cloned().unwrap_or_default(),
        };
        let is_last = self.is_last(id, listen, &item, &taken)?;
        let Taken {
            filter,
            until_filter,
            correlations,
        } = taken;
        self.record(HistoryEvent::EventConsumed {
            id,
            filter,
            until_filter,
            item,
            correlations,
            is_last,
        });
        if is_last {
            self.effects.push(Effect::Unlisten { listener: id });
        }
        match &listen.foreach {
            Some(foreach) => self.process_next(id, foreach),
            None => {
                if let Phase::Listen {
                    consumed,
                    is_last: true,
                    ..
                } = &self.state.frames[&id].phase
                {
                    let output = Value::array(consumed.clone());
                    self.work.push_back(Work::Complete {
                        id,
                        output,
                        go: None,
                    });
                }
            }
        }
        Ok(())
    }

    fn is_last(
        &self,
        id: u64,
        listen: &Listen,
        item: &Value,
        taken: &Taken,
    ) -> Result<bool, WorkflowError> {
        let Phase::Listen {
            consumed,
            matched,
            until_matched,
            ..
        } = &self.state.frames[&id].phase
        else {
            return Ok(true);
        };
        match &listen.to.strategy {
            Strategy::One(_) | Strategy::Any { until: None, .. } => Ok(true),
            Strategy::All(_) => Ok(are_all(matched, taken.filter)),
            Strategy::Any {
                until: Some(Until::Condition(condition)),
                ..
            } => {
                let mut so_far = consumed.clone();
                so_far.push(item.clone());
                self.place(id).is_true(condition, &Value::array(so_far))
            }
            Strategy::Any {
                until: Some(Until::Consumed(until)),
                ..
            } => Ok(match &until.strategy {
                _ if taken.until_filter.is_none() => false,
                Strategy::All(_) => are_all(until_matched, taken.until_filter),
                _ => true,
            }),
        }
    }

    /// Begins with the next consumed event, or ends the task when no more will come.
    fn process_next(&mut self, id: u64, foreach: &Foreach) {
        let Phase::Listen {
            consumed,
            results,
            is_last,
            is_iterating,
            ..
        } = &self.state.frames[&id].phase
        else {
            return;
        };
        if *is_iterating {
            return;
        }
        match consumed.get(results.len()).cloned() {
            Some(item) => {
                let index = results.len() as u64;
                self.record(HistoryEvent::IterationStarted { id, index });
                self.start_list(id, Slot::Body, &foreach.tasks, item);
            }
            None if *is_last => {
                let output = Value::array(results.clone());
                self.work.push_back(Work::Complete {
                    id,
                    output,
                    go: None,
                });
            }
            None => {}
        }
    }

    pub(super) fn processing_ended(&mut self, id: u64, output: Value) {
        let TaskKind::Listen(Listen {
            foreach: Some(foreach),
            ..
        }) = &self.task_of(id).kind
        else {
            return;
        };
        match self.processed(id, foreach, &output) {
            Ok((output, context)) => {
                self.record(HistoryEvent::EventProcessed {
                    id,
                    output,
                    context,
                });
                self.process_next(id, foreach);
            }
            Err(error) => self.work.push_back(Work::Fault { id, error }),
        }
    }

    fn processed(
        &self,
        id: u64,
        foreach: &Foreach,
        raw: &Value,
    ) -> Result<(Value, Option<Value>), WorkflowError> {
        let Phase::Listen {
            consumed, results, ..
        } = &self.state.frames[&id].phase
        else {
            return Ok((raw.clone(), None));
        };
        let item = consumed.get(results.len()).cloned().unwrap_or_default();
        let own = [
            (&*foreach.item, item),
            (&*foreach.at, Value::Int(results.len() as i64)),
        ];
        let mut place = self.place(id);
        place.own = &own;
        transform(place, &foreach.output, foreach.export.as_ref(), raw)
    }
}

fn are_all(matched: &[bool], now: Option<u32>) -> bool {
    matched
        .iter()
        .enumerate()
        .all(|(index, is_matched)| *is_matched || now == Some(index as u32))
}
