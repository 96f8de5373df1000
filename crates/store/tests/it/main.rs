//! The store's public border: one suite over memory and SQLite, random operations that must leave both equal, and what
//! SQLite promises when processes die.

mod dump;
mod kill;
mod make;
mod open;
mod power;
mod random;
mod suite;
mod whole;
