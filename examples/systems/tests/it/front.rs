//! What all HTTP systems have in common: the record of requests, and failing on purpose.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use systems::CRM_TOKEN;
use tokio::net::TcpStream;

use crate::world::{Caller, start};

const ADA: &str = r#"{"email": "a@example.com"}"#;

#[tokio::test]
async fn every_system_is_healthy() -> Result<()> {
    let running = start().await?;
    let systems = [
        ("crm", running.crm),
        ("enrichment", running.enrichment),
        ("chat", running.chat),
        ("bank", running.bank),
        ("procurement", running.procurement),
        ("mail", running.mail),
    ];
    for (name, address) in systems {
        let answer = Caller::new(address).ask("GET /_health", "").await?;
        assert_eq!(
            (answer.status, answer.json),
            (200, json!({ "status": "ok", "system": name }))
        );
        let page = Caller::new(address).ask("GET /", "").await?;
        assert!(
            page.status == 200 && page.text.starts_with("<!doctype html>"),
            "{name}: {}",
            page.text
        );
        Caller::new(address)
            .check(&[("GET /nothing", "", "404 not-found")])
            .await?;
    }
    Ok(())
}

/// `method path key status`, for each recorded request.
fn lines(requests: &Value) -> Vec<String> {
    let line = |request: &Value| {
        let text = |name: &str| request[name].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {}",
            text("method"),
            text("path"),
            text("idempotencyKey"),
            request["status"]
        )
    };
    requests["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(line)
        .collect()
}

#[tokio::test]
async fn every_request_is_recorded_also_a_refused_one() -> Result<()> {
    let running = start().await?;
    let stranger = Caller::new(running.crm);
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    stranger.ask("POST /contacts", ADA).await?;
    crm.ask_with("POST /contacts", &[("idempotency-key", "k")], ADA)
        .await?;
    crm.ask("POST /contacts", "{").await?;
    crm.ask("GET /contacts?email=a@example.com", "").await?;
    crm.ask("GET /nothing", "").await?;
    crm.ask("GET /", "").await?;
    crm.ask("GET /_health", "").await?;

    let requests = crm.ask("GET /_requests", "").await?.json;
    let expected = [
        "POST /contacts - 401",
        "POST /contacts k 201",
        "POST /contacts - 400",
        "GET /contacts - 200",
        "GET /nothing - 404",
    ];
    assert_eq!(lines(&requests), expected);
    let items = &requests["items"];
    assert_eq!(
        (&items[1]["body"], &items[2]["body"]),
        (&json!({ "email": "a@example.com" }), &json!("{"))
    );
    assert_eq!(items[3]["query"], "email=a@example.com");
    let posted = crm
        .ask("GET /_requests?method=POST&path=/contacts", "")
        .await?
        .json;
    assert_eq!(posted["total"], 3);
    Ok(())
}

#[tokio::test]
async fn a_test_can_wait_for_a_request() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    // A late answer, so that somebody is already waiting when it comes.
    crm.ask("POST /_faults", r#"{"delay_ms": 200}"#).await?;
    let started = Instant::now();
    let waiting = crm.ask("GET /_requests?method=POST&at_least=1&wait_ms=60000", "");
    let (waited, sent) = tokio::join!(waiting, crm.ask("POST /contacts", ADA));
    assert_eq!((sent?.status, &waited?.json["total"]), (201, &json!(1)));
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "it was woken, not out of patience"
    );

    let in_vain = crm.ask("GET /_requests?at_least=2&wait_ms=1", "").await?;
    assert_eq!((in_vain.status, &in_vain.json["total"]), (200, &json!(1)));
    Ok(())
}

#[tokio::test]
async fn stopping_lets_a_request_finish_and_closes_the_ports() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    let (crm_address, smtp_address) = (running.crm, running.smtp);
    crm.ask("POST /_faults", r#"{"delay_ms": 200}"#).await?;
    let started = Instant::now();
    let stopping = async {
        // The request is recorded before it is delayed, so it is in progress now.
        while crm.ask("GET /_requests", "").await?.json["total"] != 1 {}
        running.stop().await;
        anyhow::Ok(())
    };
    let (answer, stopped) = tokio::join!(crm.ask("POST /contacts", ADA), stopping);
    stopped?;
    assert_eq!(answer?.status, 201);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "nobody had to be cut off"
    );
    assert!(TcpStream::connect(crm_address).await.is_err());
    assert!(TcpStream::connect(smtp_address).await.is_err());
    Ok(())
}

#[tokio::test]
async fn the_next_answers_fail_as_ordered() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    let ordered = crm
        .ask(
            "POST /_faults",
            r#"{"count": 2, "status": 503, "retry_after": 7}"#,
        )
        .await?;
    assert_eq!(
        (ordered.status, &ordered.json["items"][0]["count"]),
        (200, &json!(2))
    );

    let failed = crm.ask("POST /contacts", ADA).await?;
    assert_eq!(
        (failed.kind().as_str(), failed.header("retry-after")),
        ("503 ordered-fault", Some("7"))
    );
    crm.check(&[
        ("POST /contacts", ADA, "503 ordered-fault"),
        ("GET /contacts/c-1", "", "404 not-found"),
        ("POST /contacts", ADA, "201 -"),
    ])
    .await
}

#[tokio::test]
async fn an_answer_can_get_lost_after_the_work_was_done() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    crm.ask(
        "POST /_faults",
        r#"{"status": 500, "when": "after", "delay_ms": 1}"#,
    )
    .await?;
    crm.check(&[
        ("POST /contacts", ADA, "500 ordered-fault"),
        ("GET /contacts/c-1", "", "200 -"),
    ])
    .await
}

#[tokio::test]
async fn only_the_named_requests_fail() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    let post = r#"{"status": 500, "method": "post"}"#;
    let me = r#"{"status": 502, "path": "/me"}"#;
    crm.check(&[
        ("POST /_faults", post, "200 -"),
        ("POST /_faults", me, "200 -"),
        ("GET /contacts", "", "200 -"),
        ("GET /me", "", "502 ordered-fault"),
        ("GET /me", "", "200 -"),
        ("POST /contacts", ADA, "500 ordered-fault"),
        ("POST /contacts", ADA, "201 -"),
    ])
    .await
}

#[tokio::test]
async fn ordered_faults_can_be_seen_and_forgotten() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    crm.check(&[
        (
            "POST /_faults",
            r#"{"count": 0, "status": 500}"#,
            "422 invalid",
        ),
        ("POST /_faults", r#"{"status": 99}"#, "422 invalid"),
        ("POST /_faults", r#"{"delay_ms": 60001}"#, "422 invalid"),
        ("POST /_faults", r#"{"colour": "red"}"#, "422 invalid"),
        ("POST /_faults", r#"{"status": 500}"#, "200 -"),
    ])
    .await?;
    assert_eq!(
        crm.ask("GET /_faults", "").await?.json["items"][0]["status"],
        500
    );
    assert_eq!(crm.ask("DELETE /_faults", "").await?.status, 204);
    assert_eq!(
        crm.ask("GET /_faults", "").await?.json,
        json!({ "items": [] })
    );
    crm.check(&[("GET /contacts", "", "200 -")]).await
}

#[tokio::test]
async fn too_large_a_body_is_refused() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    let large = format!(r#"{{"email": "{}"}}"#, "x".repeat(1024 * 1024));
    crm.check(&[("POST /contacts", &large, "413 body-too-large")])
        .await
}
