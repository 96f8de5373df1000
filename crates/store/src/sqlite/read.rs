//! The reads. SQL finds and orders; what a list lets through is decided by `RunFilter::accepts`, as in memory.

mod runs;

use rusqlite::{Connection, Params, Row};
use uuid::Uuid;

use super::SqliteStore;
use super::apply::id;
use super::dictionary::Dictionary;
use super::encode::{Sql, blob, bytes, number, run_id, split_ids, split_texts, text, uuid};
use crate::{
    AuditRow, Bytes, DefinitionRow, Delivery, Listener, Loaded, Message, Millis, Parcel, Queries,
    Record, ResourceRow, RunFilter, RunId, RunRow, RunStatus, StoreError, Text, Timer,
};

type Result<T> = std::result::Result<T, StoreError>;

/// After all ids.
const LAST_ID: [u8; 17] = [0xff; 17];

impl SqliteStore {
    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Sql<T>,
    ) -> Result<Vec<T>> {
        self.readers.read(|db| rows(db, sql, params, &read))
    }

    fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row<'_>) -> Sql<T>,
    ) -> Result<Option<T>> {
        self.readers.read(|db| row(db, sql, params, &read))
    }
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Sql<T>,
) -> Sql<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| read(row))?;
    rows.collect()
}

fn row<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Sql<T>,
) -> Sql<Option<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// The place in a list that begins after this id; the empty blob is before all ids.
fn after_id(id: Option<Uuid>) -> Vec<u8> {
    id.map_or_else(Vec::new, |id| id.into_bytes().to_vec())
}

impl Queries for SqliteStore {
    fn run(&self, id: RunId) -> Result<Option<RunRow>> {
        self.readers.read(|db| runs::one(db, &self.words, id))
    }

    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        self.readers.read(|db| runs::list(db, &self.words, filter))
    }

    fn run_counts(&self, namespace: Option<&str>) -> Result<Vec<(Text, Text, RunStatus, u64)>> {
        self.readers
            .read(|db| runs::counts(db, &self.words, namespace))
    }

    fn load(&self, run: RunId) -> Result<Option<Loaded>> {
        self.readers.read(|db| {
            let Some(line) = runs::one(db, &self.words, run)? else {
                return Ok(None);
            };
            let snapshot = row(
                db,
                "SELECT seq, body FROM snapshot WHERE run = ?1",
                [id(&run.0)],
                |row| Ok((number(row, 0)?, bytes(row, 1)?)),
            )?;
            let covered = snapshot.as_ref().map_or(0, |(seq, _)| *seq);
            let records = history(db, run, covered.saturating_add(1), -1)?;
            Ok(Some(Loaded {
                row: line,
                snapshot,
                records,
            }))
        })
    }

    fn history(&self, id: RunId, from: u64, limit: u32) -> Result<Vec<Record>> {
        self.readers.read(|db| history(db, id, from, limit.into()))
    }

    fn run_ids(
        &self,
        statuses: &[RunStatus],
        after: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<RunId>> {
        self.readers
            .read(|db| runs::ids(db, statuses, after, limit))
    }

    fn timers_due(&self, until: Millis, limit: u32) -> Result<Vec<Timer>> {
        let sql =
            "SELECT run, timer, due FROM timer WHERE due <= ?1 ORDER BY due, run, timer LIMIT ?2";
        self.rows(sql, (until.0, limit), timer)
    }

    fn timers(&self, run: RunId) -> Result<Vec<Timer>> {
        self.rows(
            "SELECT run, timer, due FROM timer WHERE run = ?1 ORDER BY timer",
            [id(&run.0)],
            timer,
        )
    }

    fn next_timer(&self) -> Result<Option<Millis>> {
        let due = self.row("SELECT min(due) FROM timer", [], |row| {
            row.get::<_, Option<i64>>(0)
        })?;
        Ok(due.flatten().map(Millis))
    }

    fn listeners(&self, after: Option<(RunId, u64)>, limit: u32) -> Result<Vec<Listener>> {
        let sql =
            "SELECT run, listener, namespace, types FROM listener WHERE (run, listener) > (?1, ?2)
            ORDER BY run, listener LIMIT ?3";
        let (run, listener) = after.unzip();
        let place = (
            after_id(run.map(|run| run.0)),
            listener.map_or(0, u64::cast_signed),
            limit,
        );
        self.rows(sql, place, |row| {
            let (run, namespace, types) =
                (run_id(row, 0)?, text(row, 2)?, split_texts(blob(row, 3)?)?);
            Ok(Listener {
                run,
                listener: number(row, 1)?,
                namespace,
                types,
            })
        })
    }

    fn inbox(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Message>> {
        let sql = "SELECT id, run, body FROM inbox WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.rows(sql, (after_id(after), limit), |row| {
            Ok(Message {
                id: uuid(row, 0)?,
                run: run_id(row, 1)?,
                body: bytes(row, 2)?,
            })
        })
    }

    fn outbox(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Parcel>> {
        let sql = "SELECT id, namespace, kind, body FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.rows(sql, (after_id(after), limit), |row| {
            Ok(Parcel {
                id: uuid(row, 0)?,
                namespace: text(row, 1)?,
                kind: text(row, 2)?,
                body: bytes(row, 3)?,
            })
        })
    }

    fn blob(&self, sha256: &[u8; 32]) -> Result<Option<Bytes>> {
        self.row(
            "SELECT body FROM blob WHERE sha256 = ?1",
            [&sha256[..]],
            |row| bytes(row, 0),
        )
    }

    fn delivery(&self, delivery: Uuid) -> Result<Option<Delivery>> {
        let sql = "SELECT id, origin, received_at, runs, headers, body FROM delivery WHERE id = ?1";
        self.row(sql, [id(&delivery)], |row| read_delivery(row, &self.words))
    }

    fn deliveries(
        &self,
        namespace: Option<&str>,
        source: Option<&str>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let is_wanted =
            |wanted: Option<&str>, found: &str| wanted.is_none_or(|wanted| wanted == found);
        let origins = self
            .words
            .origins
            .ids_where(|origin| is_wanted(namespace, &origin.0) && is_wanted(source, &origin.1));
        self.readers.read(|db| {
            let sql = "SELECT id, origin, received_at, runs, headers, body FROM delivery WHERE id < ?1 ORDER BY id DESC";
            let mut statement = db.prepare_cached(sql)?;
            let before = after.map_or_else(|| LAST_ID.to_vec(), |id| id.into_bytes().to_vec());
            let mut rows = statement.query([before])?;
            let mut found = Vec::new();
            while found.len() < limit as usize && !origins.is_empty() {
                let Some(row) = rows.next()? else { break };
                if origins.contains(&row.get(1)?) {
                    found.push(read_delivery(row, &self.words)?);
                }
            }
            Ok(found)
        })
    }

    fn definition(&self, digest: &str) -> Result<Option<DefinitionRow>> {
        let sql = "SELECT digest, namespace, name, version, text, created_at FROM definition WHERE digest = ?1";
        self.row(sql, [digest], definition)
    }

    fn definitions(
        &self,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Result<Vec<DefinitionRow>> {
        let sql = "SELECT digest, namespace, name, version, text, created_at FROM definition
            WHERE (?1 IS NULL OR namespace = ?1) AND (?2 IS NULL OR name = ?2) ORDER BY created_at, digest";
        self.rows(sql, (namespace, name), definition)
    }

    fn resource(&self, kind: &str, namespace: &str, name: &str) -> Result<Option<ResourceRow>> {
        let sql = "SELECT kind, namespace, name, body, updated_at FROM resource
            WHERE kind = ?1 AND namespace = ?2 AND name = ?3";
        self.row(sql, (kind, namespace, name), resource)
    }

    fn resources(&self, kind: &str, namespace: Option<&str>) -> Result<Vec<ResourceRow>> {
        let sql = "SELECT kind, namespace, name, body, updated_at FROM resource
            WHERE kind = ?1 AND (?2 IS NULL OR namespace = ?2) ORDER BY namespace, name";
        self.rows(sql, (kind, namespace), resource)
    }

    fn audit(&self, namespace: Option<&str>, limit: u32) -> Result<Vec<AuditRow>> {
        let sql = "SELECT at, namespace, actor, action, subject, detail FROM audit
            WHERE ?1 IS NULL OR namespace = ?1 ORDER BY id DESC LIMIT ?2";
        self.rows(sql, (namespace, limit), |row| {
            let (at, namespace, actor) = (Millis(row.get(0)?), text(row, 1)?, text(row, 2)?);
            Ok(AuditRow {
                at,
                namespace,
                actor,
                action: text(row, 3)?,
                subject: text(row, 4)?,
                detail: bytes(row, 5)?,
            })
        })
    }
}

