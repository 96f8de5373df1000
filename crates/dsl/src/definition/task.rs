//! A task and its twelve kinds.

use super::{Consumption, DurationSpec, Export, Input, Output, TaskId, TaskList};
use crate::expr::{Expression, Template};
use crate::problem::Span;
use crate::value::{Text, Value};

#[derive(Debug)]
pub struct Task {
    pub id: TaskId,
    pub name: Text,
    /// JSON pointer, such as `/do/0/pay`.
    pub reference: Text,
    /// The next task of its list, by declaration.
    pub next: Option<TaskId>,
    /// The composite task whose list it belongs to; none at the top level, in functions and in extensions.
    pub parent: Option<TaskId>,
    pub if_: Option<Expression>,
    pub input: Input,
    pub output: Output,
    pub export: Option<Export>,
    pub timeout: Option<DurationSpec>,
    pub then: Then,
    pub kind: TaskKind,
    pub metadata: Value,
    /// The task as data, for `$task.definition`.
    pub source: Value,
    pub span: Span,
}

/// Where to go after a task. A target is always of the same list (validated).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    #[default]
    Continue,
    /// Ends the current list.
    Exit,
    /// Ends the run.
    End,
    Task(TaskId),
}

#[derive(Debug)]
pub enum TaskKind {
    Call(Call),
    Do(TaskList),
    Emit(Emit),
    For(For),
    Fork(Fork),
    Listen(Listen),
    Raise(Raise),
    Run(Run),
    Set(Template),
    Switch(Vec<Case>),
    Try(Try),
    Wait(DurationSpec),
}

impl TaskKind {
    /// The keyword, such as `call`.
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Do(_) => "do",
            Self::Emit(_) => "emit",
            Self::For(_) => "for",
            Self::Fork(_) => "fork",
            Self::Listen(_) => "listen",
            Self::Raise(_) => "raise",
            Self::Run(_) => "run",
            Self::Set(_) => "set",
            Self::Switch(_) => "switch",
            Self::Try(_) => "try",
            Self::Wait(_) => "wait",
        }
    }
}

#[derive(Debug)]
pub struct Call {
    /// `http`, `openapi`, ..., `email`, or `<connection>.<operation>`, or the name in `use.functions`, or
    /// `name:version@catalog`.
    pub function: Text,
    /// The arguments; `use` references to authentications are already replaced by the policy.
    pub with: Template,
    /// What an `asyncapi` call subscribes to; it is not part of `with`.
    pub subscription: Option<Subscription>,
    /// When `function` is one of `use.functions`: the task to perform with the arguments as its input.
    pub defined: Option<TaskId>,
}

/// How an `asyncapi` call consumes messages. Its expressions are evaluated on each message.
#[derive(Debug)]
pub struct Subscription {
    /// Messages for which it is not true are passed over.
    pub filter: Option<Expression>,
    pub consume: Consume,
    /// Consumes no longer than this.
    pub duration: Option<DurationSpec>,
    pub foreach: Option<Foreach>,
}

/// When enough messages are consumed.
#[derive(Debug)]
pub enum Consume {
    Amount(u32),
    /// Evaluated after each message.
    While(Expression),
    /// Evaluated before each message.
    Until(Expression),
}

#[derive(Debug)]
pub struct Emit {
    /// The attributes of the event, `data` among them.
    pub event: Template,
}

#[derive(Debug)]
pub struct For {
    /// Variable names without the `$`.
    pub each: Text,
    pub at: Text,
    pub in_: Expression,
    pub while_: Option<Expression>,
    pub tasks: TaskList,
}

#[derive(Debug)]
pub struct Fork {
    pub branches: TaskList,
    pub is_competing: bool,
}

#[derive(Debug)]
pub struct Listen {
    pub to: Consumption,
    pub read: Read,
    pub foreach: Option<Foreach>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Read {
    #[default]
    Data,
    Envelope,
    Raw,
}

/// What to do with each consumed event, one after another.
#[derive(Debug)]
pub struct Foreach {
    pub item: Text,
    pub at: Text,
    pub tasks: TaskList,
    pub output: Output,
    pub export: Option<Export>,
}

#[derive(Debug)]
pub struct Raise {
    /// An object with `type`, `status`, and optionally `title`, `detail`, `instance`; a reference to `use.errors` is
    /// already replaced.
    pub error: Template,
}

#[derive(Debug)]
pub struct Run {
    pub process: Process,
    pub is_awaited: bool,
    pub returns: Returns,
}

#[derive(Debug)]
pub enum Process {
    /// The whole object under the keyword, evaluated when run.
    Container(Template),
    Script(Template),
    Shell(Template),
    Workflow {
        namespace: Text,
        name: Text,
        version: Text,
        input: Template,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returns {
    #[default]
    Stdout,
    Stderr,
    Code,
    All,
    None,
}

#[derive(Debug)]
pub struct Case {
    pub name: Text,
    /// None: the default case.
    pub when: Option<Expression>,
    pub then: Then,
}

#[derive(Debug)]
pub struct Try {
    pub tasks: TaskList,
    pub catch: Catch,
}

#[derive(Debug)]
pub struct Catch {
    /// Attributes (`type`, `status`, `instance`, `title`, `details`) that a caught error must have.
    pub errors: Vec<(Text, Template)>,
    /// Variable name without the `$`.
    pub as_: Text,
    pub when: Option<Expression>,
    pub except_when: Option<Expression>,
    pub retry: Option<Retry>,
    pub tasks: Option<TaskList>,
}

#[derive(Clone, Debug)]
pub struct Retry {
    pub when: Option<Expression>,
    pub except_when: Option<Expression>,
    pub delay: Option<DurationSpec>,
    pub backoff: Backoff,
    pub attempt_count: Option<u32>,
    pub attempt_duration: Option<DurationSpec>,
    pub duration: Option<DurationSpec>,
    pub jitter: Option<(DurationSpec, DurationSpec)>,
}

#[derive(Clone, Debug, Default)]
pub enum Backoff {
    #[default]
    Constant,
    /// Attempt `n` waits `delay * n`, or `delay + increment * (n - 1)` when `increment` is given.
    Linear { increment: Option<DurationSpec> },
    /// Attempt `n` waits `delay * factor^(n - 1)`, factor 2 unless given, at most `max_delay` when given.
    Exponential {
        factor: f64,
        max_delay: Option<DurationSpec>,
    },
}
