//! Tests only: a world in which workflows run with a clock that nobody waits for.
//!
//! [`World`] keeps runs, timers, outstanding effects and an event bus; time moves only when a test says so. Calls go out
//! through the real connectors to [`services`] on this machine's loopback, which play the internet. After every command
//! the world proves that history alone gives the same state again (`checks`).
//! [`crashing_store`] is for tests of the whole runtime: a store that dies after a chosen commit.

mod checks;
pub mod crashing_store;
mod outside;
mod run;
pub mod services;
mod timeline;
mod vault;
mod world;

pub use run::Run;
pub use timeline::{TaskRun, Timeline};
pub use world::World;
