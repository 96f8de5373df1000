//! The results as a table for people and as JSON for programs.

use anyhow::Result;
use serde::Serialize;

use super::Figure;
use super::machine::{Limits, directory};

#[derive(Serialize)]
pub struct Row {
    pub workload: &'static str,
    pub goal: &'static str,
    pub figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Results<'a> {
    machine: &'a Limits,
    workloads: &'a [Row],
}

/// Writes both files and prints the table.
pub fn write(limits: &Limits, rows: &[Row]) -> Result<()> {
    let table = markdown(limits, rows);
    let json = serde_json::to_string_pretty(&Results {
        machine: limits,
        workloads: rows,
    })?;
    std::fs::write(directory().join("results.md"), &table)?;
    std::fs::write(directory().join("results.json"), json + "\n")?;
    println!("\n{table}");
    Ok(())
}

fn markdown(limits: &Limits, rows: &[Row]) -> String {
    let mut lines = vec![
        format!(
            "Machine: {}, {} cores, {}, Linux {}.",
            limits.processor, limits.cores, limits.memory, limits.kernel
        ),
        String::new(),
        "| workload | goal | measured |".to_owned(),
        "|---|---|---|".to_owned(),
        format!(
            "| append 4 KiB and fsync | the limit | median {:.0} us, p99 {:.0} us |",
            limits.fsync.median_us, limits.fsync.p99_us
        ),
        format!(
            "| bare echo, 32 connections | the limit | {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {} errors |",
            limits.echo.requests_per_second,
            limits.echo.p50_ms,
            limits.echo.p99_ms,
            limits.echo.errors
        ),
    ];
    for row in rows {
        lines.push(format!(
            "| {} | {} | {} |",
            row.workload,
            row.goal,
            measured(row)
        ));
    }
    if !limits.is_optimised {
        lines.push(String::new());
        lines.push("Built without optimisations: these figures mean nothing.".to_owned());
    }
    lines.join("\n") + "\n"
}

fn measured(row: &Row) -> String {
    let words = row
        .figures
        .iter()
        .map(|figure| format!("{} {:.2} {}", figure.name, figure.value, figure.unit));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
