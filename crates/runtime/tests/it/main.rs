//! The runtime through its handle: real store, real engine, a performer that tests can watch.

#![allow(clippy::unwrap_used, reason = "tests")]

mod crash;
mod events;
mod full_disk;
mod runs;
mod stage;
