//! `wait`: a timer.

use dsl::definition::DurationSpec;
use dsl::workflow_error::WorkflowError;

use super::Machine;
use crate::state::TimerPurpose;

impl Machine<'_> {
    pub(super) fn wait(&mut self, id: u64, duration: &DurationSpec) -> Result<(), WorkflowError> {
        let due = self.due(Some(id), duration, self.input_of(id))?;
        self.set_timer(Some(id), TimerPurpose::Wait, due);
        Ok(())
    }
}
