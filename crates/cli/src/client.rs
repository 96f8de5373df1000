//! Talks to a server over HTTP, for all commands that do.
//!
//! The address is the user's own, so the rules for calls of workflows do not hold here. The token goes to no other place:
//! redirects are not followed, and a token out of a directory goes only to that directory's server or to this machine.

mod run_id;
mod target;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::arguments::Target;
use crate::failure::{Failure, Kind};
use crate::findings::{Finding, Report};
use target::Found;

/// In the data directory: the owner's token, and where its server is while it runs.
pub const TOKEN_FILE: &str = "owner-token";
pub const ADDRESS_FILE: &str = "address";

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Longer than the longest wait that a server grants.
const ANSWER_WITHIN: Duration = Duration::from_secs(90);

/// One server, and who we are to it.
pub struct Client {
    http: reqwest::Client,
    found: Found,
}

/// What goes with a request.
pub enum Body<'a> {
    Nothing,
    Json(&'a Value),
    /// A definition or resources as written.
    Yaml(&'a str),
    CloudEvent(&'a Value),
}

impl Client {
    pub fn of(target: &Target) -> Result<Self, Failure> {
        let found = target::find(target)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the command line talks to its own server, at the address its user gave"
        )]
        let builder = reqwest::Client::builder();
        let builder = builder
            .connect_timeout(CONNECT_WITHIN)
            .redirect(reqwest::redirect::Policy::none());
        // A proxy would look for this machine's servers on its own.
        let builder = if found.is_local() {
            builder.no_proxy()
        } else {
            builder
        };
        let http = builder
            .build()
            .map_err(|error| Failure::unavailable(format!("cannot make requests: {error}")))?;
        Ok(Self { http, found })
    }

    /// The address without a slash at its end.
    pub fn base(&self) -> &str {
        self.found.base.as_str().trim_end_matches('/')
    }

    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.request(Method::GET, path, query, Body::Nothing).await
    }

    pub async fn post(&self, path: &[&str], body: Body<'_>) -> Result<Value, Failure> {
        self.request(Method::POST, path, &[], body).await
    }

    /// Sends a request to `/api/v1/<path>`. An empty answer is null.
    pub async fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body<'_>,
    ) -> Result<Value, Failure> {
        let request = self.prepare(method, path, query).timeout(ANSWER_WITHIN);
        self.answer(with_body(request, body)).await
    }

    /// Starts a run, with a key that makes a repetition harmless.
    pub async fn start(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        key: Option<&str>,
        input: &Value,
    ) -> Result<Value, Failure> {
        let mut request = self
            .prepare(Method::POST, path, query)
            .timeout(ANSWER_WITHIN);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.answer(with_body(request, Body::Json(input))).await
    }

    /// Opens the live events of a run, or of all.
    pub async fn live(&self, run: Option<&str>) -> Result<Events, Failure> {
        let query: Vec<(&str, &str)> = run.map(|run| ("run", run)).into_iter().collect();
        let request = self.prepare(Method::GET, &["live"], &query);
        let response = self.send(request).await?;
        Ok(Events {
            response,
            waiting: Vec::new(),
        })
    }

    fn prepare(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.found.base.clone();
        url.path_segments_mut()
            .expect("checked to be http or https, which have paths")
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        match &self.found.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.send(request).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| self.is_no_segue())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = response.bytes().await.unwrap_or_default();
        match serde_json::from_slice::<Refusal>(&bytes) {
            Ok(refusal) => Err(self.refused(status, refusal)),
            Err(_) => Err(self.is_no_segue().help(format!("it answered {status}"))),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let base = &self.found.base;
        let why = if error.is_connect() {
            "nothing answers there".to_owned()
        } else if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            let cause = std::error::Error::source(error);
            cause.map_or_else(|| error.to_string(), ToString::to_string)
        };
        Failure::unavailable(format!("cannot reach the server at {base}: {why}"))
            .help("start one with `segue up`, or say where it is with `--server` or `--data`")
    }

    fn is_no_segue(&self) -> Failure {
        let base = &self.found.base;
        Failure::unavailable(format!("what answers at {base} does not seem to be Segue"))
    }

    fn refused(&self, status: StatusCode, refusal: Refusal) -> Failure {
        let kind = match status.is_server_error() {
            true => Kind::Unavailable,
            false => Kind::User,
        };
        let failure = Failure::new(kind, refusal.detail);
        let failure = match (status, self.found.token.is_some()) {
            (StatusCode::UNAUTHORIZED, false) => failure.help(
                "no token was found: set SEGUE_TOKEN, or give the server's data directory with `--data`",
            ),
            (StatusCode::UNAUTHORIZED, true) => failure.help(format!(
                "the token from {} belongs to another server, or is no longer valid",
                self.found.token_origin
            )),
            _ => failure,
        };
        if refusal.problems.is_empty() {
            return failure;
        }
        let report = Report {
            path: "the request".to_owned(),
            text: None,
            findings: refusal.problems,
        };
        failure.with_reports(vec![report])
    }
}

/// Problem details, as the server answers.
#[derive(Deserialize)]
struct Refusal {
    detail: String,
    #[serde(default)]
    problems: Vec<Finding>,
}

fn with_body(request: RequestBuilder, body: Body<'_>) -> RequestBuilder {
    let (media_type, text) = match body {
        Body::Nothing => return request,
        Body::Json(value) => ("application/json", value.to_string()),
        Body::Yaml(text) => ("application/yaml", text.to_owned()),
        Body::CloudEvent(value) => ("application/cloudevents+json", value.to_string()),
    };
    request.header(CONTENT_TYPE, media_type).body(text)
}

/// A stream of live events.
pub struct Events {
    response: Response,
    waiting: Vec<u8>,
}

/// One of them.
#[derive(Debug, PartialEq)]
pub struct LiveEvent {
    /// `run` or `lagged`.
    pub name: String,
    pub data: Value,
}

/// An event has a line or two; more than this is none.
const EVENT_BYTES_MAX: usize = 1 << 20;

impl Events {
    /// The next event; none when the server ends the stream.
    pub async fn next(&mut self) -> Result<Option<LiveEvent>, Failure> {
        loop {
            if let Some(event) = take_event(&mut self.waiting) {
                return Ok(Some(event));
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.waiting.extend_from_slice(&chunk),
                Ok(None) => return Ok(None),
                Err(error) => {
                    return Err(Failure::unavailable(format!(
                        "the live view ended: {error}"
                    )));
                }
            }
            if self.waiting.len() > EVENT_BYTES_MAX {
                return Err(Failure::unavailable(
                    "the server sent an event that is too long",
                ));
            }
        }
    }
}

/// Takes the first whole event off the front; comments are dropped.
fn take_event(waiting: &mut Vec<u8>) -> Option<LiveEvent> {
    loop {
        let end = waiting.windows(2).position(|pair| pair == b"\n\n")? + 2;
        let block: Vec<u8> = waiting.drain(..end).collect();
        let block = String::from_utf8_lossy(&block);
        let field = |name: &str| {
            let mut lines = block.lines();
            lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim_start()))
        };
        if let Some(data) = field("data") {
            return Some(LiveEvent {
                name: field("event").unwrap_or("message").to_owned(),
                data: serde_json::from_str(data).unwrap_or_default(),
            });
        }
    }
}
