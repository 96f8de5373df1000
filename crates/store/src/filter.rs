//! Which runs a filter lets through. Both stores ask this one function, so a list means the same in both; SQL only
//! narrows where to look.

use crate::{RunFilter, RunRow};

impl RunFilter {
    /// Whether the run belongs in the list, its place after `after` aside.
    pub(crate) fn accepts(&self, run: &RunRow) -> bool {
        self.namespace
            .as_ref()
            .is_none_or(|namespace| *namespace == run.namespace)
            && self
                .workflow
                .as_ref()
                .is_none_or(|workflow| *workflow == run.workflow)
            && (self.statuses.is_empty() || self.statuses.contains(&run.status))
            && self
                .created_from
                .is_none_or(|from| run.created_at.0 >= from.0)
            && self
                .created_before
                .is_none_or(|before| run.created_at.0 < before.0)
            && self.parent.is_none_or(|parent| run.parent == Some(parent))
            && self.text.as_ref().is_none_or(|text| mentions(run, text))
    }
}

fn mentions(run: &RunRow, text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |field: &str| field.to_lowercase().contains(&text);
    has(&run.workflow) || run.summary.as_deref().is_some_and(has)
}
