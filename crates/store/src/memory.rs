//! The reference implementation, in memory: what the store means, in the plainest way. Replies at once, in order.
//! Nothing of it is durable; tests and simulations use it.

mod queries;
pub mod threaded;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::{
    AuditRow, Bytes, Committed, DedupeKey, DefinitionRow, Delivery, Listener, Message, Millis,
    Parcel, Queries, Record, Reply, ResourceRow, RunChange, RunId, RunRow, Store, StoreError, Text,
    Timer, Unit, Write,
};

#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    runs: BTreeMap<RunId, RunRow>,
    journal: BTreeMap<(RunId, u64), Record>,
    snapshots: BTreeMap<RunId, (u64, Bytes)>,
    deliveries: BTreeMap<Uuid, Delivery>,
    dedupe: BTreeMap<(Text, Text), DedupeKey>,
    timers: BTreeMap<(RunId, u64), Millis>,
    listeners: BTreeMap<(RunId, u64), Listener>,
    inbox: BTreeMap<Uuid, Message>,
    outbox: BTreeMap<Uuid, Parcel>,
    blobs: BTreeMap<[u8; 32], Bytes>,
    blob_owners: BTreeSet<(RunId, [u8; 32])>,
    definitions: BTreeMap<Text, DefinitionRow>,
    resources: BTreeMap<(Text, Text, Text), ResourceRow>,
    audit: Vec<AuditRow>,
}

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in one caller leaves whole units behind: units are checked before they are made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn submit(&self, unit: Unit, reply: Reply) {
        let result = self.state().commit(unit);
        // Outside of the lock: a reply may submit again.
        reply(result);
    }

    fn waiting_bytes(&self) -> usize {
        0
    }

    fn queries(&self) -> &dyn Queries {
        self
    }

    fn close(&self) {
        self.state().is_closed = true;
    }
}

impl State {
    fn commit(&mut self, unit: Unit) -> Result<Committed, StoreError> {
        if self.is_closed {
            return Err(StoreError::Closed);
        }
        if let Some(key) = &unit.dedupe
            && let Some(first) = self.dedupe.get(&(key.scope.clone(), key.key.clone()))
        {
            return Ok(Committed::Duplicate {
                run: first.run,
                is_same_body: first.digest == key.digest,
            });
        }
        self.check(&unit.writes)?;
        if let Some(key) = unit.dedupe {
            self.dedupe
                .insert((key.scope.clone(), key.key.clone()), key);
        }
        let (prunes, writes): (Vec<_>, Vec<_>) = unit
            .writes
            .into_iter()
            .partition(|write| matches!(write, Write::Prune { .. }));
        for write in writes.into_iter().chain(prunes) {
            self.write(write);
        }
        Ok(Committed::Done)
    }

