//! The store's public border: one suite over memory and SQLite, random operations that must leave both equal, and what
//! SQLite promises when processes die.

#![allow(clippy::unwrap_used)]

mod dump;
mod kill;
mod limits;
mod lists;
mod make;
mod open;
mod power;
mod random;
mod retention;
mod suite;
mod whole;
