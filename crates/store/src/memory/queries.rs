//! The reads of the reference implementation.

use std::collections::BTreeMap;
use std::ops::Bound;

use uuid::Uuid;

use super::MemoryStore;
use crate::{
    AuditRow, Bytes, DefinitionRow, Delivery, Listener, Loaded, Message, Millis, Parcel, Queries,
    Record, ResourceRow, RunFilter, RunId, RunRow, RunStatus, StoreError, Text, Timer,
};

type Result<T> = std::result::Result<T, StoreError>;

fn after<K>(key: Option<K>) -> (Bound<K>, Bound<K>) {
    (
        key.map_or(Bound::Unbounded, Bound::Excluded),
        Bound::Unbounded,
    )
}

fn before<K>(key: Option<K>) -> (Bound<K>, Bound<K>) {
    (
        Bound::Unbounded,
        key.map_or(Bound::Unbounded, Bound::Excluded),
    )
}

fn is_one_of(wanted: Option<&str>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

impl Queries for MemoryStore {
    fn run(&self, id: RunId) -> Result<Option<RunRow>> {
        Ok(self.state().runs.get(&id).cloned())
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        let state = self.state();
        let newest_first = state
            .runs
            .range(before(filter.after))
            .rev()
            .map(|(_, run)| run);
        Ok(newest_first
            .filter(|run| filter.accepts(run))
            .take(filter.limit as usize)
            .cloned()
            .collect())
    }

    fn run_counts(&self, namespace: Option<&str>) -> Result<Vec<(Text, Text, RunStatus, u64)>> {
        let mut counts = BTreeMap::new();
        for run in self
            .state()
            .runs
            .values()
            .filter(|run| is_one_of(namespace, &run.namespace))
        {
            let key = (
                run.namespace.clone(),
                run.workflow.clone(),
                run.status as usize,
            );
            *counts.entry(key).or_insert(0) += 1;
        }
        let named = |((namespace, workflow, status), count)| {
            (namespace, workflow, RunStatus::ALL[status], count)
        };
        Ok(counts.into_iter().map(named).collect())
    }

    fn load(&self, id: RunId) -> Result<Option<Loaded>> {
        let state = self.state();
        let Some(row) = state.runs.get(&id).cloned() else {
            return Ok(None);
        };
        let snapshot = state.snapshots.get(&id).cloned();
        let covered = snapshot.as_ref().map_or(0, |(seq, _)| *seq);
        let records = state
            .journal
            .range(after(Some((id, covered))))
            .map(|(_, record)| record);
        let records = records
            .take_while(|record| record.run == id)
            .cloned()
            .collect();
        Ok(Some(Loaded {
            row,
            snapshot,
            records,
        }))
    }

    fn history(&self, id: RunId, from: u64, limit: u32) -> Result<Vec<Record>> {
        let state = self.state();
        let records = state
            .journal
            .range((id, from)..=(id, u64::MAX))
            .map(|(_, record)| record.clone());
        Ok(records.take(limit as usize).collect())
    }

    fn run_ids(
        &self,
        statuses: &[RunStatus],
        from: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<RunId>> {
        let state = self.state();
        let wanted = state
            .runs
            .range(after(from))
            .filter(|(_, run)| statuses.contains(&run.status));
        Ok(wanted.map(|(id, _)| *id).take(limit as usize).collect())
    }

    fn timers_due(&self, until: Millis, limit: u32) -> Result<Vec<Timer>> {
        let state = self.state();
        let due = state.timers.iter().filter(|(_, due)| **due <= until);
        let mut due: Vec<_> = due
            .map(|((run, timer), due)| Timer {
                run: *run,
                timer: *timer,
                due: *due,
            })
            .collect();
        due.sort_by_key(|timer| (timer.due, timer.run, timer.timer));
        due.truncate(limit as usize);
        Ok(due)
    }

    fn timers(&self, run: RunId) -> Result<Vec<Timer>> {
        let state = self.state();
        let timers = state.timers.range((run, 0)..=(run, u64::MAX));
        Ok(timers
            .map(|((run, timer), due)| Timer {
                run: *run,
                timer: *timer,
                due: *due,
            })
            .collect())
    }

    fn next_timer(&self) -> Result<Option<Millis>> {
        Ok(self.state().timers.values().min().copied())
    }

    fn listeners(&self, from: Option<(RunId, u64)>, limit: u32) -> Result<Vec<Listener>> {
        let state = self.state();
        Ok(state
            .listeners
            .range(after(from))
            .map(|(_, row)| row.clone())
            .take(limit as usize)
            .collect())
    }

    fn inbox(&self, from: Option<Uuid>, limit: u32) -> Result<Vec<Message>> {
        let state = self.state();
        Ok(state
            .inbox
            .range(after(from))
            .map(|(_, row)| row.clone())
            .take(limit as usize)
            .collect())
    }

    fn outbox(&self, from: Option<Uuid>, limit: u32) -> Result<Vec<Parcel>> {
        let state = self.state();
        Ok(state
            .outbox
            .range(after(from))
            .map(|(_, row)| row.clone())
            .take(limit as usize)
            .collect())
    }

    fn blob(&self, sha256: &[u8; 32]) -> Result<Option<Bytes>> {
        Ok(self.state().blobs.get(sha256).cloned())
    }

    fn delivery(&self, id: Uuid) -> Result<Option<Delivery>> {
        Ok(self.state().deliveries.get(&id).cloned())
    }

    fn deliveries(
        &self,
        namespace: Option<&str>,
        source: Option<&str>,
        from: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let state = self.state();
        let newest_first = state
            .deliveries
            .range(before(from))
            .rev()
            .map(|(_, delivery)| delivery);
        let wanted = newest_first.filter(|delivery| {
            is_one_of(namespace, &delivery.namespace) && is_one_of(source, &delivery.source)
        });
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    fn definition(&self, digest: &str) -> Result<Option<DefinitionRow>> {
        Ok(self.state().definitions.get(digest).cloned())
    }

    fn definitions(
        &self,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Result<Vec<DefinitionRow>> {
        let state = self.state();
        let wanted = state
            .definitions
            .values()
            .filter(|row| is_one_of(namespace, &row.namespace) && is_one_of(name, &row.name));
        let mut rows: Vec<_> = wanted.cloned().collect();
        rows.sort_by_key(|row| row.created_at);
        Ok(rows)
    }

    fn resource(&self, kind: &str, namespace: &str, name: &str) -> Result<Option<ResourceRow>> {
        Ok(self
            .state()
            .resources
            .get(&(kind.into(), namespace.into(), name.into()))
            .cloned())
    }

    fn resources(&self, kind: &str, namespace: Option<&str>) -> Result<Vec<ResourceRow>> {
        let state = self.state();
        let wanted = state
            .resources
            .values()
            .filter(|row| &*row.kind == kind && is_one_of(namespace, &row.namespace));
        Ok(wanted.cloned().collect())
    }

    fn audit(&self, namespace: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        let state = self.state();
        let wanted = state
            .audit
            .iter()
            .rev()
            .filter(|row| is_one_of(namespace, &row.namespace));
        Ok(wanted.take(limit as usize).cloned().collect())
    }
}
