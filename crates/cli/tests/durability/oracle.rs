//! Compares what the clients were told, what the server keeps, and what the target saw.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::program::Client;
use crate::target::{EFFECTS, Target};

/// Histories read at once.
const AT_ONCE: usize = 16;

/// What was found, for a line that people read.
pub struct Found {
    pub runs: usize,
    pub answers: usize,
    /// Calls that came again under a key that was there before.
    pub repeated_calls: usize,
}

/// Every accepted delivery has one run, that run has ended well, each of its effects has happened, and each result is
/// recorded once. Nothing else is there.
pub async fn check(client: &Client, ledger: &Ledger, target: &Target) -> Found {
    client.all_ended().await;
    let kept: BTreeMap<String, String> = client
        .runs()
        .await
        .iter()
        .map(|run| (text(run, "id"), text(run, "status")))
        .collect();
    let mut named = BTreeSet::new();
    for (delivery, runs) in &ledger.runs {
        let [run] = &runs[..] else {
            panic!("delivery {delivery} was answered with several runs: {runs:?}");
        };
        assert!(
            named.insert(run.clone()),
            "run {run} stands for two deliveries"
        );
        let status = kept.get(run).unwrap_or_else(|| {
            panic!("delivery {delivery} was accepted as run {run}, which is lost")
        });
        assert_eq!(status, "completed", "run {run} of delivery {delivery}");
    }
    let all: BTreeSet<String> = kept.into_keys().collect();
    assert_eq!(all, named, "every run belongs to a delivery");

    let (effects, calls) = target.effects();
    for run in &named {
        let keys = effects.get(run).map_or(0, BTreeSet::len);
        assert_eq!(
            keys,
            EFFECTS,
            "effects of run {run}: {:?}",
            effects.get(run)
        );
    }
    let stray: Vec<&String> = effects.keys().filter(|run| !named.contains(*run)).collect();
    assert!(
        stray.is_empty(),
        "effects of runs that nobody knows: {stray:?}"
    );
    check_histories(client, &named, &effects).await;
    let known: usize = effects.values().map(BTreeSet::len).sum();
    Found {
        runs: named.len(),
        answers: ledger.answers,
        repeated_calls: calls - known,
    }
}

async fn check_histories(
    client: &Client,
    runs: &BTreeSet<String>,
    effects: &BTreeMap<String, BTreeSet<String>>,
) {
    let (mut tasks, places) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for run in runs {
        let (client, run, places) = (client.clone(), run.clone(), places.clone());
        let keys = effects[&run].clone();
        tasks.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let history = client
                .get(&format!("/api/v1/runs/{run}/history?limit=1000"))
                .await;
            check_history(&run, &history, &keys);
        });
    }
    while let Some(checked) = tasks.join_next().await {
        checked.unwrap();
    }
}

fn check_history(run: &str, history: &Value, keys: &BTreeSet<String>) {
    let entries = history.as_array().or(history["entries"].as_array());
    let entries = entries.unwrap_or_else(|| panic!("a history: {history}"));
    let of = |event: &str| {
        entries
            .iter()
            .filter(|entry| entry["event"] == event)
            .collect::<Vec<_>>()
    };
    let results: Vec<String> = of("effectAnswered")
        .iter()
        .map(|entry| format!("{run}/{}", entry["data"]["effect"]))
        .collect();
    let once: BTreeSet<String> = results.iter().cloned().collect();
    assert_eq!(
        results.len(),
        EFFECTS,
        "run {run} records each result once: {results:?}"
    );
    assert_eq!(&once, keys, "run {run} records the effects that happened");
    assert_eq!(of("runCompleted").len(), 1, "run {run} ends once");
    let numbers: Vec<u64> = entries
        .iter()
        .map(|entry| entry["seq"].as_u64().unwrap())
        .collect();
    let has_gaps = numbers
        .windows(2)
        .any(|pair| pair[1] != pair[0] && pair[1] != pair[0] + 1);
    assert!(
        numbers[0] == 1 && !has_gaps,
        "records of run {run}: {numbers:?}"
    );
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("`{name}` in {value}"))
        .to_owned()
}
