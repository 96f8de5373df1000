//! Durable accept of starts, events and messages.
//!
//! A run's first decision is taken before it is accepted and committed with it: a run of pure tasks is one commit.

use std::sync::Arc;

use dsl::Value;
use dsl::definition::{Strategy, Until};
use engine::{Command, Moment, RunState, SubRun};
use store::{
    Committed, DedupeKey, Delivery, Message, Parcel, RunId, RunRow, RunStatus, StoreError, Text,
    Unit, Write,
};

use crate::clock::millis;
use crate::definitions::Loaded;
use crate::error::RuntimeError;
use crate::runs::{Core, FollowUp, Hot, Refusal};
use crate::view::RunDetail;

/// A run about to be accepted.
pub(crate) struct Begin {
    pub loaded: Arc<Loaded>,
    pub input: Value,
    pub trigger: Text,
    pub parent: Option<RunId>,
    /// The parent's effect that waits for the end.
    pub parent_effect: Option<u64>,
    pub retry_of: Option<RunId>,
    /// A state to go on from, instead of a start.
    pub state: Option<RunState>,
}

/// A run whose first decision is taken and not yet on disk.
pub(crate) struct Begun {
    hot: Hot,
    follow_up: FollowUp,
}

/// What is accepted in one unit.
#[derive(Default)]
pub(crate) struct Acceptance {
    pub dedupe: Option<DedupeKey>,
    pub writes: Vec<Write>,
    pub begun: Vec<Begun>,
    /// Events for runs that listen, and the like: written here, delivered once on disk.
    pub messages: Vec<Message>,
}

impl Acceptance {
    /// Told when the first run of it has ended.
    pub fn watch_first(&mut self) -> Option<tokio::sync::oneshot::Receiver<RunDetail>> {
        self.begun.first_mut().map(|begun| begun.hot.watch())
    }
}

/// What became of an acceptance.
pub(crate) enum Accepted {
    New,
    Duplicate { run: RunId, is_same_body: bool },
}

impl Core {
    /// Decides the first steps of a run and adds its writes.
    pub fn begin_run(
        &self,
        begin: Begin,
        acceptance: &mut Acceptance,
    ) -> Result<RunId, RuntimeError> {
        let id = RunId(uuid::Uuid::now_v7());
        self.begin_run_as(id, begin, acceptance, false).map(|_| id)
    }

    /// [`Core::begin_run`] with the id, and somebody who waits for the end.
    pub fn begin_run_as(
        &self,
        id: RunId,
        begin: Begin,
        acceptance: &mut Acceptance,
        is_watched: bool,
    ) -> Result<Option<tokio::sync::oneshot::Receiver<RunDetail>>, RuntimeError> {
        let moment = self.moment(&begin.loaded);
        let at = millis(moment.now);
        let document = &begin.loaded.row;
        let row = RunRow {
            id,
            namespace: document.namespace.clone(),
            workflow: document.name.clone(),
            version: document.version.clone(),
            definition: document.digest.clone(),
            status: RunStatus::Pending,
            created_at: at,
            updated_at: at,
            ended_at: None,
            parent: begin.parent,
            parent_effect: begin.parent_effect,
            retry_of: begin.retry_of,
            trigger: begin.trigger,
            summary: None,
        };
        let (mut state, command) = match begin.state {
            Some(state) => (state, Command::Continue),
            None => (
                RunState::new(id.to_string()),
                Command::Start { input: begin.input },
            ),
        };
        let is_retry = matches!(command, Command::Continue);
        let snapshot =
            is_retry.then(|| serde_json::to_vec(&state).expect("a run's state is plain data"));
        let before = self.before(&state);
        let decision = engine::advance(&begin.loaded.definition, &mut state, command, &moment)
            .map_err(|rejection| RuntimeError::BadRequest {
                what: rejection.to_string(),
            })?;
        let mut hot = Hot::new(row, begin.loaded, state);
        let mut writes = Vec::with_capacity(4 + decision.effects.len());
        if let Some(body) = snapshot {
            writes.push(Write::Snapshot {
                run: id,
                seq: 0,
                body: body.into(),
            });
        }
        self.record(&mut hot, &decision, &moment, &mut writes);
        if let Some(before) = before {
            self.write_lifecycle(&hot, before, &decision, &moment, &mut writes);
        }
        // The line is written once, as it is after the decision.
        writes.retain(|write| !matches!(write, Write::RunChange(change) if change.id == id));
        acceptance.writes.push(Write::RunPut(hot.row.clone()));
        let follow_up = FollowUp::of(&hot, decision, &writes);
        acceptance.writes.append(&mut writes);
        let receiver = is_watched.then(|| hot.watch());
        acceptance.begun.push(Begun { hot, follow_up });
        Ok(receiver)
    }

