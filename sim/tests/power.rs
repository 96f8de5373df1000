//! Power cuts under the whole runtime: what was answered is there afterwards, what was done is known.
//!
//! The disk is `store`'s model of one: it forgets what was not synced, and of the rest keeps what chance picks, sector by
//! sector. The picture of what would be left is taken while the server works; another server goes on from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::function::EffectClass;
use connectors::{Call, CallError};
use dsl::Value;
use runtime::performer::Performer;
use runtime::server::StandIns;
use runtime::{Options, RunInput, Scope, Server, StartOptions};
use store::sqlite::SqliteStore;
use store::sqlite::faulty_vfs::FaultyDisk;
use store::{RunId, RunStatus};
use tokio::sync::{Notify, Semaphore};

const WORKFLOW: &str =
    "document: { dsl: '1.0.3', namespace: power, name: two-effects, version: '1.0.0' }
do:
  - first: { call: bank.post, with: { number: '${ .number }' }, output: { as: $input } }
  - second: { call: bank.post, with: { number: '${ .number }' }, output: { as: $input } }
";
const EFFECTS: usize = 2;
const CLIENTS: u64 = 8;
const CUTS: u64 = 12;
/// Runs started between two cuts, at most.
const STARTS: u64 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Remembers the key of every effect.
#[derive(Default)]
struct Bank(Mutex<BTreeSet<String>>);

#[async_trait::async_trait]
impl Performer for Bank {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        self.0
            .lock()
            .unwrap()
            .insert(call.idempotency_key.to_string());
        Ok(Value::Null)
    }

    fn effect_class(&self, _namespace: &str, _function: &str, _with: &Value) -> EffectClass {
        EffectClass::Write
    }

    fn connect(&self, _namespace: &str, _name: &str, _spec: &Value) -> Result<(), String> {
        Ok(())
    }
}

struct Power {
    server: Arc<Server>,
    bank: Arc<Bank>,
    scope: Scope,
    /// The run that was answered for each number.
    answered: Mutex<BTreeMap<u64, RunId>>,
    /// How many runs may be started.
    permits: Semaphore,
    changed: Notify,
}

impl Power {
    async fn on(directory: &Path, disk: Option<&FaultyDisk>) -> Result<Arc<Self>, String> {
        let options = store::sqlite::Options {
            reserve_bytes: 0,
            vfs: disk.map(|disk| disk.name().to_owned()),
            ..store::sqlite::Options::default()
        };
        let store = SqliteStore::open(directory, options).map_err(|error| error.to_string())?;
        let bank = Arc::new(Bank::default());
        let stand_ins = StandIns {
            store: Some(Arc::new(store)),
            performer: Some(bank.clone()),
            ..StandIns::default()
        };
        let started = Server::start_with(Options::default(), stand_ins).await;
        let server = started.map_err(|error| error.to_string())?;
        Ok(Arc::new(Self {
            server,
            bank,
            scope: Scope::all("test"),
            answered: Mutex::default(),
            permits: Semaphore::new(0),
            changed: Notify::new(),
        }))
    }

