//! One file per outside protocol. A connector performs one effect and answers; it knows neither runs nor the store.

// An error is made once per failed call; a box would cost every reader more than it saves.
#![allow(clippy::result_large_err)]

pub mod connection;
pub mod egress;
pub mod email;
pub mod function;
pub mod http;
pub mod openapi;
pub mod registry;
pub mod shell;

mod authentication;
mod opened;
mod schemas;

pub use connection::{Connection, Connections};
pub use egress::Egress;
pub use function::{Call, CallError, Connector, EffectClass, Secrets};
pub use registry::{FunctionDescription, Registry, effect_class};
