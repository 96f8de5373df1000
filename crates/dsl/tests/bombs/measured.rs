//! One evaluation against the clock and the memory of the process.

use std::time::{Duration, Instant};

use dsl::Value;
use dsl::expr::{EvalLimits, Expression, Variables};

pub struct Figures {
    pub wall: Duration,
    /// Time that the thread was on a processor, which others beside it do not lengthen; none as below.
    pub busy: Option<Duration>,
    /// Most memory held while it ran, over what the process held before it; none where the system does not tell.
    pub growth_bytes: Option<u64>,
    /// The result as JSON, or the title of the error.
    pub ended: Result<String, String>,
}

/// `$context`: a thousand keys, 64 kB; `$items`: ten thousand small objects.
struct Large {
    context: Value,
    items: Value,
}

impl Variables for Large {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "context" => Some(self.context.clone()),
            "items" => Some(self.items.clone()),
            _ => None,
        }
    }
}

pub struct Bench {
    large: Large,
    resident_bytes: Option<u64>,
}

impl Bench {
    pub fn new() -> Self {
        let text = Value::string("x".repeat(50));
        let context =
            Value::object((0..1_000).map(|number| (format!("key{number}"), text.clone())));
        let items = (0..10_000_i64).map(|id| {
            Value::object([
                ("id", Value::Int(id)),
                (
                    "name",
                    Value::string(format!("name {}", id * 7_919 % 10_000)),
                ),
                ("team", Value::string(format!("team {}", id % 10))),
            ])
        });
        let items = Value::array(items.collect());
        Self {
            large: Large { context, items },
            resident_bytes: status_bytes("VmRSS:"),
        }
    }

    /// Compiles and evaluates on a thread of 2 MiB, as the runtime's are.
    pub fn measure(&self, source: &str, limits: EvalLimits) -> Figures {
        // Linux: the high-water mark begins anew.
        let is_reset = std::fs::write("/proc/self/clear_refs", "5").is_ok();
        let started = Instant::now();
        let (ended, busy) = std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(2 << 20)
                .spawn_scoped(scope, || (self.ended(source, limits), busy()))
                .expect("a thread starts")
                .join()
                .expect("an evaluation never panics")
        });
        let wall = started.elapsed();
        let growth_bytes = match (is_reset, status_bytes("VmHWM:"), self.resident_bytes) {
            (true, Some(most), Some(before)) => Some(most.saturating_sub(before)),
            _ => None,
        };
        Figures {
            wall,
            busy,
            growth_bytes,
            ended,
        }
    }

    fn ended(&self, source: &str, limits: EvalLimits) -> Result<String, String> {
        let expression =
            Expression::compile(source, &["context", "items"]).map_err(|error| error.message)?;
        expression
            .evaluate(
                &Value::Null,
                &self.large,
                jiff::Timestamp::UNIX_EPOCH,
                limits,
            )
            .map(|value| value.to_json())
            .map_err(|error| error.title.unwrap_or_default())
    }
}

/// What the calling thread has used so far.
fn busy() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn status_bytes(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kilobytes << 10)
}
