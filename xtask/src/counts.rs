//! `cargo xtask counts`: how many instructions a few pieces of work take, compared with `bench/counts.json`.
//!
//! Times on a shared machine say little; instructions are nearly the same on every run. They are counted on the
//! unoptimised build, which is there anyway: they tell that the code does more than before, not how fast it is.
//! Decision 0006.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::command::{built, capture, cargo, program, root, spelled, succeed};
use crate::tools;

#[derive(Args)]
pub struct Options {
    /// Write what was counted as the numbers to compare with from now on.
    #[arg(long)]
    accept: bool,
    /// Count only work whose name holds this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

const FILE: &str = "bench/counts.json";
/// Hash seeds, temporary names and thread wake-ups differ from run to run.
const TOLERANCE_PERCENT: u64 = 5;

/// As `bench count` lists them.
#[derive(Deserialize)]
struct Workload {
    name: String,
    /// How often it is done to be counted.
    times: u64,
}

/// Work, and its instructions.
type Counts = BTreeMap<String, u64>;

pub fn run(options: &Options) -> Result<()> {
    tools::ensure(tools::Chore::Counts)?;
    succeed(&mut cargo(["build", "--locked", "--package", "bench"]))?;
    let path = root().join(FILE);
    let mut accepted: Counts = match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{FILE} is damaged"))?,
        Err(_) => Counts::new(),
    };
    let mut counted = Counts::new();
    for workload in workloads(options.only.as_deref())? {
        let count = count(&workload)?;
        let name = workload.name;
        println!("{}", line(&name, count, accepted.get(&name).copied()));
        counted.insert(name, count);
    }
    if options.accept {
        accepted.extend(counted);
        let mut text = serde_json::to_string_pretty(&accepted)?;
        text.push('\n');
        return Ok(std::fs::write(&path, text)?);
    }
    let differing = differing(&accepted, &counted);
    if !differing.is_empty() {
        bail!(
            "{} differ by more than {TOLERANCE_PERCENT} %: find out why, then `cargo xtask counts --accept`",
            differing.join(", ")
        );
    }
    Ok(())
}

fn workloads(only: Option<&str>) -> Result<Vec<Workload>> {
    let listed = capture(program(built("bench", false)).arg("count"))?;
    let mut workloads = Vec::new();
    for line in String::from_utf8_lossy(&listed).lines() {
        let workload: Workload = serde_json::from_str(line)?;
        if only.is_none_or(|only| workload.name.contains(only)) {
            workloads.push(workload);
        }
    }
    Ok(workloads)
}

/// What doing the work once more costs; the first time warms up.
fn count(workload: &Workload) -> Result<u64> {
    let once = instructions(&workload.name, 1)?;
    let often = instructions(&workload.name, 1 + workload.times)?;
    Ok(often.saturating_sub(once) / workload.times)
}

fn instructions(name: &str, times: u64) -> Result<u64> {
    let mut command = program("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(built("bench", false))
        .args(["count", name, &times.to_string()]);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{}`", spelled(&command)))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!(
            "`{}` ended with {}: {told}",
            spelled(&command),
            output.status
        );
    }
    collected(&told).with_context(|| format!("valgrind told no count: {told}"))
}

/// The sum in a line such as `==7== Collected : 1234`.
fn collected(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn line(name: &str, count: u64, accepted: Option<u64>) -> String {
    let change = match accepted {
        Some(accepted) if accepted > 0 => {
            let percent = (count as f64 / accepted as f64 - 1.0) * 100.0;
            format!("{percent:+.1} %")
        }
        _ => "new".to_owned(),
    };
    format!("{name:28} {count:>14} {change:>9}")
}

/// What was counted and is not as accepted, fewer included: a number that nobody renews hides the next increase.
fn differing(accepted: &Counts, counted: &Counts) -> Vec<String> {
    let is_same = |name: &String, count: u64| {
        accepted
            .get(name)
            .is_some_and(|known| known.abs_diff(count) * 100 <= known * TOLERANCE_PERCENT)
    };
    counted
        .iter()
        .filter(|(name, count)| !is_same(name, **count))
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Counts, collected, differing};

    #[test]
    fn the_sum_is_read_from_what_valgrind_tells() {
        let told = "==7== Events    : Ir\n==7== Collected : 12345\n==7== \n";
        assert_eq!(collected(told), Some(12_345));
        assert_eq!(collected("==7== oh no"), None);
    }

    #[test]
    fn only_what_differs_by_more_than_the_tolerance_is_told() {
        let counts = |entries: &[(&str, u64)]| -> Counts {
            entries
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect()
        };
        let accepted = counts(&[("a", 1_000), ("b", 1_000), ("c", 1_000)]);
        let counted = counts(&[("a", 1_050), ("b", 1_051), ("c", 949), ("d", 1)]);
        assert_eq!(differing(&accepted, &counted), ["b", "c", "d"]);
    }
}
