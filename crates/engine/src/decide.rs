//! Command in, decision out.
//!
//! A decision drives the run until everything in it waits for the outside: a column of small works (start a task,
//! complete it, fault it), each of which records events. Recording applies the event at once, so that the next work sees
//! the state that replay would see. One file per task kind says what that kind does.

mod asked;
mod call;
mod emit;
mod extension;
mod fork;
mod listen;
mod repeat;
mod run;
mod switch;
mod task;
mod try_catch;
mod wait;

use std::collections::VecDeque;

use dsl::definition::{Definition, DurationSpec, Task, TaskKind};
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use dsl::{Expression, TaskId, Template};

use crate::apply::apply;
use crate::command::{Command, Moment, Outcome, Rejection};
use crate::effect::Effect;
use crate::evaluate::{At, Place};
use crate::event::{Data, Go, HistoryEvent, Slot};
use crate::state::{Phase, RunState, Status, TimerPurpose};
pub use asked::outstanding;
use wait::{add, span_of};

/// What was decided: to be recorded as one, then performed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub events: Vec<HistoryEvent>,
    pub effects: Vec<Effect>,
    /// The share was used up: go on with [`Command::Continue`] once this is recorded.
    pub is_unfinished: bool,
}

/// Decides what happens next. The same arguments always give the same decision.
///
/// Errors: the command changes nothing; `state` stays as it is.
pub fn decide(
    definition: &Definition,
    state: &RunState,
    command: Command,
    moment: &Moment,
) -> Result<Decision, Rejection> {
    let mut state = state.clone();
    advance(definition, &mut state, command, moment)
}

/// [`decide`] that also moves `state` on, as folding the decision's events would. On rejection `state` is unchanged.
pub fn advance(
    definition: &Definition,
    state: &mut RunState,
    command: Command,
    moment: &Moment,
) -> Result<Decision, Rejection> {
    let mut machine = Machine::new(definition, state, moment);
    machine.take(command)?;
    machine.drive();
    let is_unfinished = machine.state.is_ready();
    Ok(Decision {
        events: machine.events,
        effects: asked::without_given_up(machine.effects),
        is_unfinished,
    })
}

/// A small thing to do next.
enum Work {
    Start {
        parent: Option<u64>,
        slot: Slot,
        task: TaskId,
        raw: Value,
    },
    /// Take the input and do what the task says (its extensions' `before` are done).
    Enter {
        id: u64,
    },
    Complete {
        id: u64,
        output: Value,
        go: Option<Go>,
    },
    Fault {
        id: u64,
        error: WorkflowError,
    },
}

struct Machine<'a> {
    definition: &'a Definition,
    state: &'a mut RunState,
    moment: &'a Moment,
    events: Vec<HistoryEvent>,
    effects: Vec<Effect>,
    work: VecDeque<Work>,
    /// Tasks that may still start in this decision.
    share: u32,
    entropy: u64,
}

impl<'a> Machine<'a> {
    fn new(definition: &'a Definition, state: &'a mut RunState, moment: &'a Moment) -> Self {
        Self {
            definition,
            state,
            moment,
            events: Vec::new(),
            effects: Vec::new(),
            work: VecDeque::new(),
            share: moment.budget.max(1),
            entropy: moment.entropy,
        }
    }

    fn take(&mut self, command: Command) -> Result<(), Rejection> {
        match (self.state.mode, &command) {
            (Status::Pending, Command::Start { .. } | Command::Cancel { .. }) => {}
            (Status::Pending, _) => return Err(Rejection::NotStarted),
            (_, Command::Start { .. }) => return Err(Rejection::AlreadyStarted),
            (Status::Cancelled | Status::Faulted | Status::Completed, _) => {
                return Err(Rejection::Ended);
            }
            (Status::Suspended, Command::Suspend) => return Err(Rejection::AlreadySuspended),
            (Status::Suspended, Command::Resume | Command::Cancel { .. }) => {}
            (Status::Suspended, _) => return self.hold(command),
            (_, Command::Resume) => return Err(Rejection::NotSuspended),
            _ => {}
        }
        match command {
            Command::Start { input } => self.start_run(input),
            Command::Continue => self.go_on()?,
            Command::Answered { effect, outcome } => self.answered(effect, outcome)?,
            Command::TimerFired { timer } => self.timer_fired(timer)?,
            Command::Event { listener, event } => self.event_arrived(listener, &event)?,
            Command::Suspend => self.record(HistoryEvent::RunSuspended),
            Command::Resume => self.resume(),
            Command::Cancel { reason } => {
                self.abandon_all();
                self.record(HistoryEvent::RunCancelled { reason });
            }
        }
        Ok(())
    }

