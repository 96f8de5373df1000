//! Makes the writes of one unit, inside of the transaction that the writer has begun.

use rusqlite::ErrorCode;
use rusqlite::{Connection, Params, Statement};
use uuid::Uuid;

use super::dictionary::{Dictionary, Fresh, Label};
use super::encode::{Sql, join_ids, join_texts, run_id};
use super::statements::Statements;
use crate::{
    Committed, DedupeKey, Delivery, RunChange, RunId, RunRow, RunStatus, StoreError, Unit, Write,
};

/// Why a unit was not made.
pub(super) enum Halt {
    /// This unit cannot be made; the others of its batch can.
    Refused(StoreError),
    /// The transaction is lost.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// The writer's connection with what it keeps in memory about the transaction that runs.
pub(super) struct Applier<'db> {
    pub(super) db: &'db Connection,
    pub(super) sql: Statements<'db>,
    words: &'db Dictionary,
    fresh: Vec<Fresh>,
    /// By how much the number of a workflow's runs with a status changes.
    counts: Vec<(i64, RunStatus, i64)>,
    /// All runs before this one go on, so pruning need not look at them.
    pub(super) prune_from: RunId,
}

/// A place to return to when a unit is refused.
pub(super) struct Mark {
    fresh: usize,
    counts: usize,
}

/// A unit that starts more runs than this is written plainly.
const FOLDED_RUNS_MAX: usize = 16;

