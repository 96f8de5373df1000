//! The model of a workflow definition: what the engine executes.
//!
//! Everything that can be known before running is settled here: `use` references are resolved into the places that name
//! them, flow directives point at tasks, expressions are compiled, durations are parsed. Tasks live in one arena
//! ([`Definition::tasks`]) and are named by [`TaskId`], so that a run's state stays small.

pub mod data;
pub mod duration;
pub mod event;
pub mod schedule;
pub mod task;

use std::sync::Arc;

use crate::expr::Template;
use crate::value::{Text, Value};
pub use data::{DurationSpec, Export, ExternalResource, Input, Output, Schema, Violation};
pub use duration::{add_to, parse_duration};
pub use event::{Consumption, Correlation, EventFilter, Strategy, Until};
pub use schedule::Schedule;
pub use task::{Task, TaskKind, Then};

/// Index of a task in its definition's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

/// One version of a workflow as written: immutable, identified by namespace, name and version.
#[derive(Debug)]
pub struct Definition {
    pub document: Document,
    pub input: Input,
    pub output: Output,
    /// How long a run may take.
    pub timeout: Option<DurationSpec>,
    pub schedule: Option<Schedule>,
    pub evaluate: Evaluate,
    /// Names of the secrets that the definition may ask for (`use.secrets`).
    pub secrets: Vec<Text>,
    pub extensions: Vec<Extension>,
    /// The top-level `do`.
    pub root: TaskList,
    /// All tasks, those of functions and extensions included.
    pub tasks: Vec<Task>,
    /// The whole document as data, for `$workflow.definition`.
    pub source: Value,
    /// SHA-256 of the source text, lower-case hex.
    pub digest: Text,
}

impl Definition {
    /// The task with this id. Ids come only from this definition, so it exists.
    #[must_use]
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0 as usize]
    }

    /// The task at a JSON pointer such as `/do/0/pay`, if there is one.
    #[must_use]
    pub fn task_at(&self, reference: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| &*task.reference == reference)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub dsl: Text,
    pub namespace: Text,
    pub name: Text,
    pub version: Text,
    pub title: Option<Text>,
    pub summary: Option<Text>,
    pub tags: Value,
    pub metadata: Value,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Only `${ ... }` is an expression.
    #[default]
    Strict,
    /// Any text is tried as an expression; one that does not compile, or fails, is the text itself.
    Loose,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluate {
    pub mode: Mode,
}

/// Tasks that follow each other, in order of declaration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskList {
    pub tasks: Arc<[TaskId]>,
}

impl TaskList {
    #[must_use]
    pub fn first(&self) -> Option<TaskId> {
        self.tasks.first().copied()
    }
}

/// An entry of `use.extensions`: tasks around every task of a kind.
#[derive(Clone, Debug)]
pub struct Extension {
    pub name: Text,
    pub extend: Extend,
    pub when: Option<Template>,
    pub before: TaskList,
    pub after: TaskList,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extend {
    All,
    /// `do` and `fork` (the standard's word is `composite`).
    Composite,
    Call,
    Emit,
    For,
    Listen,
    Raise,
    Run,
    Set,
    Switch,
    Try,
    Wait,
}