    /// Commits an acceptance; what it holds begins once it is on disk.
    pub async fn accept(
        self: &Arc<Self>,
        acceptance: Acceptance,
    ) -> Result<Accepted, RuntimeError> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.accept_then(
            acceptance,
            Box::new(move |result| drop(sender.send(result))),
        );
        let gone = || StoreError::Failed {
            reason: "the store went away".to_owned(),
        };
        match receiver.await.unwrap_or_else(|_| Err(gone())) {
            Ok(Committed::Done) => Ok(Accepted::New),
            Ok(Committed::Duplicate { run, is_same_body }) => {
                Ok(Accepted::Duplicate { run, is_same_body })
            }
            Err(StoreError::Overloaded { .. }) => Err(RuntimeError::Overloaded),
            Err(error) => Err(error.into()),
        }
    }

    pub fn accept_then(
        self: &Arc<Self>,
        mut acceptance: Acceptance,
        done: Box<dyn FnOnce(Result<Committed, StoreError>) + Send>,
    ) {
        let core = self.clone();
        acceptance
            .writes
            .extend(acceptance.messages.iter().cloned().map(Write::InboxPut));
        let (begun, messages) = (acceptance.begun, acceptance.messages);
        // Heard from now on: who reads that a run listens may answer before the reply is here.
        let listeners: Vec<store::Listener> = begun
            .iter()
            .flat_map(|begun| begun.follow_up.listeners())
            .collect();
        self.bus.add_all(&listeners);
        let reply = move |written: Result<Committed, StoreError>| {
            if matches!(written, Ok(Committed::Done)) {
                for begun in begun {
                    core.begun(begun.hot, begun.follow_up);
                }
                if !messages.is_empty() {
                    core.carry_soon(Vec::new(), messages);
                }
            } else {
                core.bus.remove_all(&listeners);
            }
            done(written);
        };
        self.store.submit(
            Unit {
                dedupe: acceptance.dedupe,
                writes: acceptance.writes,
            },
            Box::new(reply),
        );
    }

    // Events.

    /// Adds what a CloudEvent starts and whom it wakes.
    pub fn route_event(
        &self,
        namespace: &str,
        event: &Value,
        trigger: &Text,
        acceptance: &mut Acceptance,
    ) -> Result<Vec<RunId>, RuntimeError> {
        self.route(namespace, event, trigger, None, acceptance)
    }

    fn route(
        &self,
        namespace: &str,
        event: &Value,
        trigger: &Text,
        except: Option<&str>,
        acceptance: &mut Acceptance,
    ) -> Result<Vec<RunId>, RuntimeError> {
        let mut started = Vec::new();
        for loaded in self.definitions.all_active() {
            if *loaded.row.namespace != *namespace || except == Some(&*loaded.row.name) {
                continue;
            }
            let moment = self.moment(&loaded);
            if let Some(input) =
                crate::triggers::input_from_event(self, &loaded, event, &moment, acceptance)
            {
                let begin = Begin {
                    loaded,
                    input,
                    trigger: trigger.clone(),
                    parent: None,
                    parent_effect: None,
                    retry_of: None,
                    state: None,
                };
                started.push(self.begin_run(begin, acceptance)?);
            }
        }
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        for (run, listener) in self.bus.listeners(namespace, kind) {
            let command = Command::Event {
                listener,
                event: event.clone(),
            };
            let body = serde_json::to_vec(&command)
                .expect("a command is plain data")
                .into();
            acceptance.messages.push(Message {
                id: uuid::Uuid::now_v7(),
                run,
                body,
            });
        }
        Ok(started)
    }

    // What leaves runs and comes to them.

    /// Hands parcels and messages on, off the store's thread.
    pub fn carry_soon(self: &Arc<Self>, parcels: Vec<Parcel>, messages: Vec<Message>) {
        let core = self.clone();
        self.handle.spawn(async move {
            for message in messages {
                core.carry_message(&message);
            }
            for parcel in parcels {
                core.carry_parcel(parcel).await;
            }
        });
    }

    /// Gives a message to its run; the same unit that records it takes it from the inbox.
    pub fn carry_message(self: &Arc<Self>, message: &Message) {
        let also = vec![Write::InboxClear { id: message.id }];
        match serde_json::from_slice::<Command>(&message.body) {
            Ok(command) => self.deliver_again_with(message.run, command, also),
            Err(error) => {
                tracing::error!(run = %message.run, "a stored message cannot be read: {error}")
            }
        }
    }

    /// Carries out what a run has put into the outbox; the unit that does so takes it out.
    pub async fn carry_parcel(self: &Arc<Self>, parcel: Parcel) {
        loop {
            let mut acceptance = Acceptance {
                writes: vec![Write::OutboxClear { id: parcel.id }],
                ..Acceptance::default()
            };
            let routed = match &*parcel.kind {
                "event" => self.route_published(&parcel, &mut acceptance),
                "start" => self.route_start(&parcel, &mut acceptance),
                "lifecycle" => self.route_lifecycle(&parcel, &mut acceptance),
                other => {
                    tracing::error!("a stored parcel is of an unknown kind `{other}`");
                    return;
                }
            };
            if let Err(error) = routed {
                tracing::error!("a stored parcel cannot be carried out: {error}");
            }
            let has_dedupe = acceptance.dedupe.is_some();
            match self.accept(acceptance).await {
                Ok(Accepted::New) => return,
                // The sub-run is there already: only the parcel is left to clear.
                Ok(Accepted::Duplicate { .. }) if has_dedupe => {
                    let unit = Unit {
                        dedupe: None,
                        writes: vec![Write::OutboxClear { id: parcel.id }],
                    };
                    self.store.submit(unit, Box::new(|_| {}));
                    return;
                }
                Ok(Accepted::Duplicate { .. }) => return,
                Err(RuntimeError::Store(StoreError::Failed { .. } | StoreError::Closed)) => return,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(500)).await,
            }
        }
    }

    fn route_published(
        &self,
        parcel: &Parcel,
        acceptance: &mut Acceptance,
    ) -> Result<(), RuntimeError> {
        let event = Value::parse_json(&parcel.body).map_err(|error| RuntimeError::BadRequest {
            what: error.to_string(),
        })?;
        self.route_event(&parcel.namespace, &event, &"event".into(), acceptance)
            .map(drop)
    }

    /// Lifecycle events reach those that name their type, but never the workflow they tell of: it would start for ever.
    fn route_lifecycle(
        &self,
        parcel: &Parcel,
        acceptance: &mut Acceptance,
    ) -> Result<(), RuntimeError> {
        let body = Value::parse_json(&parcel.body).map_err(|error| RuntimeError::BadRequest {
            what: error.to_string(),
        })?;
        let parts = body.as_array().map(|parts| &parts[..]);
        let Some([origin, event]) = parts else {
            return Err(RuntimeError::BadRequest {
                what: "a lifecycle parcel without its event".to_owned(),
            });
        };
        let trigger = "event".into();
        self.route(
            &parcel.namespace,
            event,
            &trigger,
            origin.as_str(),
            acceptance,
        )
        .map(drop)
    }

    fn route_start(
        &self,
        parcel: &Parcel,
        acceptance: &mut Acceptance,
    ) -> Result<(), RuntimeError> {
        let (parent, effect, sub): (RunId, u64, SubRun) = serde_json::from_slice(&parcel.body)
            .map_err(|error| RuntimeError::BadRequest {
                what: error.to_string(),
            })?;
        let found = self.definitions.version(
            self.store.queries(),
            &sub.namespace,
            &sub.name,
            Some(&sub.version),
        )?;
        let Some(loaded) = found else {
            if sub.is_awaited {
                let detail = format!(
                    "there is no workflow {}/{} version {}",
                    sub.namespace, sub.name, sub.version
                );
                let error = dsl::WorkflowError::new(
                    dsl::workflow_error::ErrorKind::Configuration,
                    "Unknown workflow",
                    detail,
                );
                let command = Command::Answered {
                    effect,
                    outcome: engine::Outcome::Error(error),
                };
                let body = serde_json::to_vec(&command)
                    .expect("an answer is plain data")
                    .into();
                acceptance.messages.push(Message {
                    id: uuid::Uuid::now_v7(),
                    run: parent,
                    body,
                });
            }
            return Ok(());
        };
        let id = RunId(uuid::Uuid::now_v7());
        let digest = [0; 32];
        let key = format!("{parent}/{effect}");
        acceptance.dedupe = Some(DedupeKey {
            scope: "run".into(),
            key: key.into(),
            digest,
            at: millis(self.clock.now()),
            run: id,
        });
        let begin = Begin {
            loaded,
            input: sub.input,
            trigger: "run".into(),
            parent: Some(parent),
            parent_effect: sub.is_awaited.then_some(effect),
            retry_of: None,
            state: None,
        };
        self.begin_run_as(id, begin, acceptance, false).map(drop)
    }

    /// A command that somebody waits for, with its refusal as an error.
    pub async fn command(
        self: &Arc<Self>,
        run: RunId,
        command: Command,
        also: Vec<Write>,
    ) -> Result<(), RuntimeError> {
        match self.ask(run, command, also).await {
            Ok(()) => Ok(()),
            Err(Refusal::NotFound) => Err(RuntimeError::NotFound {
                what: "open run",
                name: run.to_string(),
            }),
            Err(Refusal::Broken) => Err(RuntimeError::Unavailable {
                what: format!("deciding about run {run} broke Segue; it is quarantined"),
            }),
            Err(Refusal::Rejected(rejection)) => Err(RuntimeError::Conflict {
                what: rejection.to_string(),
            }),
            Err(Refusal::Store(StoreError::Overloaded { .. })) => Err(RuntimeError::Overloaded),
            Err(Refusal::Store(error)) => Err(error.into()),
        }
    }
}

