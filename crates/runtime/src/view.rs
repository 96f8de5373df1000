//! What people and programs read about runs and workflows.

use std::sync::Arc;

use dsl::Problem;
use dsl::value::Value;
use dsl::workflow_error::WorkflowError;
use serde::Serialize;
use store::{RunId, RunStatus};

/// A run in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub id: RunId,
    pub namespace: Arc<str>,
    pub workflow: Arc<str>,
    pub version: Arc<str>,
    pub status: RunStatus,
    pub created_at: jiff::Timestamp,
    pub updated_at: jiff::Timestamp,
    pub ended_at: Option<jiff::Timestamp>,
    pub parent: Option<RunId>,
    pub retry_of: Option<RunId>,
    /// What started it: `api`, `hook:sales/contact-form`, `event`, `schedule`, `run:...`, `retry`.
    pub trigger: Arc<str>,
    /// One line: why it failed, or what it waits for.
    pub summary: Option<Arc<str>>,
}

/// A run with its data and what it is doing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetail {
    #[serde(flatten)]
    pub run: RunView,
    pub input: Value,
    pub output: Option<Value>,
    pub error: Option<WorkflowError>,
    pub context: Value,
    /// The tasks under way and what each waits for.
    pub outstanding: Vec<OutstandingView>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutstandingView {
    /// JSON pointer, `/do/0/pay`.
    pub task: Arc<str>,
    pub name: Arc<str>,
    /// `call`, `timer`, `event`, `run`, `retry`, `uncertain`.
    pub waits_for: &'static str,
    /// In words: `crm.post`, `until 2026-11-21T10:00:00Z`, `an event of type purchase.decided`.
    pub detail: String,
    /// The effect to resolve, when `waits_for` is `uncertain`.
    pub effect: Option<u64>,
    pub since: jiff::Timestamp,
}

/// One history event, as people read it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The record it belongs to; several entries of one decision share it.
    pub seq: u64,
    pub at: jiff::Timestamp,
    /// The event's name, `taskStarted`.
    pub event: Arc<str>,
    /// The task's JSON pointer and name, when it is about a task.
    pub task: Option<Arc<str>>,
    pub name: Option<Arc<str>>,
    /// The rest of the event. `input` and `output` are written out.
    pub data: Value,
}

#[derive(Clone, Debug, Default)]
pub struct RunQuery {
    pub namespace: Option<Arc<str>>,
    pub workflow: Option<Arc<str>>,
    pub statuses: Vec<RunStatus>,
    pub created_from: Option<jiff::Timestamp>,
    pub created_before: Option<jiff::Timestamp>,
    pub parent: Option<RunId>,
    pub text: Option<Arc<str>>,
    pub after: Option<RunId>,
    /// 1 to 1,000; 50 when 0.
    pub limit: u32,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunPage {
    pub runs: Vec<RunView>,
    /// Give it as `after` for the next page; none: this was the last.
    pub next: Option<RunId>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowView {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    /// The version that triggers start.
    pub version: Arc<str>,
    pub title: Option<Arc<str>>,
    pub versions: Vec<Arc<str>>,
    /// What starts it, in words.
    pub schedule: Vec<String>,
    pub next_fire: Option<jiff::Timestamp>,
    /// Runs by status word.
    pub runs: Vec<(RunStatus, u64)>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionView {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    pub version: Arc<str>,
    pub digest: Arc<str>,
    pub text: Arc<str>,
    pub created_at: jiff::Timestamp,
    pub is_active: bool,
    pub warnings: Vec<Problem>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceView {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    /// `POST /hooks/<namespace>/<name>`.
    pub path: String,
    /// `hmac`, `bearer`, `basic`, `none`.
    pub verify: &'static str,
    pub event_type: Arc<str>,
}

/// Something happened, for live views. Sent after it is on disk.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveEvent {
    pub run: RunId,
    pub namespace: Arc<str>,
    pub workflow: Arc<str>,
    pub status: RunStatus,
    /// The record's number within the run.
    pub seq: u64,
    pub at: jiff::Timestamp,
    pub summary: Option<Arc<str>>,
}
