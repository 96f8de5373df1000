//! `switch`: the first case that holds decides where to go.

use dsl::definition::task::Case;
use dsl::workflow_error::WorkflowError;

use super::task::directive;
use super::{Machine, Work};

impl Machine<'_> {
    pub(super) fn switch(&mut self, id: u64, cases: &[Case]) -> Result<(), WorkflowError> {
        let mut chosen = None;
        for case in cases {
            match &case.when {
                Some(when) if self.place(id).is_true(when, self.input_of(id))? => {
                    chosen = Some(case);
                    break;
                }
                _ => {}
            }
        }
        let chosen = chosen.or_else(|| cases.iter().find(|case| case.when.is_none()));
        let output = self.input_of(id).clone();
        self.work.push_back(Work::Complete {
            id,
            output,
            go: chosen.map(|case| directive(case.then)),
        });
        Ok(())
    }
}
