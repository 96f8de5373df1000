//! `use.extensions`: tasks around every task of a kind.

use dsl::definition::{Extend, Task, TaskKind};
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;

use super::{Machine, Work};
use crate::evaluate::{At, Place};
use crate::event::{Data, Go, HistoryEvent, Slot};
use crate::state::Phase;

impl Machine<'_> {
    /// The extensions that apply to a task that has just started; none to tasks that belong to an extension themselves.
    pub(super) fn extensions_of(&self, id: u64) -> Result<Vec<u32>, WorkflowError> {
        if self.definition.extensions.is_empty() || self.is_in_extension(id) {
            return Ok(Vec::new());
        }
        let frame = &self.state.frames[&id];
        let task = self.definition.task(frame.task);
        let at = At {
            task,
            parent: frame.parent,
            slot: frame.slot,
            raw: &frame.raw,
            input: Some(&frame.input),
            raw_output: None,
            started_at: Some(frame.started_at),
            is_merged: true,
        };
        let place = Place {
            definition: self.definition,
            state: self.state,
            moment: self.moment,
            task: Some(at),
            output: None,
            own: &[],
        };
        let mut found = Vec::new();
        for (index, extension) in self.definition.extensions.iter().enumerate() {
            if !is_extended(extension.extend, task) {
                continue;
            }
            let is_wanted = match &extension.when {
                Some(when) => place.template(when, &frame.raw)?.is_true(),
                None => true,
            };
            if is_wanted {
                found.push(index as u32);
            }
        }
        Ok(found)
    }

    fn is_in_extension(&self, id: u64) -> bool {
        let mut frame = self.state.frames.get(&id);
        while let Some(known) = frame {
            if matches!(known.slot, Slot::Before(_) | Slot::After(_)) {
                return true;
            }
            frame = known
                .parent
                .and_then(|parent| self.state.frames.get(&parent));
        }
        false
    }

    /// Runs the `before` tasks from the `index`-th extension on, then the task itself.
    pub(super) fn run_before(&mut self, id: u64, mut index: usize) {
        let frame = &self.state.frames[&id];
        let raw = frame.raw.clone();
        while let Some(extension) = frame.extensions.get(index) {
            if let Some(task) = self.definition.extensions[*extension as usize]
                .before
                .first()
            {
                return self.work.push_back(Work::Start {
                    parent: Some(id),
                    slot: Slot::Before(index as u32),
                    task,
                    raw,
                });
            }
            index += 1;
        }
        self.work.push_back(Work::Enter { id });
    }

    /// Begins the `after` tasks, if there are any for this task and they have not run yet.
    pub(super) fn run_after(&mut self, id: u64, output: &Value, go: Option<Go>) -> bool {
        let has_after = |extension: &u32| {
            self.definition.extensions[*extension as usize]
                .after
                .first()
                .is_some()
        };
        if !self.state.frames[&id].extensions.iter().any(has_after) {
            return false;
        }
        let data = if output.is_same(&self.state.carry) {
            Data::Carry
        } else {
            Data::Value(output.clone())
        };
        self.abandon(id);
        self.record(HistoryEvent::AfterBegan {
            id,
            output: data,
            go,
        });
        self.start_after(id, 0);
        true
    }

    pub(super) fn after_ended(&mut self, id: u64, index: usize) {
        self.start_after(id, index + 1);
    }

    fn start_after(&mut self, id: u64, mut index: usize) {
        let frame = &self.state.frames[&id];
        let Phase::After { output, go } = &frame.phase else {
            return;
        };
        let (raw, go) = (output.clone(), *go);
        while let Some(extension) = frame.extensions.get(index) {
            if let Some(task) = self.definition.extensions[*extension as usize]
                .after
                .first()
            {
                return self.work.push_back(Work::Start {
                    parent: Some(id),
                    slot: Slot::After(index as u32),
                    task,
                    raw,
                });
            }
            index += 1;
        }
        self.finish(id, raw, go);
    }
}

fn is_extended(extend: Extend, task: &Task) -> bool {
    match extend {
        Extend::All => true,
        Extend::Composite => matches!(task.kind, TaskKind::Do(_) | TaskKind::Fork(_)),
        Extend::Call => matches!(task.kind, TaskKind::Call(_)),
        Extend::Emit => matches!(task.kind, TaskKind::Emit(_)),
        Extend::For => matches!(task.kind, TaskKind::For(_)),
        Extend::Listen => matches!(task.kind, TaskKind::Listen(_)),
        Extend::Raise => matches!(task.kind, TaskKind::Raise(_)),
        Extend::Run => matches!(task.kind, TaskKind::Run(_)),
        Extend::Set => matches!(task.kind, TaskKind::Set(_)),
        Extend::Switch => matches!(task.kind, TaskKind::Switch(_)),
        Extend::Try => matches!(task.kind, TaskKind::Try(_)),
        Extend::Wait => matches!(task.kind, TaskKind::Wait(_)),
    }
}
