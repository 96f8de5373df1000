//! `fork`: branches at the same time, all of them or the first.

use dsl::definition::TaskKind;
use dsl::definition::task::Fork;
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;

use super::{Machine, Work};
use crate::event::{HistoryEvent, Slot};
use crate::state::Phase;

impl Machine<'_> {
    pub(super) fn enter_fork(&mut self, id: u64, fork: &Fork) -> Result<(), WorkflowError> {
        let branches = fork.branches.tasks.len() as u32;
        let input = self.input_of(id).clone();
        self.record(HistoryEvent::ForkEntered { id, branches });
        if branches == 0 {
            let output = if fork.is_competing {
                input
            } else {
                Value::array(Vec::new())
            };
            self.work.push_back(Work::Complete {
                id,
                output,
                go: None,
            });
            return Ok(());
        }
        for (index, task) in fork.branches.tasks.iter().enumerate() {
            let slot = Slot::Branch(index as u32);
            self.work.push_back(Work::Start {
                parent: Some(id),
                slot,
                task: *task,
                raw: input.clone(),
            });
        }
        Ok(())
    }

    pub(super) fn branch_ended(&mut self, id: u64, output: Value) {
        let Some(frame) = self.state.frames.get(&id) else {
            return;
        };
        let TaskKind::Fork(fork) = &self.definition.task(frame.task).kind else {
            return;
        };
        if fork.is_competing {
            self.cancel_below(id);
            return self.work.push_back(Work::Complete {
                id,
                output,
                go: None,
            });
        }
        if let Phase::Fork {
            outputs,
            pending: 0,
            ..
        } = &frame.phase
        {
            let outputs = outputs
                .iter()
                .map(|output| output.clone().unwrap_or_default())
                .collect();
            self.work.push_back(Work::Complete {
                id,
                output: Value::array(outputs),
                go: None,
            });
        }
    }

    /// A competing branch that fails loses; any other takes the fork with it.
    pub(super) fn branch_faulted(&mut self, id: u64, error: WorkflowError) {
        let Some(frame) = self.state.frames.get(&id) else {
            return;
        };
        let TaskKind::Fork(fork) = &self.definition.task(frame.task).kind else {
            return;
        };
        match &frame.phase {
            Phase::Fork { pending: 1.., .. } if fork.is_competing => {}
            Phase::Fork {
                first_fault: Some(first),
                ..
            } if fork.is_competing => {
                let error = first.clone();
                self.work.push_back(Work::Fault { id, error });
            }
            _ => self.work.push_back(Work::Fault { id, error }),
        }
    }
}
