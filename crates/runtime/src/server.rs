//! The handle that the faces hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dsl::value::Value;
use store::RunId;

use crate::error::RuntimeError;
use crate::scope::Scope;
use crate::view::{DefinitionView, HistoryEntry, LiveEvent, RunDetail, RunPage, RunQuery, SourceView, WorkflowView};

/// How careful the server is with its surroundings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    #[default]
    Production,
    /// Calls may reach loopback addresses, and shell tasks may run.
    Development,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data lives; none: in memory only (`segue run`).
    pub data: Option<PathBuf>,
    pub profile: Profile,
    /// Private networks that calls may reach, as CIDR.
    pub allowed_networks: Vec<String>,
    /// Files with secrets, one per file, named as the secret.
    pub secret_directory: Option<PathBuf>,
    /// Secrets from the environment, already read by the caller: name and value.
    pub secrets: Vec<(String, String)>,
    /// How long ended runs are kept.
    pub retention: Option<Duration>,
    pub body_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: None,
            profile: Profile::Production,
            allowed_networks: Vec::new(),
            secret_directory: None,
            secrets: Vec::new(),
            retention: Some(Duration::from_secs(30 * 24 * 3600)),
            body_bytes_max: 5 << 20,
        }
    }
}

/// The raw input of a run, and the bytes it came as.
#[derive(Clone, Debug)]
pub struct RunInput {
    pub value: Value,
    pub raw: Option<Arc<[u8]>>,
}

#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// None: the active version.
    pub version: Option<Arc<str>>,
    /// The same key with the same body within 7 days starts one run.
    pub idempotency_key: Option<Arc<str>>,
    /// Wait for the end of the run, at most so long.
    pub wait: Option<Duration>,
}

#[derive(Clone, Debug)]
pub struct Started {
    pub run: RunId,
    /// The key was known: this is the first one's run.
    pub is_duplicate: bool,
    /// When asked to wait and it ended in time.
    pub ended: Option<RunDetail>,
}

/// A delivery to a webhook source, as it arrived.
#[derive(Clone, Debug)]
pub struct HookRequest {
    pub method: String,
    /// Path and query as received.
    pub uri: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Arc<[u8]>,
}

#[derive(Clone, Debug)]
pub struct HookReply {
    /// 202 (accepted), 200 (a repeated delivery, or a sync reply), or as the source says.
    pub status: u16,
    pub body: Value,
    /// The run or runs that it started.
    pub runs: Vec<RunId>,
}

/// A running Segue.
pub struct Server {}

impl Server {
    /// Opens the store, takes up unfinished runs, starts timers and schedules. Ready when it returns.
    pub async fn start(_options: Options) -> Result<Arc<Self>, RuntimeError> {
        todo!()
    }

    /// Refuses new triggers, lets calls under way end (at most `grace`), writes everything, closes.
    pub async fn stop(&self, _grace: Duration) {
        todo!()
    }

    /// False while starting, stopping, or when the store takes no writes.
    pub fn is_ready(&self) -> bool {
        todo!()
    }

    // Definitions and resources.

    /// Adds a definition and makes it the active version of its workflow. The same text again changes nothing; another
    /// text for the same version is a conflict unless `is_replacing` (development).
    pub async fn apply_definition(&self, _scope: &Scope, _text: &str, _is_replacing: bool) -> Result<DefinitionView, RuntimeError> {
        todo!()
    }

    /// Adds or replaces resources (`apiVersion: segue/v1`), all documents of one text or none. Returns `kind/namespace/name`.
    pub async fn apply_resources(&self, _scope: &Scope, _text: &str) -> Result<Vec<String>, RuntimeError> {
        todo!()
    }

    /// Applies every file of a project folder (workflows/, connections/, sources/): all are checked before any is applied.
    /// Returns what was applied, in words.
    pub async fn apply_folder(&self, _scope: &Scope, _folder: &std::path::Path, _is_replacing: bool) -> Result<Vec<String>, RuntimeError> {
        todo!()
    }

    pub fn workflows(&self, _scope: &Scope, _namespace: Option<&str>) -> Result<Vec<WorkflowView>, RuntimeError> {
        todo!()
    }

    pub fn definition(&self, _scope: &Scope, _namespace: &str, _name: &str, _version: Option<&str>) -> Result<DefinitionView, RuntimeError> {
        todo!()
    }

