//! CloudEvents in their three HTTP forms, as far as the runs that they start.

use serde_json::json;

use crate::{Face, ON_LEAD};

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");

fn lead(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/form","type":"lead.submitted","data":{{"email":"a@example.com"}}}}"#
    )
}

#[tokio::test]
async fn events_start_runs_in_all_three_forms() {
    let face = Face::of(&[ON_LEAD]).await;
    for path in ["/events?namespace=sales", "/api/v1/events?namespace=sales"] {
        let reply = face
            .call(&format!("POST {path}"), &[STRUCTURED], lead(path))
            .await;
        assert_eq!(reply.status, 202, "{reply:?}");
        assert_eq!(reply.json()["events"], 1);
        assert_eq!(reply.json()["runs"].as_array().map(Vec::len), Some(1));
    }
    let batch = format!("[{},{}]", lead("b1"), lead("b2"));
    let reply = face
        .call(
            "POST /events?namespace=sales",
            &[("content-type", "application/cloudevents-batch+json")],
            batch,
        )
        .await;
    assert_eq!(reply.json()["runs"].as_array().map(Vec::len), Some(2));
    let headers = [
        ("ce-specversion", "1.0"),
        ("ce-id", "h1"),
        ("ce-source", "/form"),
        ("ce-type", "lead.submitted"),
        ("content-type", "application/json"),
    ];
    let reply = face
        .call(
            "POST /events?namespace=sales",
            &headers,
            r#"{"email":"b@example.com"}"#,
        )
        .await;
    let run = reply.json()["runs"][0].as_str().expect("a run").to_owned();
    let input = face
        .get(&format!("/api/v1/runs/{run}?wait=PT10S"))
        .await
        .json()["input"]
        .clone();
    assert_eq!(input[0]["data"], json!({"email": "b@example.com"}));
    assert_eq!(input[0]["datacontenttype"], "application/json");
}

#[tokio::test]
async fn an_event_that_nobody_wants_is_kept_and_starts_nothing() {
    let face = Face::of(&[ON_LEAD]).await;
    let other = lead("1").replace("lead.submitted", "weather.changed");
    let reply = face
        .call("POST /events?namespace=sales", &[STRUCTURED], other)
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.json()),
        (202, json!({"events": 1, "runs": []}))
    );
}

#[tokio::test]
async fn of_a_wrong_batch_nothing_is_kept() {
    let face = Face::of(&[ON_LEAD]).await;
    let batch = format!(
        r#"[{},{{"specversion":"1.0","id":"2","source":"/form"}}]"#,
        lead("1")
    );
    let reply = face
        .call(
            "POST /events?namespace=sales",
            &[("content-type", "application/cloudevents-batch+json")],
            batch,
        )
        .await;
    assert_eq!(reply.refusal(), "400 event-invalid: `/1/type`: is missing");
    assert_eq!(face.get("/api/v1/runs").await.json()["runs"], json!([]));
}
