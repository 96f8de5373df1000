//! The durable log: keeps what was decided, and gives it back.
//!
//! [`Store`] is the few write verbs, [`Queries`] the reads. A [`Unit`] is what must become durable together; many units
//! of many runs go into one transaction (group commit without a timer: while one commit runs, the next batch gathers).
//! The store never decides: bodies of records, snapshots and messages are bytes to it, and no rule of the language
//! appears in SQL. `memory` is the reference for tests, `sqlite` the embedded default.

mod filter;
pub mod memory;
pub mod sqlite;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub type Text = Arc<str>;
pub type Bytes = Arc<[u8]>;

/// Identifies a run: UUID version 7, so ids sort by time of creation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub uuid::Uuid);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::fmt::Debug for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::str::FromStr for RunId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// The specification's seven. The numbers are stored: never change them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum RunStatus {
    Pending = 0,
    Running = 1,
    Waiting = 2,
    Suspended = 3,
    Cancelled = 4,
    Faulted = 5,
    Completed = 6,
}

impl RunStatus {
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Faulted | Self::Completed)
    }

    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::Suspended,
        Self::Cancelled,
        Self::Faulted,
        Self::Completed,
    ];

    /// The status stored under this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// The line that lists show for a run. Written at start, on a change of status, and at the end; not for each task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    pub id: RunId,
    pub namespace: Text,
    pub workflow: Text,
    pub version: Text,
    /// Digest of the definition it runs, a key of the definition table.
    pub definition: Text,
    pub status: RunStatus,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub ended_at: Option<Millis>,
    /// The run that started it, when it is a sub-run.
    pub parent: Option<RunId>,
    /// The parent's effect that waits for the end of this run.
    pub parent_effect: Option<u64>,
    /// The run that it retries.
    pub retry_of: Option<RunId>,
    /// What started it: `api`, `hook:sales/contact-form`, `event`, `schedule`, `run`, `retry`. Of low variety.
    pub trigger: Text,
    /// For people, one line: why it failed or what it waits for.
    pub summary: Option<Text>,
}

/// What changes in a run's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunChange {
    pub id: RunId,
    pub status: RunStatus,
    pub updated_at: Millis,
    pub ended_at: Option<Millis>,
    pub summary: Option<Text>,
}

/// One decision about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub run: RunId,
    /// Counts from 1 without gaps.
    pub seq: u64,
    pub at: Millis,
    pub body: Bytes,
}

/// The raw input of a trigger, kept as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: uuid::Uuid,
    pub namespace: Text,
    /// `hook:sales/contact-form`, `api`, `events`.
    pub source: Text,
    pub received_at: Millis,
    /// Header names and values as a JSON object, without credentials.
    pub headers: Bytes,
    pub body: Bytes,
    /// The run or runs it started.
    pub runs: Vec<RunId>,
}

/// Makes the same delivery one run: unique within `scope` for as long as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupeKey {
    /// Namespace and trigger, such as `sales/hook:contact-form`.
    pub scope: Text,
    pub key: Text,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    pub at: Millis,
    /// What the first delivery's answer named; a repeated one gets the same.
    pub run: RunId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    pub run: RunId,
    /// Unique within its run.
    pub timer: u64,
    pub due: Millis,
}

/// A run that waits for CloudEvents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub run: RunId,
    /// Unique within its run.
    pub listener: u64,
    pub namespace: Text,
    /// The event types that can wake it; empty: any.
    pub types: Vec<Text>,
}

/// Something that must reach a run: an event that passed its filter, a sub-run's end. Ids sort by arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: uuid::Uuid,
    pub run: RunId,
    pub body: Bytes,
}

/// Something that must leave: a CloudEvent for the bus, a sub-run to start. Ids sort by creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: uuid::Uuid,
    pub namespace: Text,
    pub kind: Text,
    pub body: Bytes,
}

/// A definition or resource as text, identified by what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRow {
    /// SHA-256 of the text, lower-case hex.
    pub digest: Text,
    pub namespace: Text,
    pub name: Text,
    pub version: Text,
    pub text: Text,
    pub created_at: Millis,
}

