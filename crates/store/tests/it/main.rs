//! The store's public border: one suite over memory and SQLite, random operations that must leave both equal, and what
//! SQLite promises when processes die.

mod dump;
mod make;
mod open;
mod random;
mod suite;
