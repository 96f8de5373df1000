//! The language front end as its callers see it: text in, definitions or problems out.

#![allow(clippy::unwrap_used)]

mod hostile;
mod model;
mod pages;
mod refused;
mod specification;
