//! Rules about single files: length, opening, name, whitespace, paths of one machine, manifests.

use super::Finding;
use super::tree::{File, Tree, is_test};

/// Past this many lines a file has a second subject.
const LINES_MAX: usize = 600;

pub fn length(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > LINES_MAX).then(|| {
                let message =
                    format!("{lines} lines, {LINES_MAX} are allowed: look for a second subject");
                Finding::in_file(&file.path, message)
            })
        })
        .collect()
}

/// A file opens with what it is for. Unit tests beside their file are spared: their subject is in their path.
pub fn opening(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|file| !file.path.ends_with("/tests.rs") && !file.text.starts_with("//! "))
        .map(|file| Finding::in_file(&file.path, "opens with no `//!` paragraph"))
        .collect()
}

pub fn names(tree: &Tree) -> Vec<Finding> {
    const NAMELESS: [&str; 10] = [
        "utils", "util", "common", "helpers", "helper", "manager", "managers", "misc", "base",
        "shared",
    ];
    tree.rust()
        .filter_map(|file| {
            let words = file.path.trim_end_matches(".rs").split('/');
            let nameless = words.into_iter().find(|word| NAMELESS.contains(word))?;
            Some(Finding::in_file(
                &file.path,
                format!("`{nameless}` has not found its name yet"),
            ))
        })
        .collect()
}

pub fn whitespace(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|file| is_ours(file))
        .flat_map(whitespace_of)
        .collect()
}

fn whitespace_of(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.split('\n').enumerate() {
        if line.contains('\t') {
            findings.push(Finding::at(&file.path, index, "a tab"));
        }
        if line.ends_with(' ') || line.ends_with('\r') {
            findings.push(Finding::at(
                &file.path,
                index,
                "whitespace at the end of the line",
            ));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::in_file(&file.path, "no newline at the end"));
    }
    findings
}

/// Files we write. Snapshots, recorded data and the examples of the standard are kept as they came.
fn is_ours(file: &File) -> bool {
    const ENDINGS: [&str; 10] = [
        ".rs", ".toml", ".md", ".yaml", ".yml", ".sql", ".sh", ".ts", ".tsx", "run",
    ];
    let is_data =
        file.path.contains("/data/") || (is_test(&file.path) && !file.path.ends_with(".rs"));
    !is_data && ENDINGS.iter().any(|ending| file.path.ends_with(ending))
}

/// A path of somebody's machine works on no other.
pub fn machine_paths(tree: &Tree) -> Vec<Finding> {
    // In two halves, so that this file does not break its own rule.
    let homes = [
        ["/ho", "me/"],
        ["/ro", "ot/"],
        ["/Us", "ers/"],
        ["/wo", "rk/"],
    ]
    .map(|halves| halves.concat());
    let mut findings = Vec::new();
    for file in tree.files() {
        for (index, line) in file.text.lines().enumerate() {
            for home in &homes {
                if names_a_place_in(line, home) {
                    findings.push(Finding::at(
                        &file.path,
                        index,
                        format!("a path under {home}"),
                    ));
                }
            }
        }
    }
    findings
}

/// True when an absolute path starts with `home` and goes on; `a/home/b` and a lone `/home/` are no such path.
fn names_a_place_in(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + home.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || "./_-}*~".contains(c))
            && after.is_some_and(char::is_alphanumeric)
    })
}

/// Every crate takes its lints and the versions of its dependencies from the workspace.
pub fn manifests(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|file| file.path.ends_with("/Cargo.toml"))
        .flat_map(manifest)
        .collect()
}

fn manifest(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.contains("[lints]\nworkspace = true") {
        findings.push(Finding::in_file(
            &file.path,
            "does not take the lints of the workspace",
        ));
    }
    let mut is_dependency = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.starts_with('[') {
            is_dependency = line.ends_with("dependencies]");
        } else if is_dependency && line.contains('=') && !line.contains("workspace = true") {
            let message = "the version of a dependency stands in the workspace's Cargo.toml";
            findings.push(Finding::at(&file.path, index, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
