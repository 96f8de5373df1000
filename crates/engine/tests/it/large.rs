//! Large and deep runs: the cost of a task does not grow with the tasks beside it.

use std::time::Duration;

use dsl::value::Value;
use engine::{Command, Effect, HistoryEvent, Moment, Outcome, RunState, Status};

use crate::play::Play;
use crate::script::definition;

/// A run without the checks of [`Play`], which look at everything after each command.
struct Fast<'a> {
    definition: &'a dsl::Definition,
    state: RunState,
    effects: Vec<Effect>,
    events: usize,
}

fn fork(branches: usize, task: &str, is_competing: bool) -> dsl::Definition {
    let branches: Vec<String> = (0..branches)
        .map(|index| format!("{{b{index}: {task}}}"))
        .collect();
    definition(&format!(
        "do: [{{all: {{fork: {{compete: {is_competing}, branches: [{}]}}}}}}]",
        branches.join(",\n")
    ))
}

impl<'a> Fast<'a> {
    fn start(definition: &'a dsl::Definition) -> Self {
        let mut run = Self {
            definition,
            state: RunState::new("r"),
            effects: Vec::new(),
            events: 0,
        };
        run.send(Command::Start { input: Value::Null });
        run
    }

    fn send(&mut self, command: Command) {
        let moment = Moment::at("2026-01-01T00:00:00Z".parse().unwrap());
        let mut next = Some(command);
        while let Some(command) = next.take() {
            let decision =
                engine::advance(self.definition, &mut self.state, command, &moment).unwrap();
            self.events += decision.events.len();
            self.effects.extend(decision.effects);
            let _ = self.state.status();
            next = decision.is_unfinished.then_some(Command::Continue);
        }
    }

    fn answer_all(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Perform { effect, .. } => self.send(Command::Answered {
                    effect,
                    outcome: Outcome::Value(Value::Null),
                }),
                Effect::SetTimer { timer, .. } => self.send(Command::TimerFired { timer }),
                _ => {}
            }
        }
    }
}

const CALL: &str = "{call: shop.pay, with: {}}";
const WAIT: &str = "{wait: PT5S, timeout: {after: PT9S}}";

/// The processor time of this thread; what else runs on the machine does not count.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos = text.split(' ').next().unwrap();
    Duration::from_nanos(nanos.parse().unwrap())
}

/// What `play` takes for a fork of so many branches; the best of three.
fn time(branches: usize, task: &str, play: fn(&mut Fast<'_>)) -> Duration {
    let definition = fork(branches, task, false);
    let once = || {
        let began = processor_time();
        let mut run = Fast::start(&definition);
        play(&mut run);
        assert!(run.state.status().is_ended());
        processor_time() - began
    };
    (0..3).map(|_| once()).min().unwrap()
}

/// Ten times the branches may take forty times as long: ten is linear, a hundred is quadratic.
#[track_caller]
fn check_is_not_quadratic(task: &str, play: fn(&mut Fast<'_>)) {
    let few = time(1_000, task, play);
    let many = time(10_000, task, play);
    assert!(
        many < few * 40,
        "1,000 branches take {few:?}, 10,000 take {many:?}"
    );
}

#[test]
fn ten_thousand_calls_beside_each_other_are_answered_one_by_one() {
    check_is_not_quadratic(CALL, |run| run.answer_all());
}

#[test]
fn ten_thousand_waits_beside_each_other_end_one_by_one() {
    check_is_not_quadratic(WAIT, |run| {
        let waits: Vec<u64> = run
            .state
            .timers
            .iter()
            .filter(|(_, timer)| timer.purpose == engine::TimerPurpose::Wait)
            .map(|(id, _)| *id)
            .collect();
        for timer in waits {
            run.send(Command::TimerFired { timer });
        }
    });
}

#[test]
fn ten_thousand_waits_are_cancelled_at_once() {
    check_is_not_quadratic(WAIT, |run| run.send(Command::Cancel { reason: None }));
}

#[test]
fn ten_thousand_calls_are_given_up_when_one_fails() {
    check_is_not_quadratic(CALL, |run| {
        let effect = run
            .state
            .frames
            .values()
            .find_map(|frame| match frame.phase {
                engine::Phase::Calling { effect, .. } => Some(effect),
                _ => None,
            });
        let error = dsl::WorkflowError::new(dsl::workflow_error::ErrorKind::Runtime, "No", "no");
        run.send(Command::Answered {
            effect: effect.unwrap(),
            outcome: Outcome::Error(error),
        });
    });
}

#[test]
fn the_history_of_a_large_fork_has_no_event_for_every_share() {
    let definition = fork(10_000, "{set: {n: 1}}", false);
    let run = Fast::start(&definition);
    assert_eq!(run.state.status(), Status::Completed);
    // Each branch: ready, started, completed. Each of ten shares: continued.
    assert!(run.events < 30_100, "{} events", run.events);
}

#[test]
fn the_losers_of_a_large_race_never_begin() {
    let definition = fork(10_000, "{set: {n: 1}}", true);
    let run = Fast::start(&definition);
    assert_eq!(
        run.state.output,
        Some(Value::object([("n", Value::Int(1))]))
    );
    assert!(run.events < 12_100, "{} events", run.events);
}

/// `do` within `do`, so many levels.
fn nested(levels: usize) -> String {
    let mut text = "{a: {set: {n: 1}}}".to_owned();
    for _ in 0..levels {
        text = format!("{{a: {{do: [{text}]}}}}");
    }
    format!("do: [{text}]")
}

#[test]
fn deep_nesting_runs_as_deep_as_it_is_read() {
    let mut play = Play::new(definition(&nested(30)));
    let decision = play.send(Command::Start { input: Value::Null }).unwrap();
    let completed = |event: &&HistoryEvent| matches!(event, HistoryEvent::TaskCompleted { .. });
    assert_eq!(decision.events.iter().filter(completed).count(), 31);
    assert_eq!(play.state.status(), Status::Completed);
}

#[test]
fn a_thousand_levels_are_refused_before_they_run() {
    let heading = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n";
    let problems = dsl::parse(&format!("{heading}{}", nested(1_000))).unwrap_err();
    assert_eq!(problems[0].code, "too-deep");
}
