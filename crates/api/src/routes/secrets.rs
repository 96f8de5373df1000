//! Secrets: written and removed by name. There is no way to read one.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Answer, Declared, ask, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::{Fields, Segments};
use crate::problem::Problem;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::SecretsList, routes!(list_secrets)),
        behind(Action::SecretsWrite, routes!(put_secret)),
        behind(Action::SecretsWrite, routes!(remove_secret)),
    ]
}

#[derive(Debug, Serialize, ToSchema)]
struct SecretList {
    names: Vec<String>,
}

/// Lists the names of a namespace's secrets.
#[utoipa::path(
    get, path = "/api/v1/secrets/{namespace}", tag = "secrets", operation_id = "listSecrets",
    params(("namespace" = String, Path)),
    responses((status = 200, body = SecretList))
)]
async fn list_secrets(
    State(app): State<App>,
    caller: Authorized,
    Segments(namespace): Segments<String>,
) -> Answer<SecretList> {
    caller.enter(&namespace)?;
    let names = ask(&app, move |server| {
        server.secret_names(&caller.scope, &namespace)
    })
    .await?;
    Ok(Json(SecretList { names }))
}

/// A secret's value. It goes in and never comes out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Secret {
    #[schema(write_only)]
    value: String,
}

/// Adds or replaces a secret.
#[utoipa::path(
    put, path = "/api/v1/secrets/{namespace}/{name}", tag = "secrets", operation_id = "putSecret",
    params(("namespace" = String, Path), ("name" = String, Path)), request_body(content = Secret),
    responses((status = 204, description = "Kept, encrypted."))
)]
async fn put_secret(
    State(app): State<App>,
    caller: Authorized,
    Segments((namespace, name)): Segments<(String, String)>,
    Fields(secret): Fields<Secret>,
) -> Result<StatusCode, Problem> {
    caller.enter(&namespace)?;
    app.server
        .put_secret(&caller.scope, &namespace, &name, &secret.value)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a secret.
#[utoipa::path(
    delete, path = "/api/v1/secrets/{namespace}/{name}", tag = "secrets", operation_id = "removeSecret",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204, description = "It is gone."))
)]
async fn remove_secret(
    State(app): State<App>,
    caller: Authorized,
    Segments((namespace, name)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.enter(&namespace)?;
    app.server
        .remove_secret(&caller.scope, &namespace, &name)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
