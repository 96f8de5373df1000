//! What the program can do: one file per command, or per family of commands.

mod apply;
mod control;
mod emit;
mod listing;
mod logs;
mod run;
mod runs;
mod secret;
mod show;
mod start;
mod up;
mod validate;

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::arguments::{Cli, Command};
use crate::failure::Failure;
use crate::terminal::Terminal;

pub async fn perform(terminal: &Terminal, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Validate(options) => validate::perform(terminal, &options).await,
        Command::Run(options) => run::perform(terminal, options).await,
        Command::Up(options) => done(up::perform(terminal, options).await),
        Command::Runs(options) => done(runs::perform(terminal, &options).await),
        Command::Show(options) => done(show::perform(terminal, &options).await),
        Command::Logs(options) => done(logs::perform(terminal, &options).await),
        Command::Cancel(options) => done(control::cancel(terminal, &options).await),
        Command::Suspend(options) => done(control::suspend(terminal, &options).await),
        Command::Resume(options) => done(control::resume(terminal, &options).await),
        Command::Retry(options) => done(control::retry(terminal, &options).await),
        Command::Resolve(options) => done(control::resolve(terminal, &options).await),
        Command::Start(options) => start::perform(terminal, &options).await,
        Command::Emit(options) => done(emit::perform(terminal, &options).await),
        Command::Apply(options) => done(apply::perform(terminal, &options).await),
        Command::Secret(options) => done(secret::perform(terminal, options).await),
        Command::Workflows(options) => done(listing::workflows(terminal, &options).await),
        Command::Sources(options) => done(listing::sources(terminal, &options).await),
        Command::Openapi => done(terminal.out(api::openapi().trim_end())),
        Command::Completions { shell } => done(completions(terminal, shell)),
    }
}

fn done(result: Result<(), Failure>) -> Result<ExitCode, Failure> {
    result.map(|()| ExitCode::SUCCESS)
}

fn completions(terminal: &Terminal, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "segue", &mut script);
    terminal.out(String::from_utf8_lossy(&script).trim_end())
}
