//! `cargo xtask time`: how long a clean build takes, and the loop of somebody who edits the engine.
//!
//! Noted at each release, so that slow growth is seen.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use clap::Args;

use crate::command::{cargo, root, spelled, succeed};

#[derive(Args)]
pub struct Options {
    /// Leave out the clean build, which takes minutes.
    #[arg(long)]
    only_edits: bool,
}

/// The file whose change stands for an edit of the engine.
const EDITED: &str = "crates/engine/src/lib.rs";

pub fn run(options: &Options) -> Result<()> {
    let mut rows = Vec::new();
    if !options.only_edits {
        rows.push(("clean build of the program", clean_build()?));
    }
    let build = || cargo(["build", "--locked", "--package", "cli"]);
    let tests = || cargo(["test", "--locked", "--package", "engine"]);
    rows.push(("engine edited, program built", edit_loop(build)?));
    rows.push(("engine edited, its tests run", edit_loop(tests)?));
    println!("\n| what | seconds |\n|---|---:|");
    for (what, elapsed) in rows {
        println!("| {what} | {:.1} |", elapsed.as_secs_f64());
    }
    Ok(())
}

/// In a directory of its own, so that nobody's build is thrown away.
fn clean_build() -> Result<Duration> {
    let target = root().join("target").join("time");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    // Downloads are no part of a build.
    succeed(&mut cargo(["fetch", "--locked"]))?;
    let mut command = cargo(["build", "--locked", "--package", "cli", "--target-dir"]);
    let elapsed = timed(command.arg(&target))?;
    std::fs::remove_dir_all(&target)?;
    Ok(elapsed)
}

/// The second time counts: the first brings everything else up to date.
fn edit_loop(command: impl Fn() -> Command) -> Result<Duration> {
    succeed(&mut command())?;
    touch()?;
    timed(&mut command())
}

fn timed(command: &mut Command) -> Result<Duration> {
    println!("timing: {}", spelled(command));
    let start = Instant::now();
    succeed(command)?;
    Ok(start.elapsed())
}

fn touch() -> Result<()> {
    let path = root().join(EDITED);
    let file = File::options()
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    Ok(file.set_modified(SystemTime::now())?)
}
