//! What is too much is refused before it is read, and what may be repeated says when.

use api::ApiOptions;
use axum::body::Body;
use futures_util::StreamExt as _;

use crate::{Face, request};

fn chunked(chunks: &'static [&'static str]) -> Body {
    Body::from_stream(
        futures_util::stream::iter(chunks).map(|chunk| Ok::<_, std::io::Error>(*chunk)),
    )
}

/// A body that must stay unread.
fn untouched() -> Body {
    Body::from_stream(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<&str, std::io::Error>>> {
            unreachable!("the body was read before the answer")
        },
    ))
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let face = Face::with(ApiOptions {
        body_bytes_max: 10,
        ..ApiOptions::default()
    })
    .await;
    let send = async |body: Body| face.call("POST /api/v1/definitions", &[], body).await;
    assert_eq!(
        send("x".repeat(11).into()).await.refusal(),
        "413 body-too-large: the body has more than 10 bytes"
    );
    assert_eq!(
        send(chunked(&["12345", "67890", "1"])).await.refusal(),
        "413 body-too-large: the body has more than 10 bytes"
    );
    let within = send(chunked(&["12345", "67890"])).await;
    assert!(
        within.refusal().starts_with("422 definition-invalid: "),
        "{within:?}"
    );
}

#[tokio::test]
async fn over_the_meter_bodies_stay_unread() {
    let face = Face::with(ApiOptions {
        body_bytes_under_way_max: 8,
        ..ApiOptions::default()
    })
    .await;
    let announced = face
        .call("POST /api/v1/definitions", &[], "123456789")
        .await;
    assert_eq!(
        announced.refusal(),
        "503 overloaded: too many bytes under way at once; nothing was done, try again"
    );
    assert_eq!(announced.header("retry-after"), "1");
    assert_eq!(
        face.call("POST /api/v1/definitions", &[], untouched())
            .await
            .status,
        503
    );
    assert_eq!(
        face.call("POST /api/v1/definitions", &[], "12345678")
            .await
            .status,
        422,
        "what fits is taken"
    );
    assert_eq!(
        face.call("POST /api/v1/definitions", &[], "12345678")
            .await
            .status,
        422,
        "and given back"
    );
}

#[tokio::test]
async fn without_a_token_no_body_is_read() {
    let face = Face::new().await;
    assert_eq!(
        face.send(request("POST /api/v1/definitions", &[], untouched()))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn over_the_number_of_requests_only_probes_are_answered() {
    let face = Face::with(ApiOptions {
        requests_max: 0,
        ..ApiOptions::default()
    })
    .await;
    let refused = face.get("/api/v1/runs").await;
    assert_eq!(
        refused.refusal(),
        "503 overloaded: too many requests at once; nothing was done, try again"
    );
    assert_eq!(refused.header("x-content-type-options"), "nosniff");
    assert_eq!(face.get("/healthz").await.text, "ok\n");
    assert_eq!(face.get("/readyz").await.text, "ready\n");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let face = Face::with(ApiOptions {
        body_timeout: std::time::Duration::ZERO,
        ..ApiOptions::default()
    })
    .await;
    let never = Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
    let reply = face.call("POST /api/v1/definitions", &[], never).await;
    assert_eq!(
        reply.refusal(),
        "408 body-timeout: the body did not arrive within 0 seconds"
    );
}

#[tokio::test]
async fn a_stopping_server_is_not_ready() {
    let face = Face::new().await;
    face.server.stop(std::time::Duration::ZERO).await;
    let reply = face.get("/readyz").await;
    assert_eq!(reply.status, 503);
    assert_eq!(face.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn metrics_are_open_metrics() {
    let face = Face::new().await;
    let reply = face.get("/metrics").await;
    assert_eq!(
        reply.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert!(reply.text.ends_with("# EOF\n"), "{}", reply.text);
}
