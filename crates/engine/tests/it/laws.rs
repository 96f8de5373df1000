//! Laws that hold for every definition and every order of answers.
//!
//! [`Play`] checks after each command: decisions are the same for the same arguments, replay gives the same state,
//! events and state survive JSON, what the state waits for is what the effects asked, and no run is stuck.

use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use engine::{Command, Effect, Outcome, Phase, Status};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::play::Play;
use crate::script::definition;

/// Steps after which a run of a generated definition has long ended.
const STEPS_MAX: usize = 400;

#[derive(Clone, Debug)]
enum Sketch {
    Set,
    Fail,
    Wait(u8),
    Call,
    Emit,
    Listen(u8),
    Child(bool),
    Raise(u16),
    Switch(u8, u8),
    Do(Vec<Sketch>),
    For(u8, Vec<Sketch>),
    Fork(bool, Vec<Sketch>),
    Try(Vec<Sketch>, Option<u8>, Option<Vec<Sketch>>),
    If(bool, Box<Sketch>),
    Timeout(u8, Box<Sketch>),
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let leaf = prop_oneof![
        3 => Just(Sketch::Set),
        1 => Just(Sketch::Fail),
        2 => (1..5u8).prop_map(Sketch::Wait),
        4 => Just(Sketch::Call),
        1 => Just(Sketch::Emit),
        2 => (0..4u8).prop_map(Sketch::Listen),
        1 => any::<bool>().prop_map(Sketch::Child),
        1 => (400..403u16).prop_map(Sketch::Raise),
        2 => (0..3u8, 0..5u8).prop_map(|(when, then)| Sketch::Switch(when, then)),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            1 => list.clone().prop_map(Sketch::Do),
            1 => (0..4u8, list.clone()).prop_map(|(count, list)| Sketch::For(count, list)),
            3 => (any::<bool>(), list.clone()).prop_map(|(compete, list)| Sketch::Fork(compete, list)),
            3 => (
                list.clone(),
                prop::option::of(0..3u8),
                prop::option::of(list)
            )
                .prop_map(|(list, retry, catch)| Sketch::Try(list, retry, catch)),
            1 => (any::<bool>(), inner.clone()).prop_map(|(is, task)| Sketch::If(is, Box::new(task))),
            1 => (1..4u8, inner).prop_map(|(after, task)| Sketch::Timeout(after, Box::new(task))),
        ]
    })
}

/// Writes sketches down as tasks; every task gets a name of its own.
#[derive(Default)]
struct Writer {
    names: usize,
}

impl Writer {
    /// Branches know nothing of each other.
    fn branches(&mut self, tasks: &[Sketch]) -> Json {
        let written = tasks.iter().map(|task| {
            let name = self.name();
            json!({ name: self.task(task, None) })
        });
        Json::Array(written.collect())
    }

    fn list(&mut self, tasks: &[Sketch]) -> Json {
        let names: Vec<String> = tasks.iter().map(|_| self.name()).collect();
        let written = tasks.iter().enumerate().map(|(index, task)| {
            let later = names.get(index + 1).map(String::as_str);
            json!({ &names[index]: self.task(task, later) })
        });
        Json::Array(written.collect())
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("t{}", self.names)
    }

    /// `later` is a task that follows in the same list.
    fn task(&mut self, task: &Sketch, later: Option<&str>) -> Json {
        match task {
            Sketch::Set => json!({ "set": { "n": "${ (.n? // 0) + 1 }" } }),
            Sketch::Fail => json!({ "set": { "n": "${ .n | error }" } }),
            Sketch::Wait(seconds) => json!({ "wait": format!("PT{seconds}S") }),
            Sketch::Call => json!({ "call": "shop.pay", "with": { "n": "${ .n? }" } }),
            Sketch::Emit => json!({ "emit": { "event": { "with": {
                "source": "https://shop.example", "type": "told" } } } }),
            Sketch::Listen(0) => json!({ "listen": { "to": { "any": [] } } }),
            Sketch::Listen(1) => json!({ "listen": { "to": { "all": [
                { "with": { "type": "a" } }, { "with": { "type": "b" } }] } } }),
            Sketch::Listen(2) => json!({
                "listen": { "to": { "any": [{ "with": { "type": "a" } }],
                    "until": { "one": { "with": { "type": "b" } } } } },
                "foreach": { "item": "x", "do": self.list(&[Sketch::Call]) } }),
            Sketch::Listen(_) => json!({ "listen": { "to": { "any": [{ "with": { "type": "a" } }],
                "until": "${ length == 2 }" } } }),
            Sketch::Child(is_awaited) => json!({ "run": { "await": is_awaited, "workflow": {
                "namespace": "test", "name": "other", "version": "1.0.0" } } }),
            Sketch::Raise(status) => json!({ "raise": { "error": {
                "type": "https://example.com/bad", "status": status } } }),
            Sketch::Switch(when, then) => {
                let when = ["${ .n? == 1 }", "${ .n? > 1 }", "${ .n? == null }"][*when as usize];
                let then = match then {
                    0 => "exit",
                    1 => "end",
                    2 | 3 => later.unwrap_or("continue"),
                    _ => "continue",
                };
                json!({ "switch": [{ "case": { "when": when, "then": then } }] })
            }
            Sketch::Do(tasks) => json!({ "do": self.list(tasks) }),
            Sketch::For(count, tasks) => json!({
                "for": { "each": "x", "in": format!("${{ [range({count})] }}") },
                "do": self.list(tasks) }),
            Sketch::Fork(is_competing, tasks) => json!({ "fork": {
                "compete": is_competing, "branches": self.branches(tasks) } }),
            Sketch::Try(tasks, retry, catch) => {
                let mut clause = json!({});
                if let Some(count) = retry {
                    // No delay, a delay, or a delay and a limit of each attempt.
                    let limit = match count {
                        2 => json!({ "attempt": { "count": 2, "duration": "PT2S" } }),
                        _ => json!({ "attempt": { "count": 1 } }),
                    };
                    let delay = format!("PT{count}S");
                    clause["retry"] = json!({ "delay": delay, "limit": limit });
                }
                if let Some(tasks) = catch {
                    clause["do"] = self.list(tasks);
                }
                json!({ "try": self.list(tasks), "catch": clause })
            }
            Sketch::If(is_true, task) => {
                let mut task = self.task(task, later);
                task["if"] = Json::from(format!("${{ {is_true} }}"));
                task
            }
            Sketch::Timeout(seconds, task) => {
                let mut task = self.task(task, later);
                task["timeout"] = json!({ "after": format!("PT{seconds}S") });
                task
            }
        }
    }
}

