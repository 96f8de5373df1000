//! The bank: money moves once for each key.

use anyhow::Result;
use serde_json::json;
use systems::BANK_TOKEN;

use crate::world::{Caller, start};

const RENT: &str = r#"{"payee": "Landlord", "amount": 250000, "reference": "rent"}"#;

#[tokio::test]
async fn a_repeated_payment_moves_no_money_again() -> Result<()> {
    let running = start().await?;
    let bank = Caller::new(running.bank).bearer(BANK_TOKEN);
    let key = [("idempotency-key", "PR-1")];

    let first = bank.ask_with("POST /payments", &key, RENT).await?;
    let again = bank.ask_with("POST /payments", &key, RENT).await?;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json, again.json);
    let other = bank
        .ask_with(
            "POST /payments",
            &key,
            r#"{"payee": "X", "amount": 1, "reference": ""}"#,
        )
        .await?;
    assert_eq!(other.kind(), "422 idempotency-key-reused");

    let ledger = bank.ask("GET /ledger", "").await?.json;
    assert_eq!(
        (&ledger["balance"], &ledger["total"]),
        (&json!(9_750_000), &json!(1))
    );
    assert_eq!(ledger["entries"][0], first.json);
    assert_eq!(bank.ask("GET /payments/p-1", "").await?.json, first.json);
    let page = bank.ask("GET /", "").await?;
    assert!(page.text.contains("Balance 97500.00"), "{}", page.text);
    Ok(())
}

#[tokio::test]
async fn without_a_key_every_payment_counts() -> Result<()> {
    let running = start().await?;
    let bank = Caller::new(running.bank).bearer(BANK_TOKEN);
    bank.check(&[
        ("POST /payments", RENT, "201 -"),
        ("POST /payments", RENT, "201 -"),
    ])
    .await?;
    assert_eq!(
        bank.ask("GET /ledger", "").await?.json["balance"],
        9_500_000
    );
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_answered_with_a_problem_and_moves_nothing() -> Result<()> {
    let running = start().await?;
    let bank = Caller::new(running.bank).bearer(BANK_TOKEN);
    bank.check(&[
        (
            "POST /payments",
            r#"{"payee": "X", "amount": 10000001, "reference": ""}"#,
            "409 insufficient-funds",
        ),
        (
            "POST /payments",
            r#"{"payee": "X", "amount": 0, "reference": ""}"#,
            "422 invalid",
        ),
        (
            "POST /payments",
            r#"{"payee": "X", "amount": 1.5, "reference": ""}"#,
            "422 invalid",
        ),
        (
            "POST /payments",
            r#"{"payee": " ", "amount": 1, "reference": ""}"#,
            "422 invalid",
        ),
        ("POST /payments", "[", "400 malformed-json"),
        ("GET /payments/p-1", "", "404 not-found"),
        ("GET /payments/1", "", "404 not-found"),
        ("DELETE /ledger", "", "405 method-not-allowed"),
    ])
    .await?;
    Caller::new(running.bank)
        .check(&[("POST /payments", RENT, "401 unauthorized")])
        .await?;
    assert_eq!(
        bank.ask("GET /ledger", "").await?.json,
        json!({ "balance": 10_000_000, "total": 0, "entries": [] })
    );
    Ok(())
}
