//! Expressions that want to hang, exhaust or crash the process, against the clock and the memory of a process of their
//! own: nothing else may run beside them. `cargo run --release -p dsl --example bombs` prints the figures.

#[allow(dead_code, reason = "shared with the unit tests, which use all of it")]
#[path = "../src/expr/tests/bombs/corpus.rs"]
mod corpus;
#[path = "bombs/measured.rs"]
mod measured;

use std::time::Duration;

use dsl::expr::EvalLimits;

/// Five times what is promised, as tests run unoptimised and beside others.
const WALL_MAX: Duration = Duration::from_millis(5 * 200);
const GROWTH_BYTES_MAX: u64 = 64 << 20;

#[test]
fn bombs_end_soon_and_small_and_honest_work_passes() {
    let bench = measured::Bench::new();
    let mut wrong = Vec::new();
    for (source, _) in corpus::BOMBS {
        let figures = bench.measure(source, EvalLimits::default());
        let time = figures.busy.unwrap_or(figures.wall);
        if time > WALL_MAX {
            wrong.push(format!("{time:?} for {source}"));
        }
        // Of what the allocator keeps from one to the next, all counts.
        let growth = figures.growth_bytes.unwrap_or(0);
        if growth > GROWTH_BYTES_MAX {
            wrong.push(format!("{} MiB for {source}", growth >> 20));
        }
    }
    let patient = EvalLimits {
        wall: Duration::from_secs(60),
        ..EvalLimits::default()
    };
    for (source, expected) in corpus::HONEST {
        let ended = bench.measure(source, patient).ended;
        if ended.as_deref() != Ok(*expected) {
            wrong.push(format!("{source} gave {ended:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
