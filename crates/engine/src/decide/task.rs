//! The life of any task: start, input, completion, fault, and what follows.
//!
//! Source: DSL 1.0.3, Data Flow (the eleven steps) and Flow Directive.

use dsl::TaskId;
use dsl::definition::{Export, Output, Task, TaskKind, TaskList, Then};
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;

use super::{Machine, Work, check_schema, effect_error, is_list_member, is_try};
use crate::evaluate::{At, Place};
use crate::event::{Data, Go, HistoryEvent, Slot};
use crate::state::TimerPurpose;

impl Machine<'_> {
    pub(super) fn start_task(&mut self, parent: Option<u64>, slot: Slot, task: TaskId, raw: Value) {
        if parent.is_some_and(|id| !self.state.frames.contains_key(&id)) {
            return; // The parent ended meanwhile: a branch won, an error was caught elsewhere.
        }
        let data = self.start_data(parent, &raw);
        if self.share == 0 {
            return self.record(HistoryEvent::TaskReady {
                task,
                parent,
                slot,
                raw: data,
            });
        }
        self.share -= 1;
        let known = self.definition.task(task);
        match self.is_due(known, parent, slot, &raw) {
            Ok(true) => {}
            Ok(false) => {
                let branch = match (parent, slot) {
                    (Some(id), Slot::Branch(index)) => Some((id, index)),
                    _ => None,
                };
                self.record(HistoryEvent::TaskSkipped { task, branch });
                return self.follow(parent, slot, known, Go::Continue, raw);
            }
            Err(error) => {
                let id = self.begin(task, parent, slot, data);
                self.work.push_back(Work::Fault { id, error });
                return;
            }
        }
        let id = self.begin(task, parent, slot, data);
        match self.extensions_of(id) {
            Ok(extensions) if extensions.is_empty() => self.enter(id),
            Ok(extensions) => {
                self.record(HistoryEvent::ExtensionsApplied { id, extensions });
                self.run_before(id, 0);
            }
            Err(error) => self.work.push_back(Work::Fault { id, error }),
        }
    }

    fn begin(&mut self, task: TaskId, parent: Option<u64>, slot: Slot, raw: Data) -> u64 {
        let id = self.next_number();
        self.record(HistoryEvent::TaskStarted {
            id,
            task,
            parent,
            slot,
            raw,
        });
        id
    }

    /// How to write a raw input: what the state holds already is only named.
    fn start_data(&self, parent: Option<u64>, raw: &Value) -> Data {
        if raw.is_same(&self.state.carry) {
            return Data::Carry;
        }
        match parent.and_then(|id| self.state.frames.get(&id)) {
            Some(frame) if raw.is_same(&frame.input) => Data::Input,
            _ => Data::Value(raw.clone()),
        }
    }

    fn is_due(
        &self,
        task: &Task,
        parent: Option<u64>,
        slot: Slot,
        raw: &Value,
    ) -> Result<bool, WorkflowError> {
        let Some(condition) = &task.if_ else {
            return Ok(true);
        };
        let at = At {
            task,
            parent,
            slot,
            raw,
            input: None,
            raw_output: None,
            started_at: None,
            is_merged: false,
        };
        let place = Place {
            definition: self.definition,
            state: self.state,
            moment: self.moment,
            task: Some(at),
            output: None,
            own: &[],
        };
        place.is_true(condition, raw)
    }

    /// Takes the input and does what the task says.
    pub(super) fn enter(&mut self, id: u64) {
        if !self.state.frames.contains_key(&id) {
            return;
        }
        if let Err(error) = self.take_input(id).and_then(|()| self.perform(id)) {
            self.work.push_back(Work::Fault { id, error });
        }
    }

    fn take_input(&mut self, id: u64) -> Result<(), WorkflowError> {
        let task = self.task_of(id);
        let raw = self.state.frames[&id].raw.clone();
        check_schema(task.input.schema.as_ref(), &raw, "input")?;
        if let Some(from) = &task.input.from {
            let input = self.place(id).template(from, &raw)?;
            if !input.is_same(&raw) {
                self.record(HistoryEvent::InputTaken { id, input });
            }
        }
        if let Some(timeout) = &task.timeout {
            let due = self.due(Some(id), timeout, self.input_of(id))?;
            self.set_timer(Some(id), TimerPurpose::TaskTimeout, due);
        }
        Ok(())
    }

    fn perform(&mut self, id: u64) -> Result<(), WorkflowError> {
        match &self.task_of(id).kind {
            TaskKind::Call(call) => self.call(id, call),
            TaskKind::Do(tasks) => {
                self.start_list(id, Slot::Body, tasks, self.input_of(id).clone());
                Ok(())
            }
            TaskKind::Emit(emit) => self.emit(id, emit),
            TaskKind::For(task) => self.enter_loop(id, task),
            TaskKind::Fork(fork) => self.enter_fork(id, fork),
            TaskKind::Listen(listen) => self.enter_listen(id, listen),
            TaskKind::Raise(raise) => Err(self.raise(id, raise)?),
            TaskKind::Run(run) => self.run_process(id, run),
            TaskKind::Set(template) => {
                let output = self.template(id, template)?;
                self.work.push_back(Work::Complete {
                    id,
                    output,
                    go: None,
                });
                Ok(())
            }
            TaskKind::Switch(cases) => self.switch(id, cases),
            TaskKind::Try(_) => self.enter_try(id),
            TaskKind::Wait(duration) => self.wait(id, duration),
        }
    }

    /// Starts the first task of a list; an empty list has ended already.
    pub(super) fn start_list(&mut self, owner: u64, slot: Slot, tasks: &TaskList, input: Value) {
        match tasks.first() {
            Some(task) => self.work.push_back(Work::Start {
                parent: Some(owner),
                slot,
                task,
                raw: input,
            }),
            None => self.list_ended(Some(owner), slot, input, false),
        }
    }

    /// The task has its raw output.
    pub(super) fn complete(&mut self, id: u64, output: Value, go: Option<Go>) {
        if !self.state.frames.contains_key(&id) {
            return;
        }
        if self.run_after(id, &output, go) {
            return;
        }
        self.finish(id, output, go);
    }

    /// Transforms and records the output, then follows the directive.
    pub(super) fn finish(&mut self, id: u64, raw_output: Value, go: Option<Go>) {
        let task = self.task_of(id);
        let (output, context) = match self.transform_output(id, task, &raw_output) {
            Ok(transformed) => transformed,
            Err(error) => return self.work.push_back(Work::Fault { id, error }),
        };
        let frame = &self.state.frames[&id];
        let (parent, slot) = (frame.parent, frame.slot);
        let data = if output.is_same(&self.state.carry) {
            Data::Carry
        } else if output.is_same(&frame.input) {
            Data::Input
        } else {
            Data::Value(output.clone())
        };
        self.cancel_below(id);
        self.abandon(id);
        self.record(HistoryEvent::TaskCompleted {
            id,
            output: data,
            context,
        });
        self.follow(
            parent,
            slot,
            task,
            go.unwrap_or_else(|| directive(task.then)),
            output,
        );
    }

    /// `output.as`, its schema, `export.as`, its schema: the output, and the context when it changes.
    fn transform_output(
        &self,
        id: u64,
        task: &Task,
        raw_output: &Value,
    ) -> Result<(Value, Option<Value>), WorkflowError> {
        let mut place = self.place(id);
        if let Some(at) = &mut place.task {
            at.raw_output = Some(raw_output);
        }
        transform(place, &task.output, task.export.as_ref(), raw_output)
    }

    /// Goes where the directive points after a task of `slot` of `parent`.
    pub(super) fn follow(
        &mut self,
        parent: Option<u64>,
        slot: Slot,
        task: &Task,
        go: Go,
        output: Value,
    ) {
        let next = match go {
            Go::End => return self.complete_run(output),
            Go::Exit => return self.list_ended(parent, slot, output, true),
            Go::Continue => task.next,
            Go::Task(target) => Some(TaskId(target)),
        };
        match next.filter(|_| is_list_member(task, slot)) {
            Some(next) => self.work.push_back(Work::Start {
                parent,
                slot,
                task: next,
                raw: output,
            }),
            None => self.list_ended(parent, slot, output, false),
        }
    }

    /// The list (or branch, or function) in `slot` of `parent` came to its end.
    pub(super) fn list_ended(
        &mut self,
        parent: Option<u64>,
        slot: Slot,
        output: Value,
        is_exit: bool,
    ) {
        let Some(id) = parent else {
            return self.complete_run(output);
        };
        match slot {
            Slot::Before(index) if is_exit => {
                let _ = index;
                self.finish(id, output, None);
            }
            Slot::Before(index) => self.run_before(id, index as usize + 1),
            Slot::After(index) => self.after_ended(id, index as usize),
            Slot::Branch(_) => self.branch_ended(id, output),
            Slot::Function | Slot::Catch => self.work.push_back(Work::Complete {
                id,
                output,
                go: None,
            }),
            Slot::Body => match &self.task_of(id).kind {
                TaskKind::For(_) => self.iteration_ended(id, output),
                TaskKind::Listen(_) => self.processing_ended(id, output),
                _ => self.work.push_back(Work::Complete {
                    id,
                    output,
                    go: None,
                }),
            },
        }
    }

    /// A task failed: its children are cancelled, and the error goes to whoever takes it.
    pub(super) fn fault(&mut self, id: u64, error: WorkflowError) {
        let Some(frame) = self.state.frames.get(&id) else {
            return;
        };
        let (parent, slot) = (frame.parent, frame.slot);
        let error = effect_error(error, self.task_of(id));
        self.cancel_below(id);
        self.abandon(id);
        self.record(HistoryEvent::TaskFaulted {
            id,
            error: error.clone(),
        });
        let Some(parent) = parent else {
            return self.fault_run(error);
        };
        if !self.state.frames.contains_key(&parent) {
            return;
        }
        match slot {
            Slot::Branch(_) => self.branch_faulted(parent, error),
            Slot::Body if is_try(self.task_of(parent)) => self.body_faulted(parent, error),
            _ => self.work.push_back(Work::Fault { id: parent, error }),
        }
    }
}

/// The output and, when something is exported, the new context.
pub(super) fn transform(
    place: Place<'_>,
    output: &Output,
    export: Option<&Export>,
    raw: &Value,
) -> Result<(Value, Option<Value>), WorkflowError> {
    let transformed = match &output.as_ {
        Some(as_) => place.template(as_, raw)?,
        None => raw.clone(),
    };
    check_schema(output.schema.as_ref(), &transformed, "output")?;
    let Some(export) = export else {
        return Ok((transformed, None));
    };
    let exporting = Place {
        output: Some(&transformed),
        ..place
    };
    let context = match &export.as_ {
        Some(as_) => exporting.template(as_, &transformed)?,
        None => place.state.context.clone(),
    };
    check_schema(export.schema.as_ref(), &context, "context")?;
    Ok((transformed, Some(context)))
}

pub(super) fn directive(then: Then) -> Go {
    match then {
        Then::Continue => Go::Continue,
        Then::Exit => Go::Exit,
        Then::End => Go::End,
        Then::Task(id) => Go::Task(id.0),
    }
}
