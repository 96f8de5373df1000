//! Deliveries to sources, and CloudEvents.

use std::sync::Arc;

use dsl::value::Value;
use store::{RunId, RunStatus};

use super::runs::status_word;
use super::{HookReply, HookRequest, Server, dedupe_key};
use crate::error::RuntimeError;
use crate::intake::{Acceptance, Accepted, delivery};
use crate::scope::Scope;
use crate::view::RunDetail;

impl Server {
    /// A delivery to `/hooks/{namespace}/{source}`: verified, kept, and turned into a CloudEvent.
    pub async fn hook(
        &self,
        namespace: &str,
        source: &str,
        request: HookRequest,
    ) -> Result<HookReply, RuntimeError> {
        self.admit()?;
        let missing = || RuntimeError::NotFound {
            what: "source",
            name: format!("{namespace}/{source}"),
        };
        let source = self
            .core
            .resources
            .source(namespace, source)
            .ok_or_else(missing)?;
        if request.body.len() > source.body_bytes_max {
            return Err(RuntimeError::TooLarge {
                limit: source.body_bytes_max,
            });
        }
        let result = self.take_delivery(&source, &request).await;
        let metrics = &self.core.metrics;
        if result.is_ok() {
            metrics.deliveries.add(1)
        } else {
            metrics.deliveries_refused.add(1)
        }
        result
    }

    async fn take_delivery(
        &self,
        source: &crate::source::Source,
        request: &HookRequest,
    ) -> Result<HookReply, RuntimeError> {
        let now = self.core.clock.now();
        let open = |name: &str| {
            connectors::Secrets::open(&*self.core.secrets, &source.namespace, name, "").ok()
        };
        source.check_sender(request, now, open)?;
        let trigger: Arc<str> = format!("hook:{}/{}", source.namespace, source.name).into();
        let headers = kept_headers(request);
        let parsed = match source.parse(request) {
            Ok(parsed) => parsed,
            Err(error) => {
                // Refused, but kept for whoever wants to know what came.
                let write = delivery(
                    &source.namespace,
                    format!("refused:{trigger}").into(),
                    now,
                    headers,
                    request.body.clone(),
                    Vec::new(),
                );
                self.write(vec![write]).await?;
                return Err(error);
            }
        };
        let id = uuid::Uuid::now_v7();
        let event = source.event(&parsed, &id.to_string(), now)?;
        let mut acceptance = Acceptance::default();
        let mut watched = None;
        let runs = self
            .core
            .route_event(&source.namespace, &event, &trigger, &mut acceptance)?;
        if source.reply.is_some() {
            watched = acceptance.watch_first();
        }
        let key = source.dedupe_key(&parsed, now)?;
        if let Some(key) = &key {
            let first = runs.first().copied().unwrap_or(RunId(uuid::Uuid::nil()));
            let scope = format!("{}/hook:{}", source.namespace, source.name);
            acceptance.dedupe = Some(dedupe_key(&scope, key, &request.body, now, first));
        }
        acceptance.writes.push(delivery(
            &source.namespace,
            trigger,
            now,
            headers,
            request.body.clone(),
            runs.clone(),
        ));
        match self.core.accept(acceptance).await? {
            Accepted::New => match (watched, source.reply) {
                (Some(watched), Some(wait)) => Ok(sync_reply(
                    runs,
                    tokio::time::timeout(wait, watched)
                        .await
                        .ok()
                        .and_then(Result::ok),
                )),
                _ => Ok(HookReply {
                    status: 202,
                    body: accepted_body(&runs, false),
                    runs,
                }),
            },
            Accepted::Duplicate {
                run,
                is_same_body: true,
            } => {
                let runs = if run.0.is_nil() {
                    Vec::new()
                } else {
                    vec![run]
                };
                Ok(HookReply {
                    status: 200,
                    body: accepted_body(&runs, true),
                    runs,
                })
            }
            Accepted::Duplicate { run, .. } => Err(RuntimeError::KeyReused {
                key: key.unwrap_or_default(),
                run,
            }),
        }
    }

