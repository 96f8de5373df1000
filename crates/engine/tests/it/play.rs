//! A run played by hand. Every command also checks what must hold for every run, so that each test checks it again.

use std::collections::{BTreeMap, BTreeSet};

use dsl::Definition;
use engine::{
    Command, Decision, Effect, HistoryEvent, Moment, Outcome, Phase, Rejection, RunState, Status,
};
use jiff::{SignedDuration, Timestamp};

pub struct Play {
    pub definition: Definition,
    pub state: RunState,
    pub now: Timestamp,
    pub budget: u32,
    pub asked: Asked,
    /// The state as folded from history that went through JSON.
    folded: RunState,
}

impl Play {
    pub fn new(definition: Definition) -> Self {
        Self {
            definition,
            state: RunState::new("r"),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            budget: 1_000,
            asked: Asked::default(),
            folded: RunState::new("r"),
        }
    }

    pub fn moment(&self) -> Moment {
        Moment {
            entropy: 7,
            budget: self.budget,
            ..Moment::at(self.now)
        }
    }

    pub fn send(&mut self, command: Command) -> Result<Decision, Rejection> {
        let before = self.state.clone();
        let moment = self.moment();
        let decided = engine::decide(&self.definition, &before, command.clone(), &moment);
        let advanced = engine::advance(&self.definition, &mut self.state, command, &moment);
        assert_eq!(
            decided, advanced,
            "the same arguments give the same decision"
        );
        match advanced {
            Ok(decision) => {
                self.check_fold(&decision);
                self.asked.take(&decision);
                self.check_state(&decision);
                Ok(decision)
            }
            Err(rejection) => {
                assert_eq!(self.state, before, "a rejected command changes nothing");
                Err(rejection)
            }
        }
    }

    /// [`Play::send`], then on until nothing is ready any more.
    pub fn settle(&mut self, command: Command) -> Result<Vec<Decision>, Rejection> {
        let mut decisions = vec![self.send(command)?];
        while decisions.last().is_some_and(|last| last.is_unfinished) {
            assert!(decisions.len() < 100_000, "the run comes to rest");
            decisions.push(self.send(Command::Continue)?);
        }
        Ok(decisions)
    }

    /// Moves the clock on, firing what is due on the way, in order.
    pub fn pass(&mut self, duration: SignedDuration) -> Vec<Decision> {
        let until = self.now.checked_add(duration).unwrap();
        let mut decisions = Vec::new();
        let mut fired = BTreeSet::new();
        while let Some((due, timer)) = self
            .asked
            .next_timer(&fired)
            .filter(|(due, _)| *due <= until)
        {
            fired.insert(timer);
            self.now = self.now.max(due);
            decisions.extend(self.settle(Command::TimerFired { timer }).unwrap());
        }
        self.now = until;
        decisions
    }

    /// The task run of this name that waits for an effect or for events; the first, when there are several.
    pub fn waiting(&self, name: &str) -> Option<(u64, &Phase)> {
        let mut waiting = self.state.frames.iter().filter(|(_, frame)| {
            matches!(
                frame.phase,
                Phase::Calling { .. } | Phase::SubRun { .. } | Phase::Listen { .. }
            )
        });
        waiting
            .find(|(_, frame)| &*self.definition.task(frame.task).name == name)
            .map(|(id, frame)| (*id, &frame.phase))
    }

    pub fn effect(&self, name: &str) -> u64 {
        match self.waiting(name) {
            Some((_, Phase::Calling { effect, .. } | Phase::SubRun { effect, .. })) => *effect,
            _ => panic!("`{name}` waits for no effect"),
        }
    }

    /// Replay gives the state that the decision left, and both survive JSON.
    fn check_fold(&mut self, decision: &Decision) {
        let json = serde_json::to_string(&decision.events).unwrap();
        let events: Vec<HistoryEvent> = serde_json::from_str(&json).unwrap();
        assert_eq!(events, decision.events, "events survive JSON");
        for event in &events {
            engine::apply(&mut self.folded, event, self.now);
        }
        assert_eq!(self.folded, self.state, "replay gives the same state");
        let json = serde_json::to_string(&self.state).unwrap();
        let state: RunState = serde_json::from_str(&json).unwrap();
        assert_eq!(state, self.state, "the state survives JSON");
    }

