use crate::StoreError;
use axum::response::IntoResponse as _;
use dsl::definition::data::Violation;
use dsl::problem::{Severity, Span};
use runtime::RuntimeError;

use super::{Code, Problem};

/// The document of a problem without its changing parts, in one line, and the headers that belong to it.
async fn shown(problem: Problem) -> String {
    let response = problem.into_response();
    let headers: Vec<String> = ["retry-after", "www-authenticate"]
        .iter()
        .filter_map(|name| {
            Some(format!(
                " [{name}: {}]",
                response.headers().get(*name)?.to_str().ok()?
            ))
        })
        .collect();
    assert_eq!(response.headers()["content-type"], super::MEDIA_TYPE);
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("in memory");
    let mut document: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let fields = document.as_object_mut().expect("an object");
    assert!(
        fields["instance"]
            .as_str()
            .expect("text")
            .starts_with("/requests/")
    );
    assert_eq!(fields["status"], status);
    fields.shift_remove("instance");
    fields.shift_remove("status");
    fields.shift_remove("title");
    format!("{status}{} {document}", headers.concat())
}

async fn check(error: impl Into<Problem>, expected: &str) {
    assert_eq!(shown(error.into()).await, expected);
}

#[tokio::test]
async fn errors_of_the_runtime_become_answers() {
    check(
        RuntimeError::NotFound {
            what: "run",
            name: "7".into(),
        },
        r#"404 {"type":"/errors/not-found","detail":"there is no run `7`"}"#,
    )
    .await;
    check(
        RuntimeError::InvalidInput {
            violations: vec![
                Violation { pointer: "/email".into(), message: "is missing".into() },
                Violation { pointer: "/age".into(), message: "is not a number".into() },
            ],
        },
        r#"422 {"type":"/errors/input-invalid","detail":"`/email`: is missing (and 1 more)","problems":[{"pointer":"/email","message":"is missing"},{"pointer":"/age","message":"is not a number"}]}"#,
    )
    .await;
    check(
        RuntimeError::InvalidDefinition {
            problems: vec![dsl::Problem {
                code: "function-unknown",
                severity: Severity::Error,
                message: "task `pay` calls unknown function `charge`".into(),
                span: Span { start: 90, end: 96, line: 12, column: 9 },
                pointer: "/do/0/pay/call".into(),
                help: Some("did you mean `charges`?".into()),
            }],
        },
        r#"422 {"type":"/errors/definition-invalid","detail":"task `pay` calls unknown function `charge`","problems":[{"code":"function-unknown","severity":"error","pointer":"/do/0/pay/call","message":"task `pay` calls unknown function `charge`","line":12,"column":9,"offset":90,"help":"did you mean `charges`?"}]}"#,
    )
    .await;
    check(
        RuntimeError::Ended {
            status: "completed",
        },
        r#"409 {"type":"/errors/run-ended","detail":"the run has ended as completed"}"#,
    )
    .await;
    check(
        RuntimeError::Unauthorized { what: "the signature does not match".into() },
        r#"401 [www-authenticate: Bearer realm="segue"] {"type":"/errors/unauthorized","detail":"the signature does not match"}"#,
    )
    .await;
    check(
        RuntimeError::TooLarge { limit: 10 },
        r#"413 {"type":"/errors/body-too-large","detail":"the body has more than 10 bytes"}"#,
    )
    .await;
}

#[tokio::test]
async fn what_may_be_tried_again_says_when() {
    for (error, code, after) in [
        (RuntimeError::Overloaded, "overloaded", "1"),
        (RuntimeError::Stopping, "stopping", "5"),
        (
            StoreError::Overloaded { waiting_bytes: 9 }.into(),
            "overloaded",
            "1",
        ),
        (StoreError::DiskFull.into(), "disk-full", "30"),
    ] {
        let shown = shown(error.into()).await;
        let status = if code == "disk-full" { 507 } else { 503 };
        assert!(
            shown.starts_with(&format!(
                "{status} [retry-after: {after}] {{\"type\":\"/errors/{code}\""
            )),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn internals_stay_in_the_log() {
    for error in [
        StoreError::Failed {
            reason: "fsync of /var/lib/x failed".into(),
        },
        StoreError::Damaged {
            reason: "page 7 of /var/lib/x".into(),
        },
        StoreError::Unusable {
            directory: "/var/lib/x".into(),
            reason: "no".into(),
        },
    ] {
        let shown = shown(RuntimeError::from(error).into()).await;
        assert!(!shown.contains("/var/lib"), "{shown}");
    }
}

#[tokio::test]
async fn malformed_json_names_the_place() {
    let text = "{\n  \"ä\": nope}".as_bytes();
    let error = dsl::value::JsonError {
        message: "expected a value".into(),
        offset: 9,
    };
    check(
        Problem::json(text, &error),
        r#"400 {"type":"/errors/json-malformed","detail":"expected a value at line 2, column 7","problems":[{"message":"expected a value","line":2,"column":7,"offset":9}]}"#,
    )
    .await;
}

#[test]
fn every_code_has_a_page_that_names_it() {
    for code in Code::ALL {
        let page = code.page();
        assert!(
            page.starts_with(&format!("# {}\n", code.name())),
            "{}",
            code.name()
        );
        assert!(page.contains("## What to do"), "{}", code.name());
        assert!(page.contains(&code.status().to_string()), "{}", code.name());
    }
}