    fn drive(&mut self) {
        while self.state.mode == Status::Running {
            match self.work.pop_front() {
                Some(Work::Start {
                    parent,
                    slot,
                    task,
                    raw,
                }) => self.start_task(parent, slot, task, raw),
                Some(Work::Enter { id }) => self.enter(id),
                Some(Work::Complete { id, output, go }) => self.complete(id, output, go),
                Some(Work::Fault { id, error }) => self.fault(id, error),
                None => break,
            }
        }
    }

    /// Records an event, and moves the state on as replay will.
    fn record(&mut self, event: HistoryEvent) {
        apply(self.state, &event, self.moment.now);
        self.events.push(event);
    }

    // The run.

    fn start_run(&mut self, input: Value) {
        self.record(HistoryEvent::RunStarted {
            input: input.clone(),
        });
        if let Some(timeout) = &self.definition.timeout {
            match self.due(None, timeout, &Value::Null) {
                Ok(due) => self.set_timer(None, TimerPurpose::RunTimeout, due),
                Err(error) => return self.fault_run(error.with_instance("/timeout")),
            }
        }
        match self.workflow_input(&input) {
            Ok(input) => match self.definition.root.first() {
                Some(task) => self.work.push_back(Work::Start {
                    parent: None,
                    slot: Slot::Body,
                    task,
                    raw: input,
                }),
                None => self.complete_run(input),
            },
            Err(error) => self.fault_run(error),
        }
    }

    fn workflow_input(&self, raw: &Value) -> Result<Value, WorkflowError> {
        let input = &self.definition.input;
        check_schema(input.schema.as_ref(), raw, "input")
            .map_err(|error| error.with_instance("/input"))?;
        match &input.from {
            Some(from) => self
                .workflow_place()
                .template(from, raw)
                .map_err(|error| error.with_instance("/input/from")),
            None => Ok(raw.clone()),
        }
    }

    fn complete_run(&mut self, raw: Value) {
        let output = &self.definition.output;
        let transformed = match &output.as_ {
            Some(as_) => self
                .workflow_place()
                .template(as_, &raw)
                .map_err(|error| error.with_instance("/output/as")),
            None => Ok(raw),
        };
        let checked = transformed.and_then(|value| {
            check_schema(output.schema.as_ref(), &value, "output")
                .map_err(|error| error.with_instance("/output"))?;
            Ok(value)
        });
        match checked {
            Ok(value) => {
                self.abandon_all();
                let output = if value.is_same(&self.state.carry) {
                    Data::Carry
                } else {
                    Data::Value(value)
                };
                self.record(HistoryEvent::RunCompleted { output });
            }
            Err(error) => self.fault_run(error),
        }
    }

    fn fault_run(&mut self, error: WorkflowError) {
        self.abandon_all();
        self.record(HistoryEvent::RunFaulted { error });
    }

    fn go_on(&mut self) -> Result<(), Rejection> {
        if self.state.ready.is_empty() {
            return Err(Rejection::NothingReady);
        }
        // No more than the share lets start: taking up all of a large fork each time would write the rest of it again.
        let taken = self.state.ready.len().min(self.share as usize);
        for ready in self.state.ready.range(..taken) {
            self.work.push_back(Work::Start {
                parent: ready.parent,
                slot: ready.slot,
                task: ready.task,
                raw: ready.raw.clone(),
            });
        }
        self.record(HistoryEvent::Continued {
            tasks: taken as u32,
        });
        Ok(())
    }

    /// Keeps what arrives during suspension for later, unless it would be rejected anyway.
    fn hold(&mut self, command: Command) -> Result<(), Rejection> {
        match &command {
            Command::Answered { effect, outcome } => {
                self.waiting_for(*effect, outcome)?;
                let is_answered = |held: &Command| matches!(held, Command::Answered { effect: known, .. } if known == effect);
                if self.state.held.iter().any(is_answered) {
                    return Err(Rejection::UnknownEffect { effect: *effect });
                }
            }
            Command::TimerFired { timer } => {
                if !self.state.timers.contains_key(timer) || self.state.held.contains(&command) {
                    return Err(Rejection::UnknownTimer { timer: *timer });
                }
            }
            Command::Event { listener, .. } if self.is_listening(*listener) => {}
            Command::Event { .. } => return Err(Rejection::NotWanted),
            _ => return Err(Rejection::AlreadySuspended),
        }
        self.record(HistoryEvent::Held { command });
        Ok(())
    }

