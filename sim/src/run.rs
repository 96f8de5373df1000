//! A run of the world: its state, its history, and what it waits for outside of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dsl::Definition;
use dsl::value::Text;
use engine::{HistoryEvent, RunState};
use jiff::Timestamp;

use crate::checks::Outstanding;
use crate::timeline::Timeline;

/// One run, and its shadow that lives from history alone.
pub struct Run {
    pub definition: Arc<Definition>,
    pub state: RunState,
    pub(crate) replayed: RunState,
    pub(crate) history: Vec<(Timestamp, HistoryEvent)>,
    pub(crate) listeners: BTreeMap<u64, Vec<Text>>,
    pub(crate) parent: Option<(String, u64)>,
    pub(crate) calls: BTreeSet<u64>,
    pub(crate) timers: BTreeSet<u64>,
    /// Awaited runs, by the effect that started them.
    pub(crate) children: BTreeMap<u64, String>,
}

impl Run {
    pub(crate) fn new(
        definition: Arc<Definition>,
        id: &str,
        parent: Option<(String, u64)>,
    ) -> Self {
        Self {
            definition,
            state: RunState::new(id),
            replayed: RunState::new(id),
            history: Vec::new(),
            listeners: BTreeMap::new(),
            parent,
            calls: BTreeSet::new(),
            timers: BTreeSet::new(),
            children: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::read(&self.definition, &self.history)
    }

    pub(crate) fn outstanding(&self) -> Outstanding {
        Outstanding {
            calls: self.calls.clone(),
            runs: self.children.keys().copied().collect(),
            timers: self.timers.clone(),
            listeners: self.listeners.keys().copied().collect(),
        }
    }

    /// The history in words, for a person who looks at a failure.
    #[must_use]
    pub fn told(&self) -> String {
        let line = |(at, event): &(Timestamp, HistoryEvent)| {
            format!(
                "    {at} {}\n",
                serde_json::to_string(event).unwrap_or_else(|_| format!("{event:?}"))
            )
        };
        self.history.iter().map(line).collect()
    }
}
