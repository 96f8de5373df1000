//! The HTTP face: the API under `/api/v1`, webhooks, CloudEvents, live updates, probes and plain pages.
//!
//! It reads requests, asks the runtime, and writes answers; it decides nothing. Requests come in over [`serve`] (limits
//! of connections), pass [`edge`](mod@edge) (limits of requests, headers of answers) and [`access`] (who may), and end in
//! one handler of `routes/`. Errors leave through [`problem`] only.

pub mod access;
mod admission;
mod body;
mod cloudevents;
mod edge;
mod openapi;
mod options;
pub mod problem;
mod routes;
mod schema;
mod serve;
mod session;
mod stall;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use runtime::Server;
// The runtime's views name these; one place knows where they come from.
pub(crate) use runtime::{RunId, RunStatus, StoreError};

pub use openapi::openapi;
pub use options::ApiOptions;
pub use routes::{RouteEntry, inventory};
pub use serve::{Connection, ConnectionLimits, serve, serve_within};

use admission::Meter;
use session::Sessions;

/// Everything under one roof: what `segue up` serves.
pub fn router(server: Arc<Server>, options: ApiOptions) -> Router {
    routes::router(&App::new(server, options))
}

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub server: Arc<Server>,
    pub options: ApiOptions,
    pub requests: Meter,
    pub body_bytes: Meter,
    pub live_streams: Meter,
    pub sessions: Sessions,
}

impl App {
    fn new(server: Arc<Server>, options: ApiOptions) -> Self {
        Self(Arc::new(Shared {
            server,
            requests: Meter::new("requests", options.requests_max),
            body_bytes: Meter::new("bytes under way", options.body_bytes_under_way_max),
            live_streams: Meter::new("live views", options.live_streams_max),
            sessions: Sessions::default(),
            options,
        }))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
