//! The demo systems of one story, and what stands in them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;
use systems::{Rate, Running};
use tokio::runtime::Runtime;

/// Where the systems of all stories live: they outlive every server.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub struct Outside {
    pub systems: Running,
}

/// What proves that an effect has happened.
#[derive(Debug)]
pub enum Evidence {
    Mail {
        to: String,
        subject: String,
    },
    /// A message with this in it.
    Chat {
        part: String,
    },
}

/// Starts the systems, and stops them when the story is told.
pub fn with<T>(story: impl FnOnce(&Outside) -> T) -> T {
    // The rate limit is another test's matter.
    let rate = Rate {
        count: 10_000,
        period: Duration::from_secs(1),
    };
    let options = systems::Options {
        enrichment_rate: rate,
        ..systems::Options::default()
    };
    let systems = RUNTIME.block_on(systems::start(options)).unwrap();
    story(&Outside { systems })
}

impl Outside {
    pub async fn has(&self, evidence: &Evidence) -> bool {
        match evidence {
            Evidence::Mail { to, subject } => {
                let mails = get(self.systems.mail, "/mails").await;
                list(&mails).iter().any(|mail| {
                    mail["envelope"]["to"][0] == to.as_str() && mail["subject"] == subject.as_str()
                })
            }
            Evidence::Chat { part } => {
                let messages = get(self.systems.chat, "/messages").await;
                list(&messages)
                    .iter()
                    .any(|message| text(&message["text"]).contains(part))
            }
        }
    }

    /// Everything that stands in the systems, in lines that two stories can compare.
    pub fn state(&self) -> Vec<String> {
        RUNTIME.block_on(async {
            let mut lines = Vec::new();
            let things = [
                ("contact", self.systems.crm, "/contacts"),
                ("order", self.systems.procurement, "/orders"),
                ("payment", self.systems.bank, "/ledger"),
                ("message", self.systems.chat, "/messages"),
                ("mail", self.systems.mail, "/mails"),
            ];
            for (name, system, path) in things {
                for mut item in list(&get(system, path).await) {
                    strip(&mut item);
                    lines.push(format!("{name} {item}"));
                }
            }
            lines.extend(self.keyed_effects().await);
            lines.sort();
            lines
        })
    }

    /// How many different keys came with which request: an effect that is repeated keeps its key.
    async fn keyed_effects(&self) -> Vec<String> {
        let mut keys = BTreeMap::<String, BTreeSet<String>>::new();
        let systems = &self.systems;
        for system in [systems.crm, systems.procurement, systems.bank, systems.chat] {
            for request in list(&get(system, "/_requests").await) {
                if request["method"] == "GET" {
                    continue;
                }
                let what = format!(
                    "{} {} {}",
                    request["method"], request["path"], request["body"]
                );
                let key = text(&request["idempotencyKey"]);
                assert!(!key.is_empty(), "every effect has its key: {request}");
                keys.entry(what).or_default().insert(key.to_owned());
            }
        }
        keys.iter()
            .map(|(what, keys)| format!("{} effects {what}", keys.len()))
            .collect()
    }
}

/// Takes away what differs from one telling to the next.
fn strip(item: &mut Value) {
    let Some(members) = item.as_object_mut() else {
        return;
    };
    for name in [
        "at",
        "createdAt",
        "updatedAt",
        "created",
        "updated",
        "id",
        "number",
        "file",
        "date",
        "messageId",
        "headers",
    ] {
        members.remove(name);
    }
}

fn list(answer: &Value) -> Vec<Value> {
    let items = answer
        .get("items")
        .or(answer.get("entries"))
        .unwrap_or(answer);
    items
        .as_array()
        .unwrap_or_else(|| panic!("a list: {answer}"))
        .clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn get(system: SocketAddr, path: &str) -> Value {
    let token = match path {
        "/contacts" => systems::CRM_TOKEN,
        "/ledger" => systems::BANK_TOKEN,
        _ => systems::PROCUREMENT_TOKEN,
    };
    // A client of its own: each server's runtime takes its connections with it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the test looks into its own systems"
    )]
    let client = reqwest::Client::new();
    let request = client
        .get(format!("http://{system}{path}"))
        .bearer_auth(token);
    let answer = request.send().await.unwrap();
    assert!(
        answer.status().is_success(),
        "GET {path}: {}",
        answer.status()
    );
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}
