//! Failing on purpose: the next answers can be ordered to be wrong, late or both.
//!
//! `POST /_faults {"count": 2, "status": 503, "delay_ms": 100}` spoils the next two answers. Further members narrow and shape it:
//! `method` and `path` let other requests pass, `retry_after` adds the header, and `"when": "after"` lets the system do
//! the work first and spoils only the answer, which is how a reply gets lost. Without `status` the answer is only late.
//! `GET` lists what is still to come, `DELETE` forgets it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::problem::{Body, Problem};

const ORDERS_MAX: usize = 100;
const DELAY_MS_MAX: u64 = 60_000;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default = "one")]
    count: u32,
    pub(crate) status: Option<u16>,
    #[serde(default)]
    delay_ms: u64,
    retry_after: Option<u32>,
    #[serde(default)]
    pub(crate) when: Moment,
    method: Option<String>,
    path: Option<String>,
}

fn one() -> u32 {
    1
}

/// Whether the system still does its work.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Moment {
    #[default]
    Before,
    After,
}

impl Fault {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The spoilt answer, if the order names a status.
    pub(crate) fn answer(&self) -> Option<Response> {
        let status = StatusCode::from_u16(self.status?).ok()?;
        let mut response = Problem::new(
            status,
            "ordered-fault",
            "this answer was ordered by `/_faults`",
        )
        .into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Some(response)
    }

    fn concerns(&self, method: &str, path: &str) -> bool {
        self.method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|wanted| wanted == path)
    }

    fn check(&self) -> Result<(), Problem> {
        if self.count == 0 {
            return Err(Problem::invalid("count", "`count` must be at least 1"));
        }
        if self
            .status
            .is_some_and(|status| !(200..=599).contains(&status))
        {
            return Err(Problem::invalid(
                "status",
                "`status` must be between 200 and 599",
            ));
        }
        if self.delay_ms > DELAY_MS_MAX {
            return Err(Problem::invalid(
                "delay_ms",
                format!("`delay_ms` may be at most {DELAY_MS_MAX}"),
            ));
        }
        Ok(())
    }
}

/// The faults still to come, in the order in which they were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// Takes one use of the oldest order that concerns this request.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<Fault> {
        self.with(|orders| {
            let position = orders
                .iter()
                .position(|order| order.concerns(method, path))?;
            let order = &mut orders[position];
            order.count -= 1;
            let fault = order.clone();
            if fault.count == 0 {
                orders.remove(position);
            }
            Some(fault)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut VecDeque<Fault>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn routes(faults: Faults) -> Router {
    Router::new()
        .route("/_faults", get(show).post(order).delete(forget))
        .with_state(faults)
}

async fn show(State(faults): State<Faults>) -> Json<Value> {
    faults.with(|orders| Json(json!({ "items": orders })))
}

async fn order(
    State(faults): State<Faults>,
    Body(fault): Body<Fault>,
) -> Result<Json<Value>, Problem> {
    fault.check()?;
    faults.with(|orders| {
        if orders.len() == ORDERS_MAX {
            return Err(Problem::conflict(
                "too-many-faults",
                format!("at most {ORDERS_MAX} orders can wait"),
            ));
        }
        orders.push_back(fault);
        Ok(Json(json!({ "items": orders })))
    })
}

async fn forget(State(faults): State<Faults>) -> StatusCode {
    faults.with(VecDeque::clear);
    StatusCode::NO_CONTENT
}
