//! The language front end as its callers see it: text in, definitions or problems out.

mod hostile;
mod pages;
mod refused;
mod specification;
