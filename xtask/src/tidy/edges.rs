//! Crates depend on each other only along the lines of the drawing in ARCHITECTURE.md.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use crate::command::{capture, cargo};

/// Each crate and those of ours that it may use. A new line here is a change of the drawing: talk first.
const EDGES: &[(&str, &[&str])] = &[
    ("dsl", &[]),
    ("engine", &["dsl"]),
    ("store", &["engine", "dsl"]),
    ("connectors", &["engine", "dsl"]),
    ("runtime", &["store", "connectors", "engine", "dsl"]),
    ("api", &["runtime", "dsl"]),
    ("cli", &["api", "runtime", "dsl"]),
    (
        "sim",
        &[
            "systems",
            "cli",
            "api",
            "runtime",
            "store",
            "connectors",
            "engine",
            "dsl",
        ],
    ),
    (
        "bench",
        &["runtime", "connectors", "store", "engine", "dsl"],
    ),
    ("systems", &[]),
    ("xtask", &[]),
    ("echo", &[]),
];

#[derive(Deserialize)]
pub struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev` for tests, `build` for build scripts, else nothing.
    kind: Option<String>,
}

pub fn read() -> Result<Metadata> {
    let json = capture(&mut cargo([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    serde_json::from_slice(&json).context("`cargo metadata` printed something unexpected")
}

pub fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package.name) else {
            let message =
                "is not in the drawing: add it to xtask/src/tidy/edges.rs and ARCHITECTURE.md";
            findings.push(Finding::in_file(&package.name, message));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let is_ours = EDGES.iter().any(|(ours, _)| *ours == name);
            if is_ours && !allowed.contains(&name) && !is_for_tests(&package.name, dependency) {
                let message = format!("may not depend on `{name}`: the drawing has no such line");
                findings.push(Finding::in_file(&package.name, message));
            }
        }
    }
    findings
}

/// Tests may ask their own crate for features, and those of the crates near the top may use what lies below them, and
/// the demo systems.
fn is_for_tests(package: &str, dependency: &Dependency) -> bool {
    if dependency.kind.as_deref() != Some("dev") {
        return false;
    }
    let may = match package {
        "api" => ["store", "connectors", "engine"].as_slice(),
        "cli" => ["store", "connectors", "engine", "systems"].as_slice(),
        "sim" => ["systems"].as_slice(),
        _ => &[],
    };
    dependency.name == package || may.contains(&dependency.name.as_str())
}

#[cfg(test)]
mod tests;
