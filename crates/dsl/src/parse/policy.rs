//! Policies: authentication, timeout, retry.

use super::decoder::{At, Decoder};
use super::shapes::POLICIES;
use crate::definition::DurationSpec;
use crate::definition::task::{Backoff, Retry};
use crate::expr::Expression;
use crate::problem::code;
use crate::value::Value;

impl<'a> Decoder<'a> {
    /// A policy where it is used: written out, or `use` with the name of one. Gives the policy itself.
    pub fn authentication(&mut self, at: &At<'a>, what: &str) -> Option<Value> {
        self.any_mapping(at, what)?;
        let Some(name) = at.get("use") else {
            return self.policy(at, what);
        };
        self.mapping(at, "a reference to an authentication", &["use"])?;
        let written = self.constant(&name, "`use`")?;
        let place = self.reference(&name, written, "authentications")?;
        Some(place.node.value.clone())
    }

    pub fn policy(&mut self, at: &At<'a>, what: &str) -> Option<Value> {
        let kinds = POLICIES.each_ref().map(|(kind, _)| *kind);
        self.mapping(at, "an authentication", &kinds)?;
        let (kind, place) = self.exactly_one(at, what, &kinds)?;
        let (_, shape) = POLICIES.iter().find(|(name, _)| *name == kind)?;
        let value = self.check(shape, &place, &format!("`{kind}`"))?;
        Some(Value::object([(kind, value)]))
    }

    /// A timeout: written out, or the name of one.
    pub fn timeout(&mut self, at: &At<'a>) -> Option<DurationSpec> {
        match at.text() {
            Some(name) => {
                self.no_expression(at, "`timeout`")?;
                let place = self.reference(at, name, "timeouts")?;
                self.timeout_object(&place)
            }
            None => self.timeout_object(at),
        }
    }

    pub fn timeout_object(&mut self, at: &At<'a>) -> Option<DurationSpec> {
        self.mapping(at, "a timeout", &["after"])?;
        let after = self.required(at, "a timeout", "after")?;
        self.duration(&after, "`after` of a timeout")
    }

    /// A retry policy: written out, or the name of one.
    pub fn retry(&mut self, at: &At<'a>) -> Option<Retry> {
        match at.text() {
            Some(name) => {
                self.no_expression(at, "`retry`")?;
                let place = self.reference(at, name, "retries")?;
                self.retry_policy(&place)
            }
            None => self.retry_policy(at),
        }
    }

    pub fn retry_policy(&mut self, at: &At<'a>) -> Option<Retry> {
        self.mapping(
            at,
            "a retry policy",
            &["when", "exceptWhen", "delay", "backoff", "limit", "jitter"],
        )?;
        let when = self.optional_expression(at, "when");
        let except_when = self.optional_expression(at, "exceptWhen");
        let delay = self.optional_duration(at, "delay");
        let backoff = at
            .get("backoff")
            .map_or(Some(Backoff::Constant), |at| self.backoff(&at));
        let limit = at
            .get("limit")
            .map_or(Some(Limit::default()), |at| self.limit(&at));
        let jitter = at
            .get("jitter")
            .map_or(Some(None), |at| self.jitter(&at).map(Some));
        let limit = limit?;
        Some(Retry {
            when: when?,
            except_when: except_when?,
            delay: delay?,
            backoff: backoff?,
            attempt_count: limit.attempt_count,
            attempt_duration: limit.attempt_duration,
            duration: limit.duration,
            jitter: jitter?,
        })
    }

    fn backoff(&mut self, at: &At<'a>) -> Option<Backoff> {
        self.mapping(at, "a backoff", &["constant", "exponential", "linear"])?;
        let (kind, at) =
            self.exactly_one(at, "a backoff", &["constant", "exponential", "linear"])?;
        match kind {
            "constant" => {
                self.mapping(&at, "a constant backoff", &[])?;
                Some(Backoff::Constant)
            }
            "linear" => {
                self.mapping(&at, "a linear backoff", &["increment"])?;
                let increment = self.optional_duration(&at, "increment")?;
                Some(Backoff::Linear { increment })
            }
            _ => {
                self.mapping(&at, "an exponential backoff", &["factor", "maxDelay"])?;
                let factor = at.get("factor").map_or(Some(2.0), |at| self.factor(&at));
                let max_delay = self.optional_duration(&at, "maxDelay");
                Some(Backoff::Exponential {
                    factor: factor?,
                    max_delay: max_delay?,
                })
            }
        }
    }

    fn factor(&mut self, at: &At<'a>) -> Option<f64> {
        self.no_expression(at, "`factor`")?;
        match at.node.value.as_f64() {
            Some(factor) if factor.is_finite() && factor >= 1.0 => Some(factor),
            Some(_) => {
                let message = format!(
                    "`factor` is {}, expected a number of at least 1",
                    at.node.value
                );
                self.error(code::WRONG_VALUE, at, message, None);
                None
            }
            None => {
                self.wrong_type(at, "`factor`", "a number");
                None
            }
        }
    }

    fn limit(&mut self, at: &At<'a>) -> Option<Limit> {
        self.mapping(at, "a retry limit", &["attempt", "duration"])?;
        let duration = self.optional_duration(at, "duration");
        let mut limit = Limit {
            duration: duration?,
            ..Limit::default()
        };
        if let Some(at) = at.get("attempt") {
            self.mapping(&at, "`attempt`", &["count", "duration"])?;
            let count = match at.get("count") {
                None => Some(None),
                Some(at) => self
                    .integer(&at, "`count`", 0, i64::from(u32::MAX))
                    .map(|count| u32::try_from(count).ok()),
            };
            let duration = self.optional_duration(&at, "duration");
            limit.attempt_count = count?;
            limit.attempt_duration = duration?;
        }
        Some(limit)
    }

    fn jitter(&mut self, at: &At<'a>) -> Option<(DurationSpec, DurationSpec)> {
        self.mapping(at, "a jitter", &["from", "to"])?;
        let from = self
            .required(at, "a jitter", "from")
            .and_then(|at| self.duration(&at, "`from` of a jitter"));
        let to = self
            .required(at, "a jitter", "to")
            .and_then(|at| self.duration(&at, "`to` of a jitter"));
        Some((from?, to?))
    }

    /// The outer `None` says that a problem was reported.
    pub fn optional_duration(&mut self, at: &At<'a>, key: &str) -> Option<Option<DurationSpec>> {
        match at.get(key) {
            None => Some(None),
            Some(at) => self.duration(&at, &format!("`{key}`")).map(Some),
        }
    }

    /// The outer `None` says that a problem was reported.
    pub fn optional_expression(&mut self, at: &At<'a>, key: &str) -> Option<Option<Expression>> {
        match at.get(key) {
            None => Some(None),
            Some(at) => self.expression(&at, &format!("`{key}`")).map(Some),
        }
    }
}

#[derive(Default)]
struct Limit {
    attempt_count: Option<u32>,
    attempt_duration: Option<DurationSpec>,
    duration: Option<DurationSpec>,
}
