//! Rules about documents: error pages, changelog, links, decisions.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{File, Tree, is_test};

/// Each problem code in the code has a page, and each page has a code.
pub fn error_pages(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut codes = BTreeSet::new();
    let sources = || {
        tree.rust()
            .filter(|file| file.path.starts_with("crates/") && !is_test(&file.path))
    };
    for file in sources() {
        for (index, line) in file.text.lines().enumerate() {
            for code in codes_in(&file.path, line) {
                if !tree.contains(&page(code)) && codes.insert(code) {
                    let message = format!("code `{code}` has no page {}", page(code));
                    findings.push(Finding::at(&file.path, index, message));
                }
            }
        }
    }
    for file in tree.files() {
        let Some(code) = code_of_page(&file.path) else {
            continue;
        };
        let quoted = format!("\"{code}\"");
        let address = format!("/errors/{code}\"");
        if !sources().any(|source| source.text.contains(&quoted) || source.text.contains(&address))
        {
            findings.push(Finding::in_file(
                &file.path,
                format!("no code `{code}` in the crates"),
            ));
        }
    }
    findings
}

fn page(code: &str) -> String {
    format!("docs/errors/{code}.md")
}

fn code_of_page(path: &str) -> Option<&str> {
    let code = path.strip_prefix("docs/errors/")?.strip_suffix(".md")?;
    (code != "README").then_some(code)
}

/// The codes that a line of Rust sets: `code: "x"`, `"/errors/x"`, and in a list of codes, a file `code.rs`, `X = "x";`.
fn codes_in<'a>(path: &str, line: &'a str) -> Vec<&'a str> {
    let is_list = path.ends_with("/code.rs");
    let before = ["code: \"", "\"/errors/", " = \""];
    let known = if is_list { &before[..] } else { &before[..2] };
    let found = known.iter().flat_map(|before| {
        line.match_indices(before)
            .map(|(at, _)| line[at + before.len()..].split('"').next().unwrap_or(""))
    });
    found.filter(|code| is_code(code)).collect()
}

fn is_code(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(is_part)
}

/// The changelog is kept, newest first, with a place for what is not released.
pub fn changelog(tree: &Tree) -> Vec<Finding> {
    const PATH: &str = "CHANGELOG.md";
    let Some(file) = tree.get(PATH) else {
        return vec![Finding::in_file(PATH, "is missing")];
    };
    let first = file.text.lines().find(|line| line.starts_with("## "));
    match first {
        Some("## Unreleased") => Vec::new(),
        _ => vec![Finding::in_file(
            PATH,
            "its first section is not `## Unreleased`",
        )],
    }
}

/// A link to another file of the repository leads somewhere.
pub fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .files()
        .filter(|file| file.path.ends_with(".md") && !is_test(&file.path))
    {
        for (index, target) in link_targets(file) {
            if !tree.contains(&resolve(&file.path, target)) {
                findings.push(Finding::at(
                    &file.path,
                    index,
                    format!("`{target}` leads nowhere"),
                ));
            }
        }
    }
    findings
}

/// Targets of inline links into the repository, without their anchors; code is no link.
fn link_targets(file: &File) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    let mut is_code_block = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code_block = !is_code_block;
        }
        if is_code_block {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let is_code = line[..at].matches('`').count() % 2 == 1;
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or("");
            let path = target.split('#').next().unwrap_or("");
            if !is_code
                && !path.is_empty()
                && !target.contains("://")
                && !target.starts_with("mailto:")
            {
                targets.push((index, path));
            }
        }
    }
    targets
}

fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            // Above the root stays unresolvable: `..` is the name of no file.
            ".." if parts.pop().is_none() => parts.push(".."),
            ".." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Decisions are numbered without gaps and hold their four parts.
pub fn decisions(tree: &Tree) -> Vec<Finding> {
    const PARTS: [&str; 4] = [
        "## Question",
        "## Options",
        "## Choice",
        "## What would change our mind",
    ];
    let mut findings = Vec::new();
    let pages = tree.files().filter(|file| {
        file.path.starts_with("docs/decisions/") && file.path != "docs/decisions/README.md"
    });
    for (index, file) in pages.enumerate() {
        let number = format!("docs/decisions/{:04}-", index + 1);
        if !file.path.starts_with(&number) {
            findings.push(Finding::in_file(
                &file.path,
                format!("its number should be {:04}", index + 1),
            ));
        }
        for part in PARTS {
            if !file.text.lines().any(|line| line == part) {
                findings.push(Finding::in_file(
                    &file.path,
                    format!("has no section `{part}`"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