    /// CloudEvents (each an object with `specversion`, `id`, `source`, `type`, ...): all are checked before the first is
    /// kept. Returns the runs that they started. The same `source` and `id` within 7 days is one event, so after an error
    /// the whole batch may be sent again.
    pub async fn publish(
        &self,
        scope: &Scope,
        namespace: &str,
        events: Vec<Value>,
    ) -> Result<Vec<RunId>, RuntimeError> {
        self.admit()?;
        self.allow(scope, namespace)?;
        let now = self.core.clock.now();
        for (index, event) in events.iter().enumerate() {
            for name in ["specversion", "id", "source", "type"] {
                if event
                    .get(name)
                    .and_then(Value::as_str)
                    .is_none_or(str::is_empty)
                {
                    return Err(RuntimeError::BadRequest {
                        what: format!(
                            "event {index}: the attribute `{name}` is missing or not text"
                        ),
                    });
                }
            }
        }
        let mut runs = Vec::new();
        for event in events {
            let mut acceptance = Acceptance::default();
            let started =
                self.core
                    .route_event(namespace, &event, &"event".into(), &mut acceptance)?;
            let text: Arc<[u8]> = event.to_json().into_bytes().into();
            let part = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
            let key = format!("{} {}", part("source"), part("id"));
            let first = started.first().copied().unwrap_or(RunId(uuid::Uuid::nil()));
            // An event that reached nobody may be sent again for somebody who listens later.
            if !started.is_empty() || !acceptance.messages.is_empty() {
                let scope = format!("{namespace}/events");
                acceptance.dedupe = Some(dedupe_key(&scope, &key, &text, now, first));
            }
            acceptance.writes.push(delivery(
                namespace,
                "events".into(),
                now,
                b"{}".to_vec(),
                text,
                started.clone(),
            ));
            match self.core.accept(acceptance).await? {
                Accepted::New => runs.extend(started),
                Accepted::Duplicate { run, .. } if run.0.is_nil() => {}
                Accepted::Duplicate { run, .. } => runs.push(run),
            }
        }
        Ok(runs)
    }
}

/// Headers worth keeping; credentials are not.
fn kept_headers(request: &HookRequest) -> Vec<u8> {
    let is_secret = |name: &str| {
        ["authorization", "cookie", "proxy-authorization"].contains(&name)
            || name.contains("token")
            || name.contains("secret")
            || name.contains("api-key")
    };
    let kept = request.headers.iter().filter(|(name, _)| !is_secret(name));
    Value::object(kept.map(|(name, value)| (name.as_str(), Value::from(value.as_str()))))
        .to_json()
        .into_bytes()
}

fn accepted_body(runs: &[RunId], is_duplicate: bool) -> Value {
    let ids = runs
        .iter()
        .map(|run| Value::from(run.to_string()))
        .collect();
    Value::object([
        ("runs", Value::array(ids)),
        ("duplicate", Value::Bool(is_duplicate)),
    ])
}

fn sync_reply(runs: Vec<RunId>, ended: Option<RunDetail>) -> HookReply {
    match ended {
        Some(detail) => match (detail.output, detail.error) {
            (Some(output), _) => HookReply {
                status: 200,
                body: output,
                runs,
            },
            (None, error) => {
                let error = error.map_or(Value::Null, |error| {
                    serde_json::to_value(error).map_or(Value::Null, Value::from)
                });
                let status = word(detail.run.status);
                HookReply {
                    status: 502,
                    body: Value::object([("status", status), ("error", error)]),
                    runs,
                }
            }
        },
        None => HookReply {
            status: 202,
            body: accepted_body(&runs, false),
            runs,
        },
    }
}

fn word(status: RunStatus) -> Value {
    Value::from(status_word(status))
}
