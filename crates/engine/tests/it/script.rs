//! `check(definition, "start {} | pay fails 503 | 3s pass | pay answers {ok: true}", history)`.

use dsl::Definition;
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use engine::{Command, Decision, Effect, Outcome, Rejection};
use jiff::SignedDuration;

use crate::play::Play;
use crate::told::told;

const HEADING: &str = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n";

/// A definition from its text without the heading.
pub fn definition(text: &str) -> Definition {
    match dsl::parse(&format!("{HEADING}{text}\n")) {
        Ok(parsed) => parsed.definition,
        Err(problems) => panic!("not a definition: {problems:#?}\n{text}"),
    }
}

/// Plays a script and compares the history, one line a decision or rejection.
#[track_caller]
pub fn check(text: &str, script: &str, expected: &str) {
    check_within(1_000, text, script, expected);
}

/// [`check`], with this many tasks in each decision; the run goes on only where the script says `continue`.
#[track_caller]
pub fn check_within(budget: u32, text: &str, script: &str, expected: &str) {
    let (_, lines) = play_lines(budget, text, script);
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines != expected {
        panic!("script: {script}\nhistory:\n{}\n", lines.join("\n"));
    }
}

/// The run after a script.
pub fn play(budget: u32, text: &str, script: &str) -> Play {
    play_lines(budget, text, script).0
}

fn play_lines(budget: u32, text: &str, script: &str) -> (Play, Vec<String>) {
    let mut play = Play::new(definition(text));
    play.budget = budget;
    let lines = script
        .split('|')
        .flat_map(|line| step(&mut play, line.trim()))
        .collect();
    (play, lines)
}

/// What one line of a script makes happen, told.
fn step(play: &mut Play, line: &str) -> Vec<String> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    let command = match first {
        "start" => Command::Start { input: value(rest) },
        "continue" => Command::Continue,
        "suspend" => Command::Suspend,
        "resume" => Command::Resume,
        "cancel" => Command::Cancel { reason: text(rest) },
        "event" => return event(play, rest),
        _ => {
            if rest == "pass" || rest == "passes" {
                let decisions = play.pass(duration(first));
                return decisions
                    .iter()
                    .map(|decision| told(&play.definition, decision))
                    .collect();
            }
            outcome_of(play, first, rest)
        }
    };
    let result = play.send(command);
    vec![told_result(play, result)]
}

fn told_result(play: &Play, result: Result<Decision, Rejection>) -> String {
    match result {
        Ok(decision) => told(&play.definition, &decision),
        Err(rejection) => format!("refused: {rejection}"),
    }
}

/// `pay answers {...}`, `pay fails 503`, `pay unknown`, `pay again`; `#3` instead of a name means effect or timer 3.
fn outcome_of(play: &Play, who: &str, what: &str) -> Command {
    let number: Option<u64> = who.strip_prefix('#').and_then(|text| text.parse().ok());
    if let (Some(timer), "fires") = (number, what) {
        return Command::TimerFired { timer };
    }
    let effect = number.unwrap_or_else(|| play.effect(who));
    let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
    let outcome = match verb {
        "answers" => Outcome::Value(value(rest)),
        "fails" => Outcome::Error(
            WorkflowError::new(ErrorKind::Communication, "It failed", "as the script says")
                .with_status(rest.parse().unwrap()),
        ),
        "unknown" => Outcome::Uncertain {
            reason: "the line broke".into(),
        },
        "again" => Outcome::Again,
        _ => panic!("what is `{who} {what}`?"),
    };
    Command::Answered { effect, outcome }
}

/// `event order.paid {...}`: to every listener that takes the type, as the bus does; `#3` first: to that one alone.
fn event(play: &mut Play, text: &str) -> Vec<String> {
    let (only, text) = match text.strip_prefix('#') {
        Some(text) => {
            let (number, text) = text.split_once(' ').unwrap();
            (Some(number.parse::<u64>().unwrap()), text)
        }
        None => (None, text),
    };
    let (kind, data) = text.split_once(' ').unwrap_or((text, "null"));
    let listeners: Vec<u64> = match only {
        Some(listener) => vec![listener],
        None => engine::outstanding(&play.definition, &play.state)
            .iter()
            .filter_map(|effect| match effect {
                Effect::Listen { listener, types } => {
                    let is_wanted = types.is_empty() || types.iter().any(|known| &**known == kind);
                    is_wanted.then_some(*listener)
                }
                _ => None,
            })
            .collect(),
    };
    let event = Value::object([
        ("id", Value::from("e")),
        ("source", Value::from("/test")),
        ("type", Value::from(kind)),
        ("data", value(data)),
    ]);
    let mut lines = Vec::new();
    for listener in listeners {
        let event = event.clone();
        let result = play.send(Command::Event { listener, event });
        lines.push(told_result(play, result));
    }
    lines
}

/// JSON, with bare keys allowed.
fn value(text: &str) -> Value {
    if text.is_empty() {
        return Value::object::<&str>([]);
    }
    let mut json = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let (before, after) = rest.split_at(at);
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(after.len());
        let (word, tail) = after.split_at(end);
        json.push_str(before);
        if tail.starts_with(':') && !before.ends_with('"') {
            json.push_str(&format!("\"{word}\""));
        } else {
            json.push_str(word);
        }
        rest = tail;
    }
    json.push_str(rest);
    Value::parse_json(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn duration(text: &str) -> SignedDuration {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}
