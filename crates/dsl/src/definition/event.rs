//! Which CloudEvents a `listen` task or a schedule consumes.

use crate::expr::{Expression, Template};
use crate::value::Text;

#[derive(Clone, Debug)]
pub struct Consumption {
    pub strategy: Strategy,
}

#[derive(Clone, Debug)]
pub enum Strategy {
    One(EventFilter),
    All(Vec<EventFilter>),
    /// Any event that passes one of the filters (no filters: any event at all), until the condition holds.
    Any {
        filters: Vec<EventFilter>,
        until: Option<Until>,
    },
}

#[derive(Clone, Debug)]
pub enum Until {
    /// Evaluated on the array of what has been consumed so far.
    Condition(Expression),
    Consumed(Box<Consumption>),
}

#[derive(Clone, Debug)]
pub struct EventFilter {
    /// Attribute name (`type`, `source`, `data`, ...) and what it must be.
    pub with: Vec<(Text, Matcher)>,
    pub correlate: Vec<(Text, Correlation)>,
}

/// What an attribute of an event must be.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// A constant or a template; text that is a valid regular expression also matches as one, anchored at both ends.
    Equals {
        template: Template,
        regex: Option<regex::Regex>,
    },
    /// An expression: on `data` it is evaluated against the data and must be true; elsewhere its value must equal the
    /// attribute, or be `true`.
    Expression(Expression),
}

#[derive(Clone, Debug)]
pub struct Correlation {
    pub from: Expression,
    /// Without it the first value seen is what later ones must equal.
    pub expect: Option<Template>,
}
