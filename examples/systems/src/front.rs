//! What every HTTP system has in front of its own routes.
//!
//! Each request is recorded before anything else happens, so that a test can count what arrived, also what was then
//! refused or failed on purpose. After that come the ordered faults, then the credential check, then the system itself.
//! The routes that begin with `_`, the page at `/` and `/openapi.json` are for people and tests: they are not recorded,
//! need no credential and never fail on purpose.
//!
//! - `GET /_health`
//! - `GET /_requests?method=&path=&at_least=&wait_ms=`: what arrived; waits until there are `at_least` answered requests
//! - `GET`, `POST`, `DELETE /_faults`: see [`faults`]

pub(crate) mod faults;
pub(crate) mod received;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::database::Database;
use crate::problem::Problem;
use faults::{Fault, Faults, Moment};
use received::Received;

const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How a caller proves that it may use a system.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential {
    Bearer(&'static str),
    /// In `x-api-key`, or as a bearer token for clients that know nothing else.
    ApiKey(&'static str),
}

pub(crate) struct Front {
    pub(crate) system: &'static str,
    pub(crate) database: Database,
    pub(crate) credential: Option<Credential>,
}

impl Front {
    /// `open` holds the page and the OpenAPI document, `guarded` the system's own routes.
    pub(crate) fn router(self, open: Router, guarded: Router) -> Router {
        self.router_and_faults(open, guarded).0
    }

    /// The same for a system that also fails on purpose elsewhere than over HTTP.
    pub(crate) fn router_and_faults(self, open: Router, guarded: Router) -> (Router, Faults) {
        let received = Received::new(&self.database);
        let faults = Faults::default();
        let guarded = match self.credential {
            Some(credential) => guarded.route_layer(from_fn_with_state(credential, authorize)),
            None => guarded,
        };
        let reception = Reception {
            received: received.clone(),
            faults: faults.clone(),
        };
        let guarded = guarded
            .fallback(no_such_route)
            .method_not_allowed_fallback(no_such_method)
            .layer(from_fn_with_state(reception, receive));
        let system = self.system;
        let router = Router::new()
            .route(
                "/_health",
                get(move || async move { Json(json!({ "status": "ok", "system": system })) }),
            )
            .merge(received::routes(received))
            .merge(faults::routes(faults.clone()))
            .merge(open)
            .merge(guarded);
        (router, faults)
    }
}

/// A route that serves an OpenAPI document.
pub(crate) fn openapi(document: &'static str) -> Router {
    let headers = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    Router::new().route(
        "/openapi.json",
        get(move || async move { (headers, document) }),
    )
}

#[derive(Clone)]
struct Reception {
    received: Received,
    faults: Faults,
}

async fn receive(
    State(reception): State<Reception>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        let detail = format!("a body may have {BODY_BYTES_MAX} bytes");
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            detail,
        ));
    };
    let number = reception.received.record(&parts, &body)?;
    let fault = reception
        .faults
        .take(parts.method.as_str(), parts.uri.path());
    let request = Request::from_parts(parts, body.into());
    let response = match fault {
        Some(fault) => fail(fault, request, next).await,
        None => next.run(request).await,
    };
    reception.received.answered(number, response.status())?;
    Ok(response)
}

async fn fail(fault: Fault, request: Request, next: Next) -> Response {
    let response = match fault.when {
        Moment::Before if fault.status.is_some() => None,
        _ => Some(next.run(request).await),
    };
    tokio::time::sleep(fault.delay()).await;
    match (fault.answer(), response) {
        (Some(answer), _) => answer,
        (None, Some(response)) => response,
        (None, None) => {
            unreachable!("only a fault with a status keeps the request from the system")
        }
    }
}

async fn authorize(State(credential): State<Credential>, request: Request, next: Next) -> Response {
    match check(credential, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let mut response = problem.into_response();
            if let Credential::Bearer(_) = credential {
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

fn check(credential: Credential, headers: &HeaderMap) -> Result<(), Problem> {
    let (accepted, secret): (&[&str], _) = match credential {
        Credential::Bearer(token) => (&["authorization"], token),
        Credential::ApiKey(key) => (&["x-api-key", "authorization"], key),
    };
    let unauthorized = |detail| {
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            detail,
        ))
    };
    let Some((name, value)) = accepted
        .iter()
        .find_map(|name| Some((*name, headers.get(*name)?)))
    else {
        return unauthorized(format!("the header `{}` is missing", accepted[0]));
    };
    let expected = if name == "authorization" {
        format!("Bearer {secret}")
    } else {
        secret.to_owned()
    };
    if value.as_bytes() == expected.as_bytes() {
        Ok(())
    } else {
        unauthorized(format!("the credential in `{name}` is not known"))
    }
}

async fn no_such_route(request: Request) -> Problem {
    Problem::not_found(format!("there is nothing at `{}`", request.uri().path()))
}

async fn no_such_method(request: Request) -> Problem {
    let detail = format!(
        "`{}` does not accept {}",
        request.uri().path(),
        request.method()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

/// A list as every system answers it.
pub(crate) fn list(items: Vec<Value>) -> Json<Value> {
    Json(json!({ "total": items.len(), "items": items }))
}
