//! Taking up what the last process left.

use std::sync::Arc;

use engine::{Command, Effect};
use store::{RunStatus, StoreError};

use crate::runs::{Core, lock};

/// Runs read at once.
const PAGE: u32 = 500;

impl Core {
    /// Loads timers, listeners, definitions and resources; nothing moves yet.
    pub fn load(self: &Arc<Self>) -> Result<(), StoreError> {
        let queries = self.store.queries();
        self.definitions.load(queries)?;
        self.secrets.load(queries)?;
        self.resources.load(queries, &*self.connector)?;
        self.bus.load(queries)?;
        self.timers.load(queries)
    }

    /// Goes on with runs that were moving, and with messages that were under way.
    ///
    /// Runs that only wait are not read: their timers, listeners and messages are.
    pub async fn take_up_all(self: &Arc<Self>) -> Result<u64, StoreError> {
        let mut taken = 0;
        let mut after = None;
        loop {
            let ids = self.store.queries().run_ids(
                &[RunStatus::Pending, RunStatus::Running, RunStatus::Suspended],
                after,
                PAGE,
            )?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            for run in ids {
                match self.take_up_run(run) {
                    Ok(()) => taken += 1,
                    // One unreadable run does not stop the others.
                    Err(error) => tracing::error!(%run, "a run cannot be taken up: {error}"),
                }
            }
            tokio::task::yield_now().await;
        }
        let mut after = None;
        loop {
            let messages = self.store.queries().inbox(after, PAGE)?;
            let Some(last) = messages.last() else { break };
            after = Some(last.id);
            for message in &messages {
                self.carry_message(message);
            }
        }
        let mut after = None;
        loop {
            let parcels = self.store.queries().outbox(after, PAGE)?;
            let Some(last) = parcels.last() else { break };
            after = Some(last.id);
            for parcel in parcels {
                self.carry_parcel(parcel).await;
            }
        }
        Ok(taken)
    }

    fn take_up_run(self: &Arc<Self>, run: store::RunId) -> Result<(), StoreError> {
        let Some(hot) = self.hot(run)? else {
            return Ok(());
        };
        let (effects, is_ready) = {
            let guard = lock(&hot);
            (
                engine::outstanding(&guard.loaded.definition, &guard.state),
                guard.state.is_ready(),
            )
        };
        for effect in effects {
            if let Effect::Perform { effect, request } = effect {
                self.take_up(&hot, effect, request);
            }
        }
        if is_ready {
            self.deliver_again(run, Command::Continue);
        }
        Ok(())
    }
}
