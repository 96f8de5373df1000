//! The chat: what is posted stands there.

use anyhow::Result;

use crate::world::{Caller, start};

#[tokio::test]
async fn messages_are_kept_in_order_also_repeated_ones() -> Result<()> {
    let running = start().await?;
    let chat = Caller::new(running.chat);
    for text in ["first", "again", "again"] {
        let answer = chat
            .ask("POST /hooks/sales", &format!(r#"{{"text": "{text}"}}"#))
            .await?;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
    }
    chat.ask(
        "POST /hooks/purchasing",
        r#"{"text": "order", "username": "Segue"}"#,
    )
    .await?;

    let messages = chat.ask("GET /messages", "").await?.json;
    let seen: Vec<String> = messages["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| {
            format!(
                "{} {} {}",
                message["channel"], message["username"], message["text"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        seen,
        [
            "#sales incoming-webhook first",
            "#sales incoming-webhook again",
            "#sales incoming-webhook again",
            "#purchasing Segue order"
        ]
    );
    let page = chat.ask("GET /", "").await?;
    assert!(page.text.contains("#purchasing"), "{}", page.text);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_answered_with_a_problem() -> Result<()> {
    let running = start().await?;
    let long = format!(r#"{{"text": "{}"}}"#, "x".repeat(4_001));
    Caller::new(running.chat)
        .check(&[
            (
                "POST /hooks/guessed",
                r#"{"text": "hello"}"#,
                "403 invalid-token",
            ),
            ("POST /hooks/sales", "hello", "400 malformed-json"),
            ("POST /hooks/sales", "{}", "422 invalid"),
            ("POST /hooks/sales", r#"{"text": " "}"#, "422 invalid"),
            ("POST /hooks/sales", &long, "422 invalid"),
            ("GET /hooks/sales", "", "405 method-not-allowed"),
        ])
        .await
}
