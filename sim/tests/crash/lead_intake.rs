//! The five sample leads, sent by a form that repeats what was not answered.

use std::sync::Arc;

use runtime::{HookReply, HookRequest, RunDetail, RuntimeError};
use serde_json::Value;
use store::RunId;

use crate::files;
use crate::lives::{Life, Story, answered};
use crate::outside::{Evidence, Outside};

const EXAMPLE: &str = "lead-intake";
const SAMPLES: [&str; 5] = [
    "1-priority",
    "2-nurture",
    "3-other",
    "4-duplicate",
    "5-invalid",
];

pub struct Leads {
    samples: Vec<Value>,
    /// The answer to each lead so far: its run, or none for one that was refused.
    answers: Vec<Option<RunId>>,
}

impl Leads {
    pub fn new() -> Self {
        let samples = SAMPLES
            .iter()
            .map(|name| files::sample(EXAMPLE, &format!("leads/{name}.json")));
        Self {
            samples: samples.collect(),
            answers: Vec::new(),
        }
    }

    async fn send(&self, life: &Life<'_>, index: usize) -> Option<RunId> {
        let sample = &self.samples[index];
        let body: Arc<[u8]> = sample["body"].to_string().into_bytes().into();
        let request = HookRequest {
            method: "POST".to_owned(),
            uri: "/hooks/sales/contact-form".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                (
                    "x-delivery-id".to_owned(),
                    sample["headers"]["x-delivery-id"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                ),
                (
                    "x-signature".to_owned(),
                    format!("sha256={}", signature(&body)),
                ),
            ],
            body,
        };
        match answered(life.server.hook("sales", "contact-form", request).await).await {
            Ok(HookReply {
                status: 200 | 202,
                runs,
                ..
            }) => Some(runs[0]),
            Err(RuntimeError::InvalidInput { .. }) => None,
            other => panic!("{}: {other:?}", SAMPLES[index]),
        }
    }
}

fn signature(body: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"contact-form-demo-secret");
    let tag = aws_lc_rs::hmac::sign(&key, body);
    tag.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Story for Leads {
    fn project(&self, outside: &Outside) -> (Vec<String>, Vec<(String, String)>) {
        (
            files::project(EXAMPLE, &outside.systems, &[]),
            files::secrets(EXAMPLE),
        )
    }

    async fn go_on(&mut self, life: &Life<'_>) {
        loop {
            // One after the other, so that every telling names things in the same order.
            if let Some(Some(run)) = self.answers.last() {
                life.end_of(self, *run).await;
            }
            if self.answers.len() == self.samples.len() {
                return;
            }
            let answer = self.send(life, self.answers.len()).await;
            self.answers.push(answer);
        }
    }

    async fn repeat(&mut self, life: &Life<'_>) {
        for (index, name) in SAMPLES.iter().enumerate() {
            let answer = self.send(life, index).await;
            assert_eq!(answer, self.answers[index], "{name}");
        }
    }

    fn runs(&self) -> Vec<(String, RunId)> {
        let named = SAMPLES.iter().zip(&self.answers);
        named
            .filter_map(|(name, run)| Some(((*name).to_owned(), (*run)?)))
            .collect()
    }

    fn run_count(&self) -> usize {
        3
    }

    fn evidence(&self, detail: &RunDetail, task: &str) -> Evidence {
        let lead = detail.context.get("lead").unwrap();
        let email = lead
            .get("email")
            .and_then(dsl::Value::as_str)
            .unwrap()
            .to_owned();
        match task {
            "thank" => Evidence::Mail {
                to: email,
                subject: "Your enquiry".to_owned(),
            },
            "tellSales" => Evidence::Chat { part: email },
            other => panic!("`{other}` may be repeated"),
        }
    }
}
