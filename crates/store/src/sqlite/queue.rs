//! Where units wait for the writer. Its limit is bytes: what does not fit is refused at the door.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{Reply, StoreError, Unit, Write};

pub(super) struct Waiting {
    pub unit: Unit,
    pub bytes: usize,
    pub reply: Reply,
}

pub(super) struct Queue {
    inner: Mutex<Inner>,
    arrived: Condvar,
    /// Handed over and not yet durable; the writer takes off after each commit.
    bytes: AtomicUsize,
    bytes_max: usize,
}

struct Inner {
    units: VecDeque<Waiting>,
    /// Why nothing more is taken.
    refusal: Option<StoreError>,
    /// The writer waits to be woken.
    is_writer_idle: bool,
}

pub(super) enum Taken {
    Units,
    /// Nothing came for as long as the writer wanted to wait.
    Nothing,
    /// Nothing waits and nothing more will come.
    Closed,
}

impl Queue {
    pub(super) fn new(bytes_max: usize) -> Self {
        let inner = Inner {
            units: VecDeque::new(),
            refusal: None,
            is_writer_idle: false,
        };
        Self {
            inner: Mutex::new(inner),
            arrived: Condvar::new(),
            bytes: AtomicUsize::new(0),
            bytes_max,
        }
    }

    pub(super) fn waiting_bytes(&self) -> usize {
        self.bytes.load(Ordering::Acquire)
    }

    pub(super) fn submit(&self, unit: Unit, reply: Reply) {
        let bytes = size_of_unit(&unit);
        let mut inner = self.lock();
        let waiting_bytes = self.waiting_bytes();
        let refusal = match &inner.refusal {
            Some(refusal) => Some(refusal.clone()),
            // A unit that is too large by itself still passes when it is alone.
            None if waiting_bytes > 0 && waiting_bytes + bytes > self.bytes_max => {
                Some(StoreError::Overloaded { waiting_bytes })
            }
            None => None,
        };
        if let Some(refusal) = refusal {
            drop(inner);
            return reply(Err(refusal));
        }
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        inner.units.push_back(Waiting { unit, bytes, reply });
        let must_wake = std::mem::take(&mut inner.is_writer_idle);
        drop(inner);
        if must_wake {
            self.arrived.notify_one();
        }
    }

    /// Moves all that waits to `units`, which is empty. Without a patience it waits for ever.
    pub(super) fn take(&self, units: &mut VecDeque<Waiting>, patience: Option<Duration>) -> Taken {
        let mut inner = self.lock();
        loop {
            if !inner.units.is_empty() {
                std::mem::swap(&mut inner.units, units);
                inner.is_writer_idle = false;
                return Taken::Units;
            }
            if inner.refusal.is_some() {
                return Taken::Closed;
            }
            inner.is_writer_idle = true;
            let Some(patience) = patience else {
                inner = self
                    .arrived
                    .wait(inner)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (woken, timeout) = self
                .arrived
                .wait_timeout(inner, patience)
                .unwrap_or_else(PoisonError::into_inner);
            inner = woken;
            if timeout.timed_out() && inner.units.is_empty() && inner.refusal.is_none() {
                inner.is_writer_idle = false;
                return Taken::Nothing;
            }
        }
    }

    /// The units of these bytes are durable or refused.
    pub(super) fn done(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// From now on all units are refused with this. The first reason stays.
    pub(super) fn refuse(&self, refusal: StoreError) {
        self.lock().refusal.get_or_insert(refusal);
        self.arrived.notify_one();
    }

    /// From now on all units are refused because the store has failed, also when it was being closed.
    pub(super) fn fail(&self, refusal: StoreError) -> VecDeque<Waiting> {
        let mut inner = self.lock();
        inner.refusal = Some(refusal);
        std::mem::take(&mut inner.units)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a row costs beside its bodies, roughly.
const ROW_BYTES: usize = 128;

fn size_of_unit(unit: &Unit) -> usize {
    let writes = unit.writes.iter().map(|write| {
        ROW_BYTES
            + match write {
                Write::Journal(record) => record.body.len(),
                Write::Snapshot { body, .. } | Write::BlobPut { body, .. } => body.len(),
                Write::DeliveryPut(delivery) => {
                    delivery.headers.len() + delivery.body.len() + 16 * delivery.runs.len()
                }
                Write::InboxPut(message) => message.body.len(),
                Write::OutboxPut(parcel) => parcel.body.len(),
                Write::DefinitionPut(definition) => definition.text.len(),
                Write::ResourcePut(resource) => resource.body.len(),
                Write::Audit(row) => row.detail.len(),
                Write::ListenerSet(listener) => listener.types.iter().map(|name| name.len()).sum(),
                _ => 0,
            }
    });
    ROW_BYTES + writes.sum::<usize>()
}
