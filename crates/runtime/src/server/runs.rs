//! Runs: starting, reading, commanding, trying again.

use std::sync::Arc;
use std::time::Duration;

use dsl::value::Value;
use dsl::workflow_error::WorkflowError;
use engine::{Command, Outcome};
use store::{RunFilter, RunId, RunStatus, StoreError};

use super::{RunInput, Server, StartOptions, Started, dedupe_key};
use crate::clock::millis;
use crate::definitions::Loaded;
use crate::error::RuntimeError;
use crate::intake::{Acceptance, Accepted, Begin, delivery};
use crate::read;
use crate::scope::Scope;
use crate::view::{HistoryEntry, RunDetail, RunPage, RunQuery};

impl Server {
    pub async fn start_run(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
        input: RunInput,
        options: StartOptions,
    ) -> Result<Started, RuntimeError> {
        self.admit()?;
        let loaded = self.loaded(scope, namespace, name, options.version.as_deref())?;
        if let Some(schema) = &loaded.definition.input.schema {
            let violations = schema.violations(&input.value);
            if !violations.is_empty() {
                return Err(RuntimeError::InvalidInput { violations });
            }
        }
        let now = self.core.clock.now();
        let run = RunId(uuid::Uuid::now_v7());
        let raw = input
            .raw
            .unwrap_or_else(|| input.value.to_json().into_bytes().into());
        let mut acceptance = Acceptance::default();
        if let Some(key) = &options.idempotency_key {
            let scope = format!("{namespace}/start:{name}");
            acceptance.dedupe = Some(dedupe_key(&scope, key, &raw, now, run));
            acceptance.writes.push(delivery(
                namespace,
                "api".into(),
                now,
                b"{}".to_vec(),
                raw,
                vec![run],
            ));
        }
        let begin = Begin {
            loaded,
            input: input.value,
            trigger: "api".into(),
            parent: None,
            parent_effect: None,
            retry_of: None,
            state: None,
        };
        let watched =
            self.core
                .begin_run_as(run, begin, &mut acceptance, options.wait.is_some())?;
        match self.core.accept(acceptance).await? {
            Accepted::New => {
                let ended = match (watched, options.wait) {
                    (Some(watched), Some(wait)) => tokio::time::timeout(wait, watched)
                        .await
                        .ok()
                        .and_then(Result::ok),
                    _ => None,
                };
                Ok(Started {
                    run,
                    is_duplicate: false,
                    ended,
                })
            }
            Accepted::Duplicate {
                run,
                is_same_body: true,
            } => {
                let ended = match options.wait {
                    Some(wait) => Some(self.wait(scope, run, wait).await?)
                        .filter(|detail| detail.run.status.is_ended()),
                    None => None,
                };
                Ok(Started {
                    run,
                    is_duplicate: true,
                    ended,
                })
            }
            Accepted::Duplicate {
                run,
                is_same_body: false,
            } => Err(RuntimeError::KeyReused {
                key: options
                    .idempotency_key
                    .as_deref()
                    .unwrap_or_default()
                    .to_owned(),
                run,
            }),
        }
    }

