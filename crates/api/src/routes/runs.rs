//! Runs: start, list, read.

use std::time::Duration;

use crate::{RunId, RunStatus};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use dsl::value::Value;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use runtime::{HistoryEntry, RunDetail, RunInput, RunPage, RunQuery, StartOptions};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Answer, Declared, ask, behind, run_location};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::{Parameters, Payload, Segments};
use crate::problem::Problem;
use crate::schema;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::RunsStart, routes!(start_run)),
        behind(Action::RunsRead, routes!(list_runs)),
        behind(Action::RunsRead, routes!(get_run)),
        behind(Action::RunsRead, routes!(get_history)),
    ]
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
const PREFER: HeaderName = HeaderName::from_static("prefer");
const HISTORY_RECORDS_MAX: u32 = 1_000;
const RUNS_MAX: u32 = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StartParameters {
    /// The version to run; none: the active one.
    version: Option<String>,
    /// Wait for the end, at most so long, as an ISO 8601 duration such as `PT10S`. `Prefer: wait=10` asks the same.
    wait: Option<String>,
}

/// A started run.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StartedRun {
    #[schema(value_type = String, format = "uuid")]
    run: RunId,
    /// The idempotency key was known: this is the first one's run.
    is_duplicate: bool,
    /// The run as it ended, when the request waited for it and it ended in time.
    #[schema(value_type = Option<schema::RunDetail>)]
    ended: Option<RunDetail>,
}

