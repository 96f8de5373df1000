//! `cargo xtask bench`: what Segue reaches, in the same run as what this machine allows.
//!
//! A figure without the machine's own limits beside it says little: so the time of one fsync and the rate of a bare
//! echo are always measured first. Results go to `target/bench/results.md` and `results.json`.

mod load;
mod machine;
mod report;
mod workloads;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use crate::command::{cargo, succeed};
use crate::tools;
use machine::Limits;
use report::Row;

#[derive(Args)]
pub struct Options {
    /// Measure only workloads whose name holds this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// List the workloads and measure nothing.
    #[arg(long)]
    list: bool,
    /// Build without optimisations, to try the harness; the figures mean nothing.
    #[arg(long)]
    dev: bool,
}

/// One measured number.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
}

struct Workload {
    name: &'static str,
    goal: &'static str,
    measure: fn(&Limits) -> Result<Vec<Figure>>,
}

const WORKLOADS: &[Workload] = &[
    workload(
        "sequence of 40 pure tasks",
        "<= 1 ms and one fsync, median",
        workloads::sequence,
    ),
    workload(
        "webhook accepted",
        ">= 30 % of the echo",
        workloads::accepted,
    ),
    workload(
        "webhook, one task, reply",
        ">= 20,000/s where the echo does 135,000/s",
        workloads::replied,
    ),
    workload(
        "runs of 5 effects, 256 in flight",
        ">= 20,000 task records/s",
        workloads::effects,
    ),
    workload(
        "loop of 1,000 effects",
        "<= 50 ms",
        workloads::loop_of_effects,
    ),
    workload(
        "loop over 1,000,000 items",
        "< 300 MB resident",
        workloads::million_items,
    ),
    workload(
        "restart with 100,000 waiting runs",
        "ready in < 5 s",
        workloads::waiting_runs,
    ),
    workload(
        "idle",
        "< 40 MB resident, < 0.5 % of a core",
        workloads::idle,
    ),
    workload("cold start to ready", "< 300 ms", workloads::cold_start),
    workload("size of the program", "< 60 MB, stripped", workloads::size),
];

const fn workload(
    name: &'static str,
    goal: &'static str,
    measure: fn(&Limits) -> Result<Vec<Figure>>,
) -> Workload {
    Workload {
        name,
        goal,
        measure,
    }
}

pub fn run(options: &Options) -> Result<()> {
    let chosen: Vec<&Workload> = WORKLOADS
        .iter()
        .filter(|workload| {
            options
                .only
                .as_deref()
                .is_none_or(|text| workload.name.contains(text))
        })
        .collect();
    if chosen.is_empty() {
        bail!("no workload has this in its name; `cargo xtask bench --list` shows all");
    }
    if options.list {
        for workload in chosen {
            println!("{:36} {}", workload.name, workload.goal);
        }
        return Ok(());
    }
    tools::ensure(tools::Chore::Bench)?;
    build(options)?;
    let limits = machine::measure(!options.dev)?;
    let mut rows = Vec::new();
    for workload in chosen {
        println!("measuring: {}", workload.name);
        rows.push(Row {
            workload: workload.name,
            goal: workload.goal,
            figures: (workload.measure)(&limits)?,
        });
    }
    report::write(&limits, &rows)
}

fn build(options: &Options) -> Result<()> {
    let mut command = cargo([
        "build",
        "--locked",
        "--package",
        "cli",
        "--package",
        "bench",
        "--package",
        "echo",
    ]);
    if !options.dev {
        command.arg("--release");
    }
    succeed(&mut command)
}
