//! Workflows and sources as they are now.

use axum::Json;
use axum::extract::State;
use runtime::{SourceView, WorkflowView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Answer, Declared, ask, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::{Parameters, Segments};
use crate::problem::Problem;
use crate::schema;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::WorkflowsRead, routes!(list_workflows)),
        behind(Action::WorkflowsRead, routes!(get_workflow)),
        behind(Action::SourcesRead, routes!(list_sources)),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParameters {
    namespace: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WorkflowList {
    #[schema(value_type = Vec<schema::Workflow>)]
    workflows: Vec<WorkflowView>,
}

/// Lists workflows.
#[utoipa::path(
    get, path = "/api/v1/workflows", tag = "workflows", operation_id = "listWorkflows", params(ListParameters),
    responses((status = 200, body = WorkflowList))
)]
async fn list_workflows(
    State(app): State<App>,
    caller: Authorized,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<WorkflowList> {
    if let Some(namespace) = &parameters.namespace {
        caller.enter(namespace)?;
    }
    let workflows = ask(&app, move |server| {
        server.workflows(&caller.scope, parameters.namespace.as_deref())
    })
    .await?;
    Ok(Json(WorkflowList { workflows }))
}

/// Reads one workflow.
#[utoipa::path(
    get, path = "/api/v1/workflows/{namespace}/{name}", tag = "workflows", operation_id = "getWorkflow",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = schema::Workflow))
)]
async fn get_workflow(
    State(app): State<App>,
    caller: Authorized,
    Segments((namespace, name)): Segments<(String, String)>,
) -> Answer<WorkflowView> {
    caller.enter(&namespace)?;
    let workflows = ask(&app, move |server| {
        server.workflows(&caller.scope, Some(&namespace))
    })
    .await?;
    let found = workflows
        .into_iter()
        .find(|workflow| *workflow.name == name);
    found
        .map(Json)
        .ok_or_else(|| Problem::not_found("workflow", &name))
}

#[derive(Debug, Serialize, ToSchema)]
struct SourceList {
    #[schema(value_type = Vec<schema::Source>)]
    sources: Vec<SourceView>,
}

/// Lists the sources that take deliveries.
#[utoipa::path(
    get, path = "/api/v1/sources", tag = "events", operation_id = "listSources",
    responses((status = 200, body = SourceList))
)]
async fn list_sources(State(app): State<App>, caller: Authorized) -> Answer<SourceList> {
    let sources = ask(&app, move |server| server.sources(&caller.scope)).await?;
    Ok(Json(SourceList { sources }))
}