/// Starts a run.
///
/// The body is the input; none is an empty object. With an `Idempotency-Key` the same body starts one run within 7 days.
/// 202: started, and on disk; 200: it has ended while the request waited, or the key was known.
#[utoipa::path(
    post, path = "/api/v1/workflows/{namespace}/{name}/runs", tag = "runs", operation_id = "startRun",
    params(
        ("namespace" = String, Path), ("name" = String, Path), StartParameters,
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body starts one run."),
        ("Prefer" = Option<String>, Header, description = "`wait=10`: wait for the end, at most so many seconds."),
    ),
    request_body(content = Option<serde_json::Value>, description = "The input."),
    responses((status = 202, body = StartedRun), (status = 200, body = StartedRun))
)]
async fn start_run(
    State(app): State<App>,
    caller: Authorized,
    Segments((namespace, name)): Segments<(String, String)>,
    Parameters(parameters): Parameters<StartParameters>,
    payload: Payload,
) -> Result<Response, Problem> {
    caller.enter(&namespace)?;
    let preferred = preferred_wait(&app, &payload.headers);
    let wait = wait_parameter(&app, parameters.wait.as_deref())?;
    let options = StartOptions {
        version: parameters.version.map(Into::into),
        idempotency_key: idempotency_key(&payload.headers)?.map(Into::into),
        wait: wait.or(preferred),
    };
    let input = match payload.json()? {
        Some(value) => RunInput {
            value,
            raw: Some(payload.shared()),
        },
        None => RunInput {
            value: Value::object::<&str>([]),
            raw: None,
        },
    };
    let started = app
        .server
        .start_run(&caller.scope, &namespace, &name, input, options)
        .await?;
    let is_over = started.is_duplicate || started.ended.is_some();
    let status = if is_over {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let body = StartedRun {
        run: started.run,
        is_duplicate: started.is_duplicate,
        ended: started.ended,
    };
    let mut response =
        (status, [(LOCATION, run_location(started.run))], Json(body)).into_response();
    if preferred.is_some() && wait.is_none() {
        response
            .headers_mut()
            .insert("preference-applied", HeaderValue::from_static("wait"));
    }
    Ok(response)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(&IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_BYTES_MAX => Ok(Some(key)),
        _ => Err(Problem::parameter(
            IDEMPOTENCY_KEY.as_str(),
            format!("expected 1 to {IDEMPOTENCY_KEY_BYTES_MAX} visible ASCII characters"),
        )),
    }
}

/// `Prefer` is a wish (RFC 7240): what cannot be read is ignored, what is too long is cut.
fn preferred_wait(app: &App, headers: &HeaderMap) -> Option<Duration> {
    let values = headers
        .get_all(&PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|text| text.split(','));
    let seconds = preferences
        .find_map(|preference| preference.trim().strip_prefix("wait=")?.trim().parse().ok())?;
    Some(Duration::from_secs(seconds).min(app.options.wait_max))
}

fn wait_parameter(app: &App, text: Option<&str>) -> Result<Option<Duration>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let parsed = text
        .parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok());
    match parsed {
        Some(wait) if wait <= app.options.wait_max => Ok(Some(wait)),
        Some(_) => Err(Problem::parameter(
            "wait",
            format!("at most {} seconds", app.options.wait_max.as_secs()),
        )),
        None => Err(Problem::parameter(
            "wait",
            format!("expected an ISO 8601 duration such as `PT10S`, found `{text}`"),
        )),
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct ListParameters {
    namespace: Option<String>,
    workflow: Option<String>,
    /// One or several with commas: `faulted,waiting`.
    status: Option<String>,
    /// Created at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<jiff::Timestamp>,
    /// Created before.
    #[param(value_type = Option<String>, format = DateTime)]
    created_before: Option<jiff::Timestamp>,
    /// Only runs that this run started.
    #[param(value_type = Option<String>, format = "uuid")]
    parent: Option<RunId>,
    /// Part of the summary or of the workflow's name.
    text: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>, format = "uuid")]
    after: Option<RunId>,
    /// Runs of one page; 50 when not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Lists runs, newest first.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs", operation_id = "listRuns", params(ListParameters),
    responses((status = 200, body = schema::RunPage))
)]
async fn list_runs(
    State(app): State<App>,
    caller: Authorized,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<RunPage> {
    if let Some(namespace) = &parameters.namespace {
        caller.enter(namespace)?;
    }
    let query = RunQuery {
        namespace: parameters.namespace.map(Into::into),
        workflow: parameters.workflow.map(Into::into),
        statuses: statuses(parameters.status.as_deref())?,
        created_from: parameters.created_from,
        created_before: parameters.created_before,
        parent: parameters.parent,
        text: parameters.text.map(Into::into),
        after: parameters.after,
        limit: page_limit(parameters.limit, RUNS_MAX)?.unwrap_or(0),
    };
    ask(&app, move |server| server.runs(&caller.scope, &query))
        .await
        .map(Json)
}

fn statuses(text: Option<&str>) -> Result<Vec<RunStatus>, Problem> {
    let words = text
        .into_iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let parse = |word: &str| {
        serde_json::from_value(word.into()).map_err(|_| {
            let known = "pending, running, waiting, suspended, cancelled, faulted, completed";
            Problem::parameter(
                "status",
                format!("`{word}` is no status; there are {known}"),
            )
        })
    };
    words.map(parse).collect()
}

fn page_limit(limit: Option<u32>, max: u32) -> Result<Option<u32>, Problem> {
    match limit {
        Some(limit) if limit == 0 || limit > max => Err(Problem::parameter(
            "limit",
            format!("expected 1 to {max}, found {limit}"),
        )),
        limit => Ok(limit),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GetParameters {
    /// Answer when the run has ended, at latest after so long (ISO 8601, `PT10S`).
    wait: Option<String>,
}

/// Reads a run: its data and what it is doing.
#[utoipa::path(
    get, path = "/api/v1/runs/{run}", tag = "runs", operation_id = "getRun",
    params(("run" = String, Path, format = "uuid"), GetParameters),
    responses((status = 200, body = schema::RunDetail))
)]
async fn get_run(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
    Parameters(parameters): Parameters<GetParameters>,
) -> Answer<RunDetail> {
    match wait_parameter(&app, parameters.wait.as_deref())? {
        Some(wait) => Ok(Json(app.server.wait(&caller.scope, run, wait).await?)),
        None => ask(&app, move |server| server.run(&caller.scope, run))
            .await
            .map(Json),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryParameters {
    /// Number of the first record; the `next` of the page before.
    #[param(minimum = 1)]
    from: Option<u64>,
    /// Records of one page; 200 when not given. A record may have several entries.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// A page of a run's history.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryPage {
    #[schema(value_type = Vec<schema::HistoryEntry>)]
    entries: Vec<HistoryEntry>,
    /// Give it as `from` for the next page; none: nothing more has happened yet.
    next: Option<u64>,
}

/// Reads a run's history, oldest first.
#[utoipa::path(
    get, path = "/api/v1/runs/{run}/history", tag = "runs", operation_id = "getHistory",
    params(("run" = String, Path, format = "uuid"), HistoryParameters),
    responses((status = 200, body = HistoryPage))
)]
async fn get_history(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
    Parameters(parameters): Parameters<HistoryParameters>,
) -> Answer<HistoryPage> {
    let limit = page_limit(parameters.limit, HISTORY_RECORDS_MAX)?.unwrap_or(200);
    let from = parameters.from.unwrap_or(1);
    let entries = ask(&app, move |server| {
        server.history(&caller.scope, run, from, limit)
    })
    .await?;
    let next = next_record(&entries, limit);
    Ok(Json(HistoryPage { entries, next }))
}

/// Records are numbered without gaps, so a full page is one whose last record is `limit - 1` after its first.
fn next_record(entries: &[HistoryEntry], limit: u32) -> Option<u64> {
    let (first, last) = (entries.first()?.seq, entries.last()?.seq);
    (last - first + 1 >= u64::from(limit)).then_some(last + 1)
}
