//! A server with a performer that remembers what it was asked and answers as told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::function::EffectClass;
use connectors::{Call, CallError};
use dsl::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use runtime::performer::Performer;
use runtime::server::StandIns;
use runtime::{Options, RunDetail, RunInput, Scope, Server, StartOptions};
use store::{RunId, Store};

/// Answers calls: `stub.echo` gives its arguments back, `stub.fail` fails so many times first, `stub.hang` never answers.
pub struct Stub {
    pub calls: Mutex<Vec<Call>>,
    /// `stub.gate` answers for each permit once.
    pub gate: tokio::sync::Semaphore,
    failures: Mutex<HashMap<String, i64>>,
    called: tokio::sync::Notify,
}

impl Default for Stub {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            gate: tokio::sync::Semaphore::new(0),
            failures: Mutex::default(),
            called: tokio::sync::Notify::new(),
        }
    }
}

impl Stub {
    pub fn keys(&self) -> Vec<String> {
        self.calls
            .lock()
            .unwrap()
            .iter()
            .map(|call| call.idempotency_key.to_string())
            .collect()
    }

    /// Waits until so many calls have arrived.
    pub async fn until(&self, count: usize) {
        let wait = async {
            loop {
                let called = self.called.notified();
                if self.count() >= count {
                    return;
                }
                called.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .expect("the calls arrive in time");
    }

    pub fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait::async_trait]
impl Performer for Stub {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        self.calls.lock().unwrap().push(call.clone());
        self.called.notify_waiters();
        self.called.notify_one();
        match &*call.function {
            "stub.hang" | "stub.hangSend" => std::future::pending().await,
            "stub.fail" => {
                let key = call.idempotency_key.split('/').next().unwrap().to_owned();
                let mut failures = self.failures.lock().unwrap();
                let left = failures
                    .entry(key)
                    .or_insert_with(|| call.with.get("times").and_then(Value::as_i64).unwrap_or(0));
                if *left > 0 {
                    *left -= 1;
                    let error = WorkflowError::new(ErrorKind::Communication, "Busy", "try later")
                        .with_status(503);
                    return Err(CallError {
                        error,
                        retry_after: None,
                        may_have_happened: true,
                    });
                }
                Ok(call.with.clone())
            }
            "stub.gate" => {
                self.gate.acquire().await.unwrap().forget();
                Ok(call.with.clone())
            }
            "stub.lost" => {
                let error = WorkflowError::new(ErrorKind::Timeout, "Timeout", "no reply");
                Err(CallError {
                    error,
                    retry_after: None,
                    may_have_happened: true,
                })
            }
            _ => Ok(call.with.clone()),
        }
    }

    fn effect_class(&self, _namespace: &str, function: &str, _with: &Value) -> EffectClass {
        match function {
            "stub.read" => EffectClass::Read,
            "stub.hangSend" | "stub.lost" => EffectClass::Send,
            _ => EffectClass::Write,
        }
    }

    fn connect(&self, _namespace: &str, _name: &str, _spec: &Value) -> Result<(), String> {
        Ok(())
    }
}

pub struct Stage {
    pub server: Arc<Server>,
    pub stub: Arc<Stub>,
    pub scope: Scope,
}

impl Stage {
    /// In memory.
    pub async fn new(definitions: &[&str]) -> Self {
        Self::with(Options::default(), None, definitions).await
    }

    pub async fn with(
        options: Options,
        store: Option<Arc<dyn Store>>,
        definitions: &[&str],
    ) -> Self {
        let stub = Arc::new(Stub::default());
        let stand_ins = StandIns {
            store,
            performer: Some(stub.clone()),
            ..StandIns::default()
        };
        let server = Server::start_with(options, stand_ins).await.unwrap();
        let scope = Scope::all("test");
        for text in definitions {
            server
                .apply_definition(&scope, &definition(text), false)
                .await
                .unwrap();
        }
        Self {
            server,
            stub,
            scope,
        }
    }

    pub async fn run(&self, name: &str, input: &str) -> RunDetail {
        let options = StartOptions {
            wait: Some(Duration::from_secs(20)),
            ..StartOptions::default()
        };
        let started = self
            .server
            .start_run(&self.scope, "test", name, self::input(input), options)
            .await
            .unwrap();
        started.ended.expect("the run ends in time")
    }

    pub async fn start(&self, name: &str, input: &str) -> RunId {
        let started = self
            .server
            .start_run(
                &self.scope,
                "test",
                name,
                self::input(input),
                StartOptions::default(),
            )
            .await;
        started.unwrap().run
    }

    pub async fn end_of(&self, run: RunId) -> RunDetail {
        self.server
            .wait(&self.scope, run, Duration::from_secs(20))
            .await
            .unwrap()
    }

    /// Waits until `is_true` holds for the run.
    pub async fn until(&self, run: RunId, is_true: impl Fn(&RunDetail) -> bool) -> RunDetail {
        let mut live = self.server.subscribe();
        loop {
            let detail = self.server.run(&self.scope, run).unwrap();
            if is_true(&detail) {
                return detail;
            }
            let next = tokio::time::timeout(Duration::from_secs(20), live.recv()).await;
            assert!(next.is_ok(), "nothing happens any more: {detail:?}");
        }
    }
}

pub fn input(text: &str) -> RunInput {
    RunInput {
        value: Value::parse_json(text.as_bytes()).unwrap(),
        raw: None,
    }
}

pub fn value(text: &str) -> Value {
    Value::parse_json(text.as_bytes()).unwrap()
}

/// `name: ...` and the rest, with the heading that every definition needs.
pub fn definition(text: &str) -> String {
    let (name, rest) = text
        .trim_start()
        .split_once('\n')
        .expect("a name and a body");
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {}, version: '1.0.0' }}\n{rest}",
        name.trim()
    )
}
