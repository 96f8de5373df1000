//! The enrichment service: the same facts every time, and a limit.

use std::time::Duration;

use anyhow::Result;
use systems::{ENRICHMENT_KEY, Options, Rate, System};

use crate::world::{Caller, check_openapi, start};

#[tokio::test]
async fn facts_depend_on_the_domain_alone() -> Result<()> {
    let (one, other) = (start().await?, start().await?);
    let one = Caller::new(one.enrichment).with("x-api-key", ENRICHMENT_KEY);
    let other_running = Caller::new(other.enrichment).with("x-api-key", ENRICHMENT_KEY);
    let known = one
        .ask("GET /companies?domain=northwind.example", "")
        .await?
        .json;
    assert_eq!(
        (known["name"].as_str(), known["employees"].as_u64()),
        (Some("Northwind"), Some(420))
    );
    let made_up = one.ask("GET /companies?domain=some-firm.test", "").await?;
    assert_eq!(
        (made_up.status, made_up.json["name"].as_str()),
        (200, Some("Some Firm"))
    );
    assert_eq!(
        made_up.json,
        other_running
            .ask("GET /companies?domain=Some-Firm.test", "")
            .await?
            .json
    );
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_answered_with_a_problem() -> Result<()> {
    let options = Options {
        enrichment_rate: Rate {
            count: 100,
            ..Rate::default()
        },
        ..Options::default()
    };
    let running = systems::start_one(System::Enrichment, options).await?;
    let stranger = Caller::new(running.http);
    stranger
        .check(&[("GET /companies?domain=a.example", "", "401 unauthorized")])
        .await?;
    let wrong = Caller::new(running.http)
        .with("x-api-key", "guessed")
        .bearer(ENRICHMENT_KEY);
    wrong
        .check(&[("GET /companies?domain=a.example", "", "401 unauthorized")])
        .await?;
    let bearer = Caller::new(running.http).bearer(ENRICHMENT_KEY);
    bearer
        .check(&[("GET /companies?domain=a.example", "", "200 -")])
        .await?;
    let enrichment = stranger.with("x-api-key", ENRICHMENT_KEY);
    enrichment
        .check(&[
            ("GET /companies?domain=gmail.com", "", "404 not-found"),
            ("GET /companies?domain=no+domain", "", "422 invalid"),
            ("GET /companies?domain=a..example", "", "422 invalid"),
            ("GET /companies", "", "400 invalid-query"),
        ])
        .await
}

#[tokio::test]
async fn more_than_the_limit_is_refused_and_told_when_to_come_back() -> Result<()> {
    // An hour, so that no window ends while the test runs.
    let rate = Rate {
        count: 2,
        period: Duration::from_secs(3_600),
    };
    let options = Options {
        enrichment_rate: rate,
        ..Options::default()
    };
    let running = systems::start_one(System::Enrichment, options).await?;
    let enrichment = Caller::new(running.http).with("x-api-key", ENRICHMENT_KEY);

    for (status, remaining) in [(200, "1"), (200, "0"), (429, "0"), (429, "0")] {
        let answer = enrichment
            .ask("GET /companies?domain=a.example", "")
            .await?;
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-remaining")),
            (status, Some(remaining))
        );
        assert_eq!(answer.header("x-ratelimit-limit"), Some("2"));
        let wait: u64 = answer
            .header("x-ratelimit-reset")
            .unwrap_or_default()
            .parse()?;
        assert!((3_000..=3_600).contains(&wait), "{wait} s");
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_described_is_served() -> Result<()> {
    let running = start().await?;
    check_openapi(
        &Caller::new(running.enrichment).with("x-api-key", ENRICHMENT_KEY),
        &["lookupCompany"],
    )
    .await
}
