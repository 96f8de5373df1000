//! Live updates by server-sent events.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::time::Duration;

use crate::RunId;
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use runtime::{LiveEvent, Scope};
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::{Declared, behind};
use crate::App;
use crate::access::{Action, Authorized};
use crate::admission::Permit;
use crate::body::Parameters;
use crate::problem::Problem;
use crate::serve::Connection;

/// A comment after so long without an event, so that what lies between keeps the line open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn declared() -> Vec<Declared> {
    vec![behind(Action::LiveRead, routes!(watch_live))]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LiveParameters {
    /// Only this run.
    #[param(value_type = Option<String>, format = "uuid")]
    run: Option<RunId>,
    /// Only this namespace.
    namespace: Option<String>,
}

/// Watches runs: server-sent events `run`, each a change that is on disk.
///
/// A reader that falls behind gets the event `lagged` with the number of missed events, and should read the lists again.
#[utoipa::path(
    get, path = "/api/v1/live", tag = "runs", operation_id = "watchLive", params(LiveParameters),
    responses((status = 200, description = "`run` (data: schema LiveEvent) and `lagged` (data: `{\"missed\": n}`).", content_type = "text/event-stream", body = crate::schema::LiveEvent))
)]
async fn watch_live(
    State(app): State<App>,
    caller: Authorized,
    Parameters(parameters): Parameters<LiveParameters>,
    connection: Option<Extension<Connection>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if let Some(namespace) = &parameters.namespace {
        caller.enter(namespace)?;
    }
    let live = Live {
        _permit: app.live_streams.take(1)?,
        filter: Filter {
            scope: caller.scope,
            run: parameters.run,
            namespace: parameters.namespace,
        },
        receiver: app.server.subscribe(),
        closing: connection.map(|Extension(connection)| connection.closing),
    };
    let events = futures_util::stream::unfold(live, |mut live| async move {
        let event = live.next().await?;
        Some((Ok(event), live))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive")))
}

struct Live {
    _permit: Permit,
    filter: Filter,
    receiver: broadcast::Receiver<LiveEvent>,
    closing: Option<watch::Receiver<bool>>,
}

struct Filter {
    scope: Scope,
    run: Option<RunId>,
    namespace: Option<String>,
}

impl Filter {
    fn shows(&self, event: &LiveEvent) -> bool {
        self.scope.allows(&event.namespace)
            && self.run.is_none_or(|run| run == event.run)
            && self
                .namespace
                .as_deref()
                .is_none_or(|namespace| namespace == &*event.namespace)
    }
}

impl Live {
    /// The next event to send; none when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let received = tokio::select! {
                received = self.receiver.recv() => received,
                () = closed(&mut self.closing) => return None,
            };
            match received {
                Ok(event) if self.filter.shows(&event) => {
                    let data = serde_json::to_string(&event).expect("plain data serialises");
                    return Some(Event::default().event("run").data(data));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    return Some(
                        Event::default()
                            .event("lagged")
                            .data(format!(r#"{{"missed":{missed}}}"#)),
                    );
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

async fn closed(closing: &mut Option<watch::Receiver<bool>>) {
    match closing {
        // An error means that the accept loop is gone, which is closed as well.
        Some(closing) => {
            let _ = closing.wait_for(|is_closing| *is_closing).await;
        }
        None => std::future::pending().await,
    }
}
