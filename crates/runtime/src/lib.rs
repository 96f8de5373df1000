//! The loop: accept, decide, commit, perform, record.
//!
//! [`Server`] is the one handle that the faces (HTTP, terminal, tests) hold. Nothing is acknowledged before it is on
//! disk; nothing is performed before the decision to perform it is on disk.

pub mod error;
pub mod scope;
pub mod server;
pub mod view;

pub use error::RuntimeError;
pub use scope::Scope;
pub use server::{HookReply, HookRequest, Options, Profile, RunInput, Server, Started, StartOptions};
pub use view::{DefinitionView, HistoryEntry, LiveEvent, OutstandingView, RunDetail, RunPage, RunQuery, RunView, SourceView, WorkflowView};
