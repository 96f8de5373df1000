//! `cargo xtask up`: the main job of Segue on one machine, from a fresh clone.
//!
//! Builds what is missing, starts the demo systems and the server, sends the sample leads as a website would, follows
//! their runs, and says where to look. Whatever ends it, Ctrl-C or one of the programs dying, all of them are stopped.

mod children;
pub(crate) mod http;
mod leads;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::{built, cargo, program, root, succeed};
use crate::tools;
use children::Children;
pub use http::accepts;
use leads::{Lead, Sent};

#[derive(Args)]
pub struct Options {
    /// Build and run with optimisations.
    #[arg(long)]
    release: bool,
    /// Stop when all sample runs have ended; fail when one of them did not complete.
    #[arg(long)]
    once: bool,
    /// Where Segue and the demo systems keep what they must not forget.
    #[arg(long, value_name = "DIR", default_value = ".segue/demo")]
    data: PathBuf,
}

const EXAMPLE: &str = "examples/lead-intake";
const SEGUE: &str = "127.0.0.1:7300";

/// The demo systems: name, address, and what a person finds there.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("crm", "127.0.0.1:7301", "contacts that arrived"),
    (
        "enrichment",
        "127.0.0.1:7302",
        "what it knows about companies",
    ),
    ("chat", "127.0.0.1:7303", "messages to the team"),
    ("bank", "127.0.0.1:7304", "payments"),
    ("procurement", "127.0.0.1:7305", "purchase requests"),
    ("mail", "127.0.0.1:7306", "mails that were sent"),
];
const SMTP: &str = "127.0.0.1:7325";

/// Longest wait for a program to answer after its start.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Longest wait for the sample runs with `--once`.
const RUNS_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub fn run(options: &Options) -> Result<()> {
    // Before the build: somebody who forgot another `up` should not wait for a compiler first.
    let systems = SYSTEMS.iter().map(|(_, address, _)| *address);
    check_free(systems.chain([SMTP, SEGUE]))?;
    build(options)?;
    build_web()?;
    let secrets = leads::read_secrets(&root().join(EXAMPLE).join("secrets.env"))?;
    let samples = leads::read_samples(&root().join(EXAMPLE).join("leads"))?;

    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for signals")?;
    }
    let mut children = Children::new(stop);

    children.start("systems", &mut serve_systems(options)?)?;
    for (_, address, _) in SYSTEMS {
        children.wait_for(READY_WITHIN, address, || answers(address, "/_health"))?;
    }
    children.wait_for(READY_WITHIN, SMTP, || http::accepts(SMTP))?;

    children.start("segue", serve(options).envs(secrets.iter()))?;
    children.wait_for(READY_WITHIN, SEGUE, || answers(SEGUE, "/readyz"))?;

    let secret = leads::webhook_secret(&secrets)?;
    let mut leads = Vec::new();
    for sample in &samples {
        match leads::send(SEGUE, sample, secret)? {
            Sent::Accepted(lead) => {
                println!("{}: accepted", lead.name);
                leads.push(lead);
            }
            Sent::Answered(what) => println!("{what}"),
        }
    }
    for line in where_to_look(options) {
        println!("{line}");
    }
    let token = leads::read_token(&root().join(segue_data(options)))?;
    let outcome = follow(&mut children, leads, &token, options.once);
    children.stop();
    outcome
}

fn build(options: &Options) -> Result<()> {
    let mut command = cargo([
        "build",
        "--locked",
        "--package",
        "cli",
        "--package",
        "systems",
    ]);
    if options.release {
        command.arg("--release");
    }
    succeed(&mut command)
}

/// Builds the web pages once, where Node is there; Segue works without them.
fn build_web() -> Result<()> {
    let ui = root().join("ui");
    if !ui.join("package.json").exists() || ui.join("dist/index.html").exists() {
        return Ok(());
    }
    if !tools::is_on_path("npm") {
        println!("no Node on this machine: the web pages are left out, all else works");
        return Ok(());
    }
    succeed(program("npm").arg("ci").current_dir(&ui))?;
    succeed(program("npm").args(["run", "build"]).current_dir(&ui))
}

fn check_free<'a>(addresses: impl Iterator<Item = &'a str>) -> Result<()> {
    for address in addresses {
        TcpListener::bind(address)
            .with_context(|| format!("{address} is taken: is another `cargo xtask up` running?"))?;
    }
    Ok(())
}

/// The systems keep what they are sent, as Segue does: a second `up` goes on where the first one stopped.
fn serve_systems(options: &Options) -> Result<Command> {
    let data = root().join(&options.data).join("systems");
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let mut command = program(built("demo-systems", options.release));
    command.args(["all", "--data"]).arg(data);
    Ok(command)
}

fn serve(options: &Options) -> Command {
    let mut command = program(built("segue", options.release));
    command
        .args(["up", EXAMPLE, "--listen", SEGUE, "--data"])
        .arg(segue_data(options));
    command
}

fn segue_data(options: &Options) -> PathBuf {
    options.data.join("segue")
}

fn answers(address: &str, path: &str) -> bool {
    http::get(address, path, &[]).is_ok_and(|reply| reply.status == 200)
}

/// Says how each run ended. With `once` it returns then, else when it is told to stop.
fn follow(children: &mut Children, mut leads: Vec<Lead>, token: &str, once: bool) -> Result<()> {
    let deadline = Instant::now() + RUNS_WITHIN;
    let mut not_completed = 0;
    while !children.is_told_to_stop() {
        children.check_alive()?;
        let mut open = Vec::new();
        for mut lead in leads {
            if let Some(status) = lead.end(SEGUE, token) {
                println!("{}: {status}, {}", lead.name, lead.run);
                not_completed += usize::from(status != "completed");
            } else {
                open.push(lead);
            }
        }
        leads = open;
        if once && leads.is_empty() {
            if not_completed > 0 {
                bail!("{not_completed} sample runs did not complete");
            }
            return Ok(());
        }
        if once && Instant::now() > deadline {
            bail!(
                "{} sample runs are still open after {RUNS_WITHIN:?}",
                leads.len()
            );
        }
        std::thread::sleep(LOOK_EVERY);
    }
    if once {
        bail!("stopped before all sample runs had ended");
    }
    Ok(())
}

fn where_to_look(options: &Options) -> Vec<String> {
    let mut lines = vec![String::new(), "Where to look:".to_owned()];
    for (name, address, what) in SYSTEMS {
        lines.push(format!("  {:12} http://{address}/  {what}", name));
    }
    let segue = relative(&built("segue", options.release));
    let data = segue_data(options);
    let data = data.display();
    lines.push(format!("  {:12} http://{SEGUE}/", "segue"));
    lines.push(format!("  {:12} {segue} runs --data {data}", "all runs"));
    lines.push(format!("  {:12} {segue} show RUN --data {data}", "one run"));
    if !options.once {
        lines.push("Ctrl-C stops everything.".to_owned());
    }
    lines.push(String::new());
    lines
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests;
