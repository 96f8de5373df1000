//! Definitions and resources: adding, replacing, reading.

use std::sync::Arc;

use store::Write;

use super::Server;
use crate::clock::{millis, timestamp};
use crate::definitions::{Definitions, Loaded};
use crate::error::RuntimeError;
use crate::scope::Scope;
use crate::view::{DefinitionView, SourceView, WorkflowView};
use crate::{project, resources, triggers};

impl Server {
    /// Adds a definition and makes it the active version of its workflow. The same text again changes nothing; another
    /// text for the same version is a conflict unless `is_replacing` (development).
    pub async fn apply_definition(
        &self,
        scope: &Scope,
        text: &str,
        is_replacing: bool,
    ) -> Result<DefinitionView, RuntimeError> {
        let loaded = Arc::new(self.check_definition(scope, text)?);
        self.apply_loaded(
            scope,
            std::slice::from_ref(&loaded),
            is_replacing,
            Vec::new(),
        )
        .await?;
        Ok(view(&loaded, true))
    }

    fn check_definition(&self, scope: &Scope, text: &str) -> Result<Loaded, RuntimeError> {
        let loaded = Definitions::check(text, millis(self.core.clock.now()))?;
        self.allow(scope, &loaded.row.namespace)?;
        triggers::check(&loaded).map_err(|message| RuntimeError::InvalidDefinition {
            problems: vec![project::file_problem(message)],
        })?;
        Ok(loaded)
    }

    async fn apply_loaded(
        &self,
        scope: &Scope,
        all: &[Arc<Loaded>],
        is_replacing: bool,
        mut writes: Vec<Write>,
    ) -> Result<(), RuntimeError> {
        let now = millis(self.core.clock.now());
        for loaded in all {
            writes.extend(self.core.definitions.writes(
                self.core.store.queries(),
                loaded,
                is_replacing,
                now,
            )?);
            let title = format!(
                "{}/{} {}",
                loaded.row.namespace, loaded.row.name, loaded.row.version
            );
            writes.push(self.audit(scope, &loaded.row.namespace, "definition.apply", &title));
        }
        self.write(writes).await?;
        for loaded in all {
            self.core.definitions.activate(loaded.clone());
        }
        self.core.schedule_changed.notify_one();
        Ok(())
    }

    /// Adds or replaces resources (`apiVersion: segue/v1`), all documents of one text or none. Returns `kind/namespace/name`.
    pub async fn apply_resources(
        &self,
        scope: &Scope,
        text: &str,
    ) -> Result<Vec<String>, RuntimeError> {
        let found = self.check_resources(scope, text)?;
        self.apply_found(scope, found).await
    }

    fn check_resources(
        &self,
        scope: &Scope,
        text: &str,
    ) -> Result<Vec<resources::Resource>, RuntimeError> {
        let found = resources::read(text).map_err(|problems| RuntimeError::InvalidResource {
            message: "see the problems".to_owned(),
            problems,
        })?;
        for resource in &found {
            self.allow(scope, &resource.namespace)?;
        }
        Ok(found)
    }

    async fn apply_found(
        &self,
        scope: &Scope,
        found: Vec<resources::Resource>,
    ) -> Result<Vec<String>, RuntimeError> {
        let now = millis(self.core.clock.now());
        let titles: Vec<String> = found.iter().map(resources::Resource::title).collect();
        let mut writes = Vec::new();
        for resource in &found {
            writes.push(resource.write(now));
            writes.push(self.audit(
                scope,
                &resource.namespace,
                "resource.apply",
                &resource.title(),
            ));
        }
        // Switched on first: what a connector refuses is not kept.
        for resource in found {
            let title = resource.title();
            self.core
                .resources
                .take(resource, &*self.core.connector)
                .map_err(|message| RuntimeError::InvalidResource {
                    message: format!("{title}: {message}"),
                    problems: vec![project::file_problem(message)],
                })?;
        }
        self.write(writes).await?;
        Ok(titles)
    }

    /// Applies every file of a project folder (workflows/, connections/, sources/): all are checked before any is applied.
    /// Returns what was applied, in words.
    pub async fn apply_folder(
        &self,
        scope: &Scope,
        folder: &std::path::Path,
        is_replacing: bool,
    ) -> Result<Vec<String>, RuntimeError> {
        let (mut definitions, mut found) = (Vec::new(), Vec::new());
        for file in project::files(folder)? {
            let place = |error: RuntimeError| in_file(error, &file.path);
            if resources::is_resource(&file.text) {
                found.extend(self.check_resources(scope, &file.text).map_err(place)?);
            } else {
                definitions.push(Arc::new(
                    self.check_definition(scope, &file.text).map_err(place)?,
                ));
            }
        }
        let mut titles = self.apply_found(scope, found).await?;
        self.apply_loaded(scope, &definitions, is_replacing, Vec::new())
            .await?;
        titles.extend(definitions.iter().map(|loaded| {
            format!(
                "workflow/{}/{} {}",
                loaded.row.namespace, loaded.row.name, loaded.row.version
            )
        }));
        Ok(titles)
    }

