//! What `decide` is asked to consider, and when.

use dsl::value::{Text, Value};
use dsl::workflow_error::WorkflowError;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    /// Begins the run with its raw input.
    Start {
        input: Value,
    },
    /// Goes on with tasks that were ready when the last decision had used up its share.
    Continue,
    /// What came back from an effect.
    Answered {
        effect: u64,
        outcome: Outcome,
    },
    TimerFired {
        timer: u64,
    },
    /// An event for a listening task. One that passes no filter changes nothing ([`Rejection::NotWanted`]).
    Event {
        listener: u64,
        event: Value,
    },
    Suspend,
    Resume,
    Cancel {
        reason: Option<Text>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Value(Value),
    Error(WorkflowError),
    /// It may or may not have happened; a person or a check must say (`Answered` again).
    Uncertain {
        reason: Text,
    },
    /// A person's word on an uncertain effect: perform it again, under the same key.
    Again,
}

/// The world at the time of a decision.
#[derive(Clone, Debug)]
pub struct Moment {
    pub now: jiff::Timestamp,
    /// Fresh randomness, for jitter only.
    pub entropy: u64,
    /// Secret names and their sealed references, an object.
    pub secrets: Value,
    /// `$runtime`: name, version, metadata.
    pub runtime: Value,
    /// Tasks that one decision may start before it yields.
    pub budget: u32,
}

impl Moment {
    /// A moment with no secrets and the usual budget.
    #[must_use]
    pub fn at(now: jiff::Timestamp) -> Self {
        Self {
            now,
            entropy: 0,
            secrets: Value::Null,
            runtime: Value::Null,
            budget: 1_000,
        }
    }
}

/// Why a command has no effect on a run. None of these is a failure of the run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the run has not started")]
    NotStarted,
    #[error("the run has already started")]
    AlreadyStarted,
    #[error("the run has ended")]
    Ended,
    #[error("the run does not wait for effect {effect}")]
    UnknownEffect { effect: u64 },
    #[error("the run has no timer {timer}")]
    UnknownTimer { timer: u64 },
    #[error("the event passes no filter")]
    NotWanted,
    #[error("the run is not suspended")]
    NotSuspended,
    #[error("the run is suspended already")]
    AlreadySuspended,
    #[error("nothing is ready to go on with")]
    NothingReady,
}
