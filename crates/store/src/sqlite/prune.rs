//! Retention: removes what ended long ago, in pieces that hold up the other units only briefly.

use uuid::Uuid;

use super::apply::{Applier, Halt, id};
use super::encode::{Sql, run_id, split_ids, status};
use crate::{Millis, RunId};

/// A run's id may be this much older or newer than the row says.
pub(super) const ID_SLACK_MS: i64 = 3_600_000;

struct Old {
    run: RunId,
    delivery: Option<[u8; 16]>,
}

impl Applier<'_> {
    pub(super) fn prune(
        &mut self,
        before: Millis,
        dedupe_before: Millis,
        limit: u32,
    ) -> Result<(), Halt> {
        for old in self.old_runs(before, limit as usize)? {
            self.prune_run(&old)?;
        }
        self.sql.prune_deliveries.execute((before.0, limit))?;
        self.sql.prune_dedupe.execute((dedupe_before.0, limit))?;
        Ok(())
    }

    fn old_runs(&mut self, before: Millis, limit: usize) -> Sql<Vec<Old>> {
        let mut old = Vec::new();
        let mut counts = Vec::new();
        // INVARIANT: stays behind the first ended run that is left, so that a later call finds it.
        let mut next = None;
        let from = self.prune_from;
        let mut rows = self.sql.prune_candidates.query([id(&from.0)])?;
        while old.len() < limit {
            let Some(row) = rows.next()? else { break };
            let run = run_id(row, 0)?;
            if created_ms(run.0) >= before.0.saturating_add(ID_SLACK_MS) {
                // It cannot have ended before it was created, nor can those after it.
                next.get_or_insert(run);
                break;
            }
            let status = status(row, 2)?;
            if !status.is_ended() {
                self.prune_from = if next.is_none() { run } else { self.prune_from };
            } else if row.get::<_, i64>(3)? < before.0 {
                counts.push((row.get(1)?, status));
                old.push(Old {
                    run,
                    delivery: row.get(4)?,
                });
            } else {
                next.get_or_insert(run);
            }
        }
        drop(rows);
        if let Some(next) = next {
            self.prune_from = next;
        }
        for (workflow, status) in counts {
            self.count(workflow, status, -1);
        }
        Ok(old)
    }

    fn prune_run(&mut self, old: &Old) -> Sql<()> {
        let run = id(&old.run.0);
        let sql = &mut self.sql;
        let links = sql.prune_links_of.query_map([run], |row| row.get(0))?;
        let deliveries: Vec<[u8; 16]> = links.chain(old.delivery.map(Ok)).collect::<Sql<_>>()?;
        let all_of_it = [
            &mut sql.prune_run,
            &mut sql.prune_journal,
            &mut sql.prune_snapshot,
            &mut sql.prune_timers,
            &mut sql.prune_listeners,
            &mut sql.prune_inbox,
            &mut sql.prune_links,
            // Before the owners: it asks them.
            &mut sql.prune_blobs,
            &mut sql.prune_blob_owner,
        ];
        for statement in all_of_it {
            statement.execute([run])?;
        }
        for delivery in deliveries {
            self.prune_delivery(old.run, Uuid::from_bytes(delivery))?;
        }
        Ok(())
    }

    /// Removes the delivery when the run was the last one there is of those it names.
    fn prune_delivery(&mut self, run: RunId, delivery: Uuid) -> Sql<()> {
        let mut rows = self.sql.delivery_runs.query([id(&delivery)])?;
        let Some(row) = rows.next()? else {
            return Ok(());
        };
        let runs = row
            .get_ref(0)?
            .as_blob_or_null()?
            .map_or_else(|| Ok(Vec::new()), split_ids)?;
        drop(rows);
        // It may have been replaced by one that names other runs.
        if !runs.contains(&run) {
            return Ok(());
        }
        for other in runs {
            if self.sql.run_status.exists([id(&other.0)])? {
                return Ok(());
            }
        }
        self.sql.prune_delivery.execute([id(&delivery)])?;
        Ok(())
    }
}

/// The milliseconds inside a UUID version 7.
pub(super) fn created_ms(id: Uuid) -> i64 {
    i64::try_from(id.as_u128() >> 80).expect("48 bits fit")
}
