//! One story over the lives of several servers on the same store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dsl::Value;
use runtime::server::StandIns;
use runtime::{Options, Profile, RunDetail, RuntimeError, Scope, Server};
use sim::crashing_store::{Crash, CrashingStore};
use store::memory::threaded::ThreadedStore;
use store::{RunId, RunStatus, Store, StoreError};

use crate::outside::{Evidence, Outside};

/// When the servers of a story die.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    Spared,
    Once {
        commits: u64,
        crash: Crash,
    },
    /// Every one, after so many commits.
    Always {
        commits: u64,
        crash: Crash,
    },
}

/// What the world outside does: it goes on where it was when a server died, and repeats what was not answered.
pub trait Story {
    /// Files of the project, with the addresses of the systems, and its secrets.
    fn project(&self, outside: &Outside) -> (Vec<String>, Vec<(String, String)>);
    /// From where it was to the end.
    async fn go_on(&mut self, life: &Life<'_>);
    /// Everything sent again, as a sender does that lost its notes: each must give the run it gave at first.
    async fn repeat(&mut self, life: &Life<'_>);
    /// The runs by what started them.
    fn runs(&self) -> Vec<(String, RunId)>;
    /// How many runs there must be in all.
    fn run_count(&self) -> usize;
    /// Where a person looks to know whether an effect has happened.
    fn evidence(&self, detail: &RunDetail, task: &str) -> Evidence;
}

/// How a story went.
#[derive(Debug)]
pub struct Told {
    pub lives: u64,
    /// Of the first life.
    pub commits: u64,
    /// Effects whose outcome a person had to look up.
    pub uncertain: u64,
    /// Output or error by what started the run.
    pub ends: BTreeMap<String, String>,
}

/// A story that takes longer has come to a stop.
const PATIENCE: Duration = Duration::from_secs(60);
const LIVES_MAX: u64 = 400;

/// Tells a story to its end, with as many servers as it takes.
pub fn tell(story: &mut impl Story, outside: &Outside, fate: Fate) -> Told {
    let disk: Arc<dyn Store> = Arc::new(ThreadedStore::default());
    let mut told = Told {
        lives: 0,
        commits: 0,
        uncertain: 0,
        ends: BTreeMap::new(),
    };
    let mut is_set_up = false;
    loop {
        told.lives += 1;
        assert!(told.lives < LIVES_MAX, "one life after another, and no end");
        let store = Arc::new(match fate {
            Fate::Once { commits, crash } if told.lives == 1 => {
                CrashingStore::new(disk.clone(), commits, crash)
            }
            // The project has to be set up by somebody who lives long enough.
            Fate::Always { commits, crash } if is_set_up => {
                CrashingStore::new(disk.clone(), commits, crash)
            }
            _ => CrashingStore::undying(disk.clone()),
        });
        let is_short = is_set_up || !matches!(fate, Fate::Always { .. });
        let is_over = live(story, outside, &store, &mut is_set_up, is_short, &mut told);
        if told.lives == 1 {
            told.commits = store.commits();
        }
        if is_over {
            return told;
        }
    }
}

/// One server, from its start to the end of the story (then true) or to its death.
fn live(
    story: &mut impl Story,
    outside: &Outside,
    store: &Arc<CrashingStore>,
    is_set_up: &mut bool,
    is_telling: bool,
    told: &mut Told,
) -> bool {
    // A runtime of its own: when it goes, everything that the server does ends with it, as in a dead process.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let is_over = runtime.block_on(async {
        let (files, secrets) = story.project(outside);
        let options = Options {
            profile: Profile::Development,
            secrets,
            ..Options::default()
        };
        let stand_ins = StandIns {
            store: Some(store.clone()),
            ..StandIns::default()
        };
        let mut server = None;
        let whole_life = async {
            let started = server.insert(Server::start_with(options, stand_ins).await.unwrap());
            let scope = Scope::all("test");
            if !*is_set_up {
                set_up(started, &scope, &files).await;
                *is_set_up = true;
            }
            if !is_telling {
                return false;
            }
            let life = Life {
                server: started,
                scope,
                outside,
                uncertain: std::cell::Cell::new(0),
            };
            let telling = async {
                story.go_on(&life).await;
                story.repeat(&life).await;
            };
            let is_told = tokio::select! {
                biased;
                () = store.died() => false,
                () = telling => true,
            };
            told.uncertain += life.uncertain.get();
            if is_told {
                check_runs(story, &life);
                told.ends = ends(story, &life);
            }
            is_told
        };
        let is_over = tokio::select! {
            biased;
            is_over = tokio::time::timeout(PATIENCE, whole_life) => {
                is_over.unwrap_or_else(|_| panic!("nothing happens any more: {}", standing(server.as_deref())))
            }
            // During the start or the setting up.
            () = store.died() => false,
        };
        if let Some(server) = &server {
            calls_end(server).await;
        }
        is_over
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    is_over
}

/// What the runs are doing, for the message of a test that waits in vain.
fn standing(server: Option<&Server>) -> String {
    let Some(server) = server else {
        return "the server does not start".to_owned();
    };
    let (scope, query) = (Scope::all("test"), runtime::RunQuery::default());
    let runs = server.runs(&scope, &query).unwrap().runs;
    let details: Vec<_> = runs.iter().map(|run| server.run(&scope, run.id)).collect();
    format!("{details:#?}")
}

async fn set_up(server: &Server, scope: &Scope, files: &[String]) {
    for text in files {
        let result = match text.contains("apiVersion: segue/v1") {
            true => server.apply_resources(scope, text).await.map(drop),
            false => server.apply_definition(scope, text, false).await.map(drop),
        };
        answered(result).await.unwrap();
    }
}

/// Calls that were out when the store died reach the systems before anybody looks there.
async fn calls_end(server: &Server) {
    let since = Instant::now();
    while !server.metrics().contains("\nsegue_effects_running 0\n") {
        assert!(since.elapsed() < PATIENCE, "calls end");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// An answer; from a dead server there is none.
pub async fn answered<T>(result: Result<T, RuntimeError>) -> Result<T, RuntimeError> {
    match result {
        Err(RuntimeError::Store(StoreError::Failed { .. })) => std::future::pending().await,
        other => other,
    }
}

/// A server that is alive, and the world around it.
pub struct Life<'a> {
    pub server: &'a Arc<Server>,
    pub scope: Scope,
    outside: &'a Outside,
    uncertain: std::cell::Cell<u64>,
}

impl Life<'_> {
    pub async fn end_of(&self, story: &impl Story, run: RunId) -> RunDetail {
        self.until(story, run, |detail| detail.run.status.is_ended())
            .await
    }

    /// Waits until `is_true` holds, and meanwhile says what became of uncertain effects.
    pub async fn until(
        &self,
        story: &impl Story,
        run: RunId,
        is_true: impl Fn(&RunDetail) -> bool,
    ) -> RunDetail {
        let mut live = self.server.subscribe();
        loop {
            let detail = self.server.run(&self.scope, run).unwrap();
            if is_true(&detail) {
                return detail;
            }
            assert!(!detail.run.status.is_ended(), "too early: {detail:?}");
            if self.resolve_one(story, &detail).await {
                continue;
            }
            live.recv().await.expect("the server lives");
        }
    }

    /// What a person does about an uncertain effect: looks into the system, and says what is there.
    async fn resolve_one(&self, story: &impl Story, detail: &RunDetail) -> bool {
        let uncertain = detail
            .outstanding
            .iter()
            .find(|one| one.waits_for == "uncertain");
        let Some(uncertain) = uncertain else {
            return false;
        };
        let effect = uncertain
            .effect
            .expect("an uncertain effect can be resolved");
        let evidence = story.evidence(detail, &uncertain.name);
        let has_happened = self.outside.has(&evidence).await;
        let outcome = has_happened.then(|| Ok(Value::Null));
        let run = detail.run.id;
        let resolved = self
            .server
            .resolve_effect(&self.scope, run, effect, outcome)
            .await;
        answered(resolved).await.unwrap();
        self.uncertain.set(self.uncertain.get() + 1);
        true
    }
}

fn ends(story: &impl Story, life: &Life<'_>) -> BTreeMap<String, String> {
    let end = |(name, run)| {
        let detail = life.server.run(&life.scope, run).unwrap();
        let output = detail.output.map(|output| output.to_json());
        (
            name,
            format!("{:?} {output:?} {:?}", detail.run.status, detail.error),
        )
    };
    story.runs().into_iter().map(end).collect()
}

/// Every trigger has one run, every run has ended, and every effect of it was answered once.
fn check_runs(story: &impl Story, life: &Life<'_>) {
    let query = runtime::RunQuery {
        limit: 1_000,
        ..runtime::RunQuery::default()
    };
    let all = life.server.runs(&life.scope, &query).unwrap().runs;
    assert_eq!(all.len(), story.run_count(), "runs: {all:?}");
    for run in &all {
        assert_eq!(run.status, RunStatus::Completed, "{run:?}");
        let history = life.server.history(&life.scope, run.id, 1, 10_000).unwrap();
        let mut results = BTreeMap::<i64, u32>::new();
        for entry in history
            .iter()
            .filter(|entry| &*entry.event == "effectAnswered")
        {
            let is_result = entry.data.get("outcome").is_some_and(|outcome| {
                outcome.get("value").is_some() || outcome.get("error").is_some()
            });
            let effect = entry.data.get("effect").and_then(Value::as_i64).unwrap();
            *results.entry(effect).or_default() += u32::from(is_result);
        }
        assert!(
            !results.is_empty(),
            "a run of an example has effects: {history:?}"
        );
        assert!(
            results.values().all(|count| *count == 1),
            "one result each: {results:?}"
        );
    }
}
