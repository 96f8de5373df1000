//! `segue run`: one definition, run in this process.

mod progress;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use dsl::Value;
use dsl::yaml::{Change, Edit};
use runtime::{Options, Profile, RunDetail, RunInput, RunStatus, Scope, Server, StartOptions};
use serde::Serialize;

use crate::arguments::Run;
use crate::config::{self, Environment, LogFormat};
use crate::embedded::{self, ACTOR};
use crate::failure::{self, Failure, Kind};
use crate::findings::Report;
use crate::project::{self, File, Holds};
use crate::stop::Stop;
use crate::terminal::{Ink, Terminal, plain_lines};
use crate::{input, logging};
use progress::Progress;

/// Time for calls under way when the run has ended or was cancelled.
const GRACE: Duration = Duration::from_secs(2);
/// Longer than any program runs, and short enough to be added to any moment.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

pub async fn perform(terminal: &Terminal, options: Run) -> Result<ExitCode, Failure> {
    logging::start(terminal, LogFormat::Human, "warn");
    let timeout = options.timeout.as_deref().map(config::duration).transpose();
    let timeout = timeout.map_err(|problem| Failure::usage(format!("`--timeout`: {problem}")))?;
    let files = read(terminal, &options).await?;
    let value = match &options.input {
        Some(given) => input::json("the input", given)?,
        None => Value::object::<&str>([]),
    };
    let server = embedded::start(server_options(&options)?).await?;
    let ended = run(terminal, &options, &server, &files, value, timeout).await;
    server.stop(GRACE).await;
    tell(terminal, &ended?)
}

/// The definition first, then what it needs; all valid.
async fn read(terminal: &Terminal, options: &Run) -> Result<Vec<File>, Failure> {
    let definition = File::read(&options.file)?;
    if definition.holds != Holds::Definition {
        let path = options.file.display();
        return Err(
            Failure::user(format!("{path} is not a workflow definition"))
                .help("connections and sources are given with `--connections`"),
        );
    }
    let mut files = vec![definition];
    let more = project::files(&options.connections)?;
    files.extend(
        more.into_iter()
            .filter(|file| file.holds != Holds::Settings && !is_same(&file.path, &options.file)),
    );
    let mut reports = project::check(&files).await?;
    reports.retain(|report| !report.findings.is_empty());
    if reports.iter().any(Report::has_errors) {
        return Err(Failure::user("nothing was run").with_reports(reports));
    }
    if !options.quiet && !terminal.is_json {
        for report in &reports {
            terminal.note(report.render(terminal.note_paint()));
        }
    }
    Ok(files)
}