/// A named thing beside the definitions: connection, source, schedule state, secret (sealed), token (hashed), setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRow {
    pub kind: Text,
    pub namespace: Text,
    pub name: Text,
    pub body: Bytes,
    pub updated_at: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub at: Millis,
    pub namespace: Text,
    /// Who: a token's name.
    pub actor: Text,
    /// What: `run.cancel`, `definition.apply`, `secret.put`.
    pub action: Text,
    pub subject: Text,
    pub detail: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A new run. One with this id that is already there is a [`StoreError::Conflict`].
    RunPut(RunRow),
    /// A run that is not there is [`StoreError::NotFound`].
    RunChange(RunChange),
    /// A record with this run and number that is already there is a [`StoreError::Conflict`]: of two that decide
    /// for one run, the second is refused. So is one whose predecessor is not there: a run's history has no gaps.
    Journal(Record),
    /// Replaces the run's snapshot; records up to `seq` need not be read again to rebuild it.
    Snapshot {
        run: RunId,
        seq: u64,
        body: Bytes,
    },
    /// Replaces one with the same id. Goes with the last of its runs; one without runs goes by its age.
    DeliveryPut(Delivery),
    TimerSet(Timer),
    TimerClear {
        run: RunId,
        timer: u64,
    },
    ListenerSet(Listener),
    ListenerClear {
        run: RunId,
        listener: u64,
    },
    InboxPut(Message),
    InboxClear {
        id: uuid::Uuid,
    },
    OutboxPut(Parcel),
    OutboxClear {
        id: uuid::Uuid,
    },
    /// Kept once per hash for all the runs that put it; bodies of records refer to it. Goes with the last of them.
    BlobPut {
        run: RunId,
        sha256: [u8; 32],
        body: Bytes,
    },
    /// The first one with a digest stays; it never changes.
    DefinitionPut(DefinitionRow),
    ResourcePut(ResourceRow),
    ResourceRemove {
        kind: Text,
        namespace: Text,
        name: Text,
    },
    Audit(AuditRow),
    /// Removes runs that ended before `before`, oldest first, at most `limit` of them, with all that is theirs:
    /// journal, snapshot, timers, listeners, inbox, blobs and deliveries that no other run needs; at most `limit`
    /// deliveries without runs that arrived before `before`; at most `limit` dedupe keys older than `dedupe_before`.
    /// A key stays when its run goes earlier, or the same delivery would make a second run. Works after the other
    /// writes of its unit.
    Prune {
        before: Millis,
        dedupe_before: Millis,
        limit: u32,
    },
}

/// Writes that become durable together or not at all, made in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// When the key is already there, nothing of the unit is written and the reply says so.
    pub dedupe: Option<DedupeKey>,
    pub writes: Vec<Write>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// On disk.
    Done,
    /// The dedupe key was known: nothing written. `is_same_body` is false when the digest differs.
    Duplicate { run: RunId, is_same_body: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing was written; the same unit may be submitted again later.
    #[error("the store is busy: {waiting_bytes} bytes wait to be written")]
    Overloaded { waiting_bytes: usize },
    /// Nothing was written; reading, cancelling and pruning go on.
    #[error("the disk is full")]
    DiskFull,
    /// Nothing was written: what the unit makes is already there.
    #[error("this {what} is already there")]
    Conflict { what: &'static str },
    #[error("the store is closed")]
    Closed,
    /// A write or sync failed: the store takes nothing more and must be opened again from disk.
    #[error("the store has failed and takes no more writes: {reason}")]
    Failed { reason: String },
    #[error("the store's directory {directory} is in use by another process")]
    InUse { directory: String },
    #[error(
        "the data in {directory} was written by a newer version ({found}) than this program knows ({known})"
    )]
    Newer {
        directory: String,
        found: u32,
        known: u32,
    },
    #[error("the data is damaged: {reason}")]
    Damaged { reason: String },
    #[error("cannot use {directory}: {reason}")]
    Unusable { directory: String, reason: String },
    /// Nothing was written: the unit changes what is not there.
    #[error("no such {what}")]
    NotFound { what: &'static str },
}

/// Called once, from the writer's thread, after the unit is durable (or refused). Must not block.
/// A unit that is refused at the door (overloaded, failed, closed) has it called before `submit` returns.
pub type Reply = Box<dyn FnOnce(Result<Committed, StoreError>) + Send>;

