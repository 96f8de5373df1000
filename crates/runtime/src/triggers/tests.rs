#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::clock::Clock;
use crate::definitions::Definitions;
use crate::runs::Parts;

fn loaded(schedule: &str, settings: &str) -> Arc<Loaded> {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: s, version: '1.0.0', metadata: {{ schedule: {settings} }} }}\n\
         schedule: {schedule}\ndo:\n  - a: {{ set: {{ b: 1 }} }}\n"
    );
    Arc::new(Definitions::check(&text, Millis(0)).unwrap())
}

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

/// The fires after `from`, as many as expected.
fn check_fires(schedule: &str, settings: &str, from: &str, expected: &[&str]) {
    let loaded = loaded(schedule, settings);
    let mut last = at(from);
    for expected in expected {
        last = next_fire(&loaded, last).unwrap();
        assert_eq!(last, at(expected), "{schedule} {settings}");
    }
}

#[test]
fn fires_follow_the_zone_over_changes_of_the_clock() {
    check_fires(
        "{ cron: '0 9 * * 1-5' }",
        "{}",
        "2026-11-20T10:00:00Z",
        &["2026-11-23T09:00:00Z", "2026-11-24T09:00:00Z"],
    );
    let berlin = "{ timezone: Europe/Berlin }";
    // Summer time ends: 09:00 local moves from 07:00Z to 08:00Z.
    check_fires(
        "{ cron: '0 9 * * *' }",
        berlin,
        "2026-10-23T12:00:00Z",
        &["2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"],
    );
    // 02:30 does not exist on 29 March: the next instant that does.
    check_fires(
        "{ cron: '30 2 * * *' }",
        berlin,
        "2026-03-28T03:00:00Z",
        &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
    );
    // 02:30 comes twice on 25 October: once is enough.
    check_fires(
        "{ cron: '30 2 * * *' }",
        berlin,
        "2026-10-24T12:00:00Z",
        &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    );
    check_fires(
        "{ every: PT90S }",
        "{}",
        "2026-01-01T00:00:00Z",
        &["2026-01-01T00:01:30Z", "2026-01-01T00:03:00Z"],
    );
    check_fires(
        "{ cron: '0 0 29 2 *' }",
        "{}",
        "2026-01-01T00:00:00Z",
        &["2028-02-29T00:00:00Z"],
    );
}

#[test]
fn a_wrong_zone_or_policy_is_told_when_it_is_applied() {
    for (settings, expected) in [
        ("{ timezone: Europe/Berlni }", "unknown time zone"),
        ("{ missed: twice }", "must be `skip`, `one` or `all`"),
    ] {
        let message = super::check(&loaded("{ cron: '0 9 * * *' }", settings)).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
    assert!(super::check(&loaded("{ cron: '0 9 * * *' }", "{ missed: all, max: 3 }")).is_ok());
}

/// A clock that stands until it is moved.
struct Standing(AtomicI64);

impl Clock for Standing {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
    fn entropy(&self) -> u64 {
        7
    }
}

struct Nobody;

#[async_trait::async_trait]
impl crate::performer::Performer for Nobody {
    async fn perform(&self, _call: &connectors::Call) -> Result<Value, connectors::CallError> {
        Ok(Value::Null)
    }
    fn effect_class(&self, _: &str, _: &str, _: &Value) -> connectors::function::EffectClass {
        connectors::function::EffectClass::Read
    }
    fn connect(&self, _: &str, _: &str, _: &Value) -> Result<(), String> {
        Ok(())
    }
}

/// Fires once at 10:00, then nobody is there until 14:20: which fires come then?
async fn missed(settings: &str) -> Vec<String> {
    let clock = Arc::new(Standing(AtomicI64::new(
        at("2026-11-21T09:30:00Z").as_second(),
    )));
    let store: Arc<dyn store::Store> = Arc::new(store::memory::threaded::ThreadedStore::default());
    let core = || {
        Core::new(Parts {
            store: store.clone(),
            clock: clock.clone(),
            connector: Arc::new(Nobody),
            resources: Arc::default(),
            secrets: Arc::new(crate::secrets::SecretKeeper::new([0; 32], None, Vec::new())),
        })
    };
    let loaded = loaded("{ cron: '0 * * * *' }", settings);
    fire(&core(), &loaded, millis(at("2026-11-21T10:00:00Z"))).await;
    clock
        .0
        .store(at("2026-11-21T14:20:00Z").as_second(), Ordering::Relaxed);

    let core = core();
    core.definitions.activate(loaded);
    let (mut seen, mut due) = (HashMap::new(), HashMap::new());
    let mut fires = Vec::new();
    loop {
        look(&core, &mut seen, &mut due);
        let Some((key, (instant, loaded))) = due
            .iter()
            .next()
            .map(|(key, due)| (key.clone(), due.clone()))
        else {
            break;
        };
        fires.push(timestamp(instant).to_string());
        if instant > millis(clock.now()) {
            break;
        }
        due.remove(&key);
        fire(&core, &loaded, instant).await;
    }
    fires
}

#[tokio::test]
async fn missed_fires_are_made_up_for_as_the_workflow_says() {
    let next = "2026-11-21T15:00:00Z";
    assert_eq!(missed("{ missed: skip }").await, [next]);
    assert_eq!(
        missed("{ missed: one }").await,
        ["2026-11-21T14:00:00Z", next]
    );
    assert_eq!(
        missed("{}").await,
        ["2026-11-21T14:00:00Z", next],
        "one is the default"
    );
    let all = [
        "2026-11-21T11:00:00Z",
        "2026-11-21T12:00:00Z",
        "2026-11-21T13:00:00Z",
        "2026-11-21T14:00:00Z",
        next,
    ];
    assert_eq!(missed("{ missed: all }").await, all);
}
