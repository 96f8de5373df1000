//! HTTP load by wrk: 32 kept connections from one thread, a small JSON body each time.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::machine::directory;
use crate::command::{capture, program};

/// What wrk saw.
#[derive(Debug, PartialEq, Serialize)]
pub struct Load {
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Answers other than 2xx and 3xx, and broken connections.
    pub errors: u64,
}

const SCRIPT: &str = r#"wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"email": "ann@example.com", "message": "hello"}'
"#;

pub fn post_json(url: &str, duration: Duration) -> Result<Load> {
    let script = directory().join("post.lua");
    std::fs::write(&script, SCRIPT)?;
    let mut command = program("wrk");
    command.args(["-t1", "-c32", "--latency"]);
    command.arg(format!("-d{}s", duration.as_secs()));
    command.arg("-s").arg(&script).arg(url);
    let printed = String::from_utf8_lossy(&capture(&mut command)?).into_owned();
    parse(&printed).with_context(|| format!("wrk printed something unexpected:\n{printed}"))
}

fn parse(printed: &str) -> Option<Load> {
    let after = |start: &str| {
        let line = printed
            .lines()
            .find(|line| line.trim_start().starts_with(start))?;
        Some(line.trim_start()[start.len()..].trim())
    };
    Some(Load {
        requests_per_second: after("Requests/sec:")?.parse().ok()?,
        p50_ms: milliseconds(after("50%")?)?,
        p99_ms: milliseconds(after("99%")?)?,
        errors: count(after("Non-2xx or 3xx responses:")) + count(after("Socket errors:")),
    })
}

/// A time as wrk prints it: `87.00us`, `1.20ms`, `2.03s`.
fn milliseconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 3] = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)];
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}

/// The sum of all numbers in the text: `connect 0, read 3, write 0, timeout 1` is 4.
fn count(text: Option<&str>) -> u64 {
    let words = text.unwrap_or("").split([' ', ',']);
    words.filter_map(|word| word.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests;
