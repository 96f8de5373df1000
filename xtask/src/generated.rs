//! `cargo xtask gen`: files in the repository that a program writes, and the check that nobody edited them since.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::{capture, cargo, root, spelled};

#[derive(Args)]
pub struct Options {
    /// Compare with the files in the repository and write nothing.
    #[arg(long)]
    check: bool,
}

impl Options {
    pub fn check() -> Self {
        Self { check: true }
    }
}

/// A file in the repository, and the command that prints what it must hold.
struct Generated {
    path: &'static str,
    command: fn() -> Command,
}

/// The one list.
const GENERATED: &[Generated] = &[Generated {
    path: "docs/openapi.json",
    command: || {
        cargo([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "cli",
            "--",
            "openapi",
        ])
    },
}];

pub fn run(options: &Options) -> Result<()> {
    let mut stale = Vec::new();
    for file in GENERATED {
        let path = root().join(file.path);
        if options.check && !path.exists() {
            println!("{}: not in the repository, nothing to compare", file.path);
            continue;
        }
        let wanted = capture(&mut (file.command)())?;
        if wanted.trim_ascii().is_empty() {
            let command = spelled(&(file.command)());
            bail!("`{command}` printed nothing, so there is no {}", file.path);
        }
        if options.check {
            if !is_same(&std::fs::read(&path)?, &wanted) {
                stale.push(file.path);
            }
        } else {
            write(&path, &wanted)?;
            println!("{}: written", file.path);
        }
    }
    if !stale.is_empty() {
        bail!(
            "{} is not what the code generates: run `cargo xtask gen` and commit the result",
            stale.join(", ")
        );
    }
    Ok(())
}

/// Line endings at the very end do not count: editors and `println!` disagree about them.
fn is_same(there: &[u8], wanted: &[u8]) -> bool {
    there.trim_ascii_end() == wanted.trim_ascii_end()
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    let directory = path.parent().expect("the paths above name a directory");
    std::fs::create_dir_all(directory)?;
    let mut text = text.trim_ascii_end().to_vec();
    text.push(b'\n');
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn one_changed_letter_is_a_difference_and_a_last_newline_is_none() {
        assert!(is_same(b"{}\n", b"{}"));
        assert!(!is_same(b"{ }\n", b"{}"));
    }
}
