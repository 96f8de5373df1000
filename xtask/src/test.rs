//! `cargo xtask test`: what the main branch runs, stage by stage, the quick ones first.
//!
//! Clippy and the tests share one debug target directory. Each program's own lines pass through as they come; the
//! sums at the end are ours.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::command::{cargo, spelled, succeed};
use crate::{deny, generated, tidy, tools};

#[derive(Args)]
pub struct Options {
    /// Run one stage only.
    #[arg(long, value_name = "STAGE")]
    only: Option<Stage>,
    /// Go on after a stage that failed.
    #[arg(long)]
    keep_going: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    Format,
    Tidy,
    Deny,
    Clippy,
    Tests,
    Generated,
}

pub fn run(options: &Options) -> Result<()> {
    let stages: Vec<Stage> = Stage::value_variants()
        .iter()
        .copied()
        .filter(|stage| options.only.is_none_or(|only| only == *stage))
        .collect();
    let mut counts = Counts::default();
    let report = run_all(&stages, options.keep_going, &mut |stage| {
        perform(stage, &mut counts)
    });
    for line in report.lines(&counts) {
        println!("{line}");
    }
    if report.failed > 0 {
        bail!("{} of {} stages failed", report.failed, stages.len());
    }
    Ok(())
}

fn perform(stage: Stage, counts: &mut Counts) -> Result<()> {
    match stage {
        Stage::Format => succeed(&mut cargo(["fmt", "--all", "--check", "--", "-l"]))
            .context("the files above are not formatted: run `cargo fmt --all`"),
        Stage::Tidy => tidy::run(),
        Stage::Deny => deny::run(),
        Stage::Clippy => succeed(&mut cargo([
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])),
        Stage::Tests => run_tests(counts),
        Stage::Generated => generated::run(&generated::Options::check()),
    }
}

fn run_tests(counts: &mut Counts) -> Result<()> {
    tools::ensure(tools::Chore::Test)?;
    let mut command = cargo(["test", "--locked", "--workspace", "--no-fail-fast"]);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", spelled(&command)))?;
    let output = child.stdout.take().expect("asked for as a pipe above");
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        counts.add(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` ended with {status}", spelled(&command));
    }
    if counts.passed == 0 {
        bail!("no test ran, so nothing was proven");
    }
    Ok(())
}

/// Sums over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Counts {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; ...`; other lines count nothing.
    fn add(&mut self, line: &str) {
        let Some(("test result", rest)) = line.split_once(": ") else {
            return;
        };
        for part in rest.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

struct Report {
    rows: Vec<(Stage, Duration, bool)>,
    not_run: Vec<Stage>,
    failed: usize,
}

/// Runs the stages in turn; without `keep_going` the first failure is the last stage run.
fn run_all(
    stages: &[Stage],
    keep_going: bool,
    perform: &mut dyn FnMut(Stage) -> Result<()>,
) -> Report {
    let mut report = Report {
        rows: Vec::new(),
        not_run: Vec::new(),
        failed: 0,
    };
    for &stage in stages {
        if report.failed > 0 && !keep_going {
            report.not_run.push(stage);
            continue;
        }
        println!("==> {}", name(stage));
        let start = Instant::now();
        let outcome = perform(stage);
        if let Err(error) = &outcome {
            eprintln!("error: {error:#}");
            report.failed += 1;
        }
        let elapsed = start.elapsed();
        println!(
            "<== {} {} in {:.1} s",
            name(stage),
            if outcome.is_ok() { "passed" } else { "FAILED" },
            elapsed.as_secs_f64()
        );
        report.rows.push((stage, elapsed, outcome.is_ok()));
    }
    report
}

impl Report {
    fn lines(&self, counts: &Counts) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (stage, elapsed, passed) in &self.rows {
            let word = if *passed { "passed" } else { "FAILED" };
            lines.push(format!(
                "{:10} {word} {:>7.1} s",
                name(*stage),
                elapsed.as_secs_f64()
            ));
        }
        for stage in &self.not_run {
            lines.push(format!("{:10} not run", name(*stage)));
        }
        if *counts != Counts::default() {
            lines.push(format!(
                "tests: {} passed, {} failed, {} ignored",
                counts.passed, counts.failed, counts.ignored
            ));
        }
        let passed = self.rows.len() - self.failed;
        let rest = match self.not_run.len() {
            0 => String::new(),
            number => format!(", {number} not run"),
        };
        lines.push(format!(
            "stages: {passed} passed, {} failed{rest}",
            self.failed
        ));
        lines
    }
}

fn name(stage: Stage) -> String {
    stage
        .to_possible_value()
        .expect("no stage is hidden from the command line")
        .get_name()
        .to_owned()
}

#[cfg(test)]
mod tests;
