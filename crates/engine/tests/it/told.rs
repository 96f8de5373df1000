//! Decisions in words, one line each: `event; event => effect; effect`.

use dsl::value::Value;
use dsl::{Definition, TaskId};
use engine::{
    Command, Data, Decision, Effect, Go, HistoryEvent, Outcome, Slot, SubRun, TimerPurpose,
};

pub fn told(definition: &Definition, decision: &Decision) -> String {
    let events: Vec<String> = decision
        .events
        .iter()
        .map(|event| told_event(definition, event))
        .collect();
    let effects: Vec<String> = decision.effects.iter().map(told_effect).collect();
    let mut line = events.join("; ");
    if !effects.is_empty() {
        line.push_str(" => ");
        line.push_str(&effects.join("; "));
    }
    if decision.is_unfinished {
        line.push_str(" ...");
    }
    line
}

pub fn told_event(definition: &Definition, event: &HistoryEvent) -> String {
    let name = |task: &TaskId| definition.task(*task).name.to_string();
    match event {
        HistoryEvent::RunStarted { input } => format!("run started {input}"),
        HistoryEvent::TaskReady {
            task, slot, raw, ..
        } => format!("ready {}{}{}", name(task), told_slot(slot), told_data(raw)),
        HistoryEvent::Continued { tasks } => format!("continued {tasks}"),
        HistoryEvent::TaskSkipped { task, branch } => match branch {
            Some((fork, index)) => format!("skipped {} branch {index} of {fork}", name(task)),
            None => format!("skipped {}", name(task)),
        },
        HistoryEvent::TaskStarted {
            id,
            task,
            slot,
            raw,
            ..
        } => format!(
            "{id} started {}{}{}",
            name(task),
            told_slot(slot),
            told_data(raw)
        ),
        HistoryEvent::InputTaken { id, input } => format!("{id} input {input}"),
        HistoryEvent::ExtensionsApplied { id, extensions } => {
            format!("{id} extended {extensions:?}")
        }
        HistoryEvent::AfterBegan { id, output, go } => {
            format!("{id} after{}{}", told_data(output), told_go(*go))
        }
        HistoryEvent::EffectRequested {
            id,
            effect,
            request,
        } => format!("{id} calls {effect} {} {}", request.function, request.with),
        HistoryEvent::SubRunRequested { id, effect, run } => {
            format!("{id} runs {effect} {}", told_run(run))
        }
        HistoryEvent::EffectAnswered { effect, outcome } => {
            format!("{effect} {}", told_outcome(outcome))
        }
        HistoryEvent::TimerSet {
            timer,
            id,
            purpose,
            due,
        } => {
            let owner = id.map_or("run".to_owned(), |id| id.to_string());
            format!(
                "{owner} timer {timer} {} {}",
                told_purpose(*purpose),
                due.strftime("%M:%S%.f")
            )
        }
        HistoryEvent::TimerFired { timer } => format!("timer {timer} fired"),
        HistoryEvent::TimerCleared { timer } => format!("timer {timer} cleared"),
        HistoryEvent::LoopEntered { id, items } => format!("{id} loops over {items}"),
        HistoryEvent::IterationStarted { id, index } => format!("{id} iteration {index}"),
        HistoryEvent::ForkEntered { id, branches } => format!("{id} forks {branches}"),
        HistoryEvent::TryEntered { id } => format!("{id} tries"),
        HistoryEvent::ErrorCaught { id, error } => format!("{id} caught {}", error.status),
        HistoryEvent::AttemptStarted { id, attempt } => format!("{id} attempt {attempt}"),
        HistoryEvent::CatchEntered { id } => format!("{id} catches"),
        HistoryEvent::ListenEntered { id, .. } => format!("{id} listens"),
        HistoryEvent::EventConsumed {
            id,
            filter,
            until_filter,
            item,
            correlations,
            is_last,
        } => {
            let by = match (filter, until_filter) {
                (Some(index), _) => format!(" by {index}"),
                (None, Some(index)) => format!(" by until {index}"),
                (None, None) => String::new(),
            };
            let keys: String = correlations
                .iter()
                .map(|(key, value)| format!(" {key}={value}"))
                .collect();
            let last = if *is_last { " last" } else { "" };
            format!("{id} consumed {item}{by}{keys}{last}")
        }
        HistoryEvent::EventProcessed {
            id,
            output,
            context,
        } => format!("{id} processed {output}{}", told_context(context)),
        HistoryEvent::Emitted { event } => {
            format!("emitted {}", event.get("type").cloned().unwrap_or_default())
        }
        HistoryEvent::TaskCompleted {
            id,
            output,
            context,
        } => format!(
            "{id} completed{}{}",
            told_data(output),
            told_context(context)
        ),
        HistoryEvent::TaskFaulted { id, error } => format!("{id} faulted {}", error.status),
        HistoryEvent::TasksCancelled { ids } => format!("cancelled {ids:?}"),
        HistoryEvent::Held { command } => format!("held {}", told_command(command)),
        HistoryEvent::RunSuspended => "run suspended".to_owned(),
        HistoryEvent::RunResumed => "run resumed".to_owned(),
        HistoryEvent::RunCancelled { reason } => match reason {
            Some(reason) => format!("run cancelled {reason}"),
            None => "run cancelled".to_owned(),
        },
        HistoryEvent::RunFaulted { error } => format!(
            "run faulted {} at {}",
            error.status,
            error.instance.as_deref().unwrap_or("?")
        ),
        HistoryEvent::RunCompleted { output } => format!("run completed{}", told_data(output)),
    }
}

