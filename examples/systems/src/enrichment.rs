//! A company-enrichment service: facts about the company behind a domain, as many answers a second as the plan allows.
//!
//! The facts are made up, but always the same ones for the same domain. Mail providers that anybody may use have no
//! company behind them and are not found. Refused requests say when to come back, as such services do.

mod company;
mod rate;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::database::Database;
use crate::front::{self, Credential, Front};
use crate::problem::{Asked, Problem};
use crate::{ENRICHMENT_KEY, StartError, page};
pub use rate::Rate;
use rate::{Limiter, Standing};

const OPENAPI: &str = include_str!("enrichment/openapi.json");

pub(crate) fn router(folder: Option<&Path>, rate: Rate) -> Result<Router, StartError> {
    let database = Database::open(folder, "enrichment", "")?;
    let limit = Limit {
        started: Instant::now(),
        limiter: Arc::new(Mutex::new(Limiter::new(rate))),
    };
    let open = Router::new()
        .route("/", get(show_page))
        .merge(front::openapi(OPENAPI));
    let guarded = Router::new()
        .route("/companies", get(look_up))
        .route_layer(from_fn_with_state(limit, limit_rate));
    let credential = Some(Credential::ApiKey(ENRICHMENT_KEY));
    Ok(Front {
        system: "enrichment",
        database,
        credential,
    }
    .router(open, guarded))
}

#[derive(Debug, Deserialize)]
struct Lookup {
    domain: String,
}

async fn look_up(Asked(lookup): Asked<Lookup>) -> Result<Json<Value>, Problem> {
    let domain = lookup.domain.trim().to_lowercase();
    if !company::is_domain(&domain) {
        return Err(Problem::invalid(
            "domain",
            format!("`{domain}` is not a domain"),
        ));
    }
    match company::behind(&domain) {
        Some(company) => Ok(Json(company)),
        None => Err(Problem::not_found(format!(
            "no company is known behind `{domain}`"
        ))),
    }
}

#[derive(Clone)]
struct Limit {
    started: Instant,
    limiter: Arc<Mutex<Limiter>>,
}

async fn limit_rate(State(limit): State<Limit>, request: Request, next: Next) -> Response {
    let standing = {
        let mut limiter = limit.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.ask(limit.started.elapsed())
    };
    let mut response = if standing.is_allowed {
        next.run(request).await
    } else {
        let detail = format!(
            "more than {} requests in {} s",
            standing.limit,
            standing.period.as_secs()
        );
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate-limit", detail).into_response()
    };
    describe(&standing, response.headers_mut());
    response
}

fn describe(standing: &Standing, headers: &mut HeaderMap) {
    let reset = standing.reset_seconds();
    headers.insert(
        HeaderName::from_static("x-ratelimit-limit"),
        HeaderValue::from(standing.limit),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-remaining"),
        HeaderValue::from(standing.remaining),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-reset"),
        HeaderValue::from(reset),
    );
    if !standing.is_allowed {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(reset));
    }
}

async fn show_page() -> Html<String> {
    let rows: Vec<Vec<String>> = company::SAMPLES
        .iter()
        .filter_map(|domain| company::behind(domain))
        .map(|company| {
            ["domain", "name", "industry", "employees", "country"]
                .iter()
                .map(|field| {
                    company[*field]
                        .as_str()
                        .map_or_else(|| company[*field].to_string(), str::to_owned)
                })
                .collect()
        })
        .collect();
    let about =
        "Facts about companies, by domain. These are the ones the samples use. API: /openapi.json";
    page::table(
        "Company enrichment",
        about,
        &["domain", "name", "industry", "employees", "country"],
        &rows,
    )
}
