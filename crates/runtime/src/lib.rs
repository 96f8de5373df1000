//! The loop: accept, decide, commit, perform, record.
//!
//! [`Server`] is the one handle that the faces (HTTP, terminal, tests) hold. Nothing is acknowledged before it is on
//! disk; nothing is performed before the decision to perform it is on disk.

mod bus;
pub mod clock;
mod definitions;
mod effects;
pub mod error;
mod intake;
mod metrics;
pub mod performer;
mod project;
mod read;
mod recovery;
mod resources;
mod runs;
pub mod scope;
mod secrets;
pub mod server;
mod source;
mod timers;
mod triggers;
pub mod view;

pub use error::RuntimeError;
pub use scope::Scope;
// What the handle's answers are made of, for faces that do not know the store.
pub use server::{
    HookReply, HookRequest, Options, Profile, RunInput, Server, StartOptions, Started,
};
pub use store::{RunId, RunStatus, StoreError};
pub use view::{
    DefinitionView, HistoryEntry, LiveEvent, OutstandingView, RunDetail, RunPage, RunQuery,
    RunView, SourceView, WorkflowView,
};