    fn resume(&mut self) {
        let held = self.state.held.clone();
        self.record(HistoryEvent::RunResumed);
        for command in held {
            // What became pointless meanwhile (a timer of a task that a held answer completed) is passed over.
            let _ = self.take(command);
            self.drive();
        }
        if self.share > 0 {
            // Rejected when nothing is ready, which is fine.
            let _ = self.go_on();
        }
    }

    // Outcomes.

    /// The task run that waits for an effect, and for this outcome of it.
    fn waiting_for(&self, effect: u64, outcome: &Outcome) -> Result<u64, Rejection> {
        let unknown = Rejection::UnknownEffect { effect };
        let Some(id) = self.state.frame_of_effect(effect) else {
            return Err(unknown);
        };
        match (&self.state.frames[&id].phase, outcome) {
            (
                Phase::Calling {
                    is_uncertain: true, ..
                },
                Outcome::Uncertain { .. },
            ) => Err(unknown),
            (
                Phase::Calling {
                    is_uncertain: true, ..
                },
                _,
            ) => Ok(id),
            (_, Outcome::Again) => Err(unknown),
            _ => Ok(id),
        }
    }

    fn answered(&mut self, effect: u64, outcome: Outcome) -> Result<(), Rejection> {
        let id = self.waiting_for(effect, &outcome)?;
        let request = match &self.state.frames[&id].phase {
            Phase::Calling { request, .. } => Some(request.clone()),
            _ => None,
        };
        self.record(HistoryEvent::EffectAnswered {
            effect,
            outcome: outcome.clone(),
        });
        match outcome {
            Outcome::Value(value) => {
                let is_let_go =
                    matches!(&self.task_of(id).kind, TaskKind::Run(run) if !run.is_awaited);
                let output = if is_let_go {
                    self.input_of(id).clone()
                } else {
                    value
                };
                self.work.push_back(Work::Complete {
                    id,
                    output,
                    go: None,
                });
            }
            // Another run's error points into another definition.
            Outcome::Error(error) if request.is_none() => self.work.push_back(Work::Fault {
                id,
                error: WorkflowError {
                    instance: None,
                    ..error
                },
            }),
            Outcome::Error(error) => self.work.push_back(Work::Fault { id, error }),
            Outcome::Uncertain { reason } if request.is_none() => {
                let error = WorkflowError::new(ErrorKind::Runtime, "Uncertain", &*reason);
                self.work.push_back(Work::Fault { id, error });
            }
            Outcome::Uncertain { .. } => {}
            Outcome::Again => self
                .effects
                .extend(request.map(|request| Effect::Perform { effect, request })),
        }
        Ok(())
    }

    fn timer_fired(&mut self, timer: u64) -> Result<(), Rejection> {
        let known = self
            .state
            .timers
            .get(&timer)
            .cloned()
            .ok_or(Rejection::UnknownTimer { timer })?;
        self.record(HistoryEvent::TimerFired { timer });
        let Some(id) = known.frame else {
            self.fault_run(timeout_error("the workflow took too long").with_instance("/"));
            return Ok(());
        };
        match known.purpose {
            TimerPurpose::Wait => {
                let output = self.state.frames[&id].input.clone();
                self.work.push_back(Work::Complete {
                    id,
                    output,
                    go: None,
                });
            }
            TimerPurpose::TaskTimeout | TimerPurpose::RunTimeout => {
                self.work.push_back(Work::Fault {
                    id,
                    error: timeout_error("the task took too long"),
                });
            }
            TimerPurpose::RetryDelay => self.begin_attempt(id),
            TimerPurpose::AttemptTimeout => self.attempt_timed_out(id),
        }
        Ok(())
    }

    // Tools of all task kinds.