    pub fn definitions(&self, _scope: &Scope, _namespace: &str, _name: &str) -> Result<Vec<DefinitionView>, RuntimeError> {
        todo!()
    }

    pub fn sources(&self, _scope: &Scope) -> Result<Vec<SourceView>, RuntimeError> {
        todo!()
    }

    // Runs.

    pub async fn start_run(&self, _scope: &Scope, _namespace: &str, _name: &str, _input: RunInput, _options: StartOptions) -> Result<Started, RuntimeError> {
        todo!()
    }

    pub fn runs(&self, _scope: &Scope, _query: &RunQuery) -> Result<RunPage, RuntimeError> {
        todo!()
    }

    pub fn run(&self, _scope: &Scope, _run: RunId) -> Result<RunDetail, RuntimeError> {
        todo!()
    }

    /// Entries of records from `from` on, at most `limit` records.
    pub fn history(&self, _scope: &Scope, _run: RunId, _from: u64, _limit: u32) -> Result<Vec<HistoryEntry>, RuntimeError> {
        todo!()
    }

    /// Returns when the run has ended, or the time is over (then with what it is doing).
    pub async fn wait(&self, _scope: &Scope, _run: RunId, _at_most: Duration) -> Result<RunDetail, RuntimeError> {
        todo!()
    }

    /// After this returns no further task of the run starts.
    pub async fn cancel(&self, _scope: &Scope, _run: RunId, _reason: Option<&str>) -> Result<(), RuntimeError> {
        todo!()
    }

    pub async fn suspend(&self, _scope: &Scope, _run: RunId) -> Result<(), RuntimeError> {
        todo!()
    }

    pub async fn resume(&self, _scope: &Scope, _run: RunId) -> Result<(), RuntimeError> {
        todo!()
    }

    /// Starts a new run that goes on from a task of an ended one (`from`: name or JSON pointer; none: the task that
    /// faulted), with the data it had there; on the same definition, or on the active version when `is_latest`.
    pub async fn retry(&self, _scope: &Scope, _run: RunId, _from: Option<&str>, _is_latest: bool) -> Result<RunId, RuntimeError> {
        todo!()
    }

    /// Says what became of an uncertain effect: `Ok` with its result, or an error; `None`: perform it again.
    pub async fn resolve_effect(&self, _scope: &Scope, _run: RunId, _effect: u64, _outcome: Option<Result<Value, dsl::WorkflowError>>) -> Result<(), RuntimeError> {
        todo!()
    }

    // Triggers.

    /// A delivery to `/hooks/{namespace}/{source}`: verified, kept, and turned into a CloudEvent.
    pub async fn hook(&self, _namespace: &str, _source: &str, _request: HookRequest) -> Result<HookReply, RuntimeError> {
        todo!()
    }

    /// CloudEvents (each an object with `specversion`, `id`, `source`, `type`, ...): all are kept, or none.
    /// Returns the runs that they started.
    pub async fn publish(&self, _scope: &Scope, _namespace: &str, _events: Vec<Value>) -> Result<Vec<RunId>, RuntimeError> {
        todo!()
    }

    // Secrets and tokens.

    pub async fn put_secret(&self, _scope: &Scope, _namespace: &str, _name: &str, _value: &str) -> Result<(), RuntimeError> {
        todo!()
    }

    pub async fn remove_secret(&self, _scope: &Scope, _namespace: &str, _name: &str) -> Result<(), RuntimeError> {
        todo!()
    }

    /// Names only; a value is never given back.
    pub fn secret_names(&self, _scope: &Scope, _namespace: &str) -> Result<Vec<String>, RuntimeError> {
        todo!()
    }

    /// The scope behind a bearer token, if it is known.
    pub fn authenticate(&self, _token: &str) -> Option<Scope> {
        todo!()
    }

    /// The owner's token, made at the first start and kept beside the data, readable by its user only.
    pub fn owner_token(&self) -> Option<String> {
        todo!()
    }

    // Watching.

    /// Live events; a receiver that falls behind misses the oldest and is told so.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<LiveEvent> {
        todo!()
    }

    /// Metrics in the OpenMetrics text format.
    pub fn metrics(&self) -> String {
        todo!()
    }
}
