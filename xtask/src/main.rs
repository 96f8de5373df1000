//! The chores of the house, in Rust: `cargo xtask up`, `test`, `tidy`, `deny`, `gen`, `bench`, `counts`, `time`.
//!
//! Each chore is a module. A chore that checks something is a pure function over what it was given, so that a unit
//! test can show it failing; reading files and starting programs happens at the edge.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks to its user"
)]

mod bench;
mod command;
mod counts;
mod deny;
mod generated;
mod test;
mod tidy;
mod time;
mod tools;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the Segue repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build what is missing, start Segue with the demo systems and the lead-intake example, and send sample leads.
    Up(up::Options),
    /// Everything the main branch runs: format, tidy, licences, clippy, tests, generated files.
    Test(test::Options),
    /// The rules of the house that no compiler knows.
    Tidy,
    /// Licences and banned crates.
    Deny,
    /// Write the generated files, or compare them with what would be written.
    Gen(generated::Options),
    /// Measure, beside the limits of this machine; results go to target/bench/.
    Bench(bench::Options),
    /// Instructions of a few pieces of work under valgrind, compared with bench/counts.json.
    Counts(counts::Options),
    /// How long a clean build and the edit loop of the engine take.
    Time(time::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Up(options) => up::run(&options),
        Chore::Test(options) => test::run(&options),
        Chore::Tidy => tidy::run(),
        Chore::Deny => deny::run(),
        Chore::Gen(options) => generated::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Counts(options) => counts::run(&options),
        Chore::Time(options) => time::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
