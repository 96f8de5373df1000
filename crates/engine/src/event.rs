//! A durable fact about a run.
//!
//! A released event never changes meaning: add a variant. Its JSON is pinned by a golden file. All events of one
//! decision share its time, which the record holds once.

#[cfg(test)]
mod tests;

use dsl::TaskId;
use dsl::value::{Text, Value};
use dsl::workflow_error::WorkflowError;
use serde::{Deserialize, Serialize};

use crate::command::{Command, Outcome};
use crate::effect::{Request, SubRun};
use crate::state::TimerPurpose;

/// A value in an event. What the state already holds is not written again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Data {
    /// The value that the run produced last.
    Carry,
    /// The task's own input (in a start: the parent's input).
    Input,
    Value(Value),
}

/// What a task run is to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Slot {
    /// In the list of a `do`, the body of a `for`, `try` or `foreach`, or the top level.
    Body,
    Catch,
    Branch(u32),
    /// Around an extended task: index into the extensions that apply to it.
    Before(u32),
    After(u32),
    /// The task of `use.functions` that a call performs.
    Function,
}

/// A flow directive as decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Go {
    Continue,
    Exit,
    End,
    Task(u32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum HistoryEvent {
    RunStarted {
        input: Value,
    },
    /// A task was due but the decision had used up its share.
    TaskReady {
        #[serde(with = "task_id")]
        task: TaskId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<u64>,
        slot: Slot,
        raw: Data,
    },
    /// The first so many ready tasks were taken up.
    Continued {
        tasks: u32,
    },
    TaskSkipped {
        #[serde(with = "task_id")]
        task: TaskId,
        /// When the task is a branch: its fork and its place, which gets the branch's input as output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        branch: Option<(u64, u32)>,
    },
    TaskStarted {
        id: u64,
        #[serde(with = "task_id")]
        task: TaskId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<u64>,
        slot: Slot,
        raw: Data,
    },
    /// The task's input after `input.from`, when that changed it.
    InputTaken {
        id: u64,
        input: Value,
    },
    /// These entries of `use.extensions` apply to the task.
    ExtensionsApplied {
        id: u64,
        extensions: Vec<u32>,
    },
    /// The task itself is done; its extensions' `after` tasks follow.
    AfterBegan {
        id: u64,
        output: Data,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        go: Option<Go>,
    },
    EffectRequested {
        id: u64,
        effect: u64,
        request: Request,
    },
    SubRunRequested {
        id: u64,
        effect: u64,
        run: SubRun,
    },
    EffectAnswered {
        effect: u64,
        outcome: Outcome,
    },
    TimerSet {
        timer: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        purpose: TimerPurpose,
        #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
        due: jiff::Timestamp,
    },
    TimerFired {
        timer: u64,
    },
    TimerCleared {
        timer: u64,
    },
    LoopEntered {
        id: u64,
        items: Value,
    },
    IterationStarted {
        id: u64,
        index: u64,
    },
    ForkEntered {
        id: u64,
        branches: u32,
    },
    TryEntered {
        id: u64,
    },
    /// An error of the body that the `catch` clause takes.
    ErrorCaught {
        id: u64,
        error: WorkflowError,
    },
    /// The body begins again; `attempt` counts from 1 for the first retry.
    AttemptStarted {
        id: u64,
        attempt: u32,
    },
    CatchEntered {
        id: u64,
    },
    ListenEntered {
        id: u64,
        filters: u32,
        until_filters: u32,
    },
    EventConsumed {
        id: u64,
        /// The filter that took it; none for an `until` filter.
        filter: Option<u32>,
        until_filter: Option<u32>,
        /// As read by the task.
        item: Value,
        /// Correlation values seen for the first time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        correlations: Vec<(Text, Value)>,
        is_last: bool,
    },
    /// A `foreach` iteration over a consumed event ended.
    EventProcessed {
        id: u64,
        output: Value,
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "present"
        )]
        context: Option<Value>,
    },
    Emitted {
        event: Value,
    },
    TaskCompleted {
        id: u64,
        output: Data,
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "present"
        )]
        context: Option<Value>,
    },
    TaskFaulted {
        id: u64,
        error: WorkflowError,
    },
    TasksCancelled {
        ids: Vec<u64>,
    },
    /// Arrived while suspended; taken up at resume.
    Held {
        command: Command,
    },
    RunSuspended,
    RunResumed,
    RunCancelled {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Text>,
    },
    RunFaulted {
        error: WorkflowError,
    },
    RunCompleted {
        output: Data,
    },
}

/// A field that is there, even when it is `null`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

mod task_id {
    use super::TaskId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(id: &TaskId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(id.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaskId, D::Error> {
        u32::deserialize(deserializer).map(TaskId)
    }
}
