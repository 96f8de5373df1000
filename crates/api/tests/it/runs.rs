//! Runs, workflows and secrets as a program uses them.

use serde_json::json;

use crate::{Face, GREET, REST};

const START: &str = "/api/v1/workflows/sales/greet/runs";
const START_REST: &str = "/api/v1/workflows/sales/rest/runs";

#[tokio::test]
async fn a_run_from_start_to_end() {
    let face = Face::of(&[GREET]).await;
    let started = face
        .post(&format!("{START}?wait=PT10S"), r#"{"name": "Ada"}"#)
        .await;
    assert_eq!(started.status, 200, "{started:?}");
    let body = started.json();
    let run = started.run();
    assert_eq!(body["run"], *run);
    assert_eq!(body["isDuplicate"], false);
    assert_eq!(body["ended"]["status"], "completed");
    assert_eq!(body["ended"]["output"], json!({"said": "hello"}));

    let read = face.get(&format!("/api/v1/runs/{run}")).await.json();
    assert_eq!(read["input"], json!({"name": "Ada"}));
    assert_eq!(
        (&read["namespace"], &read["workflow"], &read["version"]),
        (&json!("sales"), &json!("greet"), &json!("1.0.0"))
    );
    assert_eq!(read["trigger"], "api");
    let history = face
        .get(&format!("/api/v1/runs/{run}/history"))
        .await
        .json();
    assert!(!history["entries"].as_array().expect("entries").is_empty());
    assert_eq!(history["next"], json!(null));
    let ended = face.post(&format!("/api/v1/runs/{run}/cancel"), "").await;
    assert_eq!(
        ended.refusal(),
        "409 run-ended: the run has ended as completed"
    );
}

#[tokio::test]
async fn no_body_is_an_empty_object() {
    let face = Face::of(&[GREET]).await;
    let started = face
        .call(&format!("POST {START}?wait=PT10S"), &[], "")
        .await;
    assert_eq!(started.json()["ended"]["input"], json!({}), "{started:?}");
}

#[tokio::test]
async fn waiting_as_a_wish() {
    let face = Face::of(&[GREET]).await;
    let headers = [
        ("content-type", "application/json"),
        ("prefer", "respond-async, wait=10"),
    ];
    let started = face.call(&format!("POST {START}"), &headers, "{}").await;
    assert_eq!(
        (
            started.status.as_u16(),
            started.header("preference-applied")
        ),
        (200, "wait")
    );
    let unreadable = face
        .call(&format!("POST {START}"), &[("prefer", "wait=long")], "")
        .await;
    assert_eq!(
        (
            unreadable.status.as_u16(),
            unreadable.header("preference-applied")
        ),
        (202, "")
    );
}

#[tokio::test]
async fn the_same_key_starts_one_run() {
    let face = Face::of(&[GREET]).await;
    let send = async |key: &str, body: &str| {
        face.call(
            &format!("POST {START}"),
            &[
                ("content-type", "application/json"),
                ("idempotency-key", key),
            ],
            body.to_owned(),
        )
        .await
    };
    let first = send("k1", r#"{"name":"Ada"}"#).await;
    let again = send("k1", r#"{"name":"Ada"}"#).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 200));
    assert_eq!(again.json()["isDuplicate"], true);
    assert_eq!(first.run(), again.run());
    let other = send("k1", r#"{"name":"Eve"}"#).await;
    assert_eq!(
        other.refusal(),
        format!(
            "409 key-reused: the key `k1` was used for another body, by run {}",
            first.run()
        )
    );
    assert_ne!(send("k2", r#"{"name":"Ada"}"#).await.run(), first.run());
    assert_eq!(
        face.get("/api/v1/runs").await.json()["runs"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn a_run_is_suspended_resumed_and_cancelled() {
    let face = Face::of(&[REST]).await;
    let run = face.post(START_REST, "{}").await.run();
    let status = async || face.get(&format!("/api/v1/runs/{run}")).await.json()["status"].clone();
    let act = async |action: &str, body: &str| {
        face.post(&format!("/api/v1/runs/{run}/{action}"), body)
            .await
            .status
            .as_u16()
    };
    assert_eq!(status().await, "waiting");
    assert_eq!(act("suspend", "").await, 204);
    assert_eq!(status().await, "suspended");
    assert_eq!(act("resume", "").await, 204);
    assert_eq!(status().await, "waiting");
    assert_eq!(act("cancel", r#"{"reason": "not needed"}"#).await, 204);
    assert_eq!(status().await, "cancelled");
    assert_eq!(act("cancel", "").await, 409);
    // An ended run can be retried, as a new one.
    let retried = face
        .post(&format!("/api/v1/runs/{run}/retry"), r#"{"from": "rest"}"#)
        .await;
    assert_eq!(retried.status, 202, "{retried:?}");
    assert_ne!(retried.run(), run);
    assert_eq!(
        face.get(&format!("/api/v1/runs/{}", retried.run()))
            .await
            .json()["retryOf"],
        *run
    );
}

#[tokio::test]
async fn a_wait_ends_with_what_is() {
    let face = Face::of(&[REST]).await;
    let started = face.post(&format!("{START_REST}?wait=PT0.01S"), "{}").await;
    assert_eq!(
        (started.status.as_u16(), started.json()["ended"].clone()),
        (202, json!(null))
    );
    let read = face
        .get(&format!("/api/v1/runs/{}?wait=PT0.01S", started.run()))
        .await
        .json();
    assert_eq!(read["status"], "waiting");
    assert_eq!(read["outstanding"][0]["waitsFor"], "timer");
}

// With several threads, as the program has: reads then leave their thread to others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_filtered_and_paged() {
    let face = Face::of(&[GREET, REST]).await;
    let mut started = Vec::new();
    for _ in 0..5 {
        started.push(face.post(&format!("{START}?wait=PT10S"), "{}").await.run());
    }
    let resting = face.post(START_REST, "{}").await.run();
    let list = async |query: &str| face.get(&format!("/api/v1/runs?{query}")).await.json();
    let ids = |page: &serde_json::Value| -> Vec<String> {
        page["runs"]
            .as_array()
            .expect("runs")
            .iter()
            .map(|run| run["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(ids(&list("status=waiting,suspended").await), [resting]);
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = list(&format!("workflow=greet&namespace=sales&limit=2{after}")).await;
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    started.reverse();
    assert_eq!(seen, started, "newest first, each once");
    assert_eq!(
        ids(&list("createdBefore=2020-01-01T00:00:00Z").await),
        [""; 0]
    );
}

#[tokio::test]
async fn history_is_paged_by_record() {
    let face = Face::of(&[REST]).await;
    let run = face.post(START_REST, "{}").await.run();
    face.post(&format!("/api/v1/runs/{run}/suspend"), "").await;
    face.post(&format!("/api/v1/runs/{run}/resume"), "").await;
    let page = async |query: &str| {
        face.get(&format!("/api/v1/runs/{run}/history?{query}"))
            .await
            .json()
    };
    let whole = page("").await["entries"]
        .as_array()
        .expect("entries")
        .clone();
    let mut paged = Vec::new();
    let mut from = Some(1);
    while let Some(start) = from {
        let page = page(&format!("from={start}&limit=1")).await;
        paged.extend(page["entries"].as_array().expect("entries").clone());
        from = page["next"].as_u64();
    }
    assert!(whole.len() > 2);
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn workflows_and_their_numbers() {
    let face = Face::of(&[GREET]).await;
    face.post(&format!("{START}?wait=PT10S"), "{}").await;
    let workflow = face.get("/api/v1/workflows/sales/greet").await.json();
    assert_eq!(workflow["runs"], json!([["completed", 1]]));
    assert_eq!(
        face.get("/api/v1/workflows?namespace=sales").await.json()["workflows"][0],
        workflow
    );
    assert_eq!(
        face.get("/api/v1/workflows?namespace=other").await.json()["workflows"],
        json!([])
    );
    assert_eq!(
        face.get("/api/v1/workflows/sales/greet/definitions")
            .await
            .json()["definitions"][0]["text"],
        GREET
    );
}

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let face = Face::new().await;
    let json = [("content-type", "application/json")];
    let put = face
        .call(
            "PUT /api/v1/secrets/sales/crm",
            &json,
            r#"{"value": "s3cr3t"}"#,
        )
        .await;
    assert_eq!((put.status.as_u16(), &*put.text), (204, ""));
    let listed = face.get("/api/v1/secrets/sales").await;
    assert_eq!(listed.json(), json!({"names": ["crm"]}));
    assert!(!listed.text.contains("s3cr3t"));
    assert_eq!(face.get("/api/v1/secrets/sales/crm").await.status, 405);
    assert_eq!(
        face.call("DELETE /api/v1/secrets/sales/crm", &[], "")
            .await
            .status,
        204
    );
    assert_eq!(
        face.get("/api/v1/secrets/sales").await.json(),
        json!({"names": []})
    );
}

#[tokio::test]
async fn numbers_stay_as_they_were_written() {
    let face = Face::of(&[GREET]).await;
    let input = r#"{"price":0.1,"whole":9007199254740993,"least":-9223372036854775808,"id":12345678901234567890,"fine":0.12345678901234567890123}"#;
    let run = face.post(START, input).await.run();
    let read = face.get(&format!("/api/v1/runs/{run}")).await.text;
    assert!(read.contains(&format!("\"input\":{input},")), "{read}");
}
