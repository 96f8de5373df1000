//! The views as they serialise have exactly the fields that the document describes.

use std::collections::BTreeSet;

use crate::{RunId, RunStatus};
use dsl::problem::{Severity, Span};
use dsl::workflow_error::{ErrorKind, WorkflowError};
use jiff::Timestamp;
use runtime::{
    DefinitionView, HistoryEntry, LiveEvent, OutstandingView, RunDetail, RunPage, RunView,
    SourceView, WorkflowView,
};
use serde_json::{Value, json};

fn run() -> RunView {
    let id = RunId(uuid::Uuid::nil());
    let now = Timestamp::UNIX_EPOCH;
    RunView {
        id,
        namespace: "n".into(),
        workflow: "w".into(),
        version: "1".into(),
        status: RunStatus::Faulted,
        created_at: now,
        updated_at: now,
        ended_at: Some(now),
        parent: Some(id),
        retry_of: Some(id),
        trigger: "api".into(),
        summary: Some("s".into()),
    }
}

/// Checks that every object in `value` has the fields of the schema at its place, and no others.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{place}: {reference}"));
        return check(document, target, value, place);
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let used = options
            .iter()
            .find(|option| option["type"] != "null")
            .expect("one that is not null");
        return check(document, used, value, place);
    }
    match value {
        Value::Object(fields) => {
            let mut known = BTreeSet::new();
            let mut parts = vec![schema];
            parts.extend(schema["allOf"].as_array().into_iter().flatten());
            for part in parts {
                for (name, property) in part["properties"].as_object().into_iter().flatten() {
                    known.insert(name.as_str());
                    check(
                        document,
                        property,
                        &fields.get(name).cloned().unwrap_or_default(),
                        &format!("{place}/{name}"),
                    );
                }
            }
            let found: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
            assert_eq!(found, known, "{place}");
        }
        Value::Array(items) if schema["prefixItems"].is_array() => {
            for (at, item) in items.iter().enumerate() {
                check(document, &schema["prefixItems"][at], item, place);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| check(document, &schema["items"], item, place)),
        Value::String(word) if schema["enum"].is_array() => {
            assert!(
                schema["enum"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|known| known == word),
                "{place}: {word}"
            );
        }
        Value::String(_) => assert!(
            schema["type"] == "string" || schema["type"] == json!(["string", "null"]),
            "{place}: {schema}"
        ),
        _ => {}
    }
}

fn check_view(name: &str, view: impl serde::Serialize) {
    let document: Value = serde_json::from_str(&crate::openapi()).expect("JSON");
    let value = serde_json::to_value(view).expect("a view serialises");
    check(
        &document,
        &json!({ "$ref": format!("#/components/schemas/{name}") }),
        &value,
        name,
    );
}

#[test]
fn views_are_as_the_document_says() {
    let now = Timestamp::UNIX_EPOCH;
    let problem = dsl::Problem {
        code: "c",
        severity: Severity::Warning,
        message: "m".into(),
        span: Span::default(),
        pointer: "/do".into(),
        help: Some("h".into()),
    };
    check_view(
        "RunPage",
        RunPage {
            runs: vec![run()],
            next: Some(run().id),
        },
    );
    check_view(
        "RunDetail",
        RunDetail {
            run: run(),
            input: 1_i64.into(),
            output: Some(2_i64.into()),
            error: Some(WorkflowError::new(ErrorKind::Runtime, "t", "d").with_instance("/do/0/a")),
            context: 3_i64.into(),
            outstanding: vec![OutstandingView {
                task: "/do/0/a".into(),
                name: "a".into(),
                waits_for: "uncertain",
                detail: "d".into(),
                effect: Some(4),
                since: now,
            }],
        },
    );
    check_view(
        "HistoryEntry",
        HistoryEntry {
            seq: 1,
            at: now,
            event: "e".into(),
            task: Some("/do".into()),
            name: Some("n".into()),
            data: 5_i64.into(),
        },
    );
    check_view(
        "Workflow",
        WorkflowView {
            namespace: "n".into(),
            name: "w".into(),
            version: "1".into(),
            title: Some("t".into()),
            versions: vec!["1".into()],
            schedule: vec!["every day".into()],
            next_fire: Some(now),
            runs: vec![(RunStatus::Waiting, 1)],
        },
    );
    check_view(
        "Definition",
        DefinitionView {
            namespace: "n".into(),
            name: "w".into(),
            version: "1".into(),
            digest: "d".into(),
            text: "t".into(),
            created_at: now,
            is_active: true,
            warnings: vec![problem.clone()],
        },
    );
    check_view(
        "Source",
        SourceView {
            namespace: "n".into(),
            name: "s".into(),
            path: "p".into(),
            verify: "hmac",
            event_type: "t".into(),
        },
    );
    check_view(
        "LiveEvent",
        LiveEvent {
            run: run().id,
            namespace: "n".into(),
            workflow: "w".into(),
            status: RunStatus::Running,
            seq: 1,
            at: now,
            summary: Some("s".into()),
        },
    );
    check_view("Finding", crate::problem::Finding::from(&problem));
}
