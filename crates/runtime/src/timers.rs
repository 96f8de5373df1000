//! Timers of runs: in memory in order of their due time; the store has the same list.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use engine::Command;
use store::{Millis, Queries, RunId, StoreError, Timer};
use tokio::sync::Notify;

use crate::clock::until;
use crate::runs::Core;

#[derive(Default)]
pub(crate) struct Timers {
    due: Mutex<BTreeSet<(Millis, RunId, u64)>>,
    changed: Notify,
}

/// Timers handed over at once, so that a backlog does not starve what else there is to do.
const BATCH: usize = 256;

impl Timers {
    pub fn load(&self, queries: &dyn Queries) -> Result<(), StoreError> {
        // One read of all: ordered by due time, so there is no cursor to page by that ties could not break.
        let all = queries.timers_due(Millis(i64::MAX), u32::MAX)?;
        let mut due = self.due.lock().expect("no panic while held");
        due.extend(
            all.into_iter()
                .map(|timer| (timer.due, timer.run, timer.timer)),
        );
        Ok(())
    }

    pub fn set(&self, timer: &Timer) {
        let mut due = self.due.lock().expect("no panic while held");
        let is_first = due.first().is_none_or(|first| timer.due < first.0);
        due.insert((timer.due, timer.run, timer.timer));
        drop(due);
        if is_first {
            self.changed.notify_one();
        }
    }

    pub fn clear(&self, due: Millis, run: RunId, timer: u64) {
        self.due
            .lock()
            .expect("no panic while held")
            .remove(&(due, run, timer));
    }

    /// Those due now, removed; and when the next one is.
    fn take(&self, now: Millis) -> (Vec<(RunId, u64)>, Option<Millis>) {
        let mut due = self.due.lock().expect("no panic while held");
        let mut taken = Vec::new();
        while taken.len() < BATCH
            && let Some(first) = due.first()
            && first.0 <= now
            && let Some((_, run, timer)) = due.pop_first()
        {
            taken.push((run, timer));
        }
        (taken, due.first().map(|first| first.0))
    }
}

/// Fires timers when they are due, never before.
pub(crate) async fn run(core: Arc<Core>) {
    loop {
        let now = core.clock.now();
        let (due, next) = core.timers.take(crate::clock::millis(now));
        for (run, timer) in &due {
            core.metrics.timers_fired.add(1);
            core.deliver_again(*run, Command::TimerFired { timer: *timer });
        }
        if due.len() == BATCH {
            tokio::task::yield_now().await;
            continue;
        }
        let changed = core.timers.changed.notified();
        match next {
            Some(next) => {
                let left = until(core.clock.now(), next);
                tokio::select! { () = changed => {}, () = tokio::time::sleep(left) => {}, () = core.stopping.cancelled() => return }
            }
            None => tokio::select! { () = changed => {}, () = core.stopping.cancelled() => return },
        }
    }
}
