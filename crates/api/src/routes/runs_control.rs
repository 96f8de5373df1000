//! What people do to runs: cancel, suspend, resume, retry, and say what became of an uncertain effect.

use crate::RunId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use dsl::value::Value;
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Declared, behind, run_location};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::{Fields, Segments};
use crate::problem::Problem;
use crate::schema;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::RunsControl, routes!(cancel_run)),
        behind(Action::RunsControl, routes!(suspend_run)),
        behind(Action::RunsControl, routes!(resume_run)),
        behind(Action::RunsControl, routes!(retry_run)),
        behind(Action::EffectsResolve, routes!(resolve_effect)),
    ]
}

/// Why a run is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancel {
    reason: Option<String>,
}

/// Cancels a run: after the answer no further task of it starts.
#[utoipa::path(
    post, path = "/api/v1/runs/{run}/cancel", tag = "runs", operation_id = "cancelRun",
    params(("run" = String, Path, format = "uuid")), request_body(content = Option<Cancel>),
    responses((status = 204, description = "Cancelled."))
)]
async fn cancel_run(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
    Fields(cancel): Fields<Cancel>,
) -> Result<StatusCode, Problem> {
    app.server
        .cancel(&caller.scope, run, cancel.reason.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Suspends a run: nothing new starts until it is resumed.
#[utoipa::path(
    post, path = "/api/v1/runs/{run}/suspend", tag = "runs", operation_id = "suspendRun",
    params(("run" = String, Path, format = "uuid")),
    responses((status = 204, description = "Suspended."))
)]
async fn suspend_run(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
) -> Result<StatusCode, Problem> {
    app.server.suspend(&caller.scope, run).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Resumes a suspended run.
#[utoipa::path(
    post, path = "/api/v1/runs/{run}/resume", tag = "runs", operation_id = "resumeRun",
    params(("run" = String, Path, format = "uuid")),
    responses((status = 204, description = "Resumed."))
)]
async fn resume_run(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
) -> Result<StatusCode, Problem> {
    app.server.resume(&caller.scope, run).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to go on, and with which definition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Retry {
    /// Name or JSON pointer of a task; none: the one that faulted.
    from: Option<String>,
    /// On the active version instead of the run's own.
    #[serde(default)]
    latest: bool,
}

/// A run that goes on for another.
#[derive(Debug, Serialize, ToSchema)]
struct RetriedRun {
    #[schema(value_type = String, format = "uuid")]
    run: RunId,
}

/// Retries an ended run from one of its tasks, as a new run, with the data it had there.
#[utoipa::path(
    post, path = "/api/v1/runs/{run}/retry", tag = "runs", operation_id = "retryRun",
    params(("run" = String, Path, format = "uuid")), request_body(content = Option<Retry>),
    responses((status = 202, body = RetriedRun))
)]
async fn retry_run(
    State(app): State<App>,
    caller: Authorized,
    Segments(run): Segments<RunId>,
    Fields(retry): Fields<Retry>,
) -> Result<Response, Problem> {
    let run = app
        .server
        .retry(&caller.scope, run, retry.from.as_deref(), retry.latest)
        .await?;
    Ok((
        StatusCode::ACCEPTED,
        [(LOCATION, run_location(run))],
        Json(RetriedRun { run }),
    )
        .into_response())
}

/// What became of an effect of which we do not know whether it happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "lowercase", deny_unknown_fields)]
enum Resolve {
    /// It happened: the task goes on with this result.
    Completed {
        #[serde(default)]
        #[schema(value_type = serde_json::Value)]
        result: Value,
    },
    /// It did not happen, and shall not: the task fails with this error.
    Failed {
        #[schema(value_type = schema::WorkflowError)]
        error: dsl::WorkflowError,
    },
    /// It did not happen: perform it again.
    Repeat,
}

/// Says what became of an uncertain effect.
#[utoipa::path(
    post, path = "/api/v1/runs/{run}/effects/{effect}/resolve", tag = "runs", operation_id = "resolveEffect",
    params(("run" = String, Path, format = "uuid"), ("effect" = u64, Path)), request_body(content = Resolve),
    responses((status = 204, description = "The run goes on."))
)]
async fn resolve_effect(
    State(app): State<App>,
    caller: Authorized,
    Segments((run, effect)): Segments<(RunId, u64)>,
    Fields(resolve): Fields<Resolve>,
) -> Result<StatusCode, Problem> {
    let outcome = match resolve {
        Resolve::Completed { result } => Some(Ok(result)),
        Resolve::Failed { error } => Some(Err(error)),
        Resolve::Repeat => None,
    };
    app.server
        .resolve_effect(&caller.scope, run, effect, outcome)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