impl<'db> Applier<'db> {
    pub(super) fn new(db: &'db Connection, words: &'db Dictionary) -> Sql<Self> {
        let sql = Statements::prepare(db)?;
        Ok(Self {
            db,
            sql,
            words,
            fresh: Vec::new(),
            counts: Vec::new(),
            prune_from: RunId(Uuid::nil()),
        })
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            fresh: self.fresh.len(),
            counts: self.counts.len(),
        }
    }

    /// The writes since the mark were rolled back.
    pub(super) fn forget_since(&mut self, mark: &Mark) {
        self.words.forget(self.fresh.drain(mark.fresh..));
        self.counts.truncate(mark.counts);
        self.prune_from = RunId(Uuid::nil());
    }

    pub(super) fn forget_all(&mut self) {
        self.forget_since(&Mark {
            fresh: 0,
            counts: 0,
        });
    }

    /// The last writes of a transaction.
    pub(super) fn finish(&mut self) -> Sql<()> {
        self.counts
            .sort_unstable_by_key(|(workflow, status, _)| (*workflow, *status as u8));
        for same in self.counts.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let change: i64 = same.iter().map(|(_, _, change)| change).sum();
            if change != 0 {
                self.sql
                    .run_count
                    .execute((same[0].0, same[0].1 as u8, change))?;
            }
        }
        Ok(())
    }

    pub(super) fn committed(&mut self) {
        self.fresh.clear();
        self.counts.clear();
    }

    pub(super) fn count(&mut self, workflow: i64, status: RunStatus, change: i64) {
        self.counts.push((workflow, status, change));
    }

    pub(super) fn unit(&mut self, unit: &Unit) -> Result<Committed, Halt> {
        if let Some(key) = &unit.dedupe
            && let Some(duplicate) = self.dedupe(key)?
        {
            return Ok(duplicate);
        }
        let folded = Folded::of(&unit.writes);
        for (place, write) in unit.writes.iter().enumerate() {
            self.write(write, &folded, place)?;
        }
        for write in &unit.writes {
            if let Write::Prune {
                before,
                dedupe_before,
                limit,
            } = write
            {
                self.prune(*before, *dedupe_before, *limit)?;
            }
        }
        Ok(Committed::Done)
    }

    /// Keeps the key, or says what the first delivery with it started.
    fn dedupe(&mut self, key: &DedupeKey) -> Result<Option<Committed>, Halt> {
        let scope = self.words.scope(self.db, &mut self.fresh, &key.scope)?;
        let is_first = self.sql.dedupe_put.execute((
            scope,
            &*key.key,
            key.at.0,
            id(&key.run.0),
            &key.digest[..],
        ))? == 1;
        if is_first {
            return Ok(None);
        }
        let (run, digest) = self.sql.dedupe_first.query_row((scope, &*key.key), |row| {
            Ok((run_id(row, 0)?, row.get::<_, [u8; 32]>(1)?))
        })?;
        Ok(Some(Committed::Duplicate {
            run,
            is_same_body: digest == key.digest,
        }))
    }

    fn write(&mut self, write: &Write, folded: &Folded<'_>, place: usize) -> Result<(), Halt> {
        match write {
            Write::RunPut(run) => self.run_put(run, folded, place)?,
            Write::RunChange(change) => {
                if !folded.has_put_before(change.id, place) {
                    self.run_change(change)?;
                }
            }
            Write::Journal(record) => {
                let row = (
                    id(&record.run.0),
                    record.seq.cast_signed(),
                    record.at.0,
                    &*record.body,
                );
                insert_new(&mut self.sql.journal_put, row, "record")?;
            }
            Write::Snapshot { run, seq, body } => {
                self.sql
                    .snapshot_put
                    .execute((id(&run.0), seq.cast_signed(), &**body))?;
            }
            Write::DeliveryPut(delivery) => self.delivery_put(delivery, folded, place)?,
            Write::TimerSet(timer) => {
                self.sql.timer_set.execute((
                    id(&timer.run.0),
                    timer.timer.cast_signed(),
                    timer.due.0,
                ))?;
            }
            Write::TimerClear { run, timer } => {
                self.sql
                    .timer_clear
                    .execute((id(&run.0), timer.cast_signed()))?;
            }
            Write::ListenerSet(row) => {
                let types = join_texts(&row.types);
                self.sql.listener_set.execute((
                    id(&row.run.0),
                    row.listener.cast_signed(),
                    &*row.namespace,
                    types,
                ))?;
            }
            Write::ListenerClear { run, listener } => {
                self.sql
                    .listener_clear
                    .execute((id(&run.0), listener.cast_signed()))?;
            }
            Write::InboxPut(message) => {
                self.sql.inbox_put.execute((
                    id(&message.id),
                    id(&message.run.0),
                    &*message.body,
                ))?;
            }
            Write::InboxClear { id: message } => {
                self.sql.inbox_clear.execute([id(message)])?;
            }
            Write::OutboxPut(parcel) => {
                self.sql.outbox_put.execute((
                    id(&parcel.id),
                    &*parcel.namespace,
                    &*parcel.kind,
                    &*parcel.body,
                ))?;
            }
            Write::OutboxClear { id: parcel } => {
                self.sql.outbox_clear.execute([id(parcel)])?;
            }
            Write::BlobPut { run, sha256, body } => {
                self.sql.blob_put.execute((&sha256[..], &**body))?;
                self.sql.blob_own.execute((id(&run.0), &sha256[..]))?;
            }
            Write::DefinitionPut(row) => {
                let names = (&*row.digest, &*row.namespace, &*row.name, &*row.version);
                let (digest, namespace, name, version) = names;
                self.sql.definition_put.execute((
                    digest,
                    namespace,
                    name,
                    version,
                    row.created_at.0,
                    &*row.text,
                ))?;
            }
            Write::ResourcePut(row) => {
                let (kind, namespace, name) = (&*row.kind, &*row.namespace, &*row.name);
                self.sql.resource_put.execute((
                    kind,
                    namespace,
                    name,
                    row.updated_at.0,
                    &*row.body,
                ))?;
            }
            Write::ResourceRemove {
                kind,
                namespace,
                name,
            } => {
                self.sql
                    .resource_remove
                    .execute((&**kind, &**namespace, &**name))?;
            }
            Write::Audit(row) => {
                let (actor, action, subject) = (&*row.actor, &*row.action, &*row.subject);
                self.sql.audit_put.execute((
                    row.at.0,
                    &*row.namespace,
                    actor,
                    action,
                    subject,
                    &*row.detail,
                ))?;
            }
            // After the others, see `unit`.
            Write::Prune { .. } => {}
        }
        Ok(())
    }

    fn run_put(&mut self, run: &RunRow, folded: &Folded<'_>, place: usize) -> Result<(), Halt> {
        let workflow = self.words.workflow(
            self.db,
            &mut self.fresh,
            (run.namespace.clone(), run.workflow.clone()),
        )?;
        let (version, definition) = (run.version.clone(), run.definition.clone());
        let label = Label {
            workflow,
            version,
            definition,
            started_by: run.trigger.clone(),
        };
        let label = self.words.label(self.db, &mut self.fresh, label)?;
        // A change of the same unit goes into the row at once: a short run costs one row.
        let line = folded.last_change_after(run.id, place).map_or_else(
            || (run.status, run.updated_at, run.ended_at, &run.summary),
            |change| {
                (
                    change.status,
                    change.updated_at,
                    change.ended_at,
                    &change.summary,
                )
            },
        );
        let (status, updated_at, ended_at, summary) = line;
        let delivery = folded.delivery_of(run.id).map(|delivery| id(&delivery.id));
        let row = rusqlite::params![
            id(&run.id.0),
            workflow,
            label,
            status as u8,
            run.created_at.0,
            updated_at.0,
            ended_at.map(|at| at.0),
            delivery,
            run.parent.as_ref().map(|run| id(&run.0)),
            run.parent_effect.map(u64::cast_signed),
            run.retry_of.as_ref().map(|run| id(&run.0)),
            summary.as_deref(),
        ];
        insert_new(&mut self.sql.run_put, row, "run")?;
        self.count(workflow, status, 1);
        self.note_ended(run.id, status);
        Ok(())
    }

    fn run_change(&mut self, change: &RunChange) -> Result<(), Halt> {
        let run = id(&change.id.0);
        let mut rows = self.sql.run_status.query([run])?;
        let Some(row) = rows.next()? else {
            return Err(Halt::Refused(StoreError::NotFound { what: "run" }));
        };
        let (workflow, status) = (row.get(0)?, super::encode::status(row, 1)?);
        drop(rows);
        let (updated_at, ended_at) = (change.updated_at.0, change.ended_at.map(|at| at.0));
        let summary = change.summary.as_deref();
        if status == change.status {
            self.sql
                .run_touch
                .execute((run, updated_at, ended_at, summary))?;
        } else {
            self.sql.run_change.execute((
                run,
                change.status as u8,
                updated_at,
                ended_at,
                summary,
            ))?;
            self.count(workflow, status, -1);
            self.count(workflow, change.status, 1);
        }
        self.note_ended(change.id, change.status);
        Ok(())
    }

    fn note_ended(&mut self, run: RunId, status: RunStatus) {
        if status.is_ended() {
            self.prune_from = self.prune_from.min(run);
        }
    }

    fn delivery_put(
        &mut self,
        delivery: &Delivery,
        folded: &Folded<'_>,
        place: usize,
    ) -> Result<(), Halt> {
        let origin = (delivery.namespace.clone(), delivery.source.clone());
        let origin = self.words.origin(self.db, &mut self.fresh, origin)?;
        let runs = join_ids(&delivery.runs);
        let (headers, body) = (&*delivery.headers, &*delivery.body);
        self.sql.delivery_put.execute((
            id(&delivery.id),
            origin,
            delivery.received_at.0,
            runs,
            headers,
            body,
        ))?;
        for run in &delivery.runs {
            if !folded.is_told_by_run(*run, place) {
                self.sql
                    .delivery_run_put
                    .execute((id(&run.0), id(&delivery.id)))?;
            }
        }
        Ok(())
    }
}