fn told_effect(effect: &Effect) -> String {
    match effect {
        Effect::Perform { effect, request } => format!("perform {effect} {}", request.function),
        Effect::StartRun { effect, run } => format!("start run {effect} {}", run.name),
        Effect::Abandon { effect } => format!("abandon {effect}"),
        Effect::SetTimer { timer, due } => {
            format!("set {timer} {}", due.strftime("%M:%S%.f"))
        }
        Effect::ClearTimer { timer } => format!("clear {timer}"),
        Effect::Listen { listener, types } => format!("listen {listener} {types:?}"),
        Effect::Unlisten { listener } => format!("unlisten {listener}"),
        Effect::Publish { event } => {
            format!("publish {}", event.get("id").cloned().unwrap_or_default())
        }
    }
}

/// Nothing for the value that the run produced last.
fn told_data(data: &Data) -> String {
    match data {
        Data::Carry => String::new(),
        Data::Input => " <input".to_owned(),
        Data::Value(value) => format!(" <{value}"),
    }
}

fn told_context(context: &Option<Value>) -> String {
    context
        .as_ref()
        .map_or_else(String::new, |context| format!(" context {context}"))
}

fn told_slot(slot: &Slot) -> String {
    match slot {
        Slot::Body => String::new(),
        Slot::Catch => " (catch)".to_owned(),
        Slot::Branch(index) => format!(" (branch {index})"),
        Slot::Before(index) => format!(" (before {index})"),
        Slot::After(index) => format!(" (after {index})"),
        Slot::Function => " (function)".to_owned(),
    }
}

fn told_go(go: Option<Go>) -> String {
    go.map_or_else(String::new, |go| format!(" {go:?}"))
}

fn told_run(run: &SubRun) -> String {
    let awaited = if run.is_awaited { "" } else { " unawaited" };
    format!("{} {}{awaited}", run.name, run.input)
}

fn told_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Value(value) => format!("answered {value}"),
        Outcome::Error(error) => format!("failed {}", error.status),
        Outcome::Uncertain { .. } => "uncertain".to_owned(),
        Outcome::Again => "again".to_owned(),
    }
}

fn told_command(command: &Command) -> String {
    match command {
        Command::Answered { effect, outcome } => format!("{effect} {}", told_outcome(outcome)),
        Command::TimerFired { timer } => format!("timer {timer}"),
        Command::Event { listener, .. } => format!("event for {listener}"),
        other => format!("{other:?}"),
    }
}

fn told_purpose(purpose: TimerPurpose) -> &'static str {
    match purpose {
        TimerPurpose::Wait => "wait",
        TimerPurpose::TaskTimeout => "timeout",
        TimerPurpose::RunTimeout => "timeout",
        TimerPurpose::RetryDelay => "retry",
        TimerPurpose::AttemptTimeout => "attempt",
    }
}
