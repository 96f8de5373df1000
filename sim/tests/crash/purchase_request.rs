//! One purchase request, started under its id, and the decision that it waits for.

use runtime::{RunDetail, RunInput, RuntimeError, StartOptions};
use serde_json::Value;
use store::RunId;

use crate::files;
use crate::lives::{Life, Story, answered};
use crate::outside::{Evidence, Outside};

const EXAMPLE: &str = "purchase-request";
pub const SAMPLES: [&str; 7] = [
    "1-own-limit",
    "2-manager",
    "3-director",
    "4-silence",
    "5-wrong",
    "6-over-budget",
    "7-invalid",
];

/// What a person would wait for, shortened.
const QUICKER: [(&str, &str); 2] = [
    ("seconds: 1\n", "milliseconds: 20\n"),
    ("milliseconds: 500", "milliseconds: 5"),
];

pub struct Purchase {
    input: Value,
    decision: Option<Value>,
    is_valid: bool,
    /// None: not answered yet. Some(None): refused.
    answer: Option<Option<RunId>>,
    is_decided: bool,
}

impl Purchase {
    pub fn new(name: &str) -> Self {
        let mut sample = files::sample(EXAMPLE, &format!("requests/{name}.json"));
        let mut input = sample["input"].take();
        if input.get("patience").is_some() {
            input["patience"] = "PT0.2S".into();
        }
        let decision = sample["decision"].as_str();
        Self {
            input,
            decision: decision
                .map(|name| files::sample(EXAMPLE, &format!("decisions/{name}.json"))),
            is_valid: sample["expected"].get("error").is_none(),
            answer: None,
            is_decided: false,
        }
    }

    fn id(&self) -> &str {
        self.input["id"].as_str().unwrap()
    }

    async fn start(&self, life: &Life<'_>) -> Option<RunId> {
        let options = StartOptions {
            idempotency_key: Some(self.id().into()),
            ..StartOptions::default()
        };
        let input = RunInput {
            value: value(&self.input),
            raw: None,
        };
        let started = life
            .server
            .start_run(&life.scope, "purchasing", EXAMPLE, input, options)
            .await;
        match answered(started).await {
            Ok(started) => Some(started.run),
            Err(RuntimeError::InvalidInput { .. }) => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn decide(&self, life: &Life<'_>) {
        let Some(decision) = &self.decision else {
            return;
        };
        let events = vec![value(decision)];
        let published = life.server.publish(&life.scope, "purchasing", events).await;
        assert!(
            answered(published).await.unwrap().is_empty(),
            "it starts nothing"
        );
    }
}

fn value(json: &Value) -> dsl::Value {
    dsl::Value::parse_json(json.to_string().as_bytes()).unwrap()
}

impl Story for Purchase {
    fn project(&self, outside: &Outside) -> (Vec<String>, Vec<(String, String)>) {
        (
            files::project(EXAMPLE, &outside.systems, &QUICKER),
            files::secrets(EXAMPLE),
        )
    }

    async fn go_on(&mut self, life: &Life<'_>) {
        if self.answer.is_none() {
            self.answer = Some(self.start(life).await);
        }
        let Some(run) = self.answer.flatten() else {
            return;
        };
        if self.decision.is_some() && !self.is_decided {
            let is_asked = |detail: &RunDetail| {
                // The answer may have come to it although nobody confirmed that.
                detail.run.status.is_ended()
                    || detail
                        .outstanding
                        .iter()
                        .any(|one| one.waits_for == "event")
                    || detail.context.get("decision").is_some()
            };
            life.until(self, run, is_asked).await;
            self.decide(life).await;
            self.is_decided = true;
        }
        life.end_of(self, run).await;
    }

    async fn repeat(&mut self, life: &Life<'_>) {
        assert_eq!(Some(self.start(life).await), self.answer);
        if self.is_decided {
            self.decide(life).await;
        }
    }

    fn runs(&self) -> Vec<(String, RunId)> {
        self.answer
            .flatten()
            .map(|run| (self.id().to_owned(), run))
            .into_iter()
            .collect()
    }

    fn run_count(&self) -> usize {
        usize::from(self.is_valid)
    }

    fn evidence(&self, detail: &RunDetail, task: &str) -> Evidence {
        let approver = |name: &str| {
            let approver = detail.context.get("approver").unwrap();
            approver
                .get(name)
                .and_then(dsl::Value::as_str)
                .unwrap()
                .to_owned()
        };
        let requester = self.input["requester"].as_str().unwrap().to_owned();
        let id = self.id();
        match task {
            "sendQuestion" => Evidence::Mail {
                to: approver("email"),
                subject: format!("Please decide on purchase {id}"),
            },
            "tellSilence" => Evidence::Chat {
                part: format!("No answer from {} on purchase {id}", approver("name")),
            },
            "tellRequester" => Evidence::Mail {
                to: requester,
                subject: format!("Purchase {id} is ordered and paid"),
            },
            "refuse" => Evidence::Mail {
                to: requester,
                subject: format!("Purchase {id} is refused"),
            },
            "tellPurchasing" => Evidence::Chat {
                part: format!("Purchase {id}: order"),
            },
            other => panic!("`{other}` may be repeated"),
        }
    }
}
