//! Workloads inside one process, with a connector that costs nothing: what is measured is our own cost.
//!
//! Every line printed is one JSON object. `cargo xtask bench` runs them beside the machine's own limits.

mod count;
mod loops;
mod many;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use connectors::function::EffectClass;
use connectors::{Call, CallError};
use dsl::Value;
use runtime::performer::Performer;
use runtime::server::StandIns;
use runtime::{Options, Scope, Server};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers at once with what it was asked.
#[derive(Default)]
pub struct Stub {
    pub calls: AtomicU64,
}

#[async_trait::async_trait]
impl Performer for Stub {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(call.with.clone())
    }

    fn effect_class(&self, _namespace: &str, function: &str, _with: &Value) -> EffectClass {
        if function.ends_with(".get") {
            EffectClass::Read
        } else {
            EffectClass::Write
        }
    }

    fn connect(&self, _namespace: &str, _name: &str, _spec: &Value) -> Result<(), String> {
        Ok(())
    }
}

/// A server on SQLite in `directory` with the stub.
pub async fn server(
    directory: &std::path::Path,
    definitions: &[&str],
) -> anyhow::Result<(Arc<Server>, Arc<Stub>)> {
    let stub = Arc::new(Stub::default());
    let options = Options {
        data: Some(directory.to_owned()),
        ..Options::default()
    };
    let stand_ins = StandIns {
        performer: Some(stub.clone()),
        ..StandIns::default()
    };
    let server = Server::start_with(options, stand_ins).await?;
    for text in definitions {
        server
            .apply_definition(&Scope::all("bench"), text, true)
            .await?;
    }
    Ok((server, stub))
}

/// Resident memory now and at its highest, in MB.
pub fn memory() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok())
            .unwrap_or(0.0)
            / 1e3
    };
    (field("VmRSS:"), field("VmHWM:"))
}

#[expect(clippy::print_stdout, reason = "the results are this program's output")]
pub fn emit(value: serde_json::Value) {
    println!("{value}");
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| {
        arguments
            .get(at)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    if arguments.first().is_some_and(|first| first == "count") {
        return count::run(arguments.get(1).map(String::as_str), number(2, 1) as u32);
    }
    let machine = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    machine.block_on(async {
        match arguments.first().map(String::as_str) {
            Some("effects") => many::run(number(1, 20_000), number(2, 256)).await,
            Some("loop") => loops::effects(number(1, 1_000)).await,
            Some("million") => loops::items(number(1, 1_000_000)).await,
            Some("waiting") => waiting::run(number(1, 100_000)).await,
            _ => anyhow::bail!(
                "bench effects RUNS IN_FLIGHT | loop ITEMS | million ITEMS | waiting RUNS | count [WORK] [TIMES]"
            ),
        }
    })
}
