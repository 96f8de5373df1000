//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! A rule is a function from the repository's files to findings; each has a test that shows it failing. A rule that
//! old code breaks starts with a ratchet: today's offenders are listed, new ones are refused, and an entry that is
//! no longer needed must go.

mod calls;
mod code;
mod documents;
mod edges;
mod files;
mod tree;

use anyhow::{Result, bail};

use tree::Tree;

/// What breaks which rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// From 1; `None` when the whole file is meant.
    line: Option<usize>,
    message: String,
}

impl Finding {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    /// `index` counts from 0, as `enumerate` does.
    fn at(path: &str, index: usize, message: impl Into<String>) -> Self {
        Self {
            line: Some(index + 1),
            ..Self::in_file(path, message)
        }
    }
}

struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
    /// Files that break the rule today and may go on until mended. Only ever gets shorter.
    ratchet: &'static [&'static str],
}

const RULES: &[Rule] = &[
    rule("banned calls", calls::check),
    rule("file length", files::length),
    rule("file opening", files::opening),
    rule("file names", files::names),
    rule("whitespace", files::whitespace),
    rule("machine paths", files::machine_paths),
    rule("manifests", files::manifests),
    rule("error pages", documents::error_pages),
    rule("changelog", documents::changelog),
    rule("links", documents::links),
    rule("decisions", documents::decisions),
];

const fn rule(name: &'static str, check: fn(&Tree) -> Vec<Finding>) -> Rule {
    Rule {
        name,
        check,
        ratchet: &[],
    }
}

pub fn run() -> Result<()> {
    let tree = Tree::read(&crate::command::root())?;
    let mut found: Vec<(&str, Finding)> = Vec::new();
    for rule in RULES {
        let findings = judge(rule, &tree);
        found.extend(findings.into_iter().map(|finding| (rule.name, finding)));
    }
    let edges = edges::check(&edges::read()?);
    found.extend(edges.into_iter().map(|finding| ("crate edges", finding)));
    for (rule, finding) in &found {
        let line = finding
            .line
            .map_or(String::new(), |line| format!(":{line}"));
        println!("{}{line}: {} [{rule}]", finding.path, finding.message);
    }
    if !found.is_empty() {
        bail!("{} places are not tidy", found.len());
    }
    println!("{} files tidy under {} rules", tree.len(), RULES.len() + 1);
    Ok(())
}

/// The findings of a rule after its ratchet.
fn judge(rule: &Rule, tree: &Tree) -> Vec<Finding> {
    let (known, mut findings): (Vec<_>, Vec<_>) = (rule.check)(tree)
        .into_iter()
        .partition(|finding| rule.ratchet.contains(&finding.path.as_str()));
    for path in rule.ratchet {
        if !known.iter().any(|finding| finding.path == *path) {
            let message = format!("is tidy now: take it off the ratchet of `{}`", rule.name);
            findings.push(Finding::in_file(path, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
