//! `try`: catching errors, and trying again.

use dsl::definition::TaskKind;
use dsl::definition::task::{Backoff, Catch, Retry, Try};
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;
use jiff::SignedDuration;

use super::{Machine, Work, add, span_of, timeout_error};
use crate::effect::Effect;
use crate::evaluate::{Place, error_value};
use crate::event::{HistoryEvent, Slot};
use crate::state::{Phase, TimerPurpose};

/// No delay between retries is longer.
const DELAY_MAX: SignedDuration = SignedDuration::from_hours(24 * 366 * 10);

impl Machine<'_> {
    pub(super) fn enter_try(&mut self, id: u64) -> Result<(), WorkflowError> {
        self.record(HistoryEvent::TryEntered { id });
        self.start_body(id)
    }

    /// The wait before a retry is over.
    pub(super) fn begin_attempt(&mut self, id: u64) {
        let Phase::Try { attempt, .. } = self.state.frames[&id].phase else {
            return;
        };
        self.record(HistoryEvent::AttemptStarted {
            id,
            attempt: attempt + 1,
        });
        if let Err(error) = self.start_body(id) {
            self.work.push_back(Work::Fault { id, error });
        }
    }

    fn start_body(&mut self, id: u64) -> Result<(), WorkflowError> {
        let TaskKind::Try(task) = &self.task_of(id).kind else {
            return Ok(());
        };
        if let Some(limit) = task
            .catch
            .retry
            .as_ref()
            .and_then(|retry| retry.attempt_duration.as_ref())
        {
            let due = self.due(Some(id), limit, self.input_of(id))?;
            self.set_timer(Some(id), TimerPurpose::AttemptTimeout, due);
        }
        let input = self.input_of(id).clone();
        self.start_list(id, Slot::Body, &task.tasks, input);
        Ok(())
    }

    pub(super) fn attempt_timed_out(&mut self, id: u64) {
        let reference = self.task_of(id).reference.clone();
        self.cancel_below(id);
        self.body_faulted(
            id,
            timeout_error("the attempt took too long").with_instance(&*reference),
        );
    }

    /// A task of the body failed: catch the error, or pass it on.
    pub(super) fn body_faulted(&mut self, id: u64, error: WorkflowError) {
        let TaskKind::Try(task) = &self.task_of(id).kind else {
            return;
        };
        self.clear_attempt_timer(id);
        match self.is_caught(id, &task.catch, &error) {
            Ok(true) => {}
            Ok(false) => return self.work.push_back(Work::Fault { id, error }),
            Err(error) => return self.work.push_back(Work::Fault { id, error }),
        }
        self.record(HistoryEvent::ErrorCaught {
            id,
            error: error.clone(),
        });
        match self.retry_due(id, &task.catch, &error) {
            Ok(Some(due)) if due <= self.moment.now => self.begin_attempt(id),
            Ok(Some(due)) => self.set_timer(Some(id), TimerPurpose::RetryDelay, due),
            Ok(None) => self.handle(id, task, error),
            Err(error) => self.work.push_back(Work::Fault { id, error }),
        }
    }

    fn handle(&mut self, id: u64, task: &Try, error: WorkflowError) {
        let input = self.input_of(id).clone();
        match &task.catch.tasks {
            Some(tasks) => {
                self.record(HistoryEvent::CatchEntered { id });
                self.start_list(id, Slot::Catch, tasks, input);
            }
            // Retries that ran out have not handled the error.
            None if task.catch.retry.is_some() => self.work.push_back(Work::Fault { id, error }),
            None => self.work.push_back(Work::Complete {
                id,
                output: input,
                go: None,
            }),
        }
    }

    fn clear_attempt_timer(&mut self, id: u64) {
        let found = self
            .state
            .timers
            .of(id)
            .find(|(_, timer)| timer.purpose == TimerPurpose::AttemptTimeout)
            .map(|(number, _)| number);
        if let Some(timer) = found {
            self.record(HistoryEvent::TimerCleared { timer });
            self.effects.push(Effect::ClearTimer { timer });
        }
    }

    fn is_caught(
        &self,
        id: u64,
        catch: &Catch,
        error: &WorkflowError,
    ) -> Result<bool, WorkflowError> {
        let own = [(&*catch.as_, error_value(error))];
        let place = with_own(self.place(id), &own);
        let input = self.input_of(id);
        for (name, wanted) in &catch.errors {
            let wanted = place.template(wanted, input)?;
            if !has_attribute(error, name, &wanted) {
                return Ok(false);
            }
        }
        if let Some(when) = &catch.when
            && !place.is_true(when, input)?
        {
            return Ok(false);
        }
        match &catch.except_when {
            Some(except) => Ok(!place.is_true(except, input)?),
            None => Ok(true),
        }
    }

    /// When the next attempt begins; none when there is no retry, or no more.
    fn retry_due(
        &mut self,
        id: u64,
        catch: &Catch,
        error: &WorkflowError,
    ) -> Result<Option<jiff::Timestamp>, WorkflowError> {
        let Some(retry) = &catch.retry else {
            return Ok(None);
        };
        let Phase::Try { attempt, .. } = self.state.frames[&id].phase else {
            return Ok(None);
        };
        let number = attempt + 1;
        if retry.attempt_count.is_some_and(|count| number > count) {
            return Ok(None);
        }
        let spread = self.random();
        let own = [(&*catch.as_, error_value(error))];
        let place = with_own(self.place(id), &own);
        let input = self.input_of(id);
        if let Some(when) = &retry.when
            && !place.is_true(when, input)?
        {
            return Ok(None);
        }
        if let Some(except) = &retry.except_when
            && place.is_true(except, input)?
        {
            return Ok(None);
        }
        let now = self.moment.now;
        let delay = delay(&place, input, retry, number, now, spread)?;
        let due = now.checked_add(delay).unwrap_or(jiff::Timestamp::MAX);
        if let Some(limit) = &retry.duration {
            let until = add(
                self.state.frames[&id].started_at,
                &span_of(&place, limit, input)?,
            );
            if due > until {
                return Ok(None);
            }
        }
        Ok(Some(due))
    }
}

