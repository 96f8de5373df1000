//! The files of the repository, read once: what Git would track, without asking Git.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

/// A text file. Paths are relative to the root and use `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

/// All files; those that are not text have no content, but links may name them.
pub struct Tree {
    files: BTreeMap<String, Option<File>>,
}

impl Tree {
    pub fn read(root: &Path) -> Result<Self> {
        let ignored = Ignored::read(root)?;
        let mut tree = Self {
            files: BTreeMap::new(),
        };
        tree.read_directory(root, "", &ignored)?;
        Ok(tree)
    }

    fn read_directory(&mut self, root: &Path, under: &str, ignored: &Ignored) -> Result<()> {
        let directory = root.join(under);
        let entries = std::fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = match under {
                "" => name,
                under => format!("{under}/{name}"),
            };
            if ignored.contains(&path) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.read_directory(root, &path, ignored)?;
            } else {
                let text = std::fs::read(entry.path())
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok());
                self.add(path, text);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, text: Option<String>) {
        let file = text.map(|text| File {
            path: path.clone(),
            text,
        });
        self.files.insert(path, file);
    }

    /// A made-up repository, for the tests of the rules.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self {
            files: BTreeMap::new(),
        };
        for (path, text) in files {
            tree.add((*path).to_owned(), Some((*text).to_owned()));
        }
        tree
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Text files in order of path.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values().flatten()
    }

    /// Rust files in order of path.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.path.ends_with(".rs"))
    }

    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)?.as_ref()
    }

    /// True for a file of any kind and for a directory that holds one.
    pub fn contains(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|other| other.starts_with(&inside))
    }
}

/// What `.gitignore` of the root leaves out: `/path` from the root, `*.ending` anywhere.
struct Ignored {
    paths: Vec<String>,
    endings: Vec<String>,
}

impl Ignored {
    fn read(root: &Path) -> Result<Self> {
        let path = root.join(".gitignore");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut ignored = Self {
            paths: vec![".git".to_owned()],
            endings: Vec::new(),
        };
        for line in text.lines() {
            if let Some(path) = line.strip_prefix('/') {
                ignored.paths.push(path.trim_end_matches('/').to_owned());
            } else if let Some(ending) = line.strip_prefix('*') {
                ignored.endings.push(ending.to_owned());
            }
        }
        ignored
    }

    fn contains(&self, path: &str) -> bool {
        self.paths.iter().any(|ignored| ignored == path)
            || self.endings.iter().any(|ending| path.ends_with(ending))
    }
}

/// True for code that only developers run: tests, and the small programs in `examples` and `benches` of a crate.
pub fn is_test(path: &str) -> bool {
    let is_beside_sources = ["/tests/", "/examples/", "/benches/"]
        .iter()
        .any(|directory| path.contains(directory));
    path.starts_with("sim/") || is_beside_sources || path.ends_with("/tests.rs")
}

#[cfg(test)]
mod tests;