/// A limit of -1 is none.
fn history(db: &Connection, run: RunId, from: u64, limit: i64) -> Sql<Vec<Record>> {
    let sql =
        "SELECT seq, at, body FROM journal WHERE run = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3";
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    rows(db, sql, (id(&run.0), from, limit), |row| {
        Ok(Record {
            run,
            seq: number(row, 0)?,
            at: Millis(row.get(1)?),
            body: bytes(row, 2)?,
        })
    })
}

fn timer(row: &Row<'_>) -> Sql<Timer> {
    Ok(Timer {
        run: run_id(row, 0)?,
        timer: number(row, 1)?,
        due: Millis(row.get(2)?),
    })
}

fn read_delivery(row: &Row<'_>, words: &Dictionary) -> Sql<Delivery> {
    let (namespace, source) = words.origins.word(row.get(1)?)?;
    let runs = row
        .get_ref(3)?
        .as_blob_or_null()?
        .map_or_else(|| Ok(Vec::new()), split_ids)?;
    let (id, received_at) = (uuid(row, 0)?, Millis(row.get(2)?));
    Ok(Delivery {
        id,
        namespace,
        source,
        received_at,
        headers: bytes(row, 4)?,
        body: bytes(row, 5)?,
        runs,
    })
}

fn definition(row: &Row<'_>) -> Sql<DefinitionRow> {
    let (digest, namespace, name) = (text(row, 0)?, text(row, 1)?, text(row, 2)?);
    let (version, text, created_at) = (text(row, 3)?, text(row, 4)?, Millis(row.get(5)?));
    Ok(DefinitionRow {
        digest,
        namespace,
        name,
        version,
        text,
        created_at,
    })
}

fn resource(row: &Row<'_>) -> Sql<ResourceRow> {
    let (kind, namespace, name) = (text(row, 0)?, text(row, 1)?, text(row, 2)?);
    Ok(ResourceRow {
        kind,
        namespace,
        name,
        body: bytes(row, 3)?,
        updated_at: Millis(row.get(4)?),
    })
}
