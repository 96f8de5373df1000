//! Runs, the clock, what is due, and who listens.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use dsl::Definition;
use dsl::definition::Strategy;
use dsl::value::{Text, Value};
use dsl::workflow_error::{ErrorKind, WorkflowError};
use engine::{Command, Decision, Effect, Moment, Outcome, Rejection, Status, SubRun};
use jiff::{SignedDuration, Timestamp};

use crate::checks;
use crate::outside::Outside;
use crate::run::Run;
use crate::services::Services;
use crate::vault::Vault;

/// Happenings that one scenario may take; more means that it goes round in circles.
const HAPPENINGS_MAX: u32 = 20_000;

/// Decisions that one command may need.
const DECISIONS_MAX: u32 = 2_000;

pub struct World {
    now: Timestamp,
    definitions: Vec<Arc<Definition>>,
    runs: BTreeMap<String, Run>,
    /// What will happen, by time and, within one moment, in the order it was arranged.
    due: BTreeMap<(Timestamp, u64), Happening>,
    arranged: u64,
    entropy: u64,
    /// Tasks that one decision may start.
    budget: u32,
    vault: Vault,
    pub services: Services,
    outside: Option<Outside>,
    /// CloudEvents that workflows emitted.
    pub published: Vec<Value>,
    /// CloudEvents that tell of runs and tasks.
    pub lifecycle: Vec<Value>,
}

enum Happening {
    Timer {
        run: String,
        timer: u64,
    },
    Answer {
        run: String,
        effect: u64,
        outcome: Outcome,
    },
    Delivery {
        event: Value,
    },
}

impl World {
    /// A world that begins at a fixed moment. `budget`: tasks that one decision may start.
    #[must_use]
    pub fn new(budget: u32) -> Self {
        Self {
            now: "2026-03-01T12:00:00Z".parse().expect("a timestamp"),
            definitions: Vec::new(),
            runs: BTreeMap::new(),
            due: BTreeMap::new(),
            arranged: 0,
            entropy: 0,
            budget,
            vault: Vault::default(),
            services: Services::default(),
            outside: None,
            published: Vec::new(),
            lifecycle: Vec::new(),
        }
    }

    pub fn define(&mut self, definition: Definition) {
        self.definitions.push(Arc::new(definition));
    }

    pub fn keep_secret(&mut self, name: &str, secret: Value) {
        self.vault.put(name, secret);
    }

    #[must_use]
    pub fn run(&self, id: &str) -> Option<&Run> {
        self.runs.get(id)
    }

    /// Starts a run of the first definition, and lets everything happen that takes no time.
    pub fn start(&mut self, input: Value) -> Result<String> {
        let definition = self
            .definitions
            .first()
            .context("no workflow is defined")?
            .clone();
        let id = self.begin(definition, input, None)?;
        self.settle()?;
        Ok(id)
    }

    fn begin(
        &mut self,
        definition: Arc<Definition>,
        input: Value,
        parent: Option<(String, u64)>,
    ) -> Result<String> {
        let id = format!("run-{}", self.runs.len() + 1);
        let run = Run::new(definition, &id, parent);
        self.runs.insert(id.clone(), run);
        self.command(&id, Command::Start { input })?
            .map_err(|rejection| anyhow!("the start was refused: {rejection}"))?;
        Ok(id)
    }

    /// Gives a run a command; a refusal is the inner error.
    pub fn command(&mut self, id: &str, command: Command) -> Result<Result<(), Rejection>> {
        let mut command = command;
        for _ in 0..DECISIONS_MAX {
            let decision = match self.decide(id, command)? {
                Ok(decision) => decision,
                Err(rejection) => return Ok(Err(rejection)),
            };
            for effect in decision.effects {
                self.arrange(id, effect)?;
            }
            self.verify(id)?;
            if !decision.is_unfinished {
                self.report_end(id);
                return Ok(Ok(()));
            }
            command = Command::Continue;
        }
        Err(anyhow!(
            "more than {DECISIONS_MAX} decisions without a pause: the workflow goes round in circles"
        ))
    }

    fn decide(&mut self, id: &str, command: Command) -> Result<Result<Decision, Rejection>> {
        let moment = self.moment();
        let run = self
            .runs
            .get_mut(id)
            .with_context(|| format!("there is no run {id}"))?;
        let before = run.state.clone();
        let again = engine::decide(&run.definition, &before, command.clone(), &moment);
        let decision = engine::advance(&run.definition, &mut run.state, command, &moment);
        ensure!(
            again == decision,
            "the same arguments give another decision\n  first: {again:?}\n  then:  {decision:?}"
        );
        let decision = match decision {
            Ok(decision) => decision,
            Err(rejection) => {
                ensure!(
                    run.state == before,
                    "a refused command ({rejection}) changed the state"
                );
                return Ok(Err(rejection));
            }
        };
        for event in &decision.events {
            let event = checks::written_and_read(event)?;
            let number = run.history.len() as u64;
            self.lifecycle.extend(engine::lifecycle_events(
                &run.definition,
                &run.replayed,
                &event,
                self.now,
                number,
            ));
            engine::apply(&mut run.replayed, &event, self.now);
            run.history.push((self.now, event));
        }
        checks::replay_agrees(&run.state, &run.replayed)?;
        Ok(Ok(decision))
    }

