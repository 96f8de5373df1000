//! What ran when, read from a run's history.

use std::collections::BTreeMap;

use dsl::Definition;
use engine::HistoryEvent;
use jiff::{SignedDuration, Timestamp};

/// One run of a task.
#[derive(Clone, Debug)]
pub struct TaskRun {
    pub name: String,
    /// Since the run began.
    pub began_after: SignedDuration,
}

/// The task runs of one run, in order of their start.
#[derive(Debug, Default)]
pub struct Timeline {
    pub tasks: Vec<TaskRun>,
    retries: BTreeMap<String, usize>,
    pub ended_after: Option<SignedDuration>,
}

impl Timeline {
    pub(crate) fn read(definition: &Definition, history: &[(Timestamp, HistoryEvent)]) -> Self {
        let mut timeline = Self::default();
        let mut names = BTreeMap::new();
        let Some((began, _)) = history.first() else {
            return timeline;
        };
        for (at, event) in history {
            let after = at.duration_since(*began);
            match event {
                HistoryEvent::TaskStarted { id, task, .. } => {
                    let name = definition.task(*task).name.to_string();
                    names.insert(*id, name.clone());
                    timeline.tasks.push(TaskRun {
                        name,
                        began_after: after,
                    });
                }
                HistoryEvent::AttemptStarted { id, .. } => {
                    *timeline
                        .retries
                        .entry(names.get(id).cloned().unwrap_or_default())
                        .or_default() += 1;
                }
                HistoryEvent::RunCompleted { .. }
                | HistoryEvent::RunFaulted { .. }
                | HistoryEvent::RunCancelled { .. } => {
                    timeline.ended_after = Some(after);
                }
                _ => {}
            }
        }
        timeline
    }

    /// When each run of the task began.
    #[must_use]
    pub fn starts(&self, task: &str) -> Vec<SignedDuration> {
        self.tasks
            .iter()
            .filter(|run| run.name == task)
            .map(|run| run.began_after)
            .collect()
    }

    #[must_use]
    pub fn retries(&self, task: &str) -> usize {
        self.retries.get(task).copied().unwrap_or_default()
    }

    /// The place of the task's first run among all.
    #[must_use]
    pub fn position(&self, task: &str) -> Option<usize> {
        self.tasks.iter().position(|run| run.name == task)
    }

    #[must_use]
    pub fn last_position(&self, task: &str) -> Option<usize> {
        self.tasks.iter().rposition(|run| run.name == task)
    }
}
