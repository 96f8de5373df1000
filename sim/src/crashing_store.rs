//! A store that dies after a chosen commit, as a process does: what comes later is never written and never answered.
//!
//! It wraps any other store, which plays the disk: it outlives this one and is given to the next server. Units go to it
//! one by one, so that "after the seventh commit" means the same in every run of a test.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use store::{Committed, Queries, Reply, Store, StoreError, Unit, Write};
use tokio::sync::watch;

/// On which side of its answer the last commit falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// It is on disk and nobody was told: nothing that follows from it has begun.
    BeforeAnswer,
    /// Whoever waited was told, and acts; what comes of that is lost.
    AfterAnswer,
}

/// Units that may wait at once. A test that needs more has lost control of itself.
const WAITING_MAX: usize = 10_000;

pub struct CrashingStore {
    disk: Arc<dyn Store>,
    queue: SyncSender<(Unit, Reply)>,
    life: watch::Receiver<Life>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Life {
    commits: u64,
    is_over: bool,
}

impl CrashingStore {
    /// Lives for `commits` units that were written; a duplicate or a refusal is none.
    #[must_use]
    pub fn new(disk: Arc<dyn Store>, commits: u64, crash: Crash) -> Self {
        let (queue, waiting) = sync_channel(WAITING_MAX);
        let (tell, life) = watch::channel(Life::default());
        let written_to = disk.clone();
        std::thread::Builder::new()
            .name("crashing-store".to_owned())
            .spawn(move || write_all(&*written_to, &waiting, &tell, commits, crash))
            .expect("a thread can be started");
        Self { disk, queue, life }
    }

    /// Lives for ever.
    #[must_use]
    pub fn undying(disk: Arc<dyn Store>) -> Self {
        Self::new(disk, u64::MAX, Crash::AfterAnswer)
    }

    /// What was written so far.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.life.borrow().commits
    }

    /// Returns when it has died.
    pub async fn died(&self) {
        let mut life = self.life.clone();
        let over = life.wait_for(|life| life.is_over).await;
        over.expect("the thread lives as long as the store");
    }
}

/// The writer: one unit after another, until the last one of its life. What waits then is dropped unanswered.
fn write_all(
    disk: &dyn Store,
    waiting: &Receiver<(Unit, Reply)>,
    tell: &watch::Sender<Life>,
    commits: u64,
    crash: Crash,
) {
    for (unit, reply) in waiting {
        if tell.borrow().is_over {
            continue;
        }
        // Sweeping the floor is no step of any story, and would be the only one of a very short life.
        let is_step = !matches!(unit.writes[..], [Write::Prune { .. }]);
        let result = write(disk, unit);
        let is_written = is_step && matches!(result, Ok(Committed::Done));
        let is_last = is_written && tell.borrow().commits + 1 == commits;
        if !is_last || crash == Crash::AfterAnswer {
            reply(result);
        }
        tell.send_modify(|life| {
            life.commits += u64::from(is_written);
            life.is_over = is_last;
        });
    }
}

fn write(disk: &dyn Store, unit: Unit) -> Result<Committed, StoreError> {
    let (answer, answered) = sync_channel(1);
    disk.submit(unit, Box::new(move |result| drop(answer.send(result))));
    answered.recv().unwrap_or(Err(StoreError::Closed))
}

impl Store for CrashingStore {
    fn submit(&self, unit: Unit, reply: Reply) {
        // Never waits: replies are given by the thread that would have to make room.
        self.queue
            .try_send((unit, reply))
            .expect("fewer units wait than a test may have");
    }

    fn waiting_bytes(&self) -> usize {
        self.disk.waiting_bytes()
    }

    fn queries(&self) -> &dyn Queries {
        self.disk.queries()
    }

    fn is_healthy(&self) -> bool {
        self.disk.is_healthy()
    }

    /// The disk stays: another server comes to it.
    fn close(&self) {}
}
