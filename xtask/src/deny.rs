//! `cargo xtask deny`: licences we accept and crates we refuse, from what Cargo would build.
//!
//! Our own instead of a ready tool, whose list of advisories comes from a Git host that a closed build cannot reach.
//! Advisories we act on stand here as a ban or as an oldest version.

mod licence;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::command::{capture, cargo};

/// The platforms that we release for; what only other platforms need is neither downloaded nor judged.
const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// Crates that must not be in the tree at all, and why. A `*` at the end matches the rest of a name.
const BANNED: &[(&str, &str)] = &[
    (
        "sqlx*",
        "wants another libsqlite3-sys than rusqlite, and only one may link",
    ),
    ("openssl-sys", "rustls with aws-lc-rs is our only TLS"),
    ("native-tls", "rustls with aws-lc-rs is our only TLS"),
    ("serde_yaml", "unmaintained, and lets YAML 1.1 in"),
    ("serde_yml", "unsound and unmaintained"),
    ("backoff", "unmaintained"),
    ("bincode", "unmaintained"),
    ("rustls-pemfile", "unmaintained"),
    ("rsa", "RUSTSEC-2023-0071, timing, no fix"),
];

/// Crates that others may bring but that we do not use ourselves, and why.
const BANNED_DIRECT: &[(&str, &str)] = &[("chrono", "jiff is our one library for time")];

/// Crates with known trouble below a version.
const OLDEST: &[(&str, [u64; 3], &str)] = &[("rustls-webpki", [0, 103, 13], "advisories of 2026")];

/// Crates of which two versions in one program cost or confuse too much.
const ONE_VERSION: &[&str] = &[
    "hyper",
    "libsqlite3-sys",
    "reqwest",
    "rustls",
    "tokio",
    "axum",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Clone, Default, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// `None` for a package of the workspace.
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Default, Deserialize)]
struct Dependency {
    name: String,
}

pub fn run() -> Result<()> {
    let metadata = read()?;
    let findings = check(&metadata);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} dependencies are refused", findings.len());
    }
    println!("{} packages accepted", metadata.packages.len());
    Ok(())
}

fn read() -> Result<Metadata> {
    let mut command = cargo(["metadata", "--format-version", "1", "--locked"]);
    for platform in PLATFORMS {
        command.args(["--filter-platform", platform]);
    }
    serde_json::from_slice(&capture(&mut command)?)
        .context("`cargo metadata` printed something unexpected")
}

fn check(metadata: &Metadata) -> Vec<String> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let is_ours = metadata.workspace_members.contains(&package.id);
        findings.extend(check_licence(package));
        findings.extend(check_source(package, is_ours));
        findings.extend(check_bans(package));
        if is_ours {
            findings.extend(check_direct(package));
        }
    }
    findings.extend(check_versions(&metadata.packages));
    findings
}

fn check_licence(package: &Package) -> Option<String> {
    let written = package.license.as_deref().unwrap_or("");
    let reason = licence::refuse(written)?;
    Some(format!("{} {}: {reason}", package.name, package.version))
}

/// Code comes from this repository or from the registry, where a version cannot change.
fn check_source(package: &Package, is_ours: bool) -> Option<String> {
    let is_registry = package
        .source
        .as_deref()
        .is_some_and(|source| source.starts_with("registry+") || source.starts_with("sparse+"));
    (!is_ours && !is_registry).then(|| {
        format!(
            "{} {}: neither a member of the workspace nor from the registry",
            package.name, package.version
        )
    })
}

fn check_bans(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let banned = BANNED
        .iter()
        .filter(|(pattern, _)| matches(pattern, name))
        .map(|(_, why)| format!("{name} {}: banned, {why}", package.version));
    let old = OLDEST
        .iter()
        .filter(|(crate_name, oldest, _)| {
            *crate_name == name && version(&package.version) < *oldest
        })
        .map(|(_, [major, minor, patch], why)| {
            format!(
                "{name} {}: older than {major}.{minor}.{patch}, {why}",
                package.version
            )
        });
    banned.chain(old).collect()
}

fn check_direct(package: &Package) -> Vec<String> {
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        for (name, why) in BANNED_DIRECT {
            if dependency.name == *name {
                findings.push(format!("{} uses {name}: banned, {why}", package.name));
            }
        }
    }
    findings
}

fn check_versions(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for name in ONE_VERSION {
        let versions: Vec<&str> = packages
            .iter()
            .filter(|package| package.name == *name)
            .map(|package| package.version.as_str())
            .collect();
        if versions.len() > 1 {
            findings.push(format!("{name}: {} in one tree", versions.join(" and ")));
        }
    }
    findings
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Major, minor and patch; what follows a `-` or `+` is left out, which is strict enough for a lower bound.
fn version(text: &str) -> [u64; 3] {
    let release = text.split(['-', '+']).next().unwrap_or(text);
    let mut numbers = release.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests;
