//! Words that repeat in every row (workflows, labels, scopes, origins) as numbers, kept in memory for writer and readers.
//! There are as many as there are deployed versions and sources, so all of them fit.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

use rusqlite::{Connection, Params, Row};

use super::encode::{Sql, text};
use crate::Text;

/// Namespace and name.
pub(super) type Workflow = (Text, Text);

/// What a run has in common with the other runs of the same definition that were started the same way.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Label {
    pub workflow: i64,
    pub version: Text,
    pub definition: Text,
    pub started_by: Text,
}

/// Namespace and source.
pub(super) type Origin = (Text, Text);

pub(super) struct Words<K> {
    both: RwLock<(HashMap<K, i64>, HashMap<i64, K>)>,
}

impl<K: Clone + Eq + Hash> Words<K> {
    fn load(db: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> Sql<K>) -> Sql<Self> {
        let mut statement = db.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, read(row)?)))?;
        let (mut ids, mut words) = (HashMap::new(), HashMap::new());
        for row in rows {
            let (id, word) = row?;
            ids.insert(K::clone(&word), id);
            words.insert(id, word);
        }
        Ok(Self {
            both: RwLock::new((ids, words)),
        })
    }

    pub(super) fn id(&self, word: &K) -> Option<i64> {
        self.both
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .get(word)
            .copied()
    }

    pub(super) fn word(&self, id: i64) -> Sql<K> {
        let word = self
            .both
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .get(&id)
            .cloned();
        word.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    pub(super) fn ids_where(&self, accepts: impl Fn(&K) -> bool) -> Vec<i64> {
        let both = self.both.read().unwrap_or_else(PoisonError::into_inner);
        both.1
            .iter()
            .filter(|(_, word)| accepts(word))
            .map(|(id, _)| *id)
            .collect()
    }

    pub(super) fn put(&self, word: K, id: i64) {
        let mut both = self.both.write().unwrap_or_else(PoisonError::into_inner);
        both.0.insert(word.clone(), id);
        both.1.insert(id, word);
    }

    fn forget(&self, id: i64) {
        let mut both = self.both.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(word) = both.1.remove(&id) {
            both.0.remove(&word);
        }
    }
}

pub(super) struct Dictionary {
    pub workflows: Words<Workflow>,
    pub labels: Words<Label>,
    pub scopes: Words<Text>,
    pub origins: Words<Origin>,
}

/// A word of the transaction that runs; forgotten again when it is rolled back.
pub(super) enum Fresh {
    Workflow(i64),
    Label(i64),
    Scope(i64),
    Origin(i64),
}

impl Dictionary {
    pub(super) fn load(db: &Connection) -> Sql<Self> {
        Ok(Self {
            workflows: Words::load(db, "SELECT id, namespace, name FROM workflow", |row| {
                Ok((text(row, 1)?, text(row, 2)?))
            })?,
            labels: Words::load(
                db,
                "SELECT id, workflow, version, definition, started_by FROM label",
                |row| {
                    let (version, definition, started_by) =
                        (text(row, 2)?, text(row, 3)?, text(row, 4)?);
                    Ok(Label {
                        workflow: row.get(1)?,
                        version,
                        definition,
                        started_by,
                    })
                },
            )?,
            scopes: Words::load(db, "SELECT id, name FROM scope", |row| text(row, 1))?,
            origins: Words::load(db, "SELECT id, namespace, source FROM origin", |row| {
                Ok((text(row, 1)?, text(row, 2)?))
            })?,
        })
    }

    pub(super) fn workflow(
        &self,
        db: &Connection,
        fresh: &mut Vec<Fresh>,
        word: Workflow,
    ) -> Sql<i64> {
        if let Some(id) = self.workflows.id(&word) {
            return Ok(id);
        }
        let id = insert(
            db,
            "INSERT INTO workflow (namespace, name) VALUES (?1, ?2)",
            (&*word.0, &*word.1),
        )?;
        fresh.push(Fresh::Workflow(id));
        self.workflows.put(word, id);
        Ok(id)
    }

    pub(super) fn label(&self, db: &Connection, fresh: &mut Vec<Fresh>, word: Label) -> Sql<i64> {
        if let Some(id) = self.labels.id(&word) {
            return Ok(id);
        }
        let sql =
            "INSERT INTO label (workflow, version, definition, started_by) VALUES (?1, ?2, ?3, ?4)";
        let id = insert(
            db,
            sql,
            (
                word.workflow,
                &*word.version,
                &*word.definition,
                &*word.started_by,
            ),
        )?;
        fresh.push(Fresh::Label(id));
        self.labels.put(word, id);
        Ok(id)
    }

    pub(super) fn scope(&self, db: &Connection, fresh: &mut Vec<Fresh>, word: &Text) -> Sql<i64> {
        if let Some(id) = self.scopes.id(word) {
            return Ok(id);
        }
        let id = insert(db, "INSERT INTO scope (name) VALUES (?1)", [&**word])?;
        fresh.push(Fresh::Scope(id));
        self.scopes.put(word.clone(), id);
        Ok(id)
    }

    pub(super) fn origin(&self, db: &Connection, fresh: &mut Vec<Fresh>, word: Origin) -> Sql<i64> {
        if let Some(id) = self.origins.id(&word) {
            return Ok(id);
        }
        let id = insert(
            db,
            "INSERT INTO origin (namespace, source) VALUES (?1, ?2)",
            (&*word.0, &*word.1),
        )?;
        fresh.push(Fresh::Origin(id));
        self.origins.put(word, id);
        Ok(id)
    }

    pub(super) fn forget(&self, fresh: impl Iterator<Item = Fresh>) {
        for word in fresh {
            match word {
                Fresh::Workflow(id) => self.workflows.forget(id),
                Fresh::Label(id) => self.labels.forget(id),
                Fresh::Scope(id) => self.scopes.forget(id),
                Fresh::Origin(id) => self.origins.forget(id),
            }
        }
    }
}

/// A new word is rare, so its statement is not kept.
fn insert(db: &Connection, sql: &str, params: impl Params) -> Sql<i64> {
    db.execute(sql, params)?;
    Ok(db.last_insert_rowid())
}
