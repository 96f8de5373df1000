//! Many runs of five effects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dsl::Value;
use runtime::{RunInput, Scope, StartOptions};

const FIVE: &str = "
document: { dsl: '1.0.3', namespace: bench, name: five, version: '1.0.0' }
do:
  - one: { call: stub.put, with: { n: '${ .n }' } }
  - two: { call: stub.put, with: { n: '${ .n + 1 }' } }
  - three: { call: stub.put, with: { n: '${ .n + 1 }' } }
  - four: { call: stub.put, with: { n: '${ .n + 1 }' } }
  - five: { call: stub.put, with: { n: '${ .n + 1 }' } }
";

pub async fn run(runs: u64, in_flight: u64) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let (server, stub) = crate::server(directory.path(), &[FIVE]).await?;
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (server, next) = (server.clone(), next.clone());
            tokio::spawn(async move {
                let scope = Scope::all("bench");
                while next.fetch_add(1, Ordering::Relaxed) < runs {
                    let value = Value::object([("n", Value::Int(1))]);
                    let options = StartOptions {
                        wait: Some(Duration::from_secs(60)),
                        ..StartOptions::default()
                    };
                    let started = server
                        .start_run(
                            &scope,
                            "bench",
                            "five",
                            RunInput { value, raw: None },
                            options,
                        )
                        .await?;
                    anyhow::ensure!(
                        started.ended.is_some_and(|ended| ended.output.is_some()),
                        "a run did not complete"
                    );
                }
                Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let calls = stub.calls.load(Ordering::Relaxed);
    anyhow::ensure!(calls == 5 * runs, "{calls} calls for {runs} runs");
    crate::emit(serde_json::json!({
        "what": "runs of 5 effects", "runs": runs, "in_flight": in_flight, "seconds": seconds,
        "runs_per_s": runs as f64 / seconds, "task_records_per_s": 5.0 * runs as f64 / seconds,
        "rss_mb": crate::memory().0,
    }));
    server.stop(Duration::from_secs(5)).await;
    Ok(())
}
