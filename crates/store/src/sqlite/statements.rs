//! The writer's SQL, prepared once.

use rusqlite::{Connection, Statement};

use super::encode::Sql;

macro_rules! statements {
    ($($name:ident: $sql:literal,)*) => {
        pub(super) struct Statements<'db> { $(pub $name: Statement<'db>,)* }

        impl<'db> Statements<'db> {
            pub(super) fn prepare(db: &'db Connection) -> Sql<Self> {
                Ok(Self { $($name: db.prepare($sql)?,)* })
            }
        }
    };
}

statements! {
    begin: "BEGIN IMMEDIATE",
    commit: "COMMIT",

    dedupe_put: "INSERT OR IGNORE INTO dedupe (scope, key, at, run, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
    dedupe_first: "SELECT run, digest FROM dedupe WHERE scope = ?1 AND key = ?2",

    run_put: "INSERT INTO run (id, workflow, label, status, created_at, updated_at, ended_at, delivery, parent, parent_effect, retry_of, summary)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    run_status: "SELECT workflow, status FROM run WHERE id = ?1",
    run_change: "UPDATE run SET status = ?2, updated_at = ?3, ended_at = ?4, summary = ?5 WHERE id = ?1",
    // Without the status, no index is touched.
    run_touch: "UPDATE run SET updated_at = ?2, ended_at = ?3, summary = ?4 WHERE id = ?1",
    run_count: "INSERT INTO run_count (workflow, status, runs) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET runs = runs + excluded.runs",

    // Only after the record before it: a run's history has no gaps, whatever became of the unit before.
    journal_put: "INSERT INTO journal (run, seq, at, body) SELECT ?1, ?2, ?3, ?4
        WHERE ?2 = 1 OR EXISTS (SELECT 1 FROM journal WHERE run = ?1 AND seq = ?2 - 1)",
    snapshot_put: "INSERT OR REPLACE INTO snapshot (run, seq, body) VALUES (?1, ?2, ?3)",
    delivery_put: "INSERT OR REPLACE INTO delivery (id, origin, received_at, runs, headers, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    delivery_run_put: "INSERT OR IGNORE INTO delivery_run (run, delivery) VALUES (?1, ?2)",
    timer_set: "INSERT OR REPLACE INTO timer (run, timer, due) VALUES (?1, ?2, ?3)",
    timer_clear: "DELETE FROM timer WHERE run = ?1 AND timer = ?2",
    listener_set: "INSERT OR REPLACE INTO listener (run, listener, namespace, types) VALUES (?1, ?2, ?3, ?4)",
    listener_clear: "DELETE FROM listener WHERE run = ?1 AND listener = ?2",
    inbox_put: "INSERT OR REPLACE INTO inbox (id, run, body) VALUES (?1, ?2, ?3)",
    inbox_clear: "DELETE FROM inbox WHERE id = ?1",
    outbox_put: "INSERT OR REPLACE INTO outbox (id, namespace, kind, body) VALUES (?1, ?2, ?3, ?4)",
    outbox_clear: "DELETE FROM outbox WHERE id = ?1",
    blob_put: "INSERT OR IGNORE INTO blob (sha256, body) VALUES (?1, ?2)",
    blob_own: "INSERT OR IGNORE INTO blob_owner (run, sha256) VALUES (?1, ?2)",
    definition_put: "INSERT OR IGNORE INTO definition (digest, namespace, name, version, created_at, text)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    resource_put: "INSERT OR REPLACE INTO resource (kind, namespace, name, updated_at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    resource_remove: "DELETE FROM resource WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
    audit_put: "INSERT INTO audit (at, namespace, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",

    prune_candidates: "SELECT id, workflow, status, coalesce(ended_at, updated_at), delivery FROM run WHERE id >= ?1 ORDER BY id",
    prune_run: "DELETE FROM run WHERE id = ?1",
    prune_journal: "DELETE FROM journal WHERE run = ?1",
    prune_snapshot: "DELETE FROM snapshot WHERE run = ?1",
    prune_timers: "DELETE FROM timer WHERE run = ?1",
    prune_listeners: "DELETE FROM listener WHERE run = ?1",
    prune_inbox: "DELETE FROM inbox WHERE run = ?1",
    prune_links_of: "SELECT delivery FROM delivery_run WHERE run = ?1",
    prune_links: "DELETE FROM delivery_run WHERE run = ?1",
    prune_delivery: "DELETE FROM delivery WHERE id = ?1",
    delivery_runs: "SELECT runs FROM delivery WHERE id = ?1",
    prune_deliveries: "DELETE FROM delivery WHERE id IN
        (SELECT id FROM delivery WHERE runs IS NULL AND received_at < ?1 ORDER BY received_at, id LIMIT ?2)",
    prune_blobs: "DELETE FROM blob WHERE sha256 IN (SELECT sha256 FROM blob_owner AS own WHERE run = ?1
        AND NOT EXISTS (SELECT 1 FROM blob_owner AS other WHERE other.sha256 = own.sha256 AND other.run <> ?1))",
    prune_blob_owner: "DELETE FROM blob_owner WHERE run = ?1",
    prune_dedupe: "DELETE FROM dedupe WHERE (scope, key) IN
        (SELECT scope, key FROM dedupe WHERE at < ?1 ORDER BY at LIMIT ?2)",
}
