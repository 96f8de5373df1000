//! Server-sent events.

use axum::body::BodyDataStream;
use futures_util::StreamExt as _;
use tower::ServiceExt as _;

use crate::{Face, GREET, REST, request};

async fn open(face: &Face, query: &str) -> BodyDataStream {
    let bearer = format!("Bearer {}", face.token);
    let request = request(
        &format!("GET /api/v1/live{query}"),
        &[("authorization", &bearer)],
        "",
    );
    let response = face
        .router
        .clone()
        .oneshot(request)
        .await
        .expect("the router does not fail");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body().into_data_stream()
}

async fn next(stream: &mut BodyDataStream) -> String {
    let chunk = stream
        .next()
        .await
        .expect("the stream is open")
        .expect("and whole");
    String::from_utf8(chunk.to_vec()).expect("text")
}

#[tokio::test]
async fn changes_arrive_as_they_happen() {
    let face = Face::of(&[GREET, REST]).await;
    let mut other_namespace = open(&face, "?namespace=other").await;
    let mut all = open(&face, "").await;
    let run = face
        .post("/api/v1/workflows/sales/rest/runs", "{}")
        .await
        .run();
    let event = next(&mut all).await;
    assert!(
        event.starts_with("event: run\ndata: {")
            && event.contains(&run)
            && event.contains("\"namespace\":\"sales\""),
        "{event}"
    );
    assert!(event.ends_with("\n\n"));

    let mut of_run = open(&face, &format!("?run={run}")).await;
    face.post("/api/v1/workflows/sales/greet/runs?wait=PT10S", "{}")
        .await;
    face.post(&format!("/api/v1/runs/{run}/cancel"), "").await;
    let event = next(&mut of_run).await;
    assert!(
        event.contains(&run) && event.contains("cancelled"),
        "{event}"
    );
    assert!(
        futures_util::poll!(other_namespace.next()).is_pending(),
        "nothing of this namespace happened"
    );
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told() {
    let face = Face::of(&[GREET]).await;
    let mut stream = open(&face, "").await;
    // More than the runtime keeps for its readers.
    let scope = runtime::Scope::all("test");
    for _ in 0..1_100 {
        let input = runtime::RunInput {
            value: dsl::Value::object::<&str>([]),
            raw: None,
        };
        face.server
            .start_run(
                &scope,
                "sales",
                "greet",
                input,
                runtime::StartOptions::default(),
            )
            .await
            .expect("starts");
    }
    let event = next(&mut stream).await;
    assert!(
        event.starts_with("event: lagged\ndata: {\"missed\":"),
        "{event}"
    );
}

#[tokio::test]
async fn live_views_are_counted() {
    let options = api::ApiOptions {
        live_streams_max: 1,
        ..api::ApiOptions::default()
    };
    let face = Face::with(options).await;
    let first = open(&face, "").await;
    let refused = face.get("/api/v1/live").await;
    assert_eq!(
        refused.refusal(),
        "503 overloaded: too many live views at once; nothing was done, try again"
    );
    drop(first);
    drop(open(&face, "").await);
}