/// The id as its column has it.
pub(super) fn id(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

/// Inserts, or refuses the unit when the key is there.
fn insert_new(
    statement: &mut Statement<'_>,
    row: impl Params,
    what: &'static str,
) -> Result<(), Halt> {
    match statement.execute(row) {
        Ok(1) => Ok(()),
        Ok(_) => Err(Halt::Refused(StoreError::Conflict { what })),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(Halt::Refused(StoreError::Conflict { what }))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the writes of a unit say about the runs that the same unit starts.
struct Folded<'a> {
    /// Empty when the unit starts no run, or too many to look through.
    writes: &'a [Write],
}

impl<'a> Folded<'a> {
    fn of(writes: &'a [Write]) -> Self {
        let runs = writes
            .iter()
            .filter(|write| matches!(write, Write::RunPut(_)))
            .count();
        Self {
            writes: if runs <= FOLDED_RUNS_MAX && runs > 0 {
                writes
            } else {
                &[]
            },
        }
    }

    fn has_put_before(&self, run: RunId, place: usize) -> bool {
        self.writes
            .iter()
            .take(place)
            .any(|write| matches!(write, Write::RunPut(row) if row.id == run))
    }

    fn last_change_after(&self, run: RunId, place: usize) -> Option<&'a RunChange> {
        self.writes
            .iter()
            .skip(place)
            .rev()
            .find_map(|write| match write {
                Write::RunChange(change) if change.id == run => Some(change),
                _ => None,
            })
    }

    /// The first delivery of the unit that names the run: the one that the run's row keeps.
    fn delivery_of(&self, run: RunId) -> Option<&'a Delivery> {
        self.writes.iter().find_map(|write| match write {
            Write::DeliveryPut(delivery) if delivery.runs.contains(&run) => Some(delivery),
            _ => None,
        })
    }

    /// Whether the run's row names the delivery at this place.
    fn is_told_by_run(&self, run: RunId, place: usize) -> bool {
        let is_put = self
            .writes
            .iter()
            .any(|write| matches!(write, Write::RunPut(row) if row.id == run));
        let told = self.delivery_of(run);
        is_put
            && matches!(self.writes.get(place), Some(Write::DeliveryPut(delivery)) if told.is_some_and(|told| std::ptr::eq(told, delivery)))
    }
}