    fn moment(&mut self) -> Moment {
        // A fixed sequence that looks random (splitmix64).
        self.entropy = self.entropy.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.entropy ^ (self.entropy >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Moment {
            entropy: mixed ^ (mixed >> 31),
            secrets: self.vault.sealed(),
            runtime: Value::object([
                ("name", Value::from("Segue")),
                ("version", Value::from(env!("CARGO_PKG_VERSION"))),
                ("metadata", Value::object::<Text>([])),
            ]),
            budget: self.budget,
            ..Moment::at(self.now)
        }
    }

    fn verify(&self, id: &str) -> Result<()> {
        let run = &self.runs[id];
        checks::outstanding_agrees(&run.definition, &run.state, &run.outstanding())
    }

    /// Does what an effect asks for.
    fn arrange(&mut self, id: &str, effect: Effect) -> Result<()> {
        match effect {
            Effect::Perform { effect, request } => {
                self.known(id).calls.insert(effect);
                let outside = match &mut self.outside {
                    Some(outside) => outside,
                    none => none.insert(Outside::new(&self.services, self.vault.clone())?),
                };
                let namespace = self.runs[id].definition.document.namespace.clone();
                let outcome = outside.perform(namespace, &format!("{id}/{effect}"), request);
                let delay = self.services.take_delay();
                self.after(
                    delay,
                    Happening::Answer {
                        run: id.to_owned(),
                        effect,
                        outcome,
                    },
                );
            }
            Effect::StartRun { effect, run } => self.start_sub_run(id, effect, run)?,
            Effect::Abandon { effect } => {
                let run = self.known(id);
                run.calls.remove(&effect);
                if let Some(child) = run.children.remove(&effect) {
                    // A child that has ended cannot be cancelled, and need not be.
                    let _ = self.command(&child, Command::Cancel { reason: None })?;
                }
                self.due.retain(|_, due| !matches!(due, Happening::Answer { run, effect: known, .. } if run == id && *known == effect));
            }
            Effect::SetTimer { timer, due } => {
                self.known(id).timers.insert(timer);
                let wait = due.duration_since(self.now).max(SignedDuration::ZERO);
                self.after(
                    wait,
                    Happening::Timer {
                        run: id.to_owned(),
                        timer,
                    },
                );
            }
            Effect::ClearTimer { timer } => {
                self.known(id).timers.remove(&timer);
                self.due.retain(|_, due| !matches!(due, Happening::Timer { run, timer: known } if run == id && *known == timer));
            }
            Effect::Listen { listener, types } => {
                self.known(id).listeners.insert(listener, types);
            }
            Effect::Unlisten { listener } => {
                self.known(id).listeners.remove(&listener);
            }
            Effect::Publish { event } => {
                self.published.push(event.clone());
                self.after(SignedDuration::ZERO, Happening::Delivery { event });
            }
        }
        Ok(())
    }

    fn known(&mut self, id: &str) -> &mut Run {
        self.runs
            .get_mut(id)
            .expect("effects come from runs of this world")
    }

    fn after(&mut self, wait: SignedDuration, happening: Happening) {
        self.arranged += 1;
        self.due.insert((self.now + wait, self.arranged), happening);
    }

    fn start_sub_run(&mut self, id: &str, effect: u64, sub: SubRun) -> Result<()> {
        let is_wanted = |definition: &&Arc<Definition>| {
            let document = &definition.document;
            document.namespace == sub.namespace
                && document.name == sub.name
                && (&*sub.version == "latest" || document.version == sub.version)
        };
        let Some(definition) = self.definitions.iter().find(is_wanted).cloned() else {
            let error = WorkflowError::new(
                ErrorKind::Configuration,
                "Workflow not found",
                format!("there is no workflow `{}`", sub.name),
            );
            let outcome = Outcome::Error(error);
            if sub.is_awaited {
                self.after(
                    SignedDuration::ZERO,
                    Happening::Answer {
                        run: id.to_owned(),
                        effect,
                        outcome,
                    },
                );
            }
            return Ok(());
        };
        if !sub.is_awaited {
            return self.begin(definition, sub.input, None).map(drop);
        }
        let child = format!("run-{}", self.runs.len() + 1);
        self.known(id).children.insert(effect, child);
        self.begin(definition, sub.input, Some((id.to_owned(), effect)))
            .map(drop)
    }

    /// Tells the run that waits for this one how it ended, once.
    fn report_end(&mut self, id: &str) {
        let run = self.known(id);
        let outcome = match run.state.status() {
            Status::Completed => Outcome::Value(run.state.output.clone().unwrap_or_default()),
            Status::Faulted => match run.state.error.clone() {
                Some(error) => Outcome::Error(error),
                None => return,
            },
            Status::Cancelled => Outcome::Error(WorkflowError::new(
                ErrorKind::Runtime,
                "Cancelled",
                "the workflow was cancelled",
            )),
            _ => return,
        };
        if let Some((parent, effect)) = run.parent.take() {
            self.after(
                SignedDuration::ZERO,
                Happening::Answer {
                    run: parent,
                    effect,
                    outcome,
                },
            );
        }
    }

    /// Publishes an event from outside to whoever listens now.
    pub fn receive(&mut self, event: &Value) -> Result<()> {
        self.deliver(event)?;
        self.settle()
    }

    fn deliver(&mut self, event: &Value) -> Result<()> {
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let wanting: Vec<(String, u64)> = self
            .runs
            .iter()
            .flat_map(|(id, run)| {
                run.listeners
                    .iter()
                    .map(move |(listener, types)| (id.clone(), *listener, types))
            })
            .filter(|(_, _, types)| {
                types.is_empty() || types.iter().any(|wanted| **wanted == *kind)
            })
            .map(|(id, listener, _)| (id, listener))
            .collect();
        for (id, listener) in wanting {
            // A task that does not want the event, or no longer listens, leaves it alone.
            let _ = self.command(
                &id,
                Command::Event {
                    listener,
                    event: event.clone(),
                },
            )?;
        }
        Ok(())
    }

    /// Lets everything happen that is due now.
    pub fn settle(&mut self) -> Result<()> {
        self.advance_to(self.now)
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: SignedDuration) -> Result<()> {
        self.advance_to(self.now + time)
    }

    fn advance_to(&mut self, moment: Timestamp) -> Result<()> {
        let mut count = 0;
        while self
            .due
            .first_key_value()
            .is_some_and(|((at, _), _)| *at <= moment)
        {
            count += 1;
            ensure!(
                count < HAPPENINGS_MAX,
                "more than {HAPPENINGS_MAX} things happened: the workflow goes round in circles"
            );
            self.next()?;
        }
        self.now = moment;
        Ok(())
    }

    /// Lets time pass until the run has ended, or nothing more will happen.
    pub fn finish(&mut self, id: &str) -> Result<()> {
        let mut count = 0;
        while !self.runs[id].state.status().is_ended() && !self.due.is_empty() {
            count += 1;
            ensure!(
                count < HAPPENINGS_MAX,
                "more than {HAPPENINGS_MAX} things happened: the workflow goes round in circles"
            );
            self.next()?;
        }
        self.settle()
    }

    fn next(&mut self) -> Result<()> {
        let Some(((at, _), happening)) = self.due.pop_first() else {
            return Ok(());
        };
        self.now = at;
        match happening {
            Happening::Timer { run, timer } => {
                self.known(&run).timers.remove(&timer);
                self.command(&run, Command::TimerFired { timer })?
                    .map_err(|rejection| anyhow!("timer {timer} of {run}: {rejection}"))
            }
            Happening::Answer {
                run,
                effect,
                outcome,
            } => {
                let known = self.known(&run);
                known.calls.remove(&effect);
                known.children.remove(&effect);
                self.command(&run, Command::Answered { effect, outcome })?
                    .map_err(|rejection| anyhow!("answer to effect {effect} of {run}: {rejection}"))
            }
            Happening::Delivery { event } => self.deliver(&event),
        }
    }

    /// The input of the run that `event` starts by `schedule.on`, if it starts one.
    pub fn started_by(&mut self, event: &Value) -> Result<Option<Value>> {
        let moment = self.moment();
        let definition = self.definitions.first().context("no workflow is defined")?;
        let on = definition
            .schedule
            .as_ref()
            .and_then(|schedule| schedule.on.as_ref())
            .context("the workflow has no `schedule.on`")?;
        let filters = match &on.strategy {
            Strategy::One(filter) => std::slice::from_ref(filter),
            Strategy::Any {
                filters,
                until: None,
            } => filters,
            _ => {
                return Err(anyhow!(
                    "starting by several events is the runtime's business"
                ));
            }
        };
        for filter in filters {
            if engine::matches_event(definition, filter, event, &moment)
                .map_err(|error| anyhow!("{error}"))?
            {
                return Ok(Some(Value::array(vec![event.clone()])));
            }
        }
        Ok(None)
    }
}