/// The raw input of a trigger, to be kept.
pub(crate) fn delivery(
    namespace: &str,
    source: Text,
    at: jiff::Timestamp,
    headers: Vec<u8>,
    body: Arc<[u8]>,
    runs: Vec<RunId>,
) -> Write {
    Write::DeliveryPut(Delivery {
        id: uuid::Uuid::now_v7(),
        namespace: namespace.into(),
        source,
        received_at: millis(at),
        headers: headers.into(),
        body,
        runs,
    })
}

/// True when the filters of `schedule.on` take the event on its own.
pub(crate) fn is_started_by(loaded: &Loaded, event: &Value, moment: &Moment) -> Option<usize> {
    let on = loaded.definition.schedule.as_ref()?.on.as_ref()?;
    let accepts =
        |filter| engine::matches_event(&loaded.definition, filter, event, moment).unwrap_or(false);
    match &on.strategy {
        Strategy::One(filter) => accepts(filter).then_some(0),
        Strategy::Any {
            filters,
            until: None | Some(Until::Condition(_) | Until::Consumed(_)),
        } => {
            if filters.is_empty() {
                // Any event at all, but not the inner life of runs.
                let kind = event
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                (!kind.starts_with(engine::LIFECYCLE_PREFIX)).then_some(0)
            } else {
                filters.iter().position(accepts)
            }
        }
        Strategy::All(filters) => filters.iter().position(accepts),
    }
}
