//! Many waiting runs, and a restart among them.

use std::time::{Duration, Instant};

use dsl::Value;
use runtime::{RunInput, Scope, StartOptions};

const WAIT: &str = "
document: { dsl: '1.0.3', namespace: bench, name: waiting, version: '1.0.0' }
do:
  - pause: { wait: P1D }
";

pub async fn run(runs: u64) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let scope = Scope::all("bench");
    let (server, _) = crate::server(directory.path(), &[WAIT]).await?;
    let began = Instant::now();
    let mut under_way = std::collections::VecDeque::new();
    for n in 0..runs {
        let (server, scope) = (server.clone(), scope.clone());
        under_way.push_back(tokio::spawn(async move {
            let value = Value::object([("n", Value::Int(n as i64))]);
            server
                .start_run(
                    &scope,
                    "bench",
                    "waiting",
                    RunInput { value, raw: None },
                    StartOptions::default(),
                )
                .await
                .map(drop)
        }));
        if under_way.len() >= 256
            && let Some(first) = under_way.pop_front()
        {
            first.await??;
        }
    }
    for rest in under_way {
        rest.await??;
    }
    let started = began.elapsed().as_secs_f64();
    server.stop(Duration::from_secs(5)).await;
    drop(server);
    let began = Instant::now();
    let (server, _) = crate::server(directory.path(), &[]).await?;
    let ready = began.elapsed().as_secs_f64();
    let (rss, _) = crate::memory();
    crate::emit(serde_json::json!({
        "what": "restart with waiting runs", "runs": runs, "started_per_s": runs as f64 / started, "ready_s": ready, "rss_mb": rss,
    }));
    server.stop(Duration::from_secs(5)).await;
    Ok(())
}
