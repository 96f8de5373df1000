//! The vocabulary: what each step means.
//!
//! The first block of wordings is the specification's own; the second is ours. A step that is in neither fails.

use anyhow::{Context, Result, anyhow, bail, ensure};
use dsl::problem::{Problem, Severity};
use dsl::value::Value;
use engine::{Command, Rejection, Status};
use gherkin::Step;
use sim::{Run, World};

use crate::compare::{
    at, data, duration, has, host, listed, seconds, should_count, should_hold, shown, start,
    written,
};
use crate::internet;
use crate::pattern::read;

/// A scenario under way.
pub struct Scene {
    world: World,
    /// Why the first workflow cannot run, when it cannot.
    problems: Vec<Problem>,
    is_defined: bool,
    input: Value,
    run: Option<String>,
    events: u32,
}

impl Scene {
    pub fn new(budget: u32) -> Self {
        let world = World::new(budget);
        internet::open(&world.services);
        Self {
            world,
            problems: Vec::new(),
            is_defined: false,
            input: Value::Null,
            run: None,
            events: 0,
        }
    }

    pub fn perform(&mut self, step: &Step) -> Result<()> {
        // The kit writes `And given ...`, which leaves a second keyword in the text.
        let text = step.value.strip_prefix("given ").unwrap_or(&step.value);
        match self.kit_step(text, step)? {
            true => Ok(()),
            false => self.own_step(text, step),
        }
    }

    /// What happened, for a person who looks at a failure.
    pub fn told(&self) -> String {
        let Some(run) = self.run.as_deref().and_then(|id| self.world.run(id)) else {
            return String::new();
        };
        format!(
            "  status {:?}, output {}, error {:?}\n{}",
            run.state.status(),
            shown(run.state.output.as_ref()),
            run.state.error,
            run.told()
        )
    }

