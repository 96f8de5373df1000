//! The CRM: contacts, keys, conflicts.

use anyhow::Result;
use serde_json::json;
use systems::CRM_TOKEN;

use crate::world::{Caller, check_openapi, start};

const ADA: &str = r#"{"email": "Ada@Example.com", "name": "Ada", "score": 9, "stage": "priority"}"#;

#[tokio::test]
async fn a_contact_is_created_found_changed_and_deleted() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);

    let created = crm.ask("POST /contacts", ADA).await?;
    assert_eq!(
        (created.status, created.header("location")),
        (201, Some("/contacts/c-1"))
    );
    assert_eq!(
        created.json["email"], "ada@example.com",
        "addresses are compared without regard to case"
    );

    let found = crm.ask("GET /contacts?email=ADA@example.com", "").await?;
    assert_eq!(
        (&found.json["total"], &found.json["items"][0]),
        (&json!(1), &created.json)
    );
    assert_eq!(
        crm.ask("GET /contacts?email=b@example.com", "").await?.json,
        json!({ "total": 0, "items": [] })
    );
    assert_eq!(crm.ask("GET /contacts/c-1", "").await?.json, created.json);

    let changed = crm
        .ask(
            "PUT /contacts/c-1",
            r#"{"email": "ada@example.com", "notes": "called"}"#,
        )
        .await?;
    assert_eq!(
        (
            changed.status,
            &changed.json["notes"],
            &changed.json["name"]
        ),
        (200, &json!("called"), &json!(null))
    );

    assert_eq!(crm.ask("DELETE /contacts/c-1", "").await?.status, 204);
    crm.check(&[
        ("GET /contacts/c-1", "", "404 not-found"),
        ("DELETE /contacts/c-1", "", "404 not-found"),
    ])
    .await?;
    running.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_same_key_makes_one_contact() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    let key = [("idempotency-key", "run-1/7")];

    let first = crm.ask_with("POST /contacts", &key, ADA).await?;
    let again = crm.ask_with("POST /contacts", &key, ADA).await?;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json, again.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("location"), Some("/contacts/c-1"));

    let other = crm
        .ask_with("POST /contacts", &key, r#"{"email": "b@example.com"}"#)
        .await?;
    assert_eq!(other.kind(), "422 idempotency-key-reused");
    let empty = crm
        .ask_with("POST /contacts", &[("idempotency-key", "")], ADA)
        .await?;
    assert_eq!(empty.kind(), "400 idempotency-key");
    assert_eq!(crm.ask("GET /contacts", "").await?.json["total"], 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    let key = [("idempotency-key", "k")];
    crm.ask("POST /contacts", ADA).await?;

    assert_eq!(
        crm.ask_with("POST /contacts", &key, ADA).await?.kind(),
        "409 contact-exists"
    );
    crm.ask("DELETE /contacts/c-1", "").await?;
    assert_eq!(crm.ask_with("POST /contacts", &key, ADA).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn a_contact_joins_a_sequence_once() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    crm.ask("POST /contacts", ADA).await?;

    let added = crm
        .ask(
            "POST /contacts/c-1/sequence",
            r#"{"sequence": "newsletter"}"#,
        )
        .await?;
    let again = crm
        .ask(
            "POST /contacts/c-1/sequence",
            r#"{"sequence": "newsletter"}"#,
        )
        .await?;
    assert_eq!((added.status, again.status), (201, 200));
    assert_eq!(again.json["sequences"], json!(["newsletter"]));
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_answered_with_a_problem() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    crm.ask("POST /contacts", ADA).await?;
    crm.ask("POST /contacts", r#"{"email": "b@example.com"}"#)
        .await?;
    crm.check(&[
        ("POST /contacts", "{", "400 malformed-json"),
        ("POST /contacts", "{}", "422 invalid"),
        ("POST /contacts", r#"{"email": "nobody"}"#, "422 invalid"),
        (
            "POST /contacts",
            r#"{"email": "a b@example.com"}"#,
            "422 invalid",
        ),
        (
            "POST /contacts",
            r#"{"email": "c@example.com", "score": 11}"#,
            "422 invalid",
        ),
        (
            "POST /contacts",
            r#"{"email": "c@example.com", "stage": "gold"}"#,
            "422 invalid",
        ),
        (
            "POST /contacts",
            r#"{"email": "c@example.com", "fax": "1"}"#,
            "422 invalid",
        ),
        ("POST /contacts", ADA, "409 contact-exists"),
        ("PUT /contacts/c-2", ADA, "409 contact-exists"),
        (
            "PUT /contacts/c-9",
            r#"{"email": "c@example.com"}"#,
            "404 not-found",
        ),
        (
            "POST /contacts/c-9/sequence",
            r#"{"sequence": "x"}"#,
            "404 not-found",
        ),
        (
            "POST /contacts/c-1/sequence",
            r#"{"sequence": " "}"#,
            "422 invalid",
        ),
        ("GET /contacts/7", "", "404 not-found"),
        ("GET /contacts?limit=0", "", "422 invalid"),
        ("GET /contacts?limit=many", "", "400 invalid-query"),
        ("GET /nothing", "", "404 not-found"),
        ("PATCH /contacts/c-1", "{}", "405 method-not-allowed"),
    ])
    .await?;
    let text = crm
        .ask_with("POST /contacts", &[("content-type", "text/plain")], ADA)
        .await?;
    assert_eq!(text.kind(), "415 content-type");
    let taken = crm.ask("POST /contacts", ADA).await?;
    assert_eq!(
        taken.json["contact"], "c-1",
        "a conflict names the contact that is in the way"
    );
    Ok(())
}

#[tokio::test]
async fn without_the_token_nothing_is_told() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm);
    crm.check(&[
        ("GET /contacts", "", "401 unauthorized"),
        ("POST /contacts", ADA, "401 unauthorized"),
    ])
    .await?;
    let wrong = Caller::new(running.crm).bearer("guessed");
    wrong
        .check(&[("GET /contacts", "", "401 unauthorized")])
        .await?;
    assert_eq!(
        crm.ask("GET /me", "").await?.header("www-authenticate"),
        Some("Bearer")
    );
    assert_eq!(
        wrong
            .with("authorization", "Bearer crm-demo-token")
            .ask("GET /me", "")
            .await?
            .status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_person_sees_the_contacts() -> Result<()> {
    let running = start().await?;
    let crm = Caller::new(running.crm).bearer(CRM_TOKEN);
    crm.ask(
        "POST /contacts",
        r#"{"email": "a@example.com", "name": "<b>Ada</b>"}"#,
    )
    .await?;
    let page = Caller::new(running.crm).ask("GET /", "").await?;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        page.text.contains("a@example.com") && page.text.contains("&lt;b&gt;Ada"),
        "{}",
        page.text
    );
    Ok(())
}

#[tokio::test]
async fn what_is_described_is_served() -> Result<()> {
    let running = start().await?;
    let operations = [
        "addToSequence",
        "createContact",
        "deleteContact",
        "getContact",
        "getMe",
        "replaceContact",
        "searchContacts",
    ];
    check_openapi(&Caller::new(running.crm).bearer(CRM_TOKEN), &operations).await
}
