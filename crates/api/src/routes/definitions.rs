//! Definitions: their text in, their versions out, and what is wrong with a text without keeping it.

use axum::Json;
use axum::extract::State;
use runtime::DefinitionView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Answer, Declared, ask, at_length, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::{Parameters, Payload, Segments};
use crate::problem::Finding;
use crate::schema;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::DefinitionsWrite, routes!(apply_definition)),
        behind(Action::DefinitionsValidate, routes!(validate_definition)),
        behind(Action::WorkflowsRead, routes!(list_definitions)),
        behind(Action::WorkflowsRead, routes!(get_definition)),
    ]
}

/// How definitions and resources come. JSON is YAML, so one parser reads both.
pub(super) const TEXT_TYPES: &[&str] = &[
    "application/yaml",
    "application/json",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
    "text/plain",
];

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ApplyParameters {
    /// Replace the text of a version that is there: for development.
    #[serde(default)]
    replace: bool,
}

/// Adds a definition and makes it the active version of its workflow.
///
/// The same text again changes nothing; another text for the same version is a conflict unless `replace`.
#[utoipa::path(
    post, path = "/api/v1/definitions", tag = "workflows", operation_id = "applyDefinition", params(ApplyParameters),
    request_body(content((String = "application/yaml"), (serde_json::Value = "application/json"))),
    responses((status = 200, body = schema::Definition))
)]
async fn apply_definition(
    State(app): State<App>,
    caller: Authorized,
    Parameters(parameters): Parameters<ApplyParameters>,
    payload: Payload,
) -> Answer<DefinitionView> {
    let text = payload.text(TEXT_TYPES)?;
    Ok(Json(
        app.server
            .apply_definition(&caller.scope, text, parameters.replace)
            .await?,
    ))
}

/// What is to be said about a text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Validation {
    /// No problem is an error: it would be taken.
    is_valid: bool,
    #[schema(value_type = Vec<schema::Finding>)]
    problems: Vec<Finding>,
}

/// Says everything that is wrong with a definition, and keeps nothing.
#[utoipa::path(
    post, path = "/api/v1/definitions/validate", tag = "workflows", operation_id = "validateDefinition",
    request_body(content((String = "application/yaml"), (serde_json::Value = "application/json"))),
    responses((status = 200, body = Validation))
)]
async fn validate_definition(_caller: Authorized, payload: Payload) -> Answer<Validation> {
    let text = payload.text(TEXT_TYPES)?;
    let problems = at_length(|| dsl::validate(text));
    let is_valid = !problems
        .iter()
        .any(|problem| problem.severity == dsl::Severity::Error);
    Ok(Json(Validation {
        is_valid,
        problems: problems.iter().map(Finding::from).collect(),
    }))
}

#[derive(Debug, Serialize, ToSchema)]
struct DefinitionList {
    #[schema(value_type = Vec<schema::Definition>)]
    definitions: Vec<DefinitionView>,
}

/// Lists the versions of a workflow's definition.
#[utoipa::path(
    get, path = "/api/v1/workflows/{namespace}/{name}/definitions", tag = "workflows", operation_id = "listDefinitions",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = DefinitionList))
)]
async fn list_definitions(
    State(app): State<App>,
    caller: Authorized,
    Segments((namespace, name)): Segments<(String, String)>,
) -> Answer<DefinitionList> {
    caller.enter(&namespace)?;
    let definitions = ask(&app, move |server| {
        server.definitions(&caller.scope, &namespace, &name)
    })
    .await?;
    Ok(Json(DefinitionList { definitions }))
}

/// Reads one version of a definition; `active` is the one that triggers start.
#[utoipa::path(
    get, path = "/api/v1/workflows/{namespace}/{name}/definitions/{version}", tag = "workflows", operation_id = "getDefinition",
    params(("namespace" = String, Path), ("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = schema::Definition))
)]
async fn get_definition(
    State(app): State<App>,
    caller: Authorized,
    Segments((namespace, name, version)): Segments<(String, String, String)>,
) -> Answer<DefinitionView> {
    caller.enter(&namespace)?;
    ask(&app, move |server| {
        let version = (version != "active").then_some(&*version);
        server.definition(&caller.scope, &namespace, &name, version)
    })
    .await
    .map(Json)
}
