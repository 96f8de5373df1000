//! Starting the systems and asking them.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use reqwest::{Client, Method};
use serde_json::Value;
use systems::{Options, Running};

pub async fn start() -> Result<Running> {
    Ok(systems::start(Options::default()).await?)
}

/// One system and the credential to use it with.
pub struct Caller {
    client: Client,
    base: String,
    headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    /// Null when the answer is not JSON.
    pub json: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Status and the kind of problem, such as `404 not-found`; `-` where it is no problem.
    pub fn kind(&self) -> String {
        let kind = self.json["type"]
            .as_str()
            .and_then(|kind| kind.strip_prefix("/problems/"));
        format!("{} {}", self.status, kind.unwrap_or("-"))
    }
}

impl Caller {
    pub fn new(address: SocketAddr) -> Self {
        Self::at(&format!("http://{address}"))
    }

    pub fn at(base: &str) -> Self {
        Self {
            client: Client::new(),
            base: base.to_owned(),
            headers: Vec::new(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// `ask("POST /contacts", r#"{"email": "a@example.com"}"#)`; an empty body sends none.
    pub async fn ask(&self, request: &str, body: &str) -> Result<Answer> {
        self.ask_with(request, &[], body).await
    }

    pub async fn ask_with(
        &self,
        request: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer> {
        let (method, path) = request
            .split_once(' ')
            .context("a request is a method and a path")?;
        let mut builder = self.client.request(
            Method::from_bytes(method.as_bytes())?,
            format!("{}{path}", self.base),
        );
        if !body.is_empty() {
            builder = builder.body(body.to_owned());
            if !headers.iter().any(|(name, _)| *name == "content-type") {
                builder = builder.header("content-type", "application/json");
            }
        }
        let own = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            builder = builder.header(name, value);
        }
        let response = builder.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer {
            status,
            headers,
            text,
            json,
        })
    }

    /// Each line: request, body, and what [`Answer::kind`] must be.
    pub async fn check(&self, cases: &[(&str, &str, &str)]) -> Result<()> {
        for (request, body, expected) in cases {
            let answer = self.ask(request, body).await?;
            assert_eq!(
                answer.kind(),
                *expected,
                "{request} {body} was answered {}",
                answer.text
            );
            if answer.status >= 400 {
                assert_eq!(
                    answer.header("content-type"),
                    Some("application/problem+json"),
                    "{request}"
                );
                assert!(
                    answer.json["detail"].is_string(),
                    "{request} was answered {}",
                    answer.text
                );
            }
        }
        Ok(())
    }
}

/// Every operation of the OpenAPI document at `/openapi.json` must exist: neither the path nor the method is unknown.
pub async fn check_openapi(caller: &Caller, expected: &[&str]) -> Result<()> {
    let document = caller.ask("GET /openapi.json", "").await?.json;
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = Vec::new();
    for (path, item) in document["paths"]
        .as_object()
        .context("the document has paths")?
    {
        for method in ["get", "post", "put", "delete"] {
            let Some(id) = item[method]["operationId"].as_str() else {
                continue;
            };
            operations.push(id.to_owned());
            let path = path.replace("{id}", "none");
            let answer = caller
                .ask(&format!("{} {path}", method.to_uppercase()), "")
                .await?;
            let is_unknown = answer.status == 405 || answer.text.contains("there is nothing at");
            assert!(
                !is_unknown,
                "{method} {path} is described and not served: {}",
                answer.text
            );
            let described = &item[method]["responses"][answer.status.to_string()];
            assert!(
                !described.is_null(),
                "{method} {path} answers {} and does not say so",
                answer.status
            );
        }
    }
    operations.sort();
    assert_eq!(operations, expected);
    Ok(())
}
