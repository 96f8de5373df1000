//! Web services that exist only for a scenario: scripted answers, and a record of what was asked.
//!
//! All hosts are played by one server on loopback; the `Host` header says which one is meant.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result, anyhow};
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use dsl::value::Value;
use jiff::SignedDuration;

const BODY_BYTES_MAX: usize = 4 << 20;

/// A request as the service saw it, ready to be compared with what a scenario expects.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub query: Value,
    /// Names in lower case; `content-type` without its parameters.
    pub headers: Value,
    /// Parsed when it is JSON, text otherwise.
    pub body: Value,
    /// The fields of a form, null for other bodies.
    pub form: Value,
}

impl Received {
    #[must_use]
    pub fn as_value(&self) -> Value {
        Value::object([
            ("method", Value::from(self.method.as_str())),
            ("path", Value::from(self.path.as_str())),
            ("query", self.query.clone()),
            ("headers", self.headers.clone()),
            ("body", self.body.clone()),
            ("form", self.form.clone()),
        ])
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How long the service takes, in the world's time.
    pub delay: SignedDuration,
}

impl Answer {
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: SignedDuration::ZERO,
        }
    }

    #[must_use]
    pub fn json(body: &Value) -> Self {
        let mut answer = Self::status(200);
        answer
            .headers
            .push(("content-type".into(), "application/json".into()));
        body.write_json(&mut answer.body);
        answer
    }

    /// Reads `{ status?, headers?, body?, delay? }`; a body that is not text is sent as JSON.
    pub fn read(written: &Value) -> Result<Self> {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_json(), str::to_owned)
        };
        let mut answer = match written.get("body") {
            None => Self::status(200),
            Some(Value::String(body)) => Self {
                body: body.as_bytes().to_vec(),
                ..Self::status(200)
            },
            Some(body) => Self::json(body),
        };
        for (name, value) in written
            .get("headers")
            .and_then(Value::as_object)
            .iter()
            .flat_map(|headers| headers.iter())
        {
            answer
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            answer.headers.push((name.to_string(), text(value)));
        }
        if let Some(status) = written.get("status") {
            answer.status = status
                .as_i64()
                .and_then(|status| u16::try_from(status).ok())
                .context("`status` is not a number")?;
        }
        if let Some(delay) = written.get("delay") {
            answer.delay = delay.as_str().context("`delay` is not text")?.parse()?;
        }
        Ok(answer)
    }
}

/// Answers by what was asked.
pub type Program = fn(&Received) -> Answer;

enum Behaviour {
    /// `METHOD /path` and the answers to give, one after another; the last one stays.
    Script(BTreeMap<String, Vec<Answer>>),
    Program(Program),
}

#[derive(Default)]
struct State {
    behaviours: BTreeMap<String, Behaviour>,
    received: BTreeMap<String, Vec<Received>>,
    /// The delays of the answers given since they were last asked for.
    delay: SignedDuration,
}

/// All services of a scenario.
#[derive(Clone, Default)]
pub struct Services {
    state: Arc<Mutex<State>>,
}

impl Services {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    /// Lets `host` answer as scripted: an object of `METHOD /path` to one answer, or a list of them.
    pub fn script(&self, host: &str, script: &Value) -> Result<()> {
        let script = script
            .as_object()
            .ok_or_else(|| anyhow!("the answers of {host} are not an object"))?;
        let mut answers = BTreeMap::new();
        for (request, written) in script.iter() {
            let list = match written {
                Value::Array(items) => {
                    items.iter().map(Answer::read).collect::<Result<Vec<_>>>()?
                }
                one => vec![Answer::read(one)?],
            };
            answers.insert(request.to_string(), list);
        }
        self.state()
            .behaviours
            .insert(host.to_owned(), Behaviour::Script(answers));
        Ok(())
    }

    pub fn program(&self, host: &str, program: Program) {
        self.state()
            .behaviours
            .insert(host.to_owned(), Behaviour::Program(program));
    }

    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        self.state().behaviours.keys().cloned().collect()
    }

    #[must_use]
    pub fn received(&self, host: &str) -> Vec<Received> {
        self.state().received.get(host).cloned().unwrap_or_default()
    }

    pub(crate) fn take_delay(&self) -> SignedDuration {
        std::mem::take(&mut self.state().delay)
    }

    /// Starts the server that plays all hosts.
    pub(crate) async fn serve(&self) -> Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let services = self.clone();
        let app = axum::Router::new().fallback(move |request: Request<Body>| {
            let services = services.clone();
            async move { services.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let host = request
            .headers()
            .get("host")
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let host = host
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let received = receive(request).await;
        let answer = self.decide(&host, received);
        let mut response = Response::builder().status(
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        );
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        response
            .body(Body::from(answer.body))
            .expect("scripted headers are valid")
    }

    fn decide(&self, host: &str, received: Received) -> Answer {
        let mut state = self.state();
        let answer = match state.behaviours.get_mut(host) {
            Some(Behaviour::Program(program)) => program(&received),
            Some(Behaviour::Script(script)) => {
                match script.get_mut(&format!("{} {}", received.method, received.path)) {
                    Some(answers) if answers.len() > 1 => answers.remove(0),
                    Some(answers) => answers
                        .first()
                        .cloned()
                        .unwrap_or_else(|| Answer::status(404)),
                    None => Answer::status(404),
                }
            }
            None => Answer::status(421),
        };
        state.delay += answer.delay;
        state
            .received
            .entry(host.to_owned())
            .or_default()
            .push(received);
        answer
    }
}

async fn receive(request: Request<Body>) -> Received {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let pairs = |text: &str| {
        Value::object(
            url::form_urlencoded::parse(text.as_bytes())
                .map(|(key, value)| (key.into_owned(), Value::from(value.into_owned()))),
        )
    };
    let headers: Vec<(String, Value)> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let text = value.to_str().unwrap_or_default();
            let text = if name == "content-type" {
                text.split(';').next().unwrap_or_default()
            } else {
                text
            };
            (name.to_string(), Value::from(text))
        })
        .collect();
    let headers = Value::object(headers);
    let content_type = headers
        .get("content-type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_form = content_type == "application/x-www-form-urlencoded";
    let parsed = if content_type.ends_with("json") {
        Value::parse_json(&bytes).ok()
    } else {
        None
    };
    Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default()),
        form: if is_form { pairs(&text) } else { Value::Null },
        body: parsed.unwrap_or_else(|| Value::from(text)),
        headers,
    }
}
