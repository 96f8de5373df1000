//! The examples as their user meets them: the built program serves a copy of the folder, the demo systems run in this
//! process, everything crosses a socket, and what counts is what arrived.

mod lead_intake;
mod no_secret_leaks;
mod purchase_request;
mod stage;
