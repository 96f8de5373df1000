//! The reference store with replies from a thread of its own, as a store on disk gives them.
//!
//! A caller that holds a lock while it submits, and takes it again in the reply, needs this.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use super::MemoryStore;
use crate::{Committed, Queries, Reply, Store, StoreError, Unit};

type Answer = (Reply, Result<Committed, StoreError>);

pub struct ThreadedStore {
    inner: MemoryStore,
    answers: Mutex<Sender<Answer>>,
}

impl Default for ThreadedStore {
    fn default() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "a reply may submit, and this one thread makes all replies: at a limit it would wait for itself; \
                      each answer in the queue belongs to a unit that its caller has in flight"
        )]
        let (answers, given) = channel::<Answer>();
        let replier = move || {
            for (reply, result) in given {
                reply(result);
            }
        };
        std::thread::Builder::new()
            .name("memory-store".to_owned())
            .spawn(replier)
            .expect("a thread can be started");
        Self {
            inner: MemoryStore::new(),
            answers: Mutex::new(answers),
        }
    }
}

impl Store for ThreadedStore {
    fn submit(&self, unit: Unit, reply: Reply) {
        let inner_result = std::sync::Arc::new(Mutex::new(None));
        let kept = inner_result.clone();
        // One lock over commit and hand-over: replies come in the order of the commits.
        let answers = self.answers.lock().expect("no panic while held");
        self.inner.submit(
            unit,
            Box::new(move |result| *kept.lock().expect("no panic while held") = Some(result)),
        );
        let result = inner_result.lock().expect("no panic while held").take();
        let result = result.expect("the reference replies at once");
        // The thread ends only when the sender is gone.
        let _ = answers.send((reply, result));
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
