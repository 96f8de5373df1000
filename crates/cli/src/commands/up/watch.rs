//! Takes up files of the folder as they change. What is broken is told, and the version before stays active.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Project;

use crate::failure::{self, Failure};
use crate::findings::Finding;
use crate::project::{self, File, Holds};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks until the caller has enough of it. `files` are those that the server has.
pub async fn watch(project: &Project<'_>, files: Vec<File>) {
    let mut known = Known::of(files);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let paths = match project::project_files(project.folder) {
            Ok(paths) => paths,
            Err(failure) => {
                tracing::warn!("{}", failure.message);
                continue;
            }
        };
        for path in known.forget_missing(&paths) {
            tracing::warn!(path = %path.display(), "the file is gone; what it defined stays until it is replaced");
        }
        for path in paths {
            let Some(file) = known.changed(&path) else {
                continue;
            };
            match take_up(project, &file).await {
                Ok(titles) => {
                    tracing::info!(path = %path.display(), "took up {}", titles.join(", "))
                }
                Err(failure) => project.voice.tell_failure(&failure),
            }
        }
    }
}

async fn take_up(project: &Project<'_>, file: &File) -> Result<Vec<String>, Failure> {
    let Project { server, scope, .. } = project;
    let report = |findings| file.report(findings);
    let refused = |error| {
        let mut failure = failure::of_runtime(error, Some(report(Vec::new())));
        let path = file.path.display();
        failure.message = format!(
            "{path}: {}; the version before stays active",
            failure.message
        );
        failure
    };
    if file.holds == Holds::Resources {
        return server
            .apply_resources(scope, &file.text)
            .await
            .map_err(refused);
    }
    let view = server
        .apply_definition(scope, &file.text, true)
        .await
        .map_err(refused)?;
    if !view.warnings.is_empty() {
        project
            .voice
            .tell(&report(view.warnings.iter().map(Finding::from).collect()));
    }
    Ok(vec![format!(
        "workflow/{}/{} {}",
        view.namespace, view.name, view.version
    )])
}

/// What was read last of each file.
struct Known(BTreeMap<PathBuf, Seen>);

struct Seen {
    /// None: read at the start, when nobody looked at the time; so the first look reads the text again.
    stamp: Option<(SystemTime, u64)>,
    text: String,
}

impl Known {
    fn of(files: Vec<File>) -> Self {
        let seen = files.into_iter().map(|file| {
            let seen = Seen {
                stamp: None,
                text: file.text,
            };
            (file.path, seen)
        });
        Self(seen.collect())
    }

    /// The file, when its text is not the one known.
    fn changed(&mut self, path: &Path) -> Option<File> {
        let stamp = std::fs::metadata(path)
            .and_then(|metadata| Ok((metadata.modified()?, metadata.len())))
            .ok();
        if let Some(seen) = self.0.get(path)
            && stamp.is_some()
            && seen.stamp == stamp
        {
            return None;
        }
        // Not readable now, such as while an editor replaces it: the next look tells.
        let file = File::read(path).ok()?;
        let seen = Seen {
            stamp,
            text: file.text.clone(),
        };
        let before = self.0.insert(path.to_owned(), seen);
        match before {
            Some(before) if before.text == file.text => None,
            _ => Some(file),
        }
    }

    fn forget_missing(&mut self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let gone: Vec<PathBuf> = self
            .0
            .keys()
            .filter(|path| !paths.contains(path))
            .cloned()
            .collect();
        for path in &gone {
            self.0.remove(path);
        }
        gone
    }
}
