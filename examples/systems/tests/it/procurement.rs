//! The procurement system: people, budgets, orders.

use anyhow::Result;
use serde_json::json;
use systems::PROCUREMENT_TOKEN;

use crate::world::{Caller, start};

fn order(department: &str, items: &str) -> String {
    format!(
        r#"{{"request": "PR-1", "requester": "linus@example.com", "department": "{department}", "items": {items}}}"#
    )
}

#[tokio::test]
async fn people_have_managers_and_limits() -> Result<()> {
    let running = start().await?;
    let procurement = Caller::new(running.procurement).bearer(PROCUREMENT_TOKEN);
    let linus = procurement
        .ask("GET /people/Linus@example.com", "")
        .await?
        .json;
    assert_eq!(
        (&linus["manager"], &linus["limit"]),
        (&json!("grace@example.com"), &json!(20_000))
    );
    let ada = procurement
        .ask("GET /people/ada@example.com", "")
        .await?
        .json;
    assert_eq!(ada["manager"], json!(null));
    assert_eq!(
        procurement.ask("GET /catalogue/drill", "").await?.json["price"],
        18_900
    );
    procurement
        .check(&[
            ("GET /people/nobody@example.com", "", "404 not-found"),
            ("GET /budgets/moon", "", "404 not-found"),
            ("GET /catalogue/rocket", "", "404 not-found"),
        ])
        .await
}

#[tokio::test]
async fn an_order_uses_the_budget_until_it_is_cancelled() -> Result<()> {
    let running = start().await?;
    let procurement = Caller::new(running.procurement).bearer(PROCUREMENT_TOKEN);
    let key = [("idempotency-key", "PR-1")];
    let body = order(
        "workshop",
        r#"[{"sku": "lathe", "quantity": 1}, {"sku": "gloves", "quantity": 10}]"#,
    );

    let placed = procurement.ask_with("POST /orders", &key, &body).await?;
    assert_eq!(
        (placed.status, &placed.json["total"], &placed.json["status"]),
        (201, &json!(644_500), &json!("open"))
    );
    assert_eq!(
        procurement
            .ask_with("POST /orders", &key, &body)
            .await?
            .status,
        200
    );
    let budget = procurement.ask("GET /budgets/workshop", "").await?.json;
    assert_eq!(
        budget,
        json!({ "department": "workshop", "limit": 1_000_000, "spent": 644_500, "left": 355_500 })
    );

    let twice = procurement.ask("POST /orders", &body).await?;
    assert_eq!(
        (twice.kind().as_str(), &twice.json["order"]),
        ("409 already-ordered", &json!("o-1"))
    );
    let another = procurement
        .ask("POST /orders", &body.replace("PR-1", "PR-2"))
        .await?;
    assert_eq!(
        (another.kind().as_str(), &another.json["left"]),
        ("409 over-budget", &json!(355_500))
    );

    let cancel = r#"{"status": "cancelled"}"#;
    procurement
        .check(&[
            ("PUT /orders/o-1/status", cancel, "200 -"),
            ("PUT /orders/o-1/status", cancel, "200 -"),
            (
                "PUT /orders/o-1/status",
                r#"{"status": "paid"}"#,
                "409 order-closed",
            ),
            ("PUT /orders/o-2/status", cancel, "404 not-found"),
            (
                "PUT /orders/o-1/status",
                r#"{"status": "eaten"}"#,
                "422 invalid",
            ),
        ])
        .await?;
    assert_eq!(
        procurement.ask("GET /budgets/workshop", "").await?.json["left"],
        1_000_000
    );
    assert_eq!(procurement.ask("GET /orders", "").await?.json["total"], 1);
    assert_eq!(
        procurement.ask("GET /orders/o-1", "").await?.json["status"],
        "cancelled"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_answered_with_a_problem_and_orders_nothing() -> Result<()> {
    let running = start().await?;
    let procurement = Caller::new(running.procurement).bearer(PROCUREMENT_TOKEN);
    let stranger =
        order("workshop", r#"[{"sku": "drill", "quantity": 1}]"#).replace("linus", "mallory");
    procurement
        .check(&[
            ("POST /orders", &order("workshop", "[]"), "422 invalid"),
            (
                "POST /orders",
                &order("workshop", r#"[{"sku": "drill", "quantity": 0}]"#),
                "422 invalid",
            ),
            (
                "POST /orders",
                &order("workshop", r#"[{"sku": "rocket", "quantity": 1}]"#),
                "422 invalid",
            ),
            (
                "POST /orders",
                &order("moon", r#"[{"sku": "drill", "quantity": 1}]"#),
                "404 not-found",
            ),
            ("POST /orders", &stranger, "422 invalid"),
            ("GET /orders/o-1", "", "404 not-found"),
        ])
        .await?;
    Caller::new(running.procurement)
        .check(&[("GET /orders", "", "401 unauthorized")])
        .await?;
    assert_eq!(procurement.ask("GET /orders", "").await?.json["total"], 0);
    Ok(())
}