    /// Whether all the writes can be made, in their order.
    fn check(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut new_runs = HashSet::new();
        let mut new_records = HashSet::new();
        for write in writes {
            let refusal = match write {
                Write::RunPut(run) => {
                    let is_there = self.runs.contains_key(&run.id) || !new_runs.insert(run.id);
                    is_there.then_some(StoreError::Conflict { what: "run" })
                }
                Write::RunChange(change) => {
                    let is_there =
                        self.runs.contains_key(&change.id) || new_runs.contains(&change.id);
                    (!is_there).then_some(StoreError::NotFound { what: "run" })
                }
                Write::Journal(record) => {
                    let key = (record.run, record.seq);
                    let before = (record.run, record.seq.saturating_sub(1));
                    let follows = record.seq == 1
                        || self.journal.contains_key(&before)
                        || new_records.contains(&before);
                    let is_there =
                        !follows || self.journal.contains_key(&key) || !new_records.insert(key);
                    is_there.then_some(StoreError::Conflict { what: "record" })
                }
                _ => None,
            };
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::RunPut(run) => {
                self.runs.insert(run.id, run);
            }
            Write::RunChange(change) => self.change_run(change),
            Write::Journal(record) => {
                self.journal.insert((record.run, record.seq), record);
            }
            Write::Snapshot { run, seq, body } => {
                self.snapshots.insert(run, (seq, body));
            }
            Write::DeliveryPut(delivery) => {
                self.deliveries.insert(delivery.id, delivery);
            }
            Write::TimerSet(Timer { run, timer, due }) => {
                self.timers.insert((run, timer), due);
            }
            Write::TimerClear { run, timer } => {
                self.timers.remove(&(run, timer));
            }
            Write::ListenerSet(listener) => {
                self.listeners
                    .insert((listener.run, listener.listener), listener);
            }
            Write::ListenerClear { run, listener } => {
                self.listeners.remove(&(run, listener));
            }
            Write::InboxPut(message) => {
                self.inbox.insert(message.id, message);
            }
            Write::InboxClear { id } => {
                self.inbox.remove(&id);
            }
            Write::OutboxPut(parcel) => {
                self.outbox.insert(parcel.id, parcel);
            }
            Write::OutboxClear { id } => {
                self.outbox.remove(&id);
            }
            Write::BlobPut { run, sha256, body } => {
                self.blobs.entry(sha256).or_insert(body);
                self.blob_owners.insert((run, sha256));
            }
            Write::DefinitionPut(definition) => {
                self.definitions
                    .entry(definition.digest.clone())
                    .or_insert(definition);
            }
            Write::ResourcePut(resource) => {
                let key = (
                    resource.kind.clone(),
                    resource.namespace.clone(),
                    resource.name.clone(),
                );
                self.resources.insert(key, resource);
            }
            Write::ResourceRemove {
                kind,
                namespace,
                name,
            } => {
                self.resources.remove(&(kind, namespace, name));
            }
            Write::Audit(row) => self.audit.push(row),
            Write::Prune {
                before,
                dedupe_before,
                limit,
            } => self.prune(before, dedupe_before, limit as usize),
        }
    }

    fn change_run(&mut self, change: RunChange) {
        let run = self
            .runs
            .get_mut(&change.id)
            .expect("checked before the first write of the unit");
        run.status = change.status;
        run.updated_at = change.updated_at;
        run.ended_at = change.ended_at;
        run.summary = change.summary;
    }

    fn prune(&mut self, before: Millis, dedupe_before: Millis, limit: usize) {
        let is_old = |run: &&RunRow| {
            run.status.is_ended() && run.ended_at.unwrap_or(run.updated_at) < before
        };
        let old: Vec<RunId> = self
            .runs
            .values()
            .filter(is_old)
            .take(limit)
            .map(|run| run.id)
            .collect();
        for run in old {
            self.prune_run(run);
        }

        let without_run =
            |delivery: &&Delivery| delivery.runs.is_empty() && delivery.received_at < before;
        let mut deliveries: Vec<_> = self
            .deliveries
            .values()
            .filter(without_run)
            .map(|delivery| (delivery.received_at, delivery.id))
            .collect();
        deliveries.sort_unstable();
        for (_, id) in deliveries.into_iter().take(limit) {
            self.deliveries.remove(&id);
        }

        let is_old_key = |key: &&DedupeKey| key.at < dedupe_before;
        let mut keys: Vec<_> = self.dedupe.values().filter(is_old_key).cloned().collect();
        keys.sort_by_key(|key| key.at);
        for key in keys.into_iter().take(limit) {
            self.dedupe.remove(&(key.scope, key.key));
        }
    }

    fn prune_run(&mut self, run: RunId) {
        self.runs.remove(&run);
        self.journal.retain(|(owner, _), _| *owner != run);
        self.snapshots.remove(&run);
        self.timers.retain(|(owner, _), _| *owner != run);
        self.listeners.retain(|(owner, _), _| *owner != run);
        self.inbox.retain(|_, message| message.run != run);
        let runs = &self.runs;
        self.deliveries.retain(|_, delivery| {
            !delivery.runs.contains(&run)
                || delivery.runs.iter().any(|other| runs.contains_key(other))
        });
        self.blob_owners.retain(|(owner, _)| *owner != run);
        let kept: BTreeSet<_> = self.blob_owners.iter().map(|(_, sha256)| *sha256).collect();
        self.blobs.retain(|sha256, _| kept.contains(sha256));
    }
}
