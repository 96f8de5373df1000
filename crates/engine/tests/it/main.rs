//! The engine as its callers see it: scripts in, history and effects out; laws that hold for every run.

#![allow(clippy::unwrap_used)]

mod calls;
mod control;
mod events;
mod flow;
mod golden;
mod large;
mod laws;
mod play;
mod script;
mod times;
mod told;
