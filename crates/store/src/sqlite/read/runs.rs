//! Lists and counts of runs: chooses the index that leaves the fewest rows to look through.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::LAST_ID;
use crate::sqlite::apply::id;
use crate::sqlite::dictionary::Dictionary;
use crate::sqlite::encode::{Sql, run_id, run_id_or_none, status};
use crate::sqlite::prune::ID_SLACK_MS;
use crate::{Millis, RunFilter, RunId, RunRow, RunStatus, Text};

macro_rules! select_runs {
    ($from:literal) => {
        concat!(
            "SELECT id, label, status, created_at, updated_at, ended_at, parent, parent_effect, retry_of, summary FROM run ",
            $from,
            " AND id < ?2 AND id >= ?3 ORDER BY id DESC"
        )
    };
}

/// From how many workflows on one look through everything takes less than one look for each.
const WORKFLOWS_MAX: usize = 64;

/// Where to look for the runs of a list.
#[derive(Clone, Copy)]
enum Place {
    Everywhere,
    Workflow(i64),
    Status(RunStatus),
    Parent(RunId),
}

impl Place {
    fn sql(self) -> &'static str {
        match self {
            Self::Everywhere => select_runs!("WHERE ?1 IS NULL"),
            Self::Workflow(_) => select_runs!("INDEXED BY run_of_workflow WHERE workflow = ?1"),
            Self::Status(_) => {
                select_runs!("INDEXED BY run_not_completed WHERE status = ?1 AND status <> 6")
            }
            Self::Parent(_) => select_runs!("INDEXED BY run_of_parent WHERE parent = ?1"),
        }
    }

    fn key(&self) -> rusqlite::types::ToSqlOutput<'_> {
        match self {
            Self::Everywhere => rusqlite::types::Null.into(),
            Self::Workflow(workflow) => (*workflow).into(),
            Self::Status(status) => (*status as u8).into(),
            Self::Parent(parent) => id(&parent.0).into(),
        }
    }
}

pub(super) fn one(db: &Connection, words: &Dictionary, run: RunId) -> Sql<Option<RunRow>> {
    let sql = "SELECT id, label, status, created_at, updated_at, ended_at, parent, parent_effect, retry_of, summary FROM run WHERE id = ?1";
    super::row(db, sql, [id(&run.0)], |row| read(row, words))
}

pub(super) fn list(db: &Connection, words: &Dictionary, filter: &RunFilter) -> Sql<Vec<RunRow>> {
    let limit = filter.limit as usize;
    let before = first_id_not_before(filter);
    let mut from = filter
        .created_from
        .map_or_else(Vec::new, |from| lowest_id(from, -ID_SLACK_MS));
    let mut found: Vec<RunRow> = Vec::new();
    for place in places(db, words, filter)? {
        let mut statement = db.prepare_cached(place.sql())?;
        let mut rows = statement.query((place.key(), &before, &from))?;
        let mut count = 0;
        while count < limit {
            let Some(row) = rows.next()? else { break };
            let run = read(row, words)?;
            if filter.accepts(&run) {
                found.push(run);
                count += 1;
            }
        }
        found.sort_unstable_by_key(|run| std::cmp::Reverse(run.id));
        found.truncate(limit);
        // What comes in the next place matters only where it is newer than the last one here.
        if let Some(last) = found.last().filter(|_| found.len() == limit) {
            from = last.id.0.into_bytes().to_vec();
        }
    }
    Ok(found)
}

