//! The handle that the faces hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dsl::value::Value;
use dsl::workflow_error::WorkflowError;
use engine::{Command, Outcome};
use store::{AuditRow, DedupeKey, RunFilter, RunId, RunStatus, Store, StoreError, Unit, Write};

use crate::clock::{Clock, SystemClock, millis, timestamp};
use crate::definitions::{Definitions, Loaded};
use crate::error::RuntimeError;
use crate::intake::{Acceptance, Accepted, Begin, delivery};
use crate::performer::Performer;
use crate::resources::Resources;
use crate::runs::{Core, Parts};
use crate::scope::Scope;
use crate::secrets::SecretKeeper;
use crate::view::{
    DefinitionView, HistoryEntry, LiveEvent, RunDetail, RunPage, RunQuery, SourceView, WorkflowView,
};
use crate::{project, read, resources, timers, triggers};

/// How careful the server is with its surroundings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    #[default]
    Production,
    /// Calls may reach loopback addresses, and shell tasks may run.
    Development,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data lives; none: in memory only (`segue run`).
    pub data: Option<PathBuf>,
    pub profile: Profile,
    /// Private networks that calls may reach, as CIDR.
    pub allowed_networks: Vec<String>,
    /// Files with secrets, one per file, named as the secret.
    pub secret_directory: Option<PathBuf>,
    /// Secrets from the environment, already read by the caller: name and value.
    pub secrets: Vec<(String, String)>,
    /// How long ended runs are kept.
    pub retention: Option<Duration>,
    pub body_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: None,
            profile: Profile::Production,
            allowed_networks: Vec::new(),
            secret_directory: None,
            secrets: Vec::new(),
            retention: Some(Duration::from_secs(30 * 24 * 3600)),
            body_bytes_max: 5 << 20,
        }
    }
}

/// The raw input of a run, and the bytes it came as.
#[derive(Clone, Debug)]
pub struct RunInput {
    pub value: Value,
    pub raw: Option<Arc<[u8]>>,
}

#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// None: the active version.
    pub version: Option<Arc<str>>,
    /// The same key with the same body within 7 days starts one run.
    pub idempotency_key: Option<Arc<str>>,
    /// Wait for the end of the run, at most so long.
    pub wait: Option<Duration>,
}

#[derive(Clone, Debug)]
pub struct Started {
    pub run: RunId,
    /// The key was known: this is the first one's run.
    pub is_duplicate: bool,
    /// When asked to wait and it ended in time.
    pub ended: Option<RunDetail>,
}

/// A delivery to a webhook source, as it arrived.
#[derive(Clone, Debug)]
pub struct HookRequest {
    pub method: String,
    /// Path and query as received.
    pub uri: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Arc<[u8]>,
}

#[derive(Clone, Debug)]
pub struct HookReply {
    /// 202 (accepted), 200 (a repeated delivery, or a sync reply), or as the source says.
    pub status: u16,
    pub body: Value,
    /// The run or runs that it started.
    pub runs: Vec<RunId>,
}

/// What a test or a benchmark brings instead of the real thing.
#[derive(Default)]
pub struct StandIns {
    pub store: Option<Arc<dyn Store>>,
    pub clock: Option<Arc<dyn Clock>>,
    pub performer: Option<Arc<dyn Performer>>,
}

/// A running Segue.
pub struct Server {
    core: Arc<Core>,
    options: Options,
    owner: Owner,
}

/// The owner's token and what proves others.
struct Owner {
    token: Option<String>,
    digest: [u8; 32],
}

/// Dedupe keys are kept so long: longer than any sender repeats a delivery.
const DEDUPE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Ended runs removed in one unit.
const PRUNE_BATCH: u32 = 500;
const PRUNE_EVERY: Duration = Duration::from_secs(600);

impl Server {
    /// Opens the store, takes up unfinished runs, starts timers and schedules. Ready when it returns.
    pub async fn start(options: Options) -> Result<Arc<Self>, RuntimeError> {
        Self::start_with(options, StandIns::default()).await
    }

