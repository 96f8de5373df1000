//! The server's settings: defaults, then segue.yaml, then the environment, then flags.
//!
//! Every origin gives texts, and every setting has one reader for them, so that a value means the same wherever it
//! stands. All problems are found before anything starts, and reported together.

mod file;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::Profile;

use crate::arguments::Settings;
use crate::failure::Failure;
use crate::findings::{Finding, Report};
use settings::{SETTINGS, Setting};

pub use settings::{duration, network, profile};

/// The file in a project folder.
pub const FILE: &str = "segue.yaml";
const PREFIX: &str = "SEGUE_";
const SECRET_PREFIX: &str = "SEGUE_SECRET_";
/// Read by other parts of the program.
const OTHERS: [&str; 2] = ["SEGUE_SERVER", "SEGUE_TOKEN"];

/// What the server is told at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `listen`, address and port; port 0 takes a free one. Default 127.0.0.1:7300. Not a loopback address only by flag
    /// or environment: a folder that somebody gave you cannot open your machine to the network.
    pub listen: SocketAddr,
    /// `data`, a directory; in segue.yaml relative to it. Default `.segue` in the project folder.
    pub data: PathBuf,
    /// `profile`, `development` or `production`. Default `development`: calls may reach this machine, shell tasks may run,
    /// files are taken up as they change.
    pub profile: Profile,
    /// `allowedNetworks`, private networks that calls may reach, as CIDR. Default none.
    pub allowed_networks: Vec<String>,
    /// `secretsDirectory`, one file for each secret, named as the secret; in segue.yaml relative to it. Default none.
    pub secrets_directory: Option<PathBuf>,
    /// `retention`, how long ended runs are kept, as ISO 8601 in days or smaller; `forever` keeps them. Default P30D.
    pub retention: Option<Duration>,
    /// `bodyBytesMax`, largest body of a request in bytes, 1 KiB to 64 MiB. Default 5 MiB.
    pub body_bytes_max: usize,
    /// `hosts`, names by which browsers reach this server, beside localhost and addresses. Default none.
    pub hosts: Vec<String>,
    /// `log`, `human` or `json`. Default `human`.
    pub log: LogFormat,
    /// `logLevel`, error, warn, info, debug or trace, also for single parts: `info,runtime=debug`. Default `info`.
    pub log_level: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Human,
    Json,
}

impl Config {
    pub fn defaults(folder: &Path) -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7300),
            data: folder.join(".segue"),
            profile: Profile::Development,
            allowed_networks: Vec::new(),
            secrets_directory: None,
            retention: Some(Duration::from_secs(30 * 24 * 3600)),
            body_bytes_max: 5 << 20,
            hosts: Vec::new(),
            log: LogFormat::Human,
            log_level: "info".to_owned(),
        }
    }

    /// Reads all origins for a project folder. Warnings are told, errors end it.
    pub fn load(
        folder: &Path,
        environment: &Environment,
        flags: &Settings,
    ) -> Result<Loaded, Failure> {
        let mut config = Self::defaults(folder);
        let mut reports = vec![file::apply(&mut config, folder)?];
        reports.push(environment.apply(&mut config));
        reports.push(apply_flags(&mut config, flags));
        reports.retain(|report| !report.findings.is_empty());
        if reports.iter().any(Report::has_errors) {
            return Err(Failure::user("the settings are not valid").with_reports(reports));
        }
        Ok(Loaded {
            config,
            warnings: reports,
        })
    }
}

/// Checks segue.yaml alone, as `validate` does.
pub fn check_file(path: &Path) -> Result<Report, Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    file::apply(&mut Config::defaults(folder), folder)
}

/// Settings that are valid, and what is worth saying about them.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Report>,
}

/// The process's environment, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Names whose values are not UTF-8.
    unreadable: Vec<String>,
}

impl Environment {
    pub fn of_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if !name.starts_with(PREFIX) {
                continue;
            }
            match value.into_string() {
                Ok(value) => drop(environment.variables.insert(name, value)),
                Err(_) => environment.unreadable.push(name),
            }
        }
        environment
    }

    #[cfg(test)]
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let pairs = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        Self {
            variables: pairs.collect(),
            unreadable: Vec::new(),
        }
    }

    /// `SEGUE_SECRET_CRM_TOKEN` is the secret `crm-token`.
    pub fn secrets(&self) -> Vec<(String, String)> {
        let named = self.variables.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(SECRET_PREFIX)?;
            Some((name.to_lowercase().replace('_', "-"), value.clone()))
        });
        named.collect()
    }

    fn apply(&self, config: &mut Config) -> Report {
        let mut findings = Vec::new();
        for name in &self.unreadable {
            findings.push(Finding::error(format!(
                "the value of `{name}` is not UTF-8"
            )));
        }
        for (name, value) in &self.variables {
            if name.starts_with(SECRET_PREFIX) || OTHERS.contains(&&**name) || value.is_empty() {
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == *name) else {
                findings.extend(unknown_variable(name));
                continue;
            };
            if let Err(problem) = (setting.read)(config, &setting.split(value)) {
                findings.push(Finding::error(format!("`{name}`: {problem}")));
            }
        }
        Report {
            path: "the environment".to_owned(),
            findings,
            ..Report::default()
        }
    }
}

/// Only a warning: whoever runs us may set variables that happen to start as ours do.
fn unknown_variable(name: &str) -> Option<Finding> {
    // Container platforms set these for a service called `segue`.
    if name.starts_with("SEGUE_PORT") || name.starts_with("SEGUE_SERVICE_") {
        return None;
    }
    let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    Some(Finding {
        severity: "warning".to_owned(),
        help: Some(format!(
            "there are {}, and {SECRET_PREFIX}<NAME>",
            known.join(", ")
        )),
        ..Finding::error(format!(
            "the variable `{name}` is not known and was ignored"
        ))
    })
}

fn apply_flags(config: &mut Config, flags: &Settings) -> Report {
    let mut findings = Vec::new();
    for setting in SETTINGS {
        let given = (setting.flag)(flags);
        if given.is_empty() {
            continue;
        }
        if let Err(problem) = (setting.read)(config, &given) {
            findings.push(Finding::error(format!(
                "`--{}`: {problem}",
                setting.flag_name()
            )));
        }
    }
    Report {
        path: "the command line".to_owned(),
        findings,
        ..Report::default()
    }
}
