//! CloudEvents from outside, in any of their HTTP forms.

use crate::RunId;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Declared, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::body::{Parameters, Payload};
use crate::cloudevents;
use crate::problem::Problem;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        behind(Action::EventsPublish, routes!(publish_events)),
        behind(Action::EventsPublish, routes!(publish_events_short)),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PublishParameters {
    /// Where the events go. Needed unless the token has exactly one namespace.
    namespace: Option<String>,
}

/// Events that were kept.
#[derive(Debug, Serialize, ToSchema)]
struct Published {
    /// How many events were kept.
    events: usize,
    /// The runs that they started.
    #[schema(value_type = Vec<String>)]
    runs: Vec<RunId>,
}

/// Publishes CloudEvents: structured, batch (all or none), or binary.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "events", operation_id = "publishEvents", params(PublishParameters),
    request_body(content(
        (serde_json::Value = "application/cloudevents+json"),
        (Vec<serde_json::Value> = "application/cloudevents-batch+json"),
        (Vec<u8> = "*/*"),
    ), description = "An event, a batch, or the data of an event whose attributes are in `ce-` headers."),
    responses((status = 202, description = "Kept: on disk.", body = Published))
)]
async fn publish_events(
    State(app): State<App>,
    caller: Authorized,
    Parameters(parameters): Parameters<PublishParameters>,
    payload: Payload,
) -> Result<Response, Problem> {
    let namespace = target(&caller, parameters.namespace)?;
    let events = cloudevents::parse(&payload.headers, &payload.bytes)?;
    let count = events.len();
    let runs = if count == 0 {
        Vec::new()
    } else {
        app.server
            .publish(&caller.scope, &namespace, events)
            .await?
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(Published {
            events: count,
            runs,
        }),
    )
        .into_response())
}

/// The same at the short address that brokers and other tools expect.
#[utoipa::path(
    post, path = "/events", tag = "events", operation_id = "publishEventsShort", params(PublishParameters),
    request_body(content(
        (serde_json::Value = "application/cloudevents+json"),
        (Vec<serde_json::Value> = "application/cloudevents-batch+json"),
        (Vec<u8> = "*/*"),
    )),
    responses((status = 202, description = "Kept: on disk.", body = Published))
)]
async fn publish_events_short(
    state: State<App>,
    caller: Authorized,
    parameters: Parameters<PublishParameters>,
    payload: Payload,
) -> Result<Response, Problem> {
    publish_events(state, caller, parameters, payload).await
}

fn target(caller: &Authorized, asked: Option<String>) -> Result<String, Problem> {
    match (asked, caller.scope.namespaces.as_deref()) {
        (Some(namespace), _) => caller.enter(&namespace).map(|()| namespace),
        (None, Some([only])) => Ok(only.to_string()),
        (None, _) => Err(Problem::parameter(
            "namespace",
            "is missing: add `?namespace=<name>`",
        )),
    }
}
