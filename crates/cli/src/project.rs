//! Files of a project: which there are, what each holds, and what is wrong with them.

use std::path::{Path, PathBuf};

use crate::config;
use crate::embedded::Scratch;
use crate::failure::Failure;
use crate::findings::{Finding, Report};

/// Folders of a project that hold definitions and resources.
pub const FOLDERS: [&str; 3] = ["workflows", "connections", "sources"];
/// Files looked at in one folder tree; more is surely not a project.
const FILES_MAX: usize = 10_000;
/// Folders within folders.
const DEPTH_MAX: usize = 16;

#[derive(Clone, Debug)]
pub struct File {
    pub path: PathBuf,
    pub text: String,
    pub holds: Holds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Definition,
    /// `apiVersion: segue/v1`, one or several.
    Resources,
    Settings,
}

impl File {
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        let holds = if path.file_name().is_some_and(|name| name == config::FILE) {
            Holds::Settings
        } else if is_resource(&text) {
            Holds::Resources
        } else {
            Holds::Definition
        };
        Ok(Self {
            path: path.to_owned(),
            text,
            holds,
        })
    }

    /// Everything that can be said about it without running it.
    async fn check(&self, scratch: &mut Scratch) -> Result<Report, Failure> {
        let findings = match self.holds {
            Holds::Definition => dsl::validate(&self.text)
                .iter()
                .map(Finding::from)
                .collect(),
            Holds::Resources => scratch.check_resources(&self.text).await?,
            Holds::Settings => config::check_file(&self.path)?.findings,
        };
        Ok(self.report(findings))
    }

    pub fn report(&self, findings: Vec<Finding>) -> Report {
        Report {
            path: self.path.display().to_string(),
            text: Some(self.text.clone()),
            findings,
        }
    }
}

fn is_resource(text: &str) -> bool {
    dsl::yaml::parse(text).is_ok_and(|documents| {
        let first = documents.first();
        first.is_some_and(|document| document.root.get("apiVersion").is_some())
    })
}

/// The files that a path names: itself, those of a project folder, or all in a folder tree. In order of their names,
/// each once.
pub fn files(paths: &[PathBuf]) -> Result<Vec<File>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        if is_project(path) {
            found.extend(Some(path.join(config::FILE)).filter(|path| path.is_file()));
            found.extend(project_files(path)?);
        } else {
            collect(path, DEPTH_MAX, &mut found)?;
        }
        if found.len() == before {
            return Err(Failure::user(format!(
                "there are no YAML or JSON files in {}",
                path.display()
            )));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    found.iter().map(|path| File::read(path)).collect()
}

/// What is to be said about each file, in the same order.
pub async fn check(files: &[File]) -> Result<Vec<Report>, Failure> {
    let mut scratch = Scratch::default();
    let mut reports = Vec::new();
    for file in files {
        reports.push(file.check(&mut scratch).await?);
    }
    scratch.close().await;
    Ok(reports)
}

/// True for a folder laid out as a project.
pub fn is_project(folder: &Path) -> bool {
    folder.join(config::FILE).is_file() || FOLDERS.iter().any(|name| folder.join(name).is_dir())
}

/// Definitions and resources of a project folder.
pub fn project_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for name in FOLDERS {
        let inner = folder.join(name);
        if inner.is_dir() {
            // The server reads no folders below these.
            collect(&inner, 0, &mut found)?;
        }
    }
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| Failure::file("read", folder, &error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_ours = path
            .extension()
            .is_some_and(|kind| kind == "yaml" || kind == "yml" || kind == "json");
        if path.is_dir() && !path.is_symlink() && !is_hidden && depth > 0 {
            collect(&path, depth - 1, found)?;
        } else if path.is_file() && is_ours && !is_hidden {
            found.push(path);
        }
        if found.len() > FILES_MAX {
            return Err(Failure::user(format!(
                "{} has more than {FILES_MAX} files",
                folder.display()
            )));
        }
    }
    Ok(())
}