    /// Starts the run of a number; the same number is the same run.
    async fn start(&self, number: u64) -> Result<RunId, String> {
        let value = Value::parse_json(format!(r#"{{"number":{number}}}"#).as_bytes()).unwrap();
        let options = StartOptions {
            idempotency_key: Some(format!("n-{number}").into()),
            ..StartOptions::default()
        };
        let input = RunInput { value, raw: None };
        let started = self
            .server
            .start_run(&self.scope, "power", "two-effects", input, options)
            .await;
        Ok(started.map_err(|error| error.to_string())?.run)
    }

    async fn client(self: Arc<Self>, first: u64) {
        for number in (first..).step_by(CLIENTS as usize) {
            let Ok(permit) = self.permits.acquire().await else {
                return;
            };
            permit.forget();
            let Ok(run) = self.start(number).await else {
                return;
            };
            self.answered.lock().unwrap().insert(number, run);
            self.changed.notify_one();
        }
    }

    async fn until_answered(&self, count: usize) {
        while self.answered.lock().unwrap().len() < count {
            self.changed.notified().await;
        }
    }

    /// Goes on from what a cut left. The first thing that should be there and is not. `performed` is what was done before
    /// the cut and by the end of it.
    async fn check(
        left: &Path,
        answered: &BTreeMap<u64, RunId>,
        performed: [&BTreeSet<String>; 2],
    ) -> Result<(), String> {
        let after = Self::on(left, None).await?;
        let checked = after.check_all(answered, performed).await;
        after.server.stop(PATIENCE).await;
        checked
    }

    async fn check_all(
        &self,
        answered: &BTreeMap<u64, RunId>,
        [before, by_then]: [&BTreeSet<String>; 2],
    ) -> Result<(), String> {
        for key in before {
            let run: RunId = key.split_once('/').unwrap().0.parse().unwrap();
            let known = self.server.run(&self.scope, run);
            known.map_err(|error| format!("effect {key} belongs to nobody: {error}"))?;
        }
        for (number, run) in answered {
            let ended = self.server.wait(&self.scope, *run, PATIENCE).await;
            let ended = ended.map_err(|error| format!("{number} was answered: {error}"))?;
            if ended.run.status != RunStatus::Completed {
                return Err(format!("{number} does not end: {ended:?}"));
            }
            let mut keys = self.bank.0.lock().unwrap().clone();
            keys.extend(by_then.iter().cloned());
            let own = keys
                .iter()
                .filter(|key| key.starts_with(&run.to_string()))
                .count();
            if own != EFFECTS {
                return Err(format!("{number} has {own} effects"));
            }
            let again = self.start(*number).await?;
            if again != *run {
                return Err(format!(
                    "{number} was run {run} and is {again} when it comes again"
                ));
            }
        }
        Ok(())
    }
}

/// Cuts the power again and again; the first loss, if there is one.
async fn cut(disk: Arc<FaultyDisk>, chance: fn(u64, u64) -> bool) -> Result<usize, String> {
    let directory = tempfile::tempdir().unwrap();
    let power = Power::on(directory.path(), Some(&disk)).await?;
    let applied = power
        .server
        .apply_definition(&power.scope, WORKFLOW, false)
        .await;
    applied.map_err(|error| error.to_string())?;
    for client in 0..CLIENTS {
        drop(tokio::spawn(power.clone().client(client)));
    }
    let mut result = Ok(0);
    for number in 0..CUTS {
        let before = power.answered.lock().unwrap().len();
        // So many more are begun than waited for that the cut comes in the middle of the others.
        let wanted = 1 + (number * 13 % STARTS) as usize;
        power.permits.add_permits(wanted + CLIENTS as usize);
        power.until_answered(before + wanted).await;
        // First what was answered and done, then the picture: whatever is in the one must be in the other.
        let answered = power.answered.lock().unwrap().clone();
        let performed = power.bank.0.lock().unwrap().clone();
        let left = tempfile::tempdir().unwrap();
        disk.cut_power(left.path(), |piece| chance(number, piece))
            .unwrap();
        // What was done while the picture was taken may be in it as well.
        let by_then = power.bank.0.lock().unwrap().clone();
        let checked = Power::check(left.path(), &answered, [&performed, &by_then]).await;
        result = checked.map(|()| answered.len());
        if result.is_err() {
            break;
        }
    }
    power.permits.close();
    power.server.stop(PATIENCE).await;
    result
}

/// Half of what was not synced is there, another half each time.
fn some(cut: u64, piece: u64) -> bool {
    (piece.wrapping_add(cut << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_and_what_was_done_outlive_a_power_cut() {
    let chances: [(&str, fn(u64, u64) -> bool); 2] =
        [("power-nothing", |_, _| false), ("power-some", some)];
    for (name, chance) in chances {
        let runs = cut(FaultyDisk::register(name), chance).await;
        assert!(
            runs.as_ref().is_ok_and(|runs| *runs > 50),
            "{name}: {runs:?}"
        );
    }
}

/// Shows that the test above can fail: on a disk that only says that it syncs, it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_lies_is_found_out() {
    let disk = FaultyDisk::register("power-lies");
    disk.lie();
    assert!(cut(disk, |_, _| false).await.is_err());
}
