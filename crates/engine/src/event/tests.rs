//! What is written to the journal is read again as it was.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use dsl::TaskId;
use dsl::value::Value;

use super::{Data, HistoryEvent, Slot};
use crate::command::{Command, Outcome};
use crate::effect::Request;

/// Every kind of place that a value has in an event: enums in enums, lists of pairs, options.
fn events(value: &Value) -> Vec<HistoryEvent> {
    let request = Request {
        function: "http".into(),
        with: value.clone(),
    };
    vec![
        HistoryEvent::RunStarted {
            input: value.clone(),
        },
        HistoryEvent::TaskStarted {
            id: 1,
            task: TaskId(2),
            parent: None,
            slot: Slot::Body,
            raw: Data::Value(value.clone()),
        },
        HistoryEvent::EffectRequested {
            id: 1,
            effect: 2,
            request,
        },
        HistoryEvent::EffectAnswered {
            effect: 2,
            outcome: Outcome::Value(value.clone()),
        },
        HistoryEvent::EventConsumed {
            id: 1,
            filter: None,
            until_filter: Some(0),
            item: value.clone(),
            correlations: vec![("key".into(), value.clone())],
            is_last: false,
        },
        HistoryEvent::TaskCompleted {
            id: 1,
            output: Data::Value(value.clone()),
            context: Some(value.clone()),
        },
        HistoryEvent::EventProcessed {
            id: 1,
            output: value.clone(),
            context: Some(value.clone()),
        },
        HistoryEvent::Held {
            command: Command::Answered {
                effect: 1,
                outcome: Outcome::Value(value.clone()),
            },
        },
    ]
}

#[test]
fn values_survive_the_journal() {
    let numbers = [
        "12345678901234567890",
        "-12345678901234567890",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "1e400",
        "-1e-400",
        "0.1",
        "-0.0",
        "1.0",
        "1e2",
        "5e-324",
        "1.7976931348623157e308",
        "3.14159265358979323846",
    ];
    let mut texts: Vec<String> = numbers.map(str::to_owned).to_vec();
    texts.push(format!("[{}]", numbers.join(",")));
    texts.push(format!(r#"{{"a": {{"b": [{}]}}}}"#, numbers.join(",")));
    texts.extend(
        [
            "null",
            "[null]",
            r#"{"$serde_json::private::RawValue": "1"}"#,
        ]
        .map(str::to_owned),
    );
    for text in &texts {
        let value = Value::parse_json(text.as_bytes()).unwrap();
        for event in events(&value) {
            let written = serde_json::to_vec(&event).unwrap();
            let read: HistoryEvent = serde_json::from_slice(&written).unwrap();
            // The same kind of number too, which `==` does not ask.
            assert_eq!(format!("{read:?}"), format!("{event:?}"), "{text}");
            assert_eq!(serde_json::to_vec(&read).unwrap(), written, "{text}");
        }
    }
}