    fn kit_step(&mut self, text: &str, step: &Step) -> Result<bool> {
        if text == "a workflow with definition:" {
            self.define(step)?;
        } else if text == "the workflow input is:" {
            self.input = data(step)?;
        } else if text == "the workflow is executed" {
            let id = self.start()?;
            self.world.finish(&id)?;
        } else if text == "the workflow should complete" {
            self.should_be(Status::Completed)?;
        } else if text == "the workflow should complete with output:" {
            self.should_be(Status::Completed)?;
            let (found, wanted) = (self.output()?, data(step)?);
            ensure!(found == wanted, "the output is {found}, not {wanted}");
        } else if text == "the workflow should fault" {
            self.should_be(Status::Faulted)?;
        } else if text == "the workflow should fault with error:" {
            self.should_fault_with(&data(step)?)?;
        } else if let Some([names]) =
            read("the workflow output should have properties {}", text).as_deref()
        {
            let output = self.output()?;
            for name in names.split(',').map(|name| name.trim().trim_matches('\'')) {
                ensure!(
                    at(&output, name).is_some(),
                    "the output has no `{name}`: {output}"
                );
            }
        } else if let Some([name]) = read(
            "the workflow output should have a {} property with value:",
            text,
        )
        .as_deref()
        {
            let (output, wanted) = (self.output()?, data(step)?);
            ensure!(
                at(&output, name) == Some(&wanted),
                "`{name}` is not {wanted}: {output}"
            );
        } else if let Some([name, count]) = read(
            "the workflow output should have a {} property containing {} items",
            text,
        )
        .as_deref()
        {
            let output = self.output()?;
            let found = at(&output, name)
                .and_then(Value::as_array)
                .map(|items| items.len());
            ensure!(
                found == Some(count.parse()?),
                "`{name}` does not have {count} items: {output}"
            );
        } else if let Some([name]) = read("{} should run first", text).as_deref() {
            let tasks = self.current()?.timeline().tasks;
            ensure!(
                tasks.first().is_some_and(|task| task.name == *name),
                "the first task is {:?}",
                tasks.first()
            );
        } else if let Some([name]) = read("{} should run last", text).as_deref() {
            let tasks = self.current()?.timeline().tasks;
            ensure!(
                tasks.last().is_some_and(|task| task.name == *name),
                "the last task is {:?}",
                tasks.last()
            );
        } else if let Some([name, other]) = read("{} should run after {}", text).as_deref() {
            let timeline = self.current()?.timeline();
            let first = timeline
                .position(other)
                .with_context(|| format!("{other} did not run"))?;
            let second = timeline
                .last_position(name)
                .with_context(|| format!("{name} did not run"))?;
            ensure!(
                first < second,
                "{name} ran before {other}: {:?}",
                timeline.tasks
            );
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn own_step(&mut self, text: &str, step: &Step) -> Result<()> {
        let done = self.setting_step(text, step)?
            || self.doing_step(text, step)?
            || self.status_step(text)?;
        if done || self.timeline_step(text)? || self.outside_step(text, step)? {
            return Ok(());
        }
        bail!("no step reads like this")
    }

    /// Given ...
    fn setting_step(&mut self, text: &str, step: &Step) -> Result<bool> {
        if text == "a second workflow with definition:" {
            let parsed = dsl::parse(&written(step)?).map_err(|problems| {
                anyhow!("the second workflow is refused: {}", listed(&problems))
            })?;
            self.world.define(parsed.definition);
        } else if let Some([uri]) = read("the service at {} answers:", text).as_deref() {
            self.world.services.script(host(uri), &data(step)?)?;
        } else if let Some([name]) = read("the secret {} is:", text).as_deref() {
            self.world.keep_secret(name, data(step)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// When ...
    fn doing_step(&mut self, text: &str, step: &Step) -> Result<bool> {
        if text == "the workflow is started" {
            self.start()?;
        } else if text == "the workflow is suspended" {
            self.command(Command::Suspend)?;
        } else if text == "the workflow is resumed" {
            self.command(Command::Resume)?;
        } else if text == "the workflow is cancelled" {
            self.command(Command::Cancel { reason: None })?;
        } else if text == "the following event is received:" {
            let event = self.event(step)?;
            self.world.receive(&event)?;
        } else if text == "the following event starts the workflow:" {
            let event = self.event(step)?;
            self.input = self
                .world
                .started_by(&event)?
                .context("the event does not start the workflow")?;
            let id = self.start()?;
            self.world.finish(&id)?;
        } else if text == "the following event should not start the workflow:" {
            let event = self.event(step)?;
            ensure!(
                self.world.started_by(&event)?.is_none(),
                "the event starts the workflow"
            );
        } else if let Some([time]) = read("{} pass", text)
            .or_else(|| read("{} passes", text))
            .as_deref()
        {
            self.world.pass(duration(time)?)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn status_step(&mut self, text: &str) -> Result<bool> {
        if let Some([pointer]) = read(
            "the definition should be refused with a problem at {}",
            text,
        )
        .as_deref()
        {
            let is_there = |problem: &Problem| {
                problem.severity == Severity::Error && problem.pointer == *pointer
            };
            ensure!(
                self.problems.iter().any(is_there),
                "no problem at {pointer}, but: {}",
                listed(&self.problems)
            );
        } else if let Some([word]) = read("the workflow should be {}", text).as_deref() {
            self.should_be(match *word {
                "pending" => Status::Pending,
                "running" => Status::Running,
                "waiting" => Status::Waiting,
                "suspended" => Status::Suspended,
                "cancelled" => Status::Cancelled,
                other => bail!("`{other}` is no status"),
            })?;
        } else if let Some([what]) =
            read("{} the workflow again should be refused", text).as_deref()
        {
            let command = match *what {
                "suspending" => Command::Suspend,
                "resuming" => Command::Resume,
                "cancelling" => Command::Cancel { reason: None },
                other => bail!("`{other}` is nothing to do with a workflow"),
            };
            ensure!(self.ask(command)?.is_err(), "it was accepted");
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn timeline_step(&mut self, text: &str) -> Result<bool> {
        let timeline = || self.current().map(Run::timeline);
        if let Some([name]) = read("{} should not run", text).as_deref() {
            ensure!(timeline()?.position(name).is_none(), "{name} did run");
        } else if let Some([name, count]) =
            read("the task {} should have run {} times", text).as_deref()
        {
            let found = timeline()?.starts(name).len();
            ensure!(found == count.parse::<usize>()?, "{name} ran {found} times");
        } else if let Some([name, count]) =
            read("the task {} should have been retried {} times", text).as_deref()
        {
            let found = timeline()?.retries(name);
            ensure!(
                found == count.parse::<usize>()?,
                "{name} was retried {found} times"
            );
        } else if let Some([number, name, from, to]) = read(
            "run {} of the task {} should start between {} and {} seconds after the start",
            text,
        )
        .as_deref()
        {
            let found = start(&timeline()?, name, number.parse()?)?;
            ensure!(
                found >= seconds(from)? && found <= seconds(to)?,
                "it started {found:?} after the start"
            );
        } else if let Some([number, name, after]) = read(
            "run {} of the task {} should start {} seconds after the start",
            text,
        )
        .as_deref()
        {
            let found = start(&timeline()?, name, number.parse()?)?;
            ensure!(
                found == seconds(after)?,
                "it started {found:?} after the start"
            );
        } else if let Some([name, after]) =
            read("the task {} should start {} seconds after the start", text).as_deref()
        {
            let found = start(&timeline()?, name, 1)?;
            ensure!(
                found == seconds(after)?,
                "it started {found:?} after the start"
            );
        } else if let Some([name]) = read(
            "the pauses between the runs of the task {} should not all be the same",
            text,
        )
        .as_deref()
        {
            let starts = timeline()?.starts(name);
            let pauses: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            ensure!(
                pauses.windows(2).any(|pair| pair[0] != pair[1]),
                "the pauses are {pauses:?}"
            );
        } else if let Some([after]) = read(
            "the workflow should have ended {} seconds after the start",
            text,
        )
        .as_deref()
        {
            let found = timeline()?.ended_after;
            ensure!(
                found == Some(seconds(after)?),
                "it ended {found:?} after the start"
            );
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// What services received, and what was published.
    fn outside_step(&mut self, text: &str, step: &Step) -> Result<bool> {
        if let Some([uri, count]) =
            read("the service at {} should have received {} requests", text).as_deref()
        {
            let received = self.world.services.received(host(uri));
            ensure!(
                received.len() == count.parse::<usize>()?,
                "it received {}: {received:#?}",
                received.len()
            );
        } else if let Some([uri]) = read(
            "the service at {} should have received a request with:",
            text,
        )
        .as_deref()
        {
            let (received, wanted) = (self.world.services.received(host(uri)), data(step)?);
            ensure!(
                received
                    .iter()
                    .any(|request| has(&request.as_value(), &wanted)),
                "it received only {received:#?}"
            );
        } else if text == "an event should have been published with:" {
            should_hold(&self.world.published, &data(step)?)?;
        } else if text == "a lifecycle event should have been published with:" {
            should_hold(&self.world.lifecycle, &data(step)?)?;
        } else if let Some([count, kind]) =
            read("{} events of type {} should have been published", text)
                .as_deref()
                .filter(|found| !found[0].contains(' '))
        {
            should_count(&self.world.published, kind, count.parse()?)?;
        } else if let Some([count, kind]) = read(
            "{} lifecycle events of type {} should have been published",
            text,
        )
        .as_deref()
        {
            should_count(&self.world.lifecycle, kind, count.parse()?)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn define(&mut self, step: &Step) -> Result<()> {
        ensure!(!self.is_defined, "the workflow is defined already");
        self.is_defined = true;
        match dsl::parse(&written(step)?) {
            Ok(parsed) => self.world.define(parsed.definition),
            Err(problems) => self.problems = problems,
        }
        Ok(())
    }

    fn start(&mut self) -> Result<String> {
        ensure!(
            self.problems.is_empty(),
            "the definition is refused: {}",
            listed(&self.problems)
        );
        let id = self.world.start(self.input.clone())?;
        self.run = Some(id.clone());
        Ok(id)
    }

    fn current(&self) -> Result<&Run> {
        self.run
            .as_deref()
            .and_then(|id| self.world.run(id))
            .context("the workflow has not been started")
    }

    fn ask(&mut self, command: Command) -> Result<std::result::Result<(), Rejection>> {
        let id = self
            .run
            .clone()
            .context("the workflow has not been started")?;
        let answer = self.world.command(&id, command)?;
        self.world.settle()?;
        Ok(answer)
    }

    fn command(&mut self, command: Command) -> Result<()> {
        self.ask(command)?
            .map_err(|rejection| anyhow!("it was refused: {rejection}"))
    }

    /// The event of a step, completed by what every CloudEvent has.
    fn event(&mut self, step: &Step) -> Result<Value> {
        let written = data(step)?;
        let written = written.as_object().context("an event is an object")?;
        self.events += 1;
        let common = [
            ("specversion", Value::from("1.0")),
            ("id", Value::from(format!("event-{}", self.events))),
            ("source", Value::from("https://example.com/events")),
        ];
        let missing = common
            .into_iter()
            .filter(|(name, _)| !written.contains_key(*name))
            .map(|(name, value)| (name.into(), value));
        Ok(Value::object::<dsl::value::Text>(
            missing.chain(
                written
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            ),
        ))
    }

    fn should_be(&self, wanted: Status) -> Result<()> {
        let found = self.current()?.state.status();
        ensure!(found == wanted, "the workflow is {found:?}");
        Ok(())
    }

    fn should_fault_with(&self, wanted: &Value) -> Result<()> {
        self.should_be(Status::Faulted)?;
        let error = self
            .current()?
            .state
            .error
            .clone()
            .context("a faulted run keeps its error")?;
        let found = Value::parse_json(serde_json::to_string(&error)?.as_bytes())
            .map_err(|error| anyhow!("{error:?}"))?;
        for (name, wanted) in wanted.as_object().context("an error is an object")?.iter() {
            let is_same = match (&**name, wanted.as_str()) {
                ("type", Some(kind)) => error.is_kind(kind),
                _ => found.get(name) == Some(wanted),
            };
            ensure!(is_same, "`{name}` of the error is not {wanted}: {found}");
        }
        Ok(())
    }

    fn output(&self) -> Result<Value> {
        self.current()?
            .state
            .output
            .clone()
            .context("the workflow has no output")
    }
}
