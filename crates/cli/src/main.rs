//! The one program, `segue`: reads configuration, starts what was asked for, and tells how it went.
//!
//! Everything it can do is in `commands`; this file only sets up what the whole process shares.

mod arguments;
mod client;
mod commands;
mod config;
mod embedded;
mod failure;
mod findings;
mod input;
mod logging;
mod project;
mod stop;
mod terminal;
mod timeline;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::Cli;
use terminal::Terminal;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Expressions and definitions may be nested; their limits are measured for stacks of this size.
const STACK_BYTES: usize = 8 << 20;
/// A bug of ours, as documented.
const EXIT_BUG: u8 = 101;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(tell_bug));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers and end well; the rest is usage, exit code 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nothing has chosen a provider before");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = failure::Failure::unavailable(format!("cannot start threads: {error}"));
            failure.tell(&terminal_for(&cli));
            return ExitCode::from(failure.kind.exit_code());
        }
    };
    // Spawned, so that it runs on one of the large stacks, whatever the main thread has.
    let ended = runtime.block_on(runtime.spawn(commanded(cli)));
    // Reads of standard input cannot be stopped; nothing else is left running that must end.
    runtime.shutdown_background();
    // The panic was told by the hook.
    ended.unwrap_or(ExitCode::from(EXIT_BUG))
}

fn terminal_for(cli: &Cli) -> Terminal {
    let has_no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Terminal::new(cli.json, has_no_color)
}

async fn commanded(cli: Cli) -> ExitCode {
    let terminal = terminal_for(&cli);
    match commands::perform(&terminal, cli.command).await {
        Ok(code) => code,
        Err(failure) => {
            failure.tell(&terminal);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

/// Says that this is our fault and what to send us, in the log if there is one.
fn tell_bug(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic
        .location()
        .map_or_else(String::new, ToString::to_string);
    let version = env!("CARGO_PKG_VERSION");
    if logging::is_on() {
        tracing::error!(%place, version, "this is a bug in Segue: {message}");
        return;
    }
    let terminal = Terminal::new(false, true);
    terminal.note(format!(
        "this is a bug in Segue: {}\n  at {place}, version {version}\n\
         please report these lines, the command you gave, and the definition if you may share it",
        terminal::plain(message),
    ));
}
