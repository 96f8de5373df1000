//! The command line itself: help, exit codes, and what needs no server.

use std::process::Stdio;

use super::program::{command, segue};

#[test]
fn exit_codes_are_documented_and_kept() {
    let help = segue(&["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("Exit codes:"), "{}", help.out);
    for args in [
        &["unknown"][..],
        &["run"],
        &["resolve", "x", "1"],
        &["runs", "--server", "nonsense"],
    ] {
        assert_eq!(segue(args).code, 2, "{args:?}");
    }
}

#[test]
fn every_command_is_documented() {
    let page = include_str!("../../../../docs/cli.md");
    let help = segue(&["--help"]).out;
    let commands = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    let names = commands.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?;
        name.starts_with(|c: char| c.is_ascii_lowercase())
            .then(|| name.split(' ').next().unwrap())
    });
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(
            page.contains(&format!("segue {name}")),
            "docs/cli.md does not tell about `segue {name}`"
        );
    }
}

#[test]
fn the_api_is_described_without_a_server() {
    let left = segue(&["openapi"]);
    assert_eq!(left.code, 0);
    assert_eq!(left.out, include_str!("../../../../docs/openapi.json"));
}

#[test]
fn shells_are_told_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let left = segue(&["completions", shell]);
        assert!(left.code == 0 && left.out.contains("validate"), "{shell}");
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let mut child = command(&["openapi"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let left = child.wait_with_output().unwrap();
    assert_eq!((left.status.code(), &*left.stderr), (Some(0), &b""[..]));
}
