//! The program as its user meets it: commands in, output and exit codes out, against the built binary.

#![allow(clippy::unwrap_used, reason = "tests")]

mod client;
mod examples;
mod program;
mod run;
mod trouble;
mod up;
mod usage;
mod validate;
