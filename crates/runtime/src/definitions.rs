//! The definitions the server knows: every version, and which one triggers start.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use dsl::definition::Strategy;
use dsl::definition::event::Matcher;
use dsl::{Definition, Template};
use store::{Bytes, DefinitionRow, Millis, Queries, ResourceRow, StoreError, Text, Write};

use crate::error::RuntimeError;

/// Resource kind that names the active version of a workflow.
const ACTIVE: &str = "active";

/// A definition ready to run.
pub(crate) struct Loaded {
    pub definition: Definition,
    pub row: DefinitionRow,
    pub warnings: Vec<dsl::Problem>,
}

#[derive(Default)]
pub(crate) struct Definitions {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    by_digest: HashMap<Text, Arc<Loaded>>,
    active: HashMap<(Text, Text), Arc<Loaded>>,
    /// True while an active definition is started by lifecycle events.
    has_lifecycle_start: bool,
}

impl Definitions {
    /// Reads the active versions; others are read when asked for.
    pub fn load(&self, queries: &dyn Queries) -> Result<(), StoreError> {
        for row in queries.resources(ACTIVE, None)? {
            let digest = String::from_utf8_lossy(&row.body).into_owned();
            let Some(found) = queries.definition(&digest)? else {
                continue;
            };
            match parse(found) {
                Ok(loaded) => self.activate(Arc::new(loaded)),
                Err(problems) => {
                    tracing::error!(workflow = %row.name, "a stored definition is not valid any more: {}", first(&problems));
                }
            }
        }
        Ok(())
    }

    pub fn active(&self, namespace: &str, name: &str) -> Option<Arc<Loaded>> {
        let inner = self.inner.read().expect("no panic while held");
        inner.active.get(&(namespace.into(), name.into())).cloned()
    }

    pub fn all_active(&self) -> Vec<Arc<Loaded>> {
        let inner = self.inner.read().expect("no panic while held");
        inner.active.values().cloned().collect()
    }

    pub fn by_digest(
        &self,
        queries: &dyn Queries,
        digest: &str,
    ) -> Result<Option<Arc<Loaded>>, StoreError> {
        if let Some(known) = self
            .inner
            .read()
            .expect("no panic while held")
            .by_digest
            .get(digest)
        {
            return Ok(Some(known.clone()));
        }
        let Some(row) = queries.definition(digest)? else {
            return Ok(None);
        };
        let loaded = Arc::new(parse(row).map_err(|problems| StoreError::Damaged {
            reason: first(&problems),
        })?);
        self.inner
            .write()
            .expect("no panic while held")
            .by_digest
            .insert(loaded.row.digest.clone(), loaded.clone());
        Ok(Some(loaded))
    }

    /// The version asked for (`latest` or none: the active one).
    pub fn version(
        &self,
        queries: &dyn Queries,
        namespace: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<Arc<Loaded>>, StoreError> {
        match version {
            None | Some("latest") => Ok(self.active(namespace, name)),
            Some(version) => {
                if let Some(active) = self.active(namespace, name)
                    && *active.row.version == *version
                {
                    return Ok(Some(active));
                }
                let rows = queries.definitions(Some(namespace), Some(name))?;
                match rows.iter().rev().find(|row| &*row.version == version) {
                    Some(row) => self.by_digest(queries, &row.digest),
                    None => Ok(None),
                }
            }
        }
    }

    /// Parses a text; nothing is kept.
    pub fn check(text: &str, now: Millis) -> Result<Loaded, RuntimeError> {
        let parsed =
            dsl::parse(text).map_err(|problems| RuntimeError::InvalidDefinition { problems })?;
        let document = &parsed.definition.document;
        let row = DefinitionRow {
            digest: parsed.definition.digest.clone(),
            namespace: document.namespace.clone(),
            name: document.name.clone(),
            version: document.version.clone(),
            text: text.into(),
            created_at: now,
        };
        Ok(Loaded {
            definition: parsed.definition,
            row,
            warnings: parsed.warnings,
        })
    }

    /// The writes that keep a definition and make it active. Conflict: the same version with another text.
    pub fn writes(
        &self,
        queries: &dyn Queries,
        loaded: &Loaded,
        is_replacing: bool,
        now: Millis,
    ) -> Result<Vec<Write>, RuntimeError> {
        let row = &loaded.row;
        let rows = queries.definitions(Some(&row.namespace), Some(&row.name))?;
        let is_other =
            |known: &&DefinitionRow| known.version == row.version && known.digest != row.digest;
        if !is_replacing && rows.iter().any(|known| is_other(&known)) {
            return Err(RuntimeError::Conflict {
                what: format!(
                    "version {} of {}/{} exists with another text; raise its version",
                    row.version, row.namespace, row.name
                ),
            });
        }
        let mut writes = Vec::new();
        if !rows.iter().any(|known| known.digest == row.digest) {
            writes.push(Write::DefinitionPut(row.clone()));
        }
        let body: Bytes = row.digest.as_bytes().into();
        writes.push(Write::ResourcePut(ResourceRow {
            kind: ACTIVE.into(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
            body,
            updated_at: now,
        }));
        Ok(writes)
    }

    pub fn has_lifecycle_start(&self) -> bool {
        self.inner
            .read()
            .expect("no panic while held")
            .has_lifecycle_start
    }

    pub fn activate(&self, loaded: Arc<Loaded>) {
        let mut inner = self.inner.write().expect("no panic while held");
        inner
            .by_digest
            .insert(loaded.row.digest.clone(), loaded.clone());
        inner.active.insert(
            (loaded.row.namespace.clone(), loaded.row.name.clone()),
            loaded,
        );
        inner.has_lifecycle_start = inner
            .active
            .values()
            .any(|loaded| is_lifecycle_started(loaded));
    }
}

fn parse(row: DefinitionRow) -> Result<Loaded, Vec<dsl::Problem>> {
    let parsed = dsl::parse(&row.text)?;
    Ok(Loaded {
        definition: parsed.definition,
        row,
        warnings: parsed.warnings,
    })
}

fn first(problems: &[dsl::Problem]) -> String {
    problems.first().map_or_else(
        || "unknown problem".to_owned(),
        |problem| problem.message.clone(),
    )
}

/// True when a filter of `schedule.on` names a lifecycle type.
fn is_lifecycle_started(loaded: &Loaded) -> bool {
    let on = loaded
        .definition
        .schedule
        .as_ref()
        .and_then(|schedule| schedule.on.as_ref());
    let filters = match on.map(|on| &on.strategy) {
        None => return false,
        Some(Strategy::One(filter)) => std::slice::from_ref(filter),
        Some(Strategy::All(filters) | Strategy::Any { filters, .. }) => filters,
    };
    filters.iter().any(|filter| {
        filter.with.iter().any(|(name, matcher)| match matcher {
            Matcher::Equals {
                template: Template::Constant(value),
                ..
            } if &**name == "type" => value
                .as_str()
                .is_some_and(|kind| kind.starts_with(engine::LIFECYCLE_PREFIX)),
            _ => false,
        })
    })
}