    pub fn runs(&self, scope: &Scope, query: &RunQuery) -> Result<RunPage, RuntimeError> {
        let limit = if query.limit == 0 {
            50
        } else {
            query.limit.min(1_000)
        };
        let mut filter = RunFilter {
            namespace: query.namespace.clone(),
            workflow: query.workflow.clone(),
            statuses: query.statuses.clone(),
            created_from: query.created_from.map(millis),
            created_before: query.created_before.map(millis),
            parent: query.parent,
            text: query.text.clone(),
            after: query.after,
            limit: limit + 1,
        };
        if let (None, Some(allowed)) = (&filter.namespace, &scope.namespaces)
            && let [only] = &allowed[..]
        {
            filter.namespace = Some(only.clone());
        }
        let mut rows = self.core.store.queries().runs(&filter)?;
        rows.retain(|row| scope.allows(&row.namespace));
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| has_more).map(|row| row.id);
        Ok(RunPage {
            runs: rows.iter().map(read::run_view).collect(),
            next,
        })
    }

    /// The run as kept, if the caller may see it.
    fn kept(
        &self,
        scope: &Scope,
        run: RunId,
    ) -> Result<(store::Loaded, Arc<Loaded>), RuntimeError> {
        let missing = || RuntimeError::NotFound {
            what: "run",
            name: run.to_string(),
        };
        let kept = self
            .core
            .store
            .queries()
            .load(run)?
            .filter(|kept| scope.allows(&kept.row.namespace))
            .ok_or_else(missing)?;
        let loaded = self
            .core
            .definitions
            .by_digest(self.core.store.queries(), &kept.row.definition)?
            .ok_or_else(missing)?;
        Ok((kept, loaded))
    }

    fn row(&self, scope: &Scope, run: RunId) -> Result<store::RunRow, RuntimeError> {
        let row = self
            .core
            .store
            .queries()
            .run(run)?
            .filter(|row| scope.allows(&row.namespace));
        row.ok_or_else(|| RuntimeError::NotFound {
            what: "run",
            name: run.to_string(),
        })
    }

    pub fn run(&self, scope: &Scope, run: RunId) -> Result<RunDetail, RuntimeError> {
        let (kept, loaded) = self.kept(scope, run)?;
        let (state, _) = crate::runs::fold(run, &kept)?;
        Ok(read::detail(&kept.row, &loaded, &state))
    }

    /// Entries of records from `from` on, at most `limit` records.
    pub fn history(
        &self,
        scope: &Scope,
        run: RunId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, RuntimeError> {
        let row = self.row(scope, run)?;
        let queries = self.core.store.queries();
        let missing = || RuntimeError::NotFound {
            what: "run",
            name: run.to_string(),
        };
        let loaded = self
            .core
            .definitions
            .by_digest(queries, &row.definition)?
            .ok_or_else(missing)?;
        let mut state = self.beginning(run)?;
        let last = from
            .max(1)
            .saturating_add(u64::from(limit.clamp(1, 10_000)));
        let mut entries = Vec::new();
        let mut next = 1;
        while next < last {
            let page = queries.history(
                run,
                next,
                u32::try_from(last - next).unwrap_or(1_000).min(1_000),
            )?;
            let Some(end) = page.last() else { break };
            next = end.seq + 1;
            entries.extend(read::history(&loaded, &mut state, &page, from));
        }
        Ok(entries)
    }

    /// The state before a run's first record: empty, or what a retry began with.
    fn beginning(&self, run: RunId) -> Result<engine::RunState, RuntimeError> {
        let first = self
            .core
            .store
            .queries()
            .load(run)?
            .and_then(|kept| kept.snapshot)
            .filter(|(seq, _)| *seq == 0);
        match first {
            Some((_, body)) => serde_json::from_slice(&body).map_err(|error| {
                StoreError::Damaged {
                    reason: format!("run {run}: {error}"),
                }
                .into()
            }),
            None => Ok(engine::RunState::new(run.to_string())),
        }
    }

    /// Returns when the run has ended, or the time is over (then with what it is doing).
    pub async fn wait(
        &self,
        scope: &Scope,
        run: RunId,
        at_most: Duration,
    ) -> Result<RunDetail, RuntimeError> {
        self.row(scope, run)?;
        if let Some(watched) = self.core.watch(run)?
            && let Ok(Ok(detail)) = tokio::time::timeout(at_most, watched).await
        {
            return Ok(detail);
        }
        self.run(scope, run)
    }

    /// After this returns no further task of the run starts.
    pub async fn cancel(
        &self,
        scope: &Scope,
        run: RunId,
        reason: Option<&str>,
    ) -> Result<(), RuntimeError> {
        self.command(
            scope,
            run,
            Command::Cancel {
                reason: reason.map(Into::into),
            },
            "run.cancel",
        )
        .await
    }

    pub async fn suspend(&self, scope: &Scope, run: RunId) -> Result<(), RuntimeError> {
        self.command(scope, run, Command::Suspend, "run.suspend")
            .await
    }

    pub async fn resume(&self, scope: &Scope, run: RunId) -> Result<(), RuntimeError> {
        self.command(scope, run, Command::Resume, "run.resume")
            .await
    }

    async fn command(
        &self,
        scope: &Scope,
        run: RunId,
        command: Command,
        action: &str,
    ) -> Result<(), RuntimeError> {
        let row = self.row(scope, run)?;
        if row.status.is_ended() {
            return Err(RuntimeError::Ended {
                status: status_word(row.status),
            });
        }
        let audit = self.audit(scope, &row.namespace, action, &run.to_string());
        self.core.command(run, command, vec![audit]).await
    }

    /// Starts a new run that goes on from a task of an ended one (`from`: name or JSON pointer; none: the task that
    /// faulted), with the data it had there; on the same definition, or on the active version when `is_latest`.
    pub async fn retry(
        &self,
        scope: &Scope,
        run: RunId,
        from: Option<&str>,
        is_latest: bool,
    ) -> Result<RunId, RuntimeError> {
        self.admit()?;
        let (kept, loaded) = self.kept(scope, run)?;
        if !kept.row.status.is_ended() {
            return Err(RuntimeError::Conflict {
                what: "the run has not ended; cancel it first".to_owned(),
            });
        }
        let new = RunId(uuid::Uuid::now_v7());
        let records = crate::read::all_records(self.core.store.queries(), run)?;
        let target = match is_latest {
            true => self.loaded(scope, &kept.row.namespace, &kept.row.workflow, None)?,
            false => loaded.clone(),
        };
        let point = read::Point::find(&loaded, &target, self.beginning(run)?, &records, from)
            .map_err(|what| RuntimeError::BadRequest { what })?;
        let state = point.resume(new);
        let begin = Begin {
            loaded: target,
            input: Value::Null,
            trigger: "retry".into(),
            parent: None,
            parent_effect: None,
            retry_of: Some(run),
            state: Some(state),
        };
        let mut acceptance = Acceptance::default();
        acceptance.writes.push(self.audit(
            scope,
            &kept.row.namespace,
            "run.retry",
            &run.to_string(),
        ));
        self.core.begin_run_as(new, begin, &mut acceptance, false)?;
        self.core.accept(acceptance).await?;
        Ok(new)
    }

    /// Says what became of an uncertain effect: `Ok` with its result, or an error; `None`: perform it again.
    pub async fn resolve_effect(
        &self,
        scope: &Scope,
        run: RunId,
        effect: u64,
        outcome: Option<Result<Value, WorkflowError>>,
    ) -> Result<(), RuntimeError> {
        let outcome = match outcome {
            Some(Ok(value)) => Outcome::Value(value),
            Some(Err(error)) => Outcome::Error(error),
            None => Outcome::Again,
        };
        self.command(
            scope,
            run,
            Command::Answered { effect, outcome },
            "effect.resolve",
        )
        .await
    }
}

pub(crate) fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Pending => "pending",
        RunStatus::Running => "running",
        RunStatus::Waiting => "waiting",
        RunStatus::Suspended => "suspended",
        RunStatus::Cancelled => "cancelled",
        RunStatus::Faulted => "faulted",
        RunStatus::Completed => "completed",
    }
}
