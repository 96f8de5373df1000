//! The language front end as its callers see it: text in, definitions or problems out.

mod specification;