    pub fn workflows(
        &self,
        scope: &Scope,
        namespace: Option<&str>,
    ) -> Result<Vec<WorkflowView>, RuntimeError> {
        let counts = self.core.store.queries().run_counts(namespace)?;
        let mut views = Vec::new();
        for loaded in self.core.definitions.all_active() {
            let row = &loaded.row;
            if !scope.allows(&row.namespace)
                || namespace.is_some_and(|wanted| wanted != &*row.namespace)
            {
                continue;
            }
            let rows = self
                .core
                .store
                .queries()
                .definitions(Some(&row.namespace), Some(&row.name))?;
            let mut versions: Vec<_> = rows.into_iter().map(|row| row.version).collect();
            versions.dedup();
            views.push(WorkflowView {
                namespace: row.namespace.clone(),
                name: row.name.clone(),
                version: row.version.clone(),
                title: loaded.definition.document.title.clone(),
                versions,
                schedule: triggers::words(&loaded),
                next_fire: triggers::next_for(&self.core, &loaded),
                runs: counts
                    .iter()
                    .filter(|(namespace, name, _, _)| {
                        *namespace == row.namespace && *name == row.name
                    })
                    .map(|(_, _, status, count)| (*status, *count))
                    .collect(),
            });
        }
        views.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        Ok(views)
    }

    pub fn definition(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<DefinitionView, RuntimeError> {
        let loaded = self.loaded(scope, namespace, name, version)?;
        let is_active = self
            .core
            .definitions
            .active(namespace, name)
            .is_some_and(|active| active.row.digest == loaded.row.digest);
        Ok(view(&loaded, is_active))
    }

    pub fn definitions(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<DefinitionView>, RuntimeError> {
        self.loaded(scope, namespace, name, None)?;
        let active = self.core.definitions.active(namespace, name);
        let queries = self.core.store.queries();
        let mut views = Vec::new();
        for row in queries.definitions(Some(namespace), Some(name))? {
            if let Some(loaded) = self.core.definitions.by_digest(queries, &row.digest)? {
                views.push(view(
                    &loaded,
                    active
                        .as_ref()
                        .is_some_and(|active| active.row.digest == row.digest),
                ));
            }
        }
        Ok(views)
    }

    pub(super) fn loaded(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<Arc<Loaded>, RuntimeError> {
        let missing = || RuntimeError::NotFound {
            what: "workflow",
            name: version.map_or_else(
                || format!("{namespace}/{name}"),
                |version| format!("{namespace}/{name} {version}"),
            ),
        };
        if !scope.allows(namespace) {
            return Err(missing());
        }
        self.core
            .definitions
            .version(self.core.store.queries(), namespace, name, version)?
            .ok_or_else(missing)
    }

    pub fn sources(&self, scope: &Scope) -> Result<Vec<SourceView>, RuntimeError> {
        let sources = self.core.resources.sources();
        Ok(sources
            .into_iter()
            .filter(|source| scope.allows(&source.namespace))
            .map(|source| SourceView {
                namespace: source.namespace.clone(),
                name: source.name.clone(),
                path: format!("/hooks/{}/{}", source.namespace, source.name),
                verify: source.verify.word(),
                event_type: source.event_type.clone(),
            })
            .collect())
    }
}

fn view(loaded: &Loaded, is_active: bool) -> DefinitionView {
    let row = &loaded.row;
    DefinitionView {
        namespace: row.namespace.clone(),
        name: row.name.clone(),
        version: row.version.clone(),
        digest: row.digest.clone(),
        text: row.text.clone(),
        created_at: timestamp(row.created_at),
        is_active,
        warnings: loaded.warnings.clone(),
    }
}

fn in_file(error: RuntimeError, path: &std::path::Path) -> RuntimeError {
    match error {
        RuntimeError::InvalidDefinition { problems }
        | RuntimeError::InvalidResource { problems, .. } => RuntimeError::InvalidFile {
            path: path.to_owned(),
            problems,
        },
        other => other,
    }
}
