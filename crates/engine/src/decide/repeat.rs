//! `for`: a cursor over a collection; one iteration is under way at a time.

use dsl::definition::TaskKind;
use dsl::definition::task::For;
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};

use super::{Machine, Work};
use crate::event::{HistoryEvent, Slot};
use crate::state::Phase;

impl Machine<'_> {
    pub(super) fn enter_loop(&mut self, id: u64, task: &For) -> Result<(), WorkflowError> {
        let items = match self.expression(id, &task.in_)? {
            Value::Null => Value::array(Vec::new()),
            items @ Value::Array(_) => items,
            other => {
                return Err(WorkflowError::new(
                    ErrorKind::Expression,
                    "Not a collection",
                    format!("`for.in` must give an array, found {}", other.type_name()),
                ));
            }
        };
        self.record(HistoryEvent::LoopEntered { id, items });
        let input = self.input_of(id).clone();
        self.iterate(id, task, 0, input)
    }

    pub(super) fn iteration_ended(&mut self, id: u64, output: Value) {
        let TaskKind::For(task) = &self.task_of(id).kind else {
            return;
        };
        let Phase::For { index, .. } = self.state.frames[&id].phase else {
            return;
        };
        if let Err(error) = self.iterate(id, task, index + 1, output) {
            self.work.push_back(Work::Fault { id, error });
        }
    }

    /// Begins iteration `index` with the output of the one before, or ends the loop.
    fn iterate(
        &mut self,
        id: u64,
        task: &For,
        index: u64,
        input: Value,
    ) -> Result<(), WorkflowError> {
        let Phase::For { items, .. } = &self.state.frames[&id].phase else {
            return Ok(());
        };
        let Some(item) = items
            .as_array()
            .and_then(|items| items.get(index as usize))
            .cloned()
        else {
            self.work.push_back(Work::Complete {
                id,
                output: input,
                go: None,
            });
            return Ok(());
        };
        if let Some(condition) = &task.while_ {
            let own = [(&*task.each, item), (&*task.at, Value::Int(index as i64))];
            let mut place = self.place(id);
            place.own = &own;
            if !place.is_true(condition, &input)? {
                self.work.push_back(Work::Complete {
                    id,
                    output: input,
                    go: None,
                });
                return Ok(());
            }
        }
        match task.tasks.first() {
            Some(first) => {
                self.record(HistoryEvent::IterationStarted { id, index });
                self.work.push_back(Work::Start {
                    parent: Some(id),
                    slot: Slot::Body,
                    task: first,
                    raw: input,
                });
            }
            // Nothing to do for any item.
            None => self.work.push_back(Work::Complete {
                id,
                output: input,
                go: None,
            }),
        }
        Ok(())
    }
}
