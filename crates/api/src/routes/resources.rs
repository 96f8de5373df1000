//! Resources (`apiVersion: segue/v1`) as text.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::definitions::TEXT_TYPES;
use super::{Answer, Declared, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::Payload;

pub(super) fn declared() -> Vec<Declared> {
    vec![behind(Action::ResourcesWrite, routes!(apply_resources))]
}

#[derive(Debug, Serialize, ToSchema)]
struct Applied {
    /// `kind/namespace/name` of each.
    applied: Vec<String>,
}

/// Adds or replaces the resources of a text: all of its documents, or none.
#[utoipa::path(
    post, path = "/api/v1/resources", tag = "resources", operation_id = "applyResources",
    request_body(content((String = "application/yaml"), (serde_json::Value = "application/json"))),
    responses((status = 200, body = Applied))
)]
async fn apply_resources(
    State(app): State<App>,
    caller: Authorized,
    payload: Payload,
) -> Answer<Applied> {
    let applied = app
        .server
        .apply_resources(&caller.scope, payload.text(TEXT_TYPES)?)
        .await?;
    Ok(Json(Applied { applied }))
}