/// The write side.
pub trait Store: Send + Sync {
    /// Hands over a unit; returns at once. Units of one caller become durable in the order handed over.
    fn submit(&self, unit: Unit, reply: Reply);

    /// Bytes handed over and not yet durable, for admission.
    fn waiting_bytes(&self) -> usize;

    fn queries(&self) -> &dyn Queries;

    /// False once a write has failed for good: nothing more will be taken.
    fn is_healthy(&self) -> bool {
        true
    }

    /// Writes what waits, checkpoints, closes. Later submissions are refused.
    fn close(&self);
}

/// Which runs a list shows. All conditions must hold; an empty list of statuses means any.
///
/// The store relies on the time inside a run's id being within an hour of its `created_at`.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// None: all namespaces.
    pub namespace: Option<Text>,
    pub workflow: Option<Text>,
    pub statuses: Vec<RunStatus>,
    pub created_from: Option<Millis>,
    pub created_before: Option<Millis>,
    pub parent: Option<RunId>,
    /// Part of the summary or the workflow's name, upper and lower case alike.
    pub text: Option<Text>,
    /// Newest first; give the last id of the page before to go on.
    pub after: Option<RunId>,
    /// 1 to 1,000.
    pub limit: u32,
}

/// All that is needed to go on with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub row: RunRow,
    /// The snapshot and the number of the last record it covers.
    pub snapshot: Option<(u64, Bytes)>,
    /// The records after it, in order.
    pub records: Vec<Record>,
}

/// The read side. Reads see everything whose reply was given.
pub trait Queries: Send + Sync {
    fn run(&self, id: RunId) -> Result<Option<RunRow>, StoreError>;
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, StoreError>;
    /// How many runs there are, by workflow (namespace, name) and status, in that order.
    fn run_counts(
        &self,
        namespace: Option<&str>,
    ) -> Result<Vec<(Text, Text, RunStatus, u64)>, StoreError>;
    fn load(&self, id: RunId) -> Result<Option<Loaded>, StoreError>;
    /// Records with `seq >= from`, at most `limit`.
    fn history(&self, id: RunId, from: u64, limit: u32) -> Result<Vec<Record>, StoreError>;
    /// Ids of runs with one of these statuses, oldest first, after `after`, at most `limit`.
    fn run_ids(
        &self,
        statuses: &[RunStatus],
        after: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<RunId>, StoreError>;
    /// Earliest first, at most `limit`, with `due <= until`.
    fn timers_due(&self, until: Millis, limit: u32) -> Result<Vec<Timer>, StoreError>;
    fn timers(&self, run: RunId) -> Result<Vec<Timer>, StoreError>;
    /// The earliest due time there is.
    fn next_timer(&self) -> Result<Option<Millis>, StoreError>;
    /// All listeners of a page, ordered by run and listener, after the given one.
    fn listeners(
        &self,
        after: Option<(RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<Listener>, StoreError>;
    fn inbox(&self, after: Option<uuid::Uuid>, limit: u32) -> Result<Vec<Message>, StoreError>;
    fn outbox(&self, after: Option<uuid::Uuid>, limit: u32) -> Result<Vec<Parcel>, StoreError>;
    fn blob(&self, sha256: &[u8; 32]) -> Result<Option<Bytes>, StoreError>;
    fn delivery(&self, id: uuid::Uuid) -> Result<Option<Delivery>, StoreError>;
    /// Newest first, after the given one.
    fn deliveries(
        &self,
        namespace: Option<&str>,
        source: Option<&str>,
        after: Option<uuid::Uuid>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError>;
    fn definition(&self, digest: &str) -> Result<Option<DefinitionRow>, StoreError>;
    /// All versions, oldest first (then by digest).
    fn definitions(
        &self,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Result<Vec<DefinitionRow>, StoreError>;
    fn resource(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<ResourceRow>, StoreError>;
    /// Ordered by namespace and name.
    fn resources(
        &self,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<ResourceRow>, StoreError>;
    /// Newest first.
    fn audit(&self, namespace: Option<&str>, limit: u32) -> Result<Vec<AuditRow>, StoreError>;
}
