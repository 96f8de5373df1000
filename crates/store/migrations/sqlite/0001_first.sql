-- The first schema. Keys are compact because the writer's thread is the limit of the whole program: ids are 16-byte
-- blobs (UUID version 7, so a primary key is also the order of creation), words that repeat are numbers.
-- An index beyond the primary key costs about a microsecond for each unit; the reason stands beside each.

-- Words that repeat. `scope` is of dedupe keys, `origin` of deliveries.
CREATE TABLE workflow (
  id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL,
  UNIQUE (namespace, name)
) STRICT;
CREATE TABLE label (
  id INTEGER PRIMARY KEY, workflow INTEGER NOT NULL, version TEXT NOT NULL, definition TEXT NOT NULL,
  started_by TEXT NOT NULL,
  UNIQUE (workflow, version, definition, started_by)
) STRICT;
CREATE TABLE scope (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE origin (
  id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, source TEXT NOT NULL,
  UNIQUE (namespace, source)
) STRICT;

-- status: 0 pending, 1 running, 2 waiting, 3 suspended, 4 cancelled, 5 faulted, 6 completed.
CREATE TABLE run (
  id BLOB PRIMARY KEY, workflow INTEGER NOT NULL, label INTEGER NOT NULL, status INTEGER NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, ended_at INTEGER,
  delivery BLOB, parent BLOB, parent_effect INTEGER, retry_of BLOB, summary TEXT
) STRICT, WITHOUT ROWID;
-- Lists of one workflow's runs, newest first.
CREATE INDEX run_of_workflow ON run (workflow, id);
-- What goes on, and what failed: few beside the completed ones.
CREATE INDEX run_not_completed ON run (status, id) WHERE status <> 6;
CREATE INDEX run_of_parent ON run (parent, id) WHERE parent IS NOT NULL;
-- Kept with each change, so that counting ten million runs reads a page.
CREATE TABLE run_count (
  workflow INTEGER NOT NULL, status INTEGER NOT NULL, runs INTEGER NOT NULL,
  PRIMARY KEY (workflow, status)
) STRICT, WITHOUT ROWID;

-- In the order of arrival, not by run: records of many runs that become durable together fill a few pages, where one
-- page for each run would have to be synced. The narrow index of neighbouring runs does too.
CREATE TABLE journal (
  id INTEGER PRIMARY KEY, run BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_of_run ON journal (run, seq);
CREATE TABLE snapshot (run BLOB PRIMARY KEY, seq INTEGER NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- `runs`: 16 bytes each, NULL when there are none.
CREATE TABLE delivery (
  id BLOB PRIMARY KEY, origin INTEGER NOT NULL, received_at INTEGER NOT NULL, runs BLOB,
  headers BLOB NOT NULL, body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- Those that go by age, not with a run.
CREATE INDEX delivery_without_run ON delivery (received_at, id) WHERE runs IS NULL;
-- Which deliveries name a run, where `run.delivery` cannot say it: a second one, or one of an earlier unit.
CREATE TABLE delivery_run (run BLOB NOT NULL, delivery BLOB NOT NULL, PRIMARY KEY (run, delivery)) STRICT, WITHOUT ROWID;

CREATE TABLE dedupe (
  scope INTEGER NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, run BLOB NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
-- Finds the expired ones.
CREATE INDEX dedupe_at ON dedupe (at);

CREATE TABLE timer (
  run BLOB NOT NULL, timer INTEGER NOT NULL, due INTEGER NOT NULL,
  PRIMARY KEY (run, timer)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due, run, timer);

-- `types`: each with its length (four bytes, little end first) before it.
CREATE TABLE listener (
  run BLOB NOT NULL, listener INTEGER NOT NULL, namespace TEXT NOT NULL, types BLOB NOT NULL,
  PRIMARY KEY (run, listener)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (id BLOB PRIMARY KEY, run BLOB NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
-- What is left of a run that is pruned.
CREATE INDEX inbox_of_run ON inbox (run);
CREATE TABLE outbox (
  id BLOB PRIMARY KEY, namespace TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (sha256 BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE blob_owner (run BLOB NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY (run, sha256)) STRICT, WITHOUT ROWID;
-- Whether another run still needs a blob.
CREATE INDEX blob_owner_of ON blob_owner (sha256);

CREATE TABLE definition (
  digest TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  created_at INTEGER NOT NULL, text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX definition_name ON definition (namespace, name);
CREATE TABLE resource (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, updated_at INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (kind, namespace, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, namespace TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, detail BLOB NOT NULL
) STRICT;