    fn workflow_place(&self) -> Place<'_> {
        Place {
            definition: self.definition,
            state: self.state,
            moment: self.moment,
            task: None,
            output: None,
            own: &[],
        }
    }

    /// The place of an expression in the definition of a task under way.
    fn place(&self, id: u64) -> Place<'_> {
        let frame = &self.state.frames[&id];
        let at = At {
            task: self.definition.task(frame.task),
            parent: frame.parent,
            slot: frame.slot,
            raw: &frame.raw,
            input: Some(&frame.input),
            raw_output: None,
            started_at: Some(frame.started_at),
            is_merged: false,
        };
        Place {
            definition: self.definition,
            state: self.state,
            moment: self.moment,
            task: Some(at),
            output: None,
            own: &[],
        }
    }

    fn task_of(&self, id: u64) -> &'a Task {
        self.definition.task(self.state.frames[&id].task)
    }

    fn input_of(&self, id: u64) -> &Value {
        &self.state.frames[&id].input
    }

    fn expression(&self, id: u64, expression: &Expression) -> Result<Value, WorkflowError> {
        self.place(id).expression(expression, self.input_of(id))
    }

    fn template(&self, id: u64, template: &Template) -> Result<Value, WorkflowError> {
        self.place(id).template(template, self.input_of(id))
    }

    fn next_number(&self) -> u64 {
        self.state.next
    }

    /// When a duration that begins now ends.
    fn due(
        &self,
        id: Option<u64>,
        duration: &DurationSpec,
        input: &Value,
    ) -> Result<jiff::Timestamp, WorkflowError> {
        let place = id.map_or_else(|| self.workflow_place(), |id| self.place(id));
        let span = span_of(&place, duration, input)?;
        Ok(add(self.moment.now, &span))
    }

    fn set_timer(&mut self, id: Option<u64>, purpose: TimerPurpose, due: jiff::Timestamp) {
        let timer = self.next_number();
        self.record(HistoryEvent::TimerSet {
            timer,
            id,
            purpose,
            due,
        });
        self.effects.push(Effect::SetTimer { timer, due });
    }

    /// Stops caring for what a task run asked of the outside.
    fn abandon(&mut self, id: u64) {
        let timers = self.state.timers.of(id);
        self.effects
            .extend(timers.map(|(timer, _)| Effect::ClearTimer { timer }));
        match self.state.frames.get(&id).map(|frame| &frame.phase) {
            Some(Phase::Calling { effect, .. } | Phase::SubRun { effect, .. }) => {
                self.effects.push(Effect::Abandon { effect: *effect });
            }
            Some(Phase::Listen { is_last: false, .. }) => {
                self.effects.push(Effect::Unlisten { listener: id })
            }
            _ => {}
        }
    }

    /// The run ends: nothing asked of the outside matters any more.
    fn abandon_all(&mut self) {
        let ids: Vec<u64> = self.state.frames.keys().copied().collect();
        for id in ids {
            self.abandon(id);
        }
        for (timer, _) in self
            .state
            .timers
            .iter()
            .filter(|(_, timer)| timer.frame.is_none())
        {
            self.effects.push(Effect::ClearTimer { timer: *timer });
        }
        self.work.clear();
    }

    /// Cancels all task runs below `id`.
    fn cancel_below(&mut self, id: u64) {
        let ids = self.state.frames.below(id);
        if ids.is_empty() {
            return;
        }
        for id in &ids {
            self.abandon(*id);
        }
        self.record(HistoryEvent::TasksCancelled { ids });
    }

    /// Uniform in 0..1; advances.
    fn random(&mut self) -> f64 {
        // SplitMix64: small, and good enough to spread retries.
        self.entropy = self.entropy.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.entropy;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn timeout_error(detail: &str) -> WorkflowError {
    WorkflowError::new(ErrorKind::Timeout, "Timeout", detail)
}

fn check_schema(
    schema: Option<&dsl::definition::Schema>,
    value: &Value,
    what: &str,
) -> Result<(), WorkflowError> {
    let Some(schema) = schema else { return Ok(()) };
    let violations = schema.violations(value);
    if violations.is_empty() {
        return Ok(());
    }
    let listed: Vec<String> = violations
        .iter()
        .take(5)
        .map(|violation| {
            let pointer = if violation.pointer.is_empty() {
                "/"
            } else {
                &violation.pointer
            };
            format!("`{pointer}` {}", violation.message)
        })
        .collect();
    Err(WorkflowError::new(
        ErrorKind::Validation,
        format!("The {what} is not valid"),
        listed.join("; "),
    ))
}

fn is_list_member(task: &Task, slot: Slot) -> bool {
    let _ = task;
    !matches!(slot, Slot::Branch(_) | Slot::Function)
}

fn effect_error(error: WorkflowError, task: &Task) -> WorkflowError {
    if error.instance.is_some() {
        error
    } else {
        error.with_instance(&*task.reference)
    }
}

fn is_try(task: &Task) -> bool {
    matches!(task.kind, TaskKind::Try(_))
}