fn places(db: &Connection, words: &Dictionary, filter: &RunFilter) -> Sql<Vec<Place>> {
    if let Some(parent) = filter.parent {
        return Ok(vec![Place::Parent(parent)]);
    }
    let is_wanted =
        |wanted: &Option<Text>, found: &Text| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let is_of_workflow = filter.namespace.is_some() || filter.workflow.is_some();
    let is_of_status =
        !filter.statuses.is_empty() && !filter.statuses.contains(&RunStatus::Completed);
    if !is_of_workflow && !is_of_status {
        return Ok(vec![Place::Everywhere]);
    }
    let workflows = words.workflows.ids_where(|(namespace, name)| {
        is_wanted(&filter.namespace, namespace) && is_wanted(&filter.workflow, name)
    });
    let counts = super::rows(
        db,
        "SELECT workflow, status, runs FROM run_count",
        [],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                status(row, 1)?,
                row.get::<_, i64>(2)?,
            ))
        },
    )?;
    let runs = |counts_in: &dyn Fn(i64, RunStatus) -> bool| -> i64 {
        counts
            .iter()
            .filter(|(workflow, status, _)| counts_in(*workflow, *status))
            .map(|row| row.2)
            .sum()
    };
    let of_workflows = runs(&|workflow, _| workflows.contains(&workflow));
    let of_statuses = runs(&|_, status| filter.statuses.contains(&status));
    let by_status = || {
        let mut statuses = filter.statuses.clone();
        statuses.sort_unstable_by_key(|status| *status as u8);
        statuses.dedup();
        statuses.into_iter().map(Place::Status).collect()
    };
    Ok(
        if is_of_status && (!is_of_workflow || of_statuses <= of_workflows) {
            by_status()
        } else if workflows.len() <= WORKFLOWS_MAX {
            workflows.into_iter().map(Place::Workflow).collect()
        } else if is_of_status {
            by_status()
        } else {
            vec![Place::Everywhere]
        },
    )
}

/// The ids of a list are before this.
fn first_id_not_before(filter: &RunFilter) -> Vec<u8> {
    let after = filter
        .after
        .map_or_else(|| LAST_ID.to_vec(), |after| after.0.into_bytes().to_vec());
    match filter.created_before {
        Some(before) => after.min(lowest_id(before, ID_SLACK_MS)),
        None => after,
    }
}

/// The lowest UUID version 7 made at this time.
fn lowest_id(at: Millis, slack: i64) -> Vec<u8> {
    let ms = at.0.saturating_add(slack).clamp(0, (1 << 48) - 1);
    Uuid::from_u128(u128::from(ms.cast_unsigned()) << 80)
        .into_bytes()
        .to_vec()
}

pub(super) fn ids(
    db: &Connection,
    statuses: &[RunStatus],
    after: Option<RunId>,
    limit: u32,
) -> Sql<Vec<RunId>> {
    let after = super::after_id(after.map(|run| run.0));
    let mut found = Vec::new();
    for status in RunStatus::ALL
        .into_iter()
        .filter(|status| statuses.contains(status))
    {
        let sql = if status == RunStatus::Completed {
            "SELECT id FROM run WHERE status = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
        } else {
            "SELECT id FROM run INDEXED BY run_not_completed WHERE status = ?1 AND status <> 6 AND id > ?2
             ORDER BY id LIMIT ?3"
        };
        found.extend(super::rows(
            db,
            sql,
            (status as u8, &after, limit),
            |row| run_id(row, 0),
        )?);
    }
    found.sort_unstable();
    found.truncate(limit as usize);
    Ok(found)
}

pub(super) fn counts(
    db: &Connection,
    words: &Dictionary,
    namespace: Option<&str>,
) -> Sql<Vec<(Text, Text, RunStatus, u64)>> {
    let sql = "SELECT workflow, status, runs FROM run_count WHERE runs > 0";
    let rows = super::rows(db, sql, [], |row| {
        Ok((
            words.workflows.word(row.get(0)?)?,
            status(row, 1)?,
            row.get::<_, i64>(2)?.cast_unsigned(),
        ))
    })?;
    let wanted = rows
        .into_iter()
        .filter(|((in_namespace, _), ..)| namespace.is_none_or(|name| name == &**in_namespace));
    let ordered: BTreeMap<_, _> = wanted
        .map(|(workflow, status, runs)| ((workflow, status as u8), (status, runs)))
        .collect();
    Ok(ordered
        .into_iter()
        .map(|(((namespace, name), _), (status, runs))| (namespace, name, status, runs))
        .collect())
}

fn read(row: &Row<'_>, words: &Dictionary) -> Sql<RunRow> {
    let label = words.labels.word(row.get(1)?)?;
    let (namespace, workflow) = words.workflows.word(label.workflow)?;
    let summary = row.get_ref(9)?.as_str_or_null()?.map(Text::from);
    Ok(RunRow {
        id: run_id(row, 0)?,
        namespace,
        workflow,
        version: label.version,
        definition: label.definition,
        status: status(row, 2)?,
        created_at: Millis(row.get(3)?),
        updated_at: Millis(row.get(4)?),
        ended_at: row.get::<_, Option<i64>>(5)?.map(Millis),
        parent: run_id_or_none(row, 6)?,
        parent_effect: row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
        retry_of: run_id_or_none(row, 8)?,
        trigger: label.started_by,
        summary,
    })
}