fn with_own<'a>(mut place: Place<'a>, own: &'a [(&'a str, Value)]) -> Place<'a> {
    place.own = own;
    place
}

fn has_attribute(error: &WorkflowError, name: &str, wanted: &Value) -> bool {
    let is_text =
        |field: &Option<String>| field.as_deref() == wanted.as_str() && wanted.as_str().is_some();
    match name {
        "type" => wanted.as_str().is_some_and(|kind| error.is_kind(kind)),
        "status" => wanted.as_i64() == Some(i64::from(error.status)),
        "instance" => is_text(&error.instance),
        "title" => is_text(&error.title),
        "detail" | "details" => is_text(&error.detail),
        _ => false,
    }
}

/// The wait before retry `number` (from 1), jitter included. `spread` is uniform in 0..1.
fn delay(
    place: &Place<'_>,
    input: &Value,
    retry: &Retry,
    number: u32,
    now: jiff::Timestamp,
    spread: f64,
) -> Result<SignedDuration, WorkflowError> {
    let seconds = |spec: &dsl::definition::DurationSpec| -> Result<f64, WorkflowError> {
        Ok(add(now, &span_of(place, spec, input)?)
            .duration_since(now)
            .as_secs_f64())
    };
    let base = retry.delay.as_ref().map_or(Ok(0.0), seconds)?;
    let mut wait = match &retry.backoff {
        Backoff::Constant => base,
        Backoff::Linear { increment: None } => base * f64::from(number),
        Backoff::Linear {
            increment: Some(increment),
        } => base + seconds(increment)? * f64::from(number - 1),
        Backoff::Exponential { factor, max_delay } => {
            let grown = base * factor.powi(i32::try_from(number - 1).unwrap_or(i32::MAX));
            match max_delay {
                Some(max) => grown.min(seconds(max)?),
                None => grown,
            }
        }
    };
    if let Some((from, to)) = &retry.jitter {
        let (from, to) = (seconds(from)?, seconds(to)?);
        wait += from + (to - from).max(0.0) * spread;
    }
    // History keeps microseconds.
    let micros = (wait.clamp(0.0, DELAY_MAX.as_secs_f64()) * 1e6).round();
    Ok(SignedDuration::from_micros(micros as i64))
}
