//! The shapes of the runtime's views, for the API's document.
//!
//! The runtime knows nothing of HTTP, so its views describe themselves here; a test holds these and the views together.

#![allow(dead_code, reason = "read by the document's generator only")]

#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use utoipa::ToSchema;

/// The specification's seven.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum RunStatus {
    Pending,
    Running,
    Waiting,
    Suspended,
    Cancelled,
    Faulted,
    Completed,
}

/// A run in a list.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Run {
    #[schema(format = "uuid")]
    id: String,
    namespace: String,
    workflow: String,
    version: String,
    status: RunStatus,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// The run that started it, when it is a sub-run.
    #[schema(format = "uuid")]
    parent: Option<String>,
    /// The run that it retries.
    #[schema(format = "uuid")]
    retry_of: Option<String>,
    /// What started it: `api`, `hook:sales/contact-form`, `event`, `schedule`, `run:...`, `retry`.
    trigger: String,
    /// One line: why it failed, or what it waits for.
    summary: Option<String>,
}

/// A run with its data and what it is doing.
#[derive(ToSchema)]
pub struct RunDetail {
    #[schema(inline)]
    #[serde(flatten)]
    run: Run,
    input: Json,
    output: Option<Json>,
    error: Option<WorkflowError>,
    context: Json,
    /// The tasks under way and what each waits for.
    outstanding: Vec<Outstanding>,
}

/// A task under way.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Outstanding {
    /// JSON pointer, `/do/0/pay`.
    task: String,
    name: String,
    /// `call`, `timer`, `event`, `run`, `retry`, `uncertain`.
    waits_for: String,
    /// In words.
    detail: String,
    /// The effect to resolve, when `waitsFor` is `uncertain`.
    effect: Option<u64>,
    #[schema(format = DateTime)]
    since: String,
}

/// The language's error object.
#[derive(ToSchema)]
pub struct WorkflowError {
    r#type: String,
    status: u16,
    title: Option<String>,
    detail: Option<String>,
    /// JSON pointer to the task that raised it.
    instance: Option<String>,
}

/// One thing that happened in a run.
#[derive(ToSchema)]
pub struct HistoryEntry {
    /// The record it belongs to; several entries of one decision share it.
    seq: u64,
    #[schema(format = DateTime)]
    at: String,
    /// The event's name, `taskStarted`.
    event: String,
    /// The task's JSON pointer, when it is about a task.
    task: Option<String>,
    name: Option<String>,
    /// The rest of the event.
    data: Json,
}

/// A page of runs, newest first.
#[derive(ToSchema)]
pub struct RunPage {
    runs: Vec<Run>,
    /// Give it as `after` for the next page; none: this was the last.
    #[schema(format = "uuid")]
    next: Option<String>,
}

/// A workflow and its runs in numbers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Workflow {
    namespace: String,
    name: String,
    /// The version that triggers start.
    version: String,
    title: Option<String>,
    versions: Vec<String>,
    /// What starts it, in words.
    schedule: Vec<String>,
    #[schema(format = DateTime)]
    next_fire: Option<String>,
    /// Pairs of a status and how many runs have it.
    runs: Vec<(RunStatus, u64)>,
}

/// One version of a definition as it was written.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Definition {
    namespace: String,
    name: String,
    version: String,
    /// SHA-256 of the text, lower-case hex.
    digest: String,
    text: String,
    #[schema(format = DateTime)]
    created_at: String,
    is_active: bool,
    warnings: Vec<Warning>,
}

/// A finding about a definition that does not keep it from running.
#[derive(ToSchema)]
pub struct Warning {
    code: String,
    severity: String,
    message: String,
    span: Span,
    pointer: String,
    help: Option<String>,
}

/// A stretch of the text: offsets in bytes from 0, line and column from 1.
#[derive(ToSchema)]
pub struct Span {
    start: usize,
    end: usize,
    line: usize,
    column: usize,
}

/// A source that takes deliveries.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Source {
    namespace: String,
    name: String,
    path: String,
    /// `hmac`, `bearer`, `basic`, `none`.
    verify: String,
    event_type: String,
}

/// A change of a run that is on disk.
#[derive(ToSchema)]
pub struct LiveEvent {
    #[schema(format = "uuid")]
    run: String,
    namespace: String,
    workflow: String,
    status: RunStatus,
    seq: u64,
    #[schema(format = DateTime)]
    at: String,
    summary: Option<String>,
}

/// One place and what is wrong there.
#[derive(ToSchema)]
pub struct Finding {
    /// The finding's own code, when it is about a definition or a resource.
    #[schema(nullable = false)]
    code: Option<String>,
    /// `error` or `warning`.
    #[schema(nullable = false)]
    severity: Option<String>,
    /// JSON pointer into the body, or the name of a parameter or header.
    #[schema(nullable = false)]
    pointer: Option<String>,
    message: String,
    /// From 1, like `column`.
    #[schema(nullable = false)]
    line: Option<usize>,
    #[schema(nullable = false)]
    column: Option<usize>,
    /// In bytes, from 0.
    #[schema(nullable = false)]
    offset: Option<usize>,
    /// A hint, such as "did you mean `charges`?".
    #[schema(nullable = false)]
    help: Option<String>,
}

/// Problem details (RFC 9457), the answer whenever something cannot be done.
#[derive(ToSchema)]
pub struct Problem {
    /// `/errors/<code>`: the address of a page with cause and remedy.
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// The request's id, as in the log.
    instance: String,
    #[schema(nullable = false)]
    problems: Option<Vec<Finding>>,
}
