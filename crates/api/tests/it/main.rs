//! The HTTP face as a client sees it: requests against the router of a real server that keeps its data in memory.

mod access;
mod connections;
mod events;
mod hooks;
mod limits;
mod live;
mod pages;
mod refusals;
mod runs;

use std::sync::Arc;

use api::ApiOptions;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use runtime::server::StandIns;
use runtime::{Options, Profile, Scope, Server};
use serde_json::Value;
use tower::ServiceExt as _;

/// A workflow that ends at once.
pub const GREET: &str = "
document: { dsl: '1.0.3', namespace: sales, name: greet, version: '1.0.0' }
input:
  schema:
    document: { type: object, properties: { name: { type: string } } }
do:
  - hello: { set: { said: hello } }
";

/// A workflow that waits until it is cancelled.
pub const REST: &str = "
document: { dsl: '1.0.3', namespace: sales, name: rest, version: '1.0.0' }
do:
  - rest: { wait: { hours: 1 } }
";

/// A workflow that an event starts.
pub const ON_LEAD: &str = "
document: { dsl: '1.0.3', namespace: sales, name: on-lead, version: '1.0.0' }
schedule: { on: { one: { with: { type: lead.submitted } } } }
do:
  - hello: { set: { said: hello } }
";

/// A server with its face.
pub struct Face {
    pub server: Arc<Server>,
    pub router: Router,
    pub token: String,
    _folder: tempfile::TempDir,
}

impl Face {
    pub async fn new() -> Self {
        Self::with(ApiOptions::default()).await
    }

    pub async fn with(options: ApiOptions) -> Self {
        // The folder holds the owner's token; the data stays in memory.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Arc::new(store::memory::threaded::ThreadedStore::default());
        let settings = Options {
            data: Some(folder.path().to_owned()),
            profile: Profile::Development,
            ..Options::default()
        };
        let server = Server::start_with(
            settings,
            StandIns {
                store: Some(store),
                ..StandIns::default()
            },
        )
        .await
        .expect("starts");
        let token = server.owner_token().expect("an owner's token");
        let router = api::router(server.clone(), options);
        Self {
            server,
            router,
            token,
            _folder: folder,
        }
    }

    /// With these workflows.
    pub async fn of(definitions: &[&str]) -> Self {
        let face = Self::new().await;
        for text in definitions {
            face.server
                .apply_definition(&Scope::all("test"), text, false)
                .await
                .expect("a valid definition");
        }
        face
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router does not fail");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 16 << 20)
            .await
            .expect("a body in memory");
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// `GET /path`, or another method, with the owner's token and more headers.
    pub async fn call(&self, line: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let headers: Vec<_> = [("authorization", &*bearer)]
            .into_iter()
            .chain(headers.iter().copied())
            .collect();
        self.send(request(line, &headers, body)).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call(&format!("GET {path}"), &[], "").await
    }

    pub async fn post(&self, path: &str, json: &str) -> Reply {
        self.call(
            &format!("POST {path}"),
            &[("content-type", "application/json")],
            json.to_owned(),
        )
        .await
    }
}

pub fn request(line: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let (method, path) = line.split_once(' ').expect("method and path");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("a valid request")
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// Status and the problem's code, `404 not-found`, and its detail.
    pub fn refusal(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(problem["title"].is_string() && problem["instance"].is_string());
        let code = problem["type"]
            .as_str()
            .expect("a type")
            .strip_prefix("/errors/")
            .expect("our own");
        format!(
            "{} {code}: {}",
            self.status.as_u16(),
            problem["detail"].as_str().expect("a detail")
        )
    }

    /// The id in `Location`.
    pub fn run(&self) -> String {
        let location = self.header("location");
        location
            .strip_prefix("/api/v1/runs/")
            .unwrap_or_else(|| panic!("no run in {self:?}"))
            .to_owned()
    }
}