fn written(tasks: &[Sketch]) -> String {
    let mut writer = Writer::default();
    format!("timeout: {{after: PT90S}}\ndo: {}", writer.list(tasks))
}

/// [`written`], with tasks around tasks, which have the same reference wherever they run.
fn extended(tasks: &[Sketch], extend: &str) -> String {
    format!(
        "use: {{extensions: [{{around: {{extend: {extend},
            before: [{{look: {{call: shop.look, with: {{}}}}}}],
            after: [{{log: {{wait: PT1S}}}}, {{tell: {{call: shop.tell, with: {{}}}}}}]}}}}]}}\n{}",
        written(tasks)
    )
}

/// Something that comes back, for a task named in a way that no share or numbering changes.
type Turn = (String, Came);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Came {
    Answer,
    Failure,
    Uncertainty,
    Time(u64),
    Event(u64, &'static str),
}

/// What can come back now, in the order of the tasks it is for.
fn turns(play: &Play) -> Vec<Turn> {
    let reference = |frame: u64| {
        let task = play.state.frames[&frame].task;
        play.definition.task(task).reference.to_string()
    };
    let mut turns = Vec::new();
    for effect in engine::outstanding(&play.definition, &play.state) {
        match effect {
            Effect::Perform { effect, .. } => {
                let name = reference(play.state.frame_of_effect(effect).unwrap());
                for came in [Came::Answer, Came::Failure, Came::Uncertainty] {
                    turns.push((name.clone(), came));
                }
            }
            Effect::StartRun { effect, .. } => {
                let name = reference(play.state.frame_of_effect(effect).unwrap());
                turns.push((name.clone(), Came::Answer));
                turns.push((name, Came::Failure));
            }
            Effect::SetTimer { timer, .. } => {
                let known = &play.state.timers[&timer];
                let name = known.frame.map_or_else(String::new, reference);
                turns.push((format!("{name} {:?}", known.purpose), Came::Time(timer)));
            }
            Effect::Listen { listener, .. } => {
                for kind in ["a", "b"] {
                    turns.push((reference(listener), Came::Event(listener, kind)));
                }
            }
            _ => {}
        }
    }
    turns.sort_by(|(left, _), (right, _)| left.cmp(right));
    turns
}

fn effect_of(play: &Play, name: &str) -> u64 {
    let waiting = play
        .state
        .frames
        .values()
        .find_map(|frame| match frame.phase {
            Phase::Calling { effect, .. } | Phase::SubRun { effect, .. }
                if *play.definition.task(frame.task).reference == *name =>
            {
                Some(effect)
            }
            _ => None,
        });
    waiting.unwrap()
}

fn command_of(play: &Play, (name, came): &Turn) -> Command {
    let answered = |outcome| Command::Answered {
        effect: effect_of(play, name),
        outcome,
    };
    match came {
        Came::Answer => answered(Outcome::Value(Value::object([("n", Value::Int(5))]))),
        Came::Failure => answered(Outcome::Error(
            WorkflowError::new(ErrorKind::Communication, "It failed", "as chance had it")
                .with_status(503),
        )),
        Came::Uncertainty => answered(Outcome::Uncertain {
            reason: "nobody knows".into(),
        }),
        Came::Time(timer) => Command::TimerFired { timer: *timer },
        Came::Event(listener, kind) => Command::Event {
            listener: *listener,
            event: Value::object([("type", Value::from(*kind)), ("data", Value::Int(1))]),
        },
    }
}

/// Plays a run to its end, with these choices of what comes back next; what it was at each rest.
fn play(text: &str, choices: &[u8], budget: u32) -> Vec<String> {
    let mut play = Play::new(definition(text));
    play.budget = budget;
    play.settle(Command::Start {
        input: Value::object([("n", Value::Int(1))]),
    })
    .unwrap();
    let mut rests = vec![rest(&play)];
    let mut choices = choices.iter().cycle();
    for _ in 0..STEPS_MAX {
        if play.state.status().is_ended() {
            return rests;
        }
        let turns = turns(&play);
        let Some(choice) = choices.next().map(|choice| usize::from(*choice)) else {
            return rests;
        };
        if turns.is_empty() {
            // Only calls nobody knows of are left: somebody says.
            let uncertain = *play.asked.uncertain.first().unwrap();
            let outcome = [Outcome::Again, Outcome::Value(Value::Null)][choice % 2].clone();
            let effect = uncertain;
            play.settle(Command::Answered { effect, outcome }).unwrap();
        } else {
            let turn = &turns[choice % turns.len()];
            if let Came::Time(timer) = turn.1 {
                play.now = play.now.max(play.state.timers[&timer].due);
            }
            let command = command_of(&play, turn);
            // An event that passes no filter changes nothing.
            let _ = play.settle(command);
        }
        rests.push(rest(&play));
    }
    rests
}

/// A run at rest, without its numbers.
fn rest(play: &Play) -> String {
    let waits: Vec<String> = turns(play)
        .into_iter()
        .map(|(name, came)| match came {
            Came::Time(_) | Came::Event(..) => name,
            other => format!("{name} {other:?}"),
        })
        .collect();
    let state = &play.state;
    format!(
        "{:?} {:?} {:?} {waits:?}",
        state.status(),
        state.output,
        state.error
    )
}

/// More with `SLOW_TESTS=1`.
fn cases() -> ProptestConfig {
    let is_slow = std::env::var_os("SLOW_TESTS").is_some();
    ProptestConfig {
        cases: if is_slow { 20_000 } else { 150 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_run_comes_to_an_end_within_the_laws(
        tasks in prop::collection::vec(sketch(), 1..5),
        choices in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        play(&written(&tasks), &choices, 1_000);
    }

    #[test]
    fn tasks_around_tasks_keep_the_laws(
        tasks in prop::collection::vec(sketch(), 1..4),
        choices in prop::collection::vec(any::<u8>(), 1..40),
        extend in prop::sample::select(vec!["all", "composite", "call", "for", "try", "listen", "switch"]),
        budget in 1..6u32,
    ) {
        play(&extended(&tasks, extend), &choices, budget);
    }

    #[test]
    fn the_share_of_a_decision_changes_nothing_for_the_run(
        tasks in prop::collection::vec(sketch(), 1..5),
        choices in prop::collection::vec(any::<u8>(), 1..40),
        budget in 1..6u32,
    ) {
        let text = written(&tasks);
        prop_assert_eq!(play(&text, &choices, 1_000), play(&text, &choices, budget), "{}", text);
    }

    #[test]
    fn a_cancelled_run_waits_for_nothing(
        tasks in prop::collection::vec(sketch(), 1..5),
        choices in prop::collection::vec(any::<u8>(), 0..12),
        is_suspended in any::<bool>(),
    ) {
        let mut play = Play::new(definition(&written(&tasks)));
        play.budget = 3;
        play.send(Command::Start { input: Value::Null }).unwrap();
        for choice in choices {
            let turns = turns(&play);
            let Some(turn) = turns.get(usize::from(choice) % turns.len().max(1)) else { break };
            let command = command_of(&play, turn);
            let _ = play.send(command);
        }
        if is_suspended {
            let _ = play.send(Command::Suspend);
        }
        if !play.state.status().is_ended() {
            play.send(Command::Cancel { reason: None }).unwrap();
            prop_assert_eq!(play.state.status(), Status::Cancelled);
        }
        prop_assert!(engine::outstanding(&play.definition, &play.state).is_empty());
        prop_assert!(play.asked.open.is_empty() && play.asked.uncertain.is_empty());
    }

    #[test]
    fn what_comes_while_suspended_is_as_good_as_what_comes_after(
        tasks in prop::collection::vec(sketch(), 1..5),
        choices in prop::collection::vec(any::<u8>(), 1..12),
    ) {
        let mut play = Play::new(definition(&written(&tasks)));
        play.settle(Command::Start { input: Value::Null }).unwrap();
        if play.state.status().is_ended() {
            return Ok(());
        }
        play.send(Command::Suspend).unwrap();
        let mut direct = Play::new(definition(&written(&tasks)));
        direct.settle(Command::Start { input: Value::Null }).unwrap();
        for choice in choices {
            let turns = turns(&play);
            let Some(turn) = turns.get(usize::from(choice) % turns.len().max(1)) else { break };
            let command = command_of(&play, turn);
            play.send(command.clone()).unwrap();
            // One that became pointless meanwhile is refused here and passed over there.
            let _ = direct.settle(command);
        }
        play.settle(Command::Resume).unwrap();
        prop_assert_eq!(rest(&play), rest(&direct));
    }
}
