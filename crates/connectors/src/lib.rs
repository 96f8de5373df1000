//! One file per outside protocol. A connector performs one effect and answers; it knows neither runs nor the store.

pub mod egress;
pub mod function;

pub use function::{Call, CallError, Connector, Secrets};
