//! The systems as their callers meet them: over sockets.

mod bank;
mod chat;
mod crm;
mod enrichment;
mod examples;
mod front;
mod mail;
mod procurement;
mod program;
mod world;
