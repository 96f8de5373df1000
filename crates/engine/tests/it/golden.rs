//! Stored history and snapshots stay readable: their JSON is pinned.
//!
//! When a test here fails, do not change the file: old runs look like this. A new variant gets a line of its own.

use engine::{Command, HistoryEvent, RunState};

use crate::play::Play;
use crate::script::{definition, play as play_script};
use crate::told::told_event;

const EVENTS: &str = include_str!("../golden/events.json");
const STATE: &str = include_str!("../golden/state.json");

/// What the events of the golden file mean, line by line.
const MEANING: &str = include_str!("../golden/events.txt");

fn events() -> Vec<serde_json::Value> {
    serde_json::from_str(EVENTS).unwrap()
}

fn name_of(event: &serde_json::Value) -> String {
    match event {
        serde_json::Value::String(name) => name.clone(),
        other => other.as_object().unwrap().keys().next().unwrap().clone(),
    }
}

/// All variants, as serde knows them.
fn variants() -> Vec<String> {
    let error = serde_json::from_str::<HistoryEvent>("\"?\"").unwrap_err();
    let text = error.to_string();
    let (_, listed) = text.split_once("expected one of ").unwrap();
    let names = listed.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

#[test]
fn every_variant_of_a_history_event_has_an_example() {
    let mut examples: Vec<String> = events().iter().map(name_of).collect();
    examples.dedup();
    assert_eq!(examples, variants());
}

#[test]
fn a_stored_event_is_read_and_written_as_it_was() {
    let definition = definition("do: [{a: {set: {n: 1}}}]");
    let mut lines = Vec::new();
    for stored in events() {
        let event: HistoryEvent = serde_json::from_value(stored.clone())
            .unwrap_or_else(|error| panic!("{stored}: {error}"));
        assert_eq!(serde_json::to_value(&event).unwrap(), stored);
        lines.push(told_event(&definition, &event));
    }
    // `told_event` names every variant: a new one does not compile before it is told there.
    assert_eq!(lines.join("\n"), MEANING.trim_end());
}

/// A suspended run with everything in it that a state can hold.
fn everything() -> Play {
    play_script(
        2,
        "timeout: {after: PT1H}
use: {extensions: [{more: {extend: set, after: [{log: {call: shop.log, with: {}}}]}}]}
do: [{all: {fork: {branches: [
    {call: {call: shop.pay, with: {n: 1}}},
    {unsure: {call: shop.pay, with: {n: 2}}},
    {child: {run: {workflow: {namespace: test, name: other, version: '1.0.0'}}}},
    {loop: {for: {in: '${ [1, 2] }'}, do: [{rest: {wait: PT5S}}]}},
    {again: {try: [{bad: {call: shop.bad, with: {}}}], catch: {retry: {delay: PT9S}}}},
    {ear: {listen: {to: {all: [{with: {type: paid}, correlate: {n: {from: .data.n}}}, {with: {type: sent}}]}}}},
    {set: {set: {n: 1}}},
    {nothing: {set: '${ null }', if: '${ false }'}},
    {many: {fork: {branches: [{one: {wait: PT1S}}, {two: {wait: PT1S}}, {three: {wait: PT1S}}]}}}]}}}]",
        "start {n: 0} | continue | continue | continue | continue | continue | unsure unknown
            | bad fails 503 | event paid {n: 4} | suspend | call answers {ok: true}",
    )
}

#[test]
fn a_stored_state_is_read_and_goes_on() {
    let stored: RunState = serde_json::from_str(STATE).unwrap();
    let mut play = everything();
    assert_eq!(stored, play.state, "the state of the same run today");
    let written = serde_json::to_value(&stored).unwrap();
    assert_eq!(
        written,
        serde_json::from_str::<serde_json::Value>(STATE).unwrap()
    );
    play.state = stored;
    let decisions = play.settle(Command::Resume).unwrap();
    assert!(decisions[0].events.len() > 3, "what was held is taken up");
}
