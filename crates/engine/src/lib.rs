//! Execution as values: a command goes in, history events and effects come out.
//!
//! [`decide`] is pure: no I/O, no clock, no randomness; the same arguments give the same decision. A run is the fold of
//! its history by [`apply`], which evaluates nothing: events hold results. Performing effects and keeping history is the
//! `runtime`'s subject.

mod apply;
mod command;
mod decide;
mod effect;
mod evaluate;
mod event;
mod lifecycle;
mod state;

pub use apply::apply;
pub use command::{Command, Moment, Outcome, Rejection};
pub use decide::{Decision, advance, decide, outstanding};
pub use effect::{Effect, Request, SubRun};
pub use evaluate::matches_event;
pub use event::{Data, Go, HistoryEvent, Slot};
pub use lifecycle::{LIFECYCLE_PREFIX, lifecycle_events};
pub use state::{Frame, Frames, Phase, RunState, Status, Timer, TimerPurpose, Timers};
