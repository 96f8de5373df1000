//! A run in memory: the fold of its history.

mod lookup;

use dsl::TaskId;
use dsl::value::{Text, Value};
use dsl::workflow_error::WorkflowError;
use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::effect::{Request, SubRun};
use crate::event::{Data, Go, Slot};
pub(crate) use lookup::ReadyTasks;
pub use lookup::{Frames, Timers};

/// The specification's seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Pending,
    Running,
    Waiting,
    Suspended,
    Cancelled,
    Faulted,
    Completed,
}

impl Status {
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Faulted | Self::Completed)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunState {
    pub id: Text,
    /// Pending, Running (or waiting, see [`RunState::status`]), Suspended, or how it ended.
    pub(crate) mode: Status,
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::optional")]
    pub started_at: Option<jiff::Timestamp>,
    /// The raw input.
    pub input: Value,
    /// `$context`.
    pub context: Value,
    /// The value produced last.
    pub(crate) carry: Value,
    /// The next number for a task run, effect or timer.
    pub(crate) next: u64,
    /// Task runs under way.
    pub frames: Frames,
    pub timers: Timers,
    pub(crate) ready: ReadyTasks,
    pub(crate) held: Vec<Command>,
    #[serde(with = "presence")]
    pub output: Option<Value>,
    pub error: Option<WorkflowError>,
}

impl RunState {
    #[must_use]
    pub fn new(id: impl Into<Text>) -> Self {
        Self {
            id: id.into(),
            mode: Status::Pending,
            started_at: None,
            input: Value::Null,
            context: Value::Null,
            carry: Value::Null,
            next: 1,
            frames: Frames::default(),
            timers: Timers::default(),
            ready: ReadyTasks::default(),
            held: Vec::new(),
            output: None,
            error: None,
        }
    }

    /// Running while a call is out or a task is ready; waiting while only time, events, sub-runs or people can move it.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.mode != Status::Running {
            return self.mode;
        }
        let is_busy = !self.ready.is_empty() || self.frames.is_calling();
        if is_busy {
            Status::Running
        } else {
            Status::Waiting
        }
    }

    /// True when [`Command::Continue`] has something to do.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.mode == Status::Running && !self.ready.is_empty()
    }
}

impl RunState {
    /// The value that an event's data stands for, given the state before the event; `frame` is what [`Data::Input`] is of.
    #[must_use]
    pub fn resolve(&self, data: &Data, frame: Option<u64>) -> Value {
        match data {
            Data::Value(value) => value.clone(),
            Data::Carry => self.carry.clone(),
            Data::Input => frame.map_or_else(
                || self.input.clone(),
                |id| {
                    self.frames
                        .get(&id)
                        .map(|frame| frame.input.clone())
                        .unwrap_or_default()
                },
            ),
        }
    }

    /// The task run that waits for an effect.
    #[must_use]
    pub fn frame_of_effect(&self, wanted: u64) -> Option<u64> {
        self.frames.of_effect(wanted)
    }

    /// The run as it was just before a task started, ready to go on from there as the run `id`.
    ///
    /// Calls of branches beside it that were under way are requested again.
    #[must_use]
    pub fn resumed_at(
        mut self,
        id: Text,
        task: TaskId,
        parent: Option<u64>,
        slot: Slot,
        raw: Value,
    ) -> Self {
        self.id = id;
        self.ready.push(Ready {
            task,
            parent,
            slot,
            raw,
        });
        self
    }
}

/// A task run under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    #[serde(with = "task_id")]
    pub task: TaskId,
    pub parent: Option<u64>,
    pub slot: Slot,
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub started_at: jiff::Timestamp,
    pub raw: Value,
    /// After `input.from`.
    pub input: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<u32>,
    pub phase: Phase,
}

/// How far a task run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Phase {
    /// Just started, or a composite task whose children say it all (`do`, a function, extensions before it).
    Open,
    Calling {
        effect: u64,
        request: Request,
        is_uncertain: bool,
    },
    SubRun {
        effect: u64,
        run: SubRun,
    },
    For {
        items: Value,
        index: u64,
    },
    Fork {
        #[serde(with = "presence::list")]
        outputs: Vec<Option<Value>>,
        pending: u32,
        faults: u32,
        first_fault: Option<WorkflowError>,
    },
    Try {
        attempt: u32,
        error: Option<WorkflowError>,
        is_catching: bool,
    },
    Listen {
        consumed: Vec<Value>,
        matched: Vec<bool>,
        until_matched: Vec<bool>,
        correlations: Vec<(Text, Value)>,
        is_last: bool,
        /// For `foreach`: results so far, and whether an iteration is under way.
        results: Vec<Value>,
        is_iterating: bool,
    },
    /// The task is done, extensions after it run.
    After {
        output: Value,
        go: Option<Go>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timer {
    /// The task run it belongs to; none: the run.
    pub frame: Option<u64>,
    pub purpose: TimerPurpose,
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub due: jiff::Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TimerPurpose {
    Wait,
    TaskTimeout,
    RunTimeout,
    RetryDelay,
    AttemptTimeout,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ready {
    #[serde(with = "task_id")]
    pub task: TaskId,
    pub parent: Option<u64>,
    pub slot: Slot,
    pub raw: Value,
}

mod task_id {
    use dsl::TaskId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(id: &TaskId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(id.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaskId, D::Error> {
        u32::deserialize(deserializer).map(TaskId)
    }
}

/// A value that may be absent, as a list of none or one: in JSON, `null` would stand for both.
mod presence {
    use dsl::value::Value;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Value>, D::Error> {
        Vec::<Value>::deserialize(deserializer).map(|values| values.into_iter().next())
    }

    pub mod list {
        use super::{Deserialize, Deserializer, Serialize, Serializer, Value};

        #[derive(Serialize, Deserialize)]
        struct Place(#[serde(with = "super")] Option<Value>);

        pub fn serialize<S: Serializer>(
            values: &[Option<Value>],
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(values.iter().map(|value| Place(value.clone())))
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Vec<Option<Value>>, D::Error> {
            Vec::<Place>::deserialize(deserializer)
                .map(|places| places.into_iter().map(|place| place.0).collect())
        }
    }
}
