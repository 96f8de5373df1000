//! The table of all routes: one file per resource, each route with what it asks of its callers.

mod definitions;
mod documents;
mod events;
mod hooks;
mod live;
mod login;
mod pages;
mod probes;
mod resources;
mod runs;
mod runs_control;
mod secrets;
mod workflows;

use axum::middleware::from_fn_with_state;
use axum::{Json, Router};
use http::{Method, Uri};
use runtime::{RuntimeError, Server};
use tokio::runtime::{Handle, RuntimeFlavor};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::App;
use crate::access::{Access, Action, Public, authorize};
use crate::edge::Edge;
use crate::openapi;
use crate::problem::{Code, Problem};

/// Routes of one path and what they ask. There is no other way into the router.
pub(crate) struct Declared {
    pub access: Access,
    pub routes: UtoipaMethodRouter<App>,
}

fn behind(action: Action, routes: UtoipaMethodRouter<App>) -> Declared {
    Declared {
        access: Access::Action(action),
        routes,
    }
}

fn public(public: Public, routes: UtoipaMethodRouter<App>) -> Declared {
    Declared {
        access: Access::Public(public),
        routes,
    }
}

/// All of them.
pub(crate) fn declared() -> Vec<Declared> {
    let files = [
        hooks::declared(),
        runs::declared(),
        runs_control::declared(),
        events::declared(),
        workflows::declared(),
        definitions::declared(),
        resources::declared(),
        secrets::declared(),
        live::declared(),
        probes::declared(),
        documents::declared(),
        login::declared(),
        pages::declared(),
    ];
    files.into_iter().flatten().collect()
}

/// One line of the route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteEntry {
    pub method: Method,
    /// With `{names}` for the variable parts.
    pub path: String,
    pub access: Access,
}

/// All routes that there are, by path.
#[must_use]
pub fn inventory() -> Vec<RouteEntry> {
    let mut entries: Vec<RouteEntry> = Vec::new();
    for Declared {
        access,
        routes: (_, paths, _),
    } in declared()
    {
        for (path, item) in &paths.paths {
            let methods = openapi::operations(item).map(|(method, _)| method);
            entries.extend(methods.map(|method| RouteEntry {
                method,
                path: path.clone(),
                access,
            }));
        }
    }
    entries.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
    entries
}

pub(crate) fn router(app: &App) -> Router {
    let mut gated = OpenApiRouter::new();
    let mut probes = OpenApiRouter::new();
    for Declared {
        access,
        routes: (schemas, paths, methods),
    } in declared()
    {
        match access {
            Access::Public(Public::Probe) => probes = probes.routes((schemas, paths, methods)),
            Access::Public(_) => gated = gated.routes((schemas, paths, methods)),
            Access::Action(action) => {
                let methods =
                    methods.route_layer(from_fn_with_state((app.clone(), action), authorize));
                gated = gated.routes((schemas, paths, methods));
            }
        }
    }
    let gated = Router::from(gated)
        .fallback(route_unknown)
        .method_not_allowed_fallback(method_not_allowed);
    let probes = Router::from(probes).method_not_allowed_fallback(method_not_allowed);
    let gated = gated.layer(Edge {
        requests: Some(app.requests.clone()),
    });
    let probes = probes.layer(Edge { requests: None });
    gated.merge(probes).with_state(app.clone())
}

async fn route_unknown(uri: Uri) -> Problem {
    Problem::new(
        Code::RouteUnknown,
        format!("there is nothing at `{}`", uri.path()),
    )
}

// The router adds `Allow`.
async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        format!("`{}` does not take {method}", uri.path()),
    )
}

/// Asks the runtime something that reads the store.
async fn ask<T>(
    app: &App,
    question: impl FnOnce(&Server) -> Result<T, RuntimeError>,
) -> Result<T, Problem> {
    Ok(at_length(|| question(&app.server))?)
}

/// Does what may take milliseconds: a large read, compiling a definition. It stays part of its request, on its own
/// thread; the other requests of this thread move to another, where there is one.
fn at_length<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

type Answer<T> = Result<Json<T>, Problem>;

/// Where a run can be read.
fn run_location(run: crate::RunId) -> http::HeaderValue {
    http::HeaderValue::try_from(format!("/api/v1/runs/{run}"))
        .expect("an id has only hex digits and dashes")
}
