//! A project folder: workflows/, connections/, sources/.

use std::path::{Path, PathBuf};

use dsl::problem::{Problem, Severity, Span};

use crate::error::RuntimeError;

/// A file of a project and what it says.
pub(crate) struct File {
    pub path: PathBuf,
    pub text: String,
}

/// Folders that hold definitions and resources.
const FOLDERS: [&str; 3] = ["workflows", "connections", "sources"];

/// Reads the YAML and JSON files of a project, in order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<File>, RuntimeError> {
    let unreadable = |path: &Path, error: std::io::Error| RuntimeError::BadRequest {
        what: format!("cannot read {}: {error}", path.display()),
    };
    if !folder.is_dir() {
        return Err(RuntimeError::BadRequest {
            what: format!("there is no folder {}", folder.display()),
        });
    }
    let mut paths = Vec::new();
    for name in FOLDERS {
        let inner = folder.join(name);
        if !inner.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&inner).map_err(|error| unreadable(&inner, error))? {
            let path = entry.map_err(|error| unreadable(&inner, error))?.path();
            let is_ours = path
                .extension()
                .is_some_and(|kind| kind == "yaml" || kind == "yml" || kind == "json");
            if is_ours && path.is_file() {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            Ok(File { path, text })
        })
        .collect()
}

/// A problem of a file as a whole.
pub(crate) fn file_problem(message: String) -> Problem {
    Problem {
        code: "resource",
        severity: Severity::Error,
        message,
        span: Span::default(),
        pointer: String::new(),
        help: None,
    }
}
