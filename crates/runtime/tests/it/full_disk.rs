//! The store refuses for a while: what is under way goes on, and nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use runtime::Options;
use store::memory::threaded::ThreadedStore;
use store::{Queries, Reply, RunStatus, Store, StoreError, Unit, Write};

use crate::stage::Stage;

/// Refuses so many records, after the first one.
struct FullStore {
    inner: ThreadedStore,
    refusals: AtomicU32,
}

impl Store for FullStore {
    fn submit(&self, unit: Unit, reply: Reply) {
        let goes_on = |write: &Write| matches!(write, Write::Journal(record) if record.seq > 1);
        let is_refused = unit.writes.iter().any(goes_on) && self.refuses();
        if is_refused {
            reply(Err(StoreError::DiskFull));
        } else {
            self.inner.submit(unit, reply);
        }
    }

    fn waiting_bytes(&self) -> usize {
        self.inner.waiting_bytes()
    }

    fn queries(&self) -> &dyn Queries {
        self.inner.queries()
    }

    fn close(&self) {
        self.inner.close();
    }
}

impl FullStore {
    fn refuses(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        let taken = self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.is_ok()
    }
}

const FORK: &str = "fork
do:
  - both:
      fork:
        branches:
          - slow: { call: stub.gate, with: { n: 1 } }
          - quick: { call: stub.echo, with: { n: 2 } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_out_while_the_disk_is_full_still_counts() {
    let store = Arc::new(FullStore {
        inner: ThreadedStore::default(),
        refusals: AtomicU32::new(2),
    });
    let stage = Stage::with(Options::default(), Some(store.clone()), &[FORK]).await;
    let run = stage.start("fork", "{}").await;
    // The quick one's answer is refused twice before it is written; the slow one is out all the while.
    stage
        .until(run, |detail| detail.outstanding.len() == 1)
        .await;
    assert_eq!(store.refusals.load(Ordering::Relaxed), 0);
    stage.stub.gate.add_permits(1);
    let ended = stage.end_of(run).await;
    assert_eq!(ended.run.status, RunStatus::Completed, "{ended:?}");
    assert_eq!(stage.stub.count(), 2, "each call was made once");
}
