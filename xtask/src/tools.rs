//! Programs that a chore needs beyond Rust: which Debian package holds each, and who needs it.
//!
//! As root on Debian what is missing is installed; anywhere else the person reads exactly what to install, and the
//! chore fails. Nothing is skipped because a tool is absent.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::command::{program, succeed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    Test,
    Bench,
    Counts,
}

pub struct Tool {
    pub name: &'static str,
    /// The Debian package that holds it.
    pub package: &'static str,
    pub chore: Chore,
    /// The tests or workloads that use it.
    pub used_by: &'static str,
}

/// The one list. A test that starts another program adds its line here.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "jq",
        package: "jq",
        chore: Chore::Test,
        used_by: "dsl: expressions give the same answers as jq",
    },
    Tool {
        name: "strace",
        package: "strace",
        chore: Chore::Test,
        used_by: "cli: the server is killed at chosen system calls",
    },
    Tool {
        name: "wrk",
        package: "wrk",
        chore: Chore::Bench,
        used_by: "bench: HTTP load",
    },
    Tool {
        name: "valgrind",
        package: "valgrind",
        chore: Chore::Counts,
        used_by: "counts: instructions of a piece of work",
    },
];

/// What has to happen before the chore can go on.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Ready,
    Install(Vec<&'static str>),
    Ask(String),
}

/// Makes sure that every program the chore needs is there.
pub fn ensure(chore: Chore) -> Result<()> {
    match plan(chore, &is_on_path, may_install()) {
        Plan::Ready => Ok(()),
        Plan::Install(packages) => install(&packages),
        Plan::Ask(message) => bail!(message),
    }
}

fn plan(chore: Chore, is_there: &dyn Fn(&str) -> bool, may_install: bool) -> Plan {
    let missing: Vec<&Tool> = TOOLS
        .iter()
        .filter(|tool| tool.chore == chore && !is_there(tool.name))
        .collect();
    if missing.is_empty() {
        return Plan::Ready;
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if may_install {
        return Plan::Install(packages);
    }
    let mut message = String::from("these programs are missing:\n");
    for tool in &missing {
        message.push_str(&format!("  {:8} for {}\n", tool.name, tool.used_by));
    }
    message.push_str(&format!(
        "on Debian: sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    ));
    Plan::Ask(message)
}

fn install(packages: &[&str]) -> Result<()> {
    println!("installing from Debian: {}", packages.join(" "));
    let install = || {
        let mut command = program("apt-get");
        command.args(["-qq", "install", "-y", "--no-install-recommends"]);
        command
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    if succeed(&mut install()).is_ok() {
        return Ok(());
    }
    // Images often come without lists of packages, or with old ones.
    succeed(program("apt-get").args(["-qq", "update"]))?;
    succeed(&mut install())
}

fn may_install() -> bool {
    rustix::process::geteuid().is_root()
        && Path::new("/etc/debian_version").exists()
        && is_on_path("apt-get")
}

pub fn is_on_path(name: &str) -> bool {
    find(name).is_some()
}

/// Where a program is, looked up as a shell would.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests;
