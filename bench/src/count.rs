//! Work for `cargo xtask counts`: the same thing a given number of times, so that the difference between two numbers
//! of times is the cost of the thing alone.

use std::path::Path;
use std::sync::{Arc, mpsc};

use dsl::{Definition, Value};
use engine::{Command, HistoryEvent, Moment, Outcome, RunState};
use store::sqlite::{Options, SqliteStore};
use store::{Committed, Millis, Record, RunId, RunRow, RunStatus, Store, Unit, Write};

const LEAD_INTAKE: &str = include_str!("../../examples/lead-intake/workflows/lead-intake.yaml");
const CALL: &str = "
document: { dsl: '1.0.3', namespace: bench, name: call, version: '1.0.0' }
do:
  - pay: { call: stub.pay, with: { amount: '${ .amount }', to: '${ .customer.name }' } }
  - note: { set: { paid: '${ .ok }' } }
";

/// One workload: its name, as in `bench/counts.json`, and how to do it `times` times.
pub struct Workload {
    pub name: &'static str,
    /// How often it is done to be counted: the less it costs, the more, so that the start of the program does not blur it.
    pub times: u32,
    work: fn(u32) -> anyhow::Result<()>,
}

pub const WORKLOADS: [Workload; 6] = [
    Workload {
        name: "parse-lead-intake",
        times: 3,
        work: parse,
    },
    Workload {
        name: "decide-40-tasks",
        times: 20,
        work: decide,
    },
    Workload {
        name: "apply-40-tasks",
        times: 200,
        work: apply,
    },
    Workload {
        name: "replay-40-tasks-from-json",
        times: 50,
        work: replay,
    },
    Workload {
        name: "answer-a-call",
        times: 200,
        work: answer,
    },
    Workload {
        name: "commit-a-unit",
        times: 200,
        work: commit,
    },
];

/// Does a workload; without a name, lists them all.
pub fn run(name: Option<&str>, times: u32) -> anyhow::Result<()> {
    let Some(name) = name else {
        for workload in &WORKLOADS {
            crate::emit(serde_json::json!({ "name": workload.name, "times": workload.times }));
        }
        return Ok(());
    };
    let known = WORKLOADS.iter().find(|workload| workload.name == name);
    let workload = known.ok_or_else(|| anyhow::anyhow!("there is no workload `{name}`"))?;
    (workload.work)(times)
}

fn parse(times: u32) -> anyhow::Result<()> {
    for _ in 0..times {
        definition(LEAD_INTAKE)?;
    }
    Ok(())
}

fn decide(times: u32) -> anyhow::Result<()> {
    let definition = definition(&sequence())?;
    for _ in 0..times {
        let mut state = RunState::new("bench");
        let decision = engine::advance(&definition, &mut state, start(), &moment())?;
        anyhow::ensure!(decision.events.len() == 82 && state.output.is_some());
    }
    Ok(())
}

fn apply(times: u32) -> anyhow::Result<()> {
    let history = history()?;
    for _ in 0..times {
        fold(&history)?;
    }
    Ok(())
}

fn replay(times: u32) -> anyhow::Result<()> {
    let json = serde_json::to_vec(&history()?)?;
    for _ in 0..times {
        let history: Vec<HistoryEvent> = serde_json::from_slice(&json)?;
        fold(&history)?;
    }
    Ok(())
}

fn answer(times: u32) -> anyhow::Result<()> {
    let definition = definition(CALL)?;
    let mut waiting = RunState::new("bench");
    engine::advance(&definition, &mut waiting, start(), &moment())?;
    for _ in 0..times {
        let mut state = waiting.clone();
        let answered = Command::Answered {
            effect: 2,
            outcome: Outcome::Value(Value::object([("ok", Value::Bool(true))])),
        };
        let decision = engine::advance(&definition, &mut state, answered, &moment())?;
        anyhow::ensure!(serde_json::to_vec(&decision.events)?.len() > 100);
    }
    Ok(())
}

fn commit(times: u32) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let store = open(directory.path())?;
    let body: store::Bytes = serde_json::to_vec(&history()?)?.into();
    let id = RunId(uuid::Uuid::nil());
    wait_for(&store, vec![Write::RunPut(row(id))])?;
    for time in 0..times {
        let record = Record {
            run: id,
            seq: u64::from(time) + 1,
            at: Millis(0),
            body: Arc::clone(&body),
        };
        wait_for(&store, vec![Write::Journal(record)])?;
    }
    store.close();
    Ok(())
}

fn open(directory: &Path) -> anyhow::Result<SqliteStore> {
    Ok(SqliteStore::open(directory, Options::default())?)
}

fn wait_for(store: &SqliteStore, writes: Vec<Write>) -> anyhow::Result<()> {
    let (answered, answer) = mpsc::sync_channel(1);
    let unit = Unit {
        dedupe: None,
        writes,
    };
    store.submit(unit, Box::new(move |result| drop(answered.send(result))));
    let committed = answer.recv()??;
    anyhow::ensure!(committed == Committed::Done);
    Ok(())
}

fn row(id: RunId) -> RunRow {
    RunRow {
        id,
        namespace: "bench".into(),
        workflow: "sequence".into(),
        version: "1.0.0".into(),
        definition: "0".repeat(64).into(),
        status: RunStatus::Running,
        created_at: Millis(0),
        updated_at: Millis(0),
        ended_at: None,
        parent: None,
        parent_effect: None,
        retry_of: None,
        trigger: "bench".into(),
        summary: None,
    }
}

fn definition(text: &str) -> anyhow::Result<Definition> {
    match dsl::parse(text) {
        Ok(parsed) => Ok(parsed.definition),
        Err(problems) => anyhow::bail!("not a definition: {problems:?}"),
    }
}

/// Forty tasks, each with an expression.
fn sequence() -> String {
    let mut text = "document: { dsl: '1.0.3', namespace: bench, name: sequence, version: '1.0.0' }
do:
"
    .to_owned();
    for index in 0..40 {
        text.push_str(&format!(
            "  - task{index}: {{ set: {{ n: '${{ (.n // 0) + {index} }}' }} }}\n"
        ));
    }
    text
}

fn history() -> anyhow::Result<Vec<HistoryEvent>> {
    let definition = definition(&sequence())?;
    let state = RunState::new("bench");
    Ok(engine::decide(&definition, &state, start(), &moment())?.events)
}

fn fold(history: &[HistoryEvent]) -> anyhow::Result<()> {
    let mut state = RunState::new("bench");
    for event in history {
        engine::apply(&mut state, event, moment().now);
    }
    anyhow::ensure!(state.output.is_some());
    Ok(())
}

fn start() -> Command {
    Command::Start {
        input: Value::object([
            ("amount", Value::Int(42)),
            ("customer", Value::object([("name", Value::from("Ada"))])),
        ]),
    }
}

fn moment() -> Moment {
    Moment::at(jiff::Timestamp::UNIX_EPOCH)
}