    /// [`Server::start`] with parts of one's own.
    pub async fn start_with(
        options: Options,
        stand_ins: StandIns,
    ) -> Result<Arc<Self>, RuntimeError> {
        let store: Arc<dyn Store> = match (stand_ins.store, &options.data) {
            (Some(store), _) => store,
            (None, Some(directory)) => Arc::new(store::sqlite::SqliteStore::open(
                directory,
                store::sqlite::Options::default(),
            )?),
            (None, None) => Arc::new(store::memory::threaded::ThreadedStore::default()),
        };
        let unusable = |error: std::io::Error| RuntimeError::Unavailable {
            what: format!("the server's keys cannot be used: {error}"),
        };
        let key = match &options.data {
            Some(directory) => SecretKeeper::key_of(directory).map_err(unusable)?,
            None => crate::secrets::random().map_err(unusable)?,
        };
        let owner = Owner::of(options.data.as_deref()).map_err(unusable)?;
        let secrets = Arc::new(SecretKeeper::new(
            key,
            options.secret_directory.clone(),
            options.secrets.clone(),
        ));
        let performer = match stand_ins.performer {
            Some(performer) => performer,
            None => crate::performer::connectors(&options, secrets.clone())?,
        };
        let core = Core::new(Parts {
            store,
            clock: stand_ins.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            connector: performer,
            resources: Arc::new(Resources::default()),
            secrets,
        });
        core.load()?;
        let taken = core.take_up_all().await?;
        if taken > 0 {
            tracing::info!(runs = taken, "took up unfinished runs");
        }
        let server = Arc::new(Self {
            core,
            options,
            owner,
        });
        server.spawn(timers::run(server.core.clone()));
        server.spawn(triggers::run(server.core.clone()));
        server.spawn(prune(server.core.clone(), server.options.retention));
        Ok(server)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.core.handle.spawn(work));
    }

    /// Refuses new triggers, lets calls under way end (at most `grace`), writes everything, closes.
    pub async fn stop(&self, grace: Duration) {
        self.core.stopping.cancel();
        self.core.tasks.close();
        if tokio::time::timeout(grace, self.core.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "calls were still under way at the end of the grace time; they are taken up at the next start"
            );
        }
        let store = self.core.store.clone();
        let closed = tokio::task::spawn_blocking(move || store.close()).await;
        if closed.is_err() {
            tracing::error!("the store did not close");
        }
    }

    /// False while stopping, or when the store takes no writes.
    pub fn is_ready(&self) -> bool {
        !self.core.stopping.is_cancelled() && self.core.store.is_healthy()
    }

    // Definitions and resources.

    /// Adds a definition and makes it the active version of its workflow. The same text again changes nothing; another
    /// text for the same version is a conflict unless `is_replacing` (development).
    pub async fn apply_definition(
        &self,
        scope: &Scope,
        text: &str,
        is_replacing: bool,
    ) -> Result<DefinitionView, RuntimeError> {
        let loaded = Arc::new(self.check_definition(scope, text)?);
        self.apply_loaded(scope, &[loaded.clone()], is_replacing, Vec::new())
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

    fn loaded(
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

    // Runs.

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

    // Triggers.

    /// A delivery to `/hooks/{namespace}/{source}`: verified, kept, and turned into a CloudEvent.
    pub async fn hook(
        &self,
        namespace: &str,
        source: &str,
        request: HookRequest,
    ) -> Result<HookReply, RuntimeError> {
        self.admit()?;
        let missing = || RuntimeError::NotFound {
            what: "source",
            name: format!("{namespace}/{source}"),
        };
        let source = self
            .core
            .resources
            .source(namespace, source)
            .ok_or_else(missing)?;
        if request.body.len() > source.body_bytes_max {
            return Err(RuntimeError::TooLarge {
                limit: source.body_bytes_max,
            });
        }
        let result = self.take_delivery(&source, &request).await;
        let metrics = &self.core.metrics;
        if result.is_ok() {
            metrics.deliveries.add(1)
        } else {
            metrics.deliveries_refused.add(1)
        }
        result
    }

    async fn take_delivery(
        &self,
        source: &crate::source::Source,
        request: &HookRequest,
    ) -> Result<HookReply, RuntimeError> {
        let now = self.core.clock.now();
        let open = |name: &str| {
            connectors::Secrets::open(&*self.core.secrets, &source.namespace, name, "").ok()
        };
        source.check_sender(request, now, open)?;
        let trigger: Arc<str> = format!("hook:{}/{}", source.namespace, source.name).into();
        let headers = kept_headers(request);
        let parsed = match source.parse(request) {
            Ok(parsed) => parsed,
            Err(error) => {
                // Refused, but kept for whoever wants to know what came.
                let write = delivery(
                    &source.namespace,
                    format!("refused:{trigger}").into(),
                    now,
                    headers,
                    request.body.clone(),
                    Vec::new(),
                );
                self.write(vec![write]).await?;
                return Err(error);
            }
        };
        let id = uuid::Uuid::now_v7();
        let event = source.event(&parsed, &id.to_string(), now)?;
        let mut acceptance = Acceptance::default();
        let mut watched = None;
        let runs = self
            .core
            .route_event(&source.namespace, &event, &trigger, &mut acceptance)?;
        if source.reply.is_some() {
            watched = acceptance.watch_first();
        }
        let key = source.dedupe_key(&parsed, now)?;
        if let Some(key) = &key {
            let first = runs.first().copied().unwrap_or(RunId(uuid::Uuid::nil()));
            let scope = format!("{}/hook:{}", source.namespace, source.name);
            acceptance.dedupe = Some(dedupe_key(&scope, key, &request.body, now, first));
        }
        acceptance.writes.push(delivery(
            &source.namespace,
            trigger,
            now,
            headers,
            request.body.clone(),
            runs.clone(),
        ));
        match self.core.accept(acceptance).await? {
            Accepted::New => match (watched, source.reply) {
                (Some(watched), Some(wait)) => Ok(sync_reply(
                    runs,
                    tokio::time::timeout(wait, watched)
                        .await
                        .ok()
                        .and_then(Result::ok),
                )),
                _ => Ok(HookReply {
                    status: 202,
                    body: accepted_body(&runs, false),
                    runs,
                }),
            },
            Accepted::Duplicate {
                run,
                is_same_body: true,
            } => {
                let runs = if run.0.is_nil() {
                    Vec::new()
                } else {
                    vec![run]
                };
                Ok(HookReply {
                    status: 200,
                    body: accepted_body(&runs, true),
                    runs,
                })
            }
            Accepted::Duplicate { run, .. } => Err(RuntimeError::KeyReused {
                key: key.unwrap_or_default(),
                run,
            }),
        }
    }

    /// CloudEvents (each an object with `specversion`, `id`, `source`, `type`, ...): all are checked before the first is
    /// kept. Returns the runs that they started. The same `source` and `id` within 7 days is one event, so after an error
    /// the whole batch may be sent again.
    pub async fn publish(
        &self,
        scope: &Scope,
        namespace: &str,
        events: Vec<Value>,
    ) -> Result<Vec<RunId>, RuntimeError> {
        self.admit()?;
        self.allow(scope, namespace)?;
        let now = self.core.clock.now();
        for (index, event) in events.iter().enumerate() {
            for name in ["specversion", "id", "source", "type"] {
                if event
                    .get(name)
                    .and_then(Value::as_str)
                    .is_none_or(str::is_empty)
                {
                    return Err(RuntimeError::BadRequest {
                        what: format!(
                            "event {index}: the attribute `{name}` is missing or not text"
                        ),
                    });
                }
            }
        }
        let mut runs = Vec::new();
        for event in events {
            let mut acceptance = Acceptance::default();
            let started =
                self.core
                    .route_event(namespace, &event, &"event".into(), &mut acceptance)?;
            let text: Arc<[u8]> = event.to_json().into_bytes().into();
            let part = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
            let key = format!("{} {}", part("source"), part("id"));
            let first = started.first().copied().unwrap_or(RunId(uuid::Uuid::nil()));
            acceptance.dedupe = Some(dedupe_key(
                &format!("{namespace}/events"),
                &key,
                &text,
                now,
                first,
            ));
            acceptance.writes.push(delivery(
                namespace,
                "events".into(),
                now,
                b"{}".to_vec(),
                text,
                started.clone(),
            ));
            match self.core.accept(acceptance).await? {
                Accepted::New => runs.extend(started),
                Accepted::Duplicate { run, .. } if run.0.is_nil() => {}
                Accepted::Duplicate { run, .. } => runs.push(run),
            }
        }
        Ok(runs)
    }

    // Secrets and tokens.

    pub async fn put_secret(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
        value: &str,
    ) -> Result<(), RuntimeError> {
        self.allow(scope, namespace)?;
        let sealed = self
            .core
            .secrets
            .put(namespace, name, value, millis(self.core.clock.now()));
        let sealed = sealed.map_err(|error| RuntimeError::Unavailable {
            what: error.to_string(),
        })?;
        self.write(vec![
            sealed,
            self.audit(scope, namespace, "secret.put", name),
        ])
        .await?;
        self.core.secrets.keep(namespace, name, value);
        Ok(())
    }

    pub async fn remove_secret(
        &self,
        scope: &Scope,
        namespace: &str,
        name: &str,
    ) -> Result<(), RuntimeError> {
        self.allow(scope, namespace)?;
        self.write(vec![
            SecretKeeper::remove(namespace, name),
            self.audit(scope, namespace, "secret.remove", name),
        ])
        .await?;
        self.core.secrets.drop_kept(namespace, name);
        Ok(())
    }

    /// Names only; a value is never given back.
    pub fn secret_names(
        &self,
        scope: &Scope,
        namespace: &str,
    ) -> Result<Vec<String>, RuntimeError> {
        self.allow(scope, namespace)?;
        Ok(self.core.secrets.names(namespace))
    }

    /// The scope behind a bearer token, if it is known.
    pub fn authenticate(&self, token: &str) -> Option<Scope> {
        let digest = sha256(token.as_bytes());
        let is_owner =
            aws_lc_rs::constant_time::verify_slices_are_equal(&digest, &self.owner.digest).is_ok();
        is_owner.then(|| Scope::all("owner"))
    }

    /// The owner's token, made at the first start and kept beside the data, readable by its user only.
    pub fn owner_token(&self) -> Option<String> {
        self.owner.token.clone()
    }

    // Watching.

    /// Live events; a receiver that falls behind misses the oldest and is told so.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<LiveEvent> {
        self.core.live.subscribe()
    }

    /// Metrics in the OpenMetrics text format.
    pub fn metrics(&self) -> String {
        let waiting = self.core.store.waiting_bytes();
        format!(
            "{}# TYPE segue_store_waiting_bytes gauge\n# HELP segue_store_waiting_bytes Bytes that wait to be written.\nsegue_store_waiting_bytes {waiting}\n# EOF\n",
            self.core.metrics.render()
        )
    }

    // Tools.

    fn allow(&self, scope: &Scope, namespace: &str) -> Result<(), RuntimeError> {
        if scope.allows(namespace) {
            Ok(())
        } else {
            Err(RuntimeError::NotFound {
                what: "namespace",
                name: namespace.to_owned(),
            })
        }
    }

    /// Refuses new work while stopping, or when too much waits.
    fn admit(&self) -> Result<(), RuntimeError> {
        if self.core.stopping.is_cancelled() {
            Err(RuntimeError::Stopping)
        } else {
            Ok(())
        }
    }

    fn audit(&self, scope: &Scope, namespace: &str, action: &str, subject: &str) -> Write {
        Write::Audit(AuditRow {
            at: millis(self.core.clock.now()),
            namespace: namespace.into(),
            actor: scope.actor.clone(),
            action: action.into(),
            subject: subject.into(),
            detail: b"{}".as_slice().into(),
        })
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), RuntimeError> {
        if writes.is_empty() {
            return Ok(());
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.core.store.submit(
            Unit {
                dedupe: None,
                writes,
            },
            Box::new(move |result| drop(sender.send(result))),
        );
        match receiver.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(StoreError::Overloaded { .. })) => Err(RuntimeError::Overloaded),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(StoreError::Failed {
                reason: "the store went away".to_owned(),
            }
            .into()),
        }
    }
}

