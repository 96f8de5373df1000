//! Loops: over effects, and over a million items.

use std::time::{Duration, Instant};

use dsl::Value;
use runtime::{RunInput, Scope, StartOptions};

const EFFECTS: &str = "
document: { dsl: '1.0.3', namespace: bench, name: effects, version: '1.0.0' }
do:
  - each:
      for: { each: n, in: '[range($workflow.input.count)]' }
      do:
        - look: { call: stub.get, with: { n: '${ $n }' } }
";

const ITEMS: &str = "
document: { dsl: '1.0.3', namespace: bench, name: items, version: '1.0.0' }
do:
  - each:
      for: { each: n, in: .items }
      do:
        - add: { set: { sum: '${ (.sum // 0) + $n }' } }
";

async fn once(definition: &str, name: &str, count: u64, times: u32) -> anyhow::Result<Vec<f64>> {
    let directory = tempfile::tempdir()?;
    let (server, _) = crate::server(directory.path(), &[definition]).await?;
    let scope = Scope::all("bench");
    let mut seconds = Vec::new();
    for _ in 0..times {
        let items = (0..count as i64).map(Value::Int).collect();
        let value = Value::object([
            ("count", Value::Int(count as i64)),
            ("items", Value::array(items)),
        ]);
        let options = StartOptions {
            wait: Some(Duration::from_secs(600)),
            ..StartOptions::default()
        };
        let began = Instant::now();
        let started = server
            .start_run(
                &scope,
                "bench",
                name,
                RunInput { value, raw: None },
                options,
            )
            .await?;
        seconds.push(began.elapsed().as_secs_f64());
        let ended = started
            .ended
            .ok_or_else(|| anyhow::anyhow!("the run did not end in time"))?;
        anyhow::ensure!(
            ended.output.is_some(),
            "the run ended with {:?}",
            ended.error
        );
    }
    server.stop(Duration::from_secs(5)).await;
    seconds.sort_by(f64::total_cmp);
    Ok(seconds)
}

pub async fn effects(count: u64) -> anyhow::Result<()> {
    let seconds = once(EFFECTS, "effects", count, 9).await?;
    crate::emit(serde_json::json!({
        "what": "loop of effects", "items": count, "median_ms": seconds[seconds.len() / 2] * 1e3,
        "min_ms": seconds[0] * 1e3, "max_ms": seconds[seconds.len() - 1] * 1e3,
    }));
    Ok(())
}

pub async fn items(count: u64) -> anyhow::Result<()> {
    let seconds = once(ITEMS, "items", count, 1).await?;
    crate::emit(
        serde_json::json!({ "what": "loop over items", "items": count, "seconds": seconds[0], "rss_max_mb": crate::memory().1 }),
    );
    Ok(())
}
