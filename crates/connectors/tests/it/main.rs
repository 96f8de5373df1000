//! The connectors against real servers on loopback.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod authentication;
mod connection;
mod egress;
mod email;
mod http;
mod shell;
mod support;