fn is_same(one: &std::path::Path, other: &std::path::Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn server_options(options: &Run) -> Result<Options, Failure> {
    let usage = |flag: &str, problem: String| Failure::usage(format!("`{flag}`: {problem}"));
    let profile = match &options.profile {
        Some(text) => config::profile(text).map_err(|problem| usage("--profile", problem))?,
        None => Profile::Development,
    };
    let networks: Result<_, _> = options
        .allowed_networks
        .iter()
        .map(|text| config::network(text))
        .collect();
    Ok(Options {
        data: options.data.clone(),
        profile,
        allowed_networks: networks.map_err(|problem| usage("--allowed-network", problem))?,
        secrets: Environment::of_process().secrets(),
        ..Options::default()
    })
}

async fn run(
    terminal: &Terminal,
    options: &Run,
    server: &Arc<Server>,
    files: &[File],
    value: Value,
    timeout: Option<Duration>,
) -> Result<RunDetail, Failure> {
    let scope = Scope::all(ACTOR);
    for file in files.iter().filter(|file| file.holds == Holds::Resources) {
        let applied = server.apply_resources(&scope, &file.text).await;
        applied.map_err(|error| failure::of_runtime(error, Some(file.report(Vec::new()))))?;
    }
    let mut first = None;
    for file in files.iter().filter(|file| file.holds == Holds::Definition) {
        let text = without_schedule(file)?;
        let applied = server.apply_definition(&scope, &text, true).await;
        let view =
            applied.map_err(|error| failure::of_runtime(error, Some(file.report(Vec::new()))))?;
        first.get_or_insert(view);
    }
    let definition = first.expect("the first file is a definition");
    let mut stop = Stop::new()?;
    let mut live = server.subscribe();
    let input = RunInput { value, raw: None };
    // The version by name: other files given may hold another version of the same workflow.
    let start_options = StartOptions {
        version: Some(definition.version.clone()),
        ..StartOptions::default()
    };
    let started = server
        .start_run(
            &scope,
            &definition.namespace,
            &definition.name,
            input,
            start_options,
        )
        .await
        .map_err(|error| failure::of_runtime(error, None))?;
    let run = started.run;
    let is_silent = options.quiet || terminal.is_json;
    let read = |from, limit| server.history(&scope, run, from, limit);
    let mut progress = Progress::new(terminal, run.to_string(), is_silent, read);
    let mut ended = pin!(server.wait(&scope, run, NEVER));
    let mut deadline = pin!(tokio::time::sleep(timeout.unwrap_or(NEVER)));
    let reason = tokio::select! {
        ended = &mut ended => {
            progress.show();
            return ended.map_err(|error| failure::of_runtime(error, None));
        }
        never = progress.follow(&mut live) => match never {},
        () = &mut deadline => {
            let took = options.timeout.as_deref().unwrap_or_default();
            format!("it took longer than {took}")
        }
        () = stop.asked() => "it was interrupted".to_owned(),
    };
    progress.show();
    let doing = server
        .run(&scope, run)
        .map_err(|error| failure::of_runtime(error, None))?;
    let cancelled = server.cancel(&scope, run, Some(&reason)).await;
    cancelled.map_err(|error| failure::of_runtime(error, None))?;
    let failure = Failure::user(format!("the run was cancelled: {reason}"));
    let doing = doing.outstanding.iter().map(|task| {
        format!(
            "`{}` waited for {}: {}",
            task.name, task.waits_for, task.detail
        )
    });
    let doing: Vec<String> = doing.collect();
    Err(if doing.is_empty() {
        failure
    } else {
        failure.help(doing.join("\n"))
    })
}

/// The definition without what would start runs of it by itself.
fn without_schedule(file: &File) -> Result<String, Failure> {
    let has_schedule =
        dsl::parse(&file.text).is_ok_and(|parsed| parsed.definition.schedule.is_some());
    if !has_schedule {
        return Ok(file.text.clone());
    }
    let removal = Edit {
        pointer: "/schedule".to_owned(),
        change: Change::Remove,
    };
    dsl::yaml::edit(&file.text, &[removal]).map_err(|error| {
        let path = file.path.display();
        Failure::user(format!("cannot leave out `schedule` of {path}: {error}"))
            .help("remove `schedule` from a copy and run that")
    })
}

fn tell(terminal: &Terminal, ended: &RunDetail) -> Result<ExitCode, Failure> {
    let is_completed = ended.run.status == RunStatus::Completed;
    if terminal.is_json {
        terminal.out_json(ended)?;
    } else if let Some(output) = ended.output.as_ref().filter(|_| is_completed) {
        terminal.out_json(output)?;
    } else {
        let paint = terminal.note_paint();
        let why = match &ended.error {
            Some(error) => {
                let value = serde_json::to_value(error).unwrap_or_default();
                let place = error.instance.as_deref();
                let place = place.map_or(String::new(), |place| format!("\n  at {place}"));
                format!(": {}{place}", crate::timeline::error(&value))
            }
            None => String::new(),
        };
        terminal.note(format!(
            "{} {}{}",
            paint.on(Ink::Red, "the run"),
            word(&ended.run.status),
            plain_lines(&why)
        ));
    }
    if is_completed {
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::from(Kind::User.exit_code()))
    }
}

/// The status as it is written in JSON.
fn word(status: &impl Serialize) -> String {
    let value = serde_json::to_value(status).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
