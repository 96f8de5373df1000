//! What the machine allows: the time of one fsync, and the rate of a bare HTTP echo.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::load;
use crate::command::{built, capture, program, root};

const FSYNC_FOR: Duration = Duration::from_secs(2);
const FSYNC_BYTES: usize = 4096;
const ECHO: &str = "127.0.0.1:7399";
const ECHO_FOR: Duration = Duration::from_secs(5);
const READY_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize)]
pub struct Limits {
    pub processor: String,
    pub cores: usize,
    pub memory: String,
    pub kernel: String,
    pub fsync: Fsync,
    /// JSON echo by axum, one wrk thread, 32 connections.
    pub echo: load::Load,
    pub is_optimised: bool,
}

/// Times to append 4 KiB and make them durable.
#[derive(Debug, Serialize)]
pub struct Fsync {
    pub median_us: f64,
    pub p99_us: f64,
}

/// Where results and scratch files go.
pub fn directory() -> PathBuf {
    root().join("target").join("bench")
}

pub fn measure(is_optimised: bool) -> Result<Limits> {
    std::fs::create_dir_all(directory())?;
    Ok(Limits {
        processor: field("/proc/cpuinfo", "model name"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory: field("/proc/meminfo", "MemTotal"),
        kernel: String::from_utf8_lossy(&capture(program("uname").arg("-r"))?)
            .trim()
            .to_owned(),
        fsync: measure_fsync(&directory().join("fsync.scratch"), FSYNC_FOR)?,
        echo: measure_echo(is_optimised)?,
        is_optimised,
    })
}

/// The first `name : value` line of a file under /proc; machines differ in what they tell.
fn field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line
        .and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.trim());
    value.unwrap_or("unknown").to_owned()
}

fn measure_fsync(path: &Path, duration: Duration) -> Result<Fsync> {
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    let block = [0x5a; FSYNC_BYTES];
    let mut times = Vec::new();
    let end = Instant::now() + duration;
    while times.is_empty() || Instant::now() < end {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(Fsync {
        median_us: microseconds(percentile(&times, 50)),
        p99_us: microseconds(percentile(&times, 99)),
    })
}

/// `sorted` is not empty.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn measure_echo(is_optimised: bool) -> Result<load::Load> {
    let mut echo = program(built("echo", is_optimised))
        .arg(ECHO)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start the echo")?;
    let outcome = wait_until_up(&mut echo)
        .and_then(|()| load::post_json(&format!("http://{ECHO}/"), ECHO_FOR));
    // An error means that it has ended by itself, which the outcome tells already.
    let _ = echo.kill();
    let _ = echo.wait();
    outcome
}

fn wait_until_up(echo: &mut Child) -> Result<()> {
    let deadline = Instant::now() + READY_WITHIN;
    while !crate::up::accepts(ECHO) {
        if let Some(status) = echo.try_wait()? {
            bail!("the echo ended with {status}");
        }
        if Instant::now() > deadline {
            bail!("the echo did not answer within {READY_WITHIN:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
