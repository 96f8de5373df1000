//! `segue validate`: every problem of every file at once.

use std::process::ExitCode;

use serde::Serialize;

use crate::arguments::Validate;
use crate::failure::{Failure, Kind};
use crate::findings::{Placed, Report};
use crate::project;
use crate::terminal::{Ink, Terminal};

pub async fn perform(terminal: &Terminal, options: &Validate) -> Result<ExitCode, Failure> {
    let files = project::files(&options.paths)?;
    let reports = project::check(&files).await?;
    let summary = Summary::of(&reports, options.strict);
    if terminal.is_json {
        terminal.out_json(&summary)?;
    } else {
        show(terminal, &reports, &summary)?;
    }
    if summary.is_valid {
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::from(Kind::User.exit_code()))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    is_valid: bool,
    files: usize,
    errors: usize,
    warnings: usize,
    problems: Vec<Placed<'a>>,
}

impl<'a> Summary<'a> {
    fn of(reports: &'a [Report], is_strict: bool) -> Self {
        let problems: Vec<_> = reports.iter().flat_map(Report::placed).collect();
        let errors = problems
            .iter()
            .filter(|placed| placed.finding.is_error())
            .count();
        let warnings = problems.len() - errors;
        Self {
            is_valid: errors == 0 && (warnings == 0 || !is_strict),
            files: reports.len(),
            errors,
            warnings,
            problems,
        }
    }
}

fn show(terminal: &Terminal, reports: &[Report], summary: &Summary<'_>) -> Result<(), Failure> {
    let paint = terminal.out_paint();
    for report in reports.iter().filter(|report| !report.findings.is_empty()) {
        terminal.out(format!("{}\n", report.render(paint)))?;
    }
    let counts = [(summary.errors, "error"), (summary.warnings, "warning")];
    let found: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(*count, what))
        .collect();
    let verdict = match summary.is_valid {
        true => paint.on(Ink::Green, "valid"),
        false => paint.on(Ink::Red, "not valid"),
    };
    let files = counted(summary.files, "file");
    match found.is_empty() {
        true => terminal.out(format!("{files}: {verdict}")),
        false => terminal.out(format!("{files}: {verdict}, {}", found.join(", "))),
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