impl Owner {
    fn of(directory: Option<&std::path::Path>) -> std::io::Result<Self> {
        use base64::Engine as _;
        let Some(directory) = directory else {
            return Ok(Self {
                token: None,
                digest: [0; 32],
            });
        };
        let path = directory.join("owner-token");
        let token = match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let random: [u8; 32] = crate::secrets::random()?;
                let token = format!(
                    "segue_{}",
                    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
                );
                crate::secrets::write_private(&path, &token)?;
                token
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            digest: sha256(token.as_bytes()),
            token: Some(token),
        })
    }
}

async fn prune(core: Arc<Core>, retention: Option<Duration>) {
    let Some(retention) = retention else { return };
    loop {
        let now = core.clock.now();
        let before = now
            .checked_sub(
                jiff::SignedDuration::try_from(retention).unwrap_or(jiff::SignedDuration::MAX),
            )
            .unwrap_or(jiff::Timestamp::MIN);
        let dedupe_before = now - jiff::SignedDuration::from_secs(DEDUPE_KEPT.as_secs() as i64);
        let write = Write::Prune {
            before: millis(before),
            dedupe_before: millis(dedupe_before),
            limit: PRUNE_BATCH,
        };
        core.store.submit(
            Unit {
                dedupe: None,
                writes: vec![write],
            },
            Box::new(|_| {}),
        );
        tokio::select! {
            () = tokio::time::sleep(PRUNE_EVERY) => {}
            () = core.stopping.cancelled() => return,
        }
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

fn dedupe_key(scope: &str, key: &str, body: &[u8], at: jiff::Timestamp, run: RunId) -> DedupeKey {
    DedupeKey {
        scope: scope.into(),
        key: key.into(),
        digest: sha256(body),
        at: millis(at),
        run,
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Headers worth keeping; credentials are not.
fn kept_headers(request: &HookRequest) -> Vec<u8> {
    let is_secret = |name: &str| {
        ["authorization", "cookie", "proxy-authorization"].contains(&name)
            || name.contains("token")
            || name.contains("secret")
            || name.contains("api-key")
    };
    let kept = request.headers.iter().filter(|(name, _)| !is_secret(name));
    Value::object(kept.map(|(name, value)| (name.as_str(), Value::from(value.as_str()))))
        .to_json()
        .into_bytes()
}

fn accepted_body(runs: &[RunId], is_duplicate: bool) -> Value {
    let ids = runs
        .iter()
        .map(|run| Value::from(run.to_string()))
        .collect();
    Value::object([
        ("runs", Value::array(ids)),
        ("duplicate", Value::Bool(is_duplicate)),
    ])
}

fn sync_reply(runs: Vec<RunId>, ended: Option<RunDetail>) -> HookReply {
    match ended {
        Some(detail) => match (detail.output, detail.error) {
            (Some(output), _) => HookReply {
                status: 200,
                body: output,
                runs,
            },
            (None, error) => {
                let error = error.map_or(Value::Null, |error| {
                    serde_json::to_value(error).map_or(Value::Null, Value::from)
                });
                let status = word(detail.run.status);
                HookReply {
                    status: 502,
                    body: Value::object([("status", status), ("error", error)]),
                    runs,
                }
            }
        },
        None => HookReply {
            status: 202,
            body: accepted_body(&runs, false),
            runs,
        },
    }
}

fn word(status: RunStatus) -> Value {
    Value::from(status_word(status))
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
