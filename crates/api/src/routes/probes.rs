//! What machines ask: alive, ready, how much. Answered also when too much is under way.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use utoipa_axum::routes;

use super::{Declared, behind, public};
use crate::App;
use crate::access::{Action, Authorized, Public};
use crate::problem::{Code, Problem};

pub(super) fn declared() -> Vec<Declared> {
    vec![
        public(Public::Probe, routes!(healthz)),
        public(Public::Probe, routes!(readyz)),
        behind(Action::MetricsRead, routes!(metrics)),
    ]
}

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation", operation_id = "healthz", responses((status = 200, body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Says whether the server takes requests: not while it starts or stops, nor when the store takes no writes.
#[utoipa::path(get, path = "/readyz", tag = "operation", operation_id = "readyz", responses((status = 200, body = String, content_type = "text/plain")))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.server.is_ready() {
        Ok("ready\n")
    } else {
        Err(Problem::new(
            Code::StoreUnavailable,
            "the server starts, stops, or cannot write to its store",
        ))
    }
}

/// Metrics in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "metrics", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
async fn metrics(State(app): State<App>, _caller: Authorized) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, OPEN_METRICS)], app.server.metrics()).into_response()
}