    fn check_state(&self, decision: &Decision) {
        let state = &self.state;
        let status = state.status();
        let outstanding = engine::outstanding(&self.definition, state);
        let known: BTreeSet<Key> = outstanding.iter().filter_map(key).collect();
        assert_eq!(known.len(), outstanding.len(), "each thing is asked once");
        assert_eq!(
            known, self.asked.open,
            "the state knows what its effects asked and nobody answered"
        );
        assert_eq!(decision.is_unfinished, state.is_ready());
        if status.is_ended() {
            assert!(state.frames.is_empty() && state.timers.is_empty());
            assert!(self.asked.open.is_empty(), "an ended run waits for nothing");
        } else {
            let has_hope = !known.is_empty()
                || state.is_ready()
                || !self.asked.uncertain.is_empty()
                || status == Status::Suspended;
            assert!(has_hope, "the run is stuck: {state:#?}");
        }
        for (id, frame) in &state.frames {
            let is_known = |parent: u64| parent < *id && state.frames.contains_key(&parent);
            assert!(
                frame.parent.is_none_or(is_known),
                "parents outlive children"
            );
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Effect(u64),
    Timer(u64),
    Listener(u64),
}

/// What an effect asks for, if anything comes back.
fn key(effect: &Effect) -> Option<Key> {
    match effect {
        Effect::Perform { effect, .. } => Some(Key::Effect(*effect)),
        Effect::StartRun { effect, run } => run.is_awaited.then_some(Key::Effect(*effect)),
        Effect::SetTimer { timer, .. } => Some(Key::Timer(*timer)),
        Effect::Listen { listener, .. } => Some(Key::Listener(*listener)),
        Effect::Abandon { .. }
        | Effect::ClearTimer { .. }
        | Effect::Unlisten { .. }
        | Effect::Publish { .. } => None,
    }
}

/// What the stream of decisions says is outstanding, seen from outside.
#[derive(Default)]
pub struct Asked {
    pub open: BTreeSet<Key>,
    pub uncertain: BTreeSet<u64>,
    due: BTreeMap<u64, Timestamp>,
    /// Everything that was ever asked.
    ever: BTreeSet<Key>,
    held: BTreeSet<Key>,
}

impl Asked {
    fn take(&mut self, decision: &Decision) {
        let mut again = BTreeSet::new();
        for event in &decision.events {
            match event {
                HistoryEvent::EffectAnswered { effect, outcome } => {
                    self.answered(*effect, outcome);
                    if *outcome == Outcome::Again {
                        again.insert(Key::Effect(*effect));
                    }
                }
                HistoryEvent::TimerFired { timer } => {
                    let key = Key::Timer(*timer);
                    assert!(self.open.remove(&key) | self.held.remove(&key));
                }
                HistoryEvent::Held { command } => self.hold(command),
                _ => {}
            }
        }
        for effect in &decision.effects {
            let gone = match effect {
                Effect::Abandon { effect } => Key::Effect(*effect),
                Effect::ClearTimer { timer } => Key::Timer(*timer),
                Effect::Unlisten { listener } => Key::Listener(*listener),
                asked => {
                    if let Effect::SetTimer { timer, due } = asked {
                        self.due.insert(*timer, *due);
                    }
                    if let Some(key) = key(asked) {
                        let is_new = self.ever.insert(key);
                        assert!(is_new || again.remove(&key), "{key:?} is asked twice");
                        self.open.insert(key);
                    }
                    continue;
                }
            };
            let mut was_known = self.open.remove(&gone) | self.held.remove(&gone);
            if let Key::Effect(effect) = gone {
                was_known |= self.uncertain.remove(&effect);
            }
            assert!(was_known, "{gone:?} is given up, which nobody waits for");
        }
        if decision
            .events
            .iter()
            .any(|event| matches!(event, HistoryEvent::RunResumed))
        {
            self.held.clear();
        }
    }

    fn answered(&mut self, effect: u64, outcome: &Outcome) {
        let key = Key::Effect(effect);
        let was_known =
            self.open.remove(&key) | self.uncertain.remove(&effect) | self.held.remove(&key);
        assert!(was_known, "an answer to what nobody asked");
        if matches!(outcome, Outcome::Uncertain { .. }) {
            self.uncertain.insert(effect);
        }
    }

    fn hold(&mut self, command: &Command) {
        let key = match command {
            Command::Answered { effect, .. } => Key::Effect(*effect),
            Command::TimerFired { timer } => Key::Timer(*timer),
            _ => return,
        };
        self.open.remove(&key);
        self.held.insert(key);
    }

    /// The timer that is due first.
    pub fn next_timer(&self, without: &BTreeSet<u64>) -> Option<(Timestamp, u64)> {
        let timers = self.open.iter().filter_map(|key| match key {
            Key::Timer(timer) if !without.contains(timer) => Some((self.due[timer], *timer)),
            _ => None,
        });
        timers.min()
    }
}
