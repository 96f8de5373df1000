//! Which events are consumed: by `listen`, and by `schedule.on`.

use regex::{Regex, RegexBuilder};

use super::decoder::{At, Decoder};
use super::document::all_or_none;
use super::shapes;
use crate::definition::event::{Consumption, Correlation, EventFilter, Matcher, Strategy, Until};
use crate::expr::Template;
use crate::problem::code;
use crate::value::{Text, Value};

/// Bytes of a compiled regular expression; a definition may have thousands of them.
const REGEX_BYTES_MAX: usize = 1 << 18;

impl<'a> Decoder<'a> {
    pub fn consumption(&mut self, at: &At<'a>, what: &str) -> Option<Consumption> {
        self.mapping(at, what, &["all", "any", "one", "until"])?;
        let (kind, place) = self.exactly_one(at, what, &["all", "any", "one"])?;
        if let Some(until) = at.get("until").filter(|_| kind != "any") {
            let message =
                format!("`until` belongs to `any`, here the events are consumed by `{kind}`");
            self.key_error(code::UNKNOWN_KEY, &until, message, None);
            return None;
        }
        let strategy = match kind {
            "one" => Strategy::One(self.filter(&place)?),
            "all" => Strategy::All(self.filters(&place, "`all`")?),
            _ => {
                let filters = self.filters(&place, "`any`");
                let until = all_or_none(at.get("until").map(|at| self.until(&at)));
                Strategy::Any {
                    filters: filters?,
                    until: until?,
                }
            }
        };
        Some(Consumption { strategy })
    }

    fn until(&mut self, at: &At<'a>) -> Option<Until> {
        if at.text().is_some() {
            return self.expression(at, "`until`").map(Until::Condition);
        }
        self.any_mapping(at, "`until`")?;
        if let Some(nested) = at.get("until") {
            self.key_error(
                code::UNKNOWN_KEY,
                &nested,
                "an `until` cannot have an `until` of its own",
                None,
            );
            return None;
        }
        Some(Until::Consumed(Box::new(self.consumption(at, "`until`")?)))
    }

    fn filters(&mut self, at: &At<'a>, what: &str) -> Option<Vec<EventFilter>> {
        if at.node.items().is_none() {
            self.wrong_type(at, what, "a list of event filters");
            return None;
        }
        let filters: Vec<_> = at.items().map(|item| self.filter(&item)).collect();
        filters.into_iter().collect()
    }

    fn filter(&mut self, at: &At<'a>) -> Option<EventFilter> {
        if at.is_mapping() && at.get("with").is_none() && at.get("type").is_some() {
            let help = "write the attributes under `with`: `{with: {type: ...}}`".to_owned();
            self.key_error(code::MISSING_KEY, at, "an event filter needs `with`", help);
            return None;
        }
        self.mapping(at, "an event filter", &["with", "correlate"])?;
        let with = self
            .required(at, "an event filter", "with")
            .and_then(|at| self.matchers(&at));
        let correlate = at
            .get("correlate")
            .map_or(Some(Vec::new()), |at| self.correlations(&at));
        Some(EventFilter {
            with: with?,
            correlate: correlate?,
        })
    }

    fn matchers(&mut self, at: &At<'a>) -> Option<Vec<(Text, Matcher)>> {
        self.object(&shapes::EVENT, at, "`with`")?;
        if at.node.entries().is_some_and(<[_]>::is_empty) {
            self.error(
                code::EMPTY,
                at,
                "`with` is empty",
                "name at least the `type` of the event".to_owned(),
            );
            return None;
        }
        let matchers: Vec<_> = at
            .entries()
            .map(|(name, place)| Some((name.clone(), self.matcher(&place)?)))
            .collect();
        matchers.into_iter().collect()
    }

    fn matcher(&mut self, at: &At<'a>) -> Option<Matcher> {
        let template = self.template(at, &at.node.value)?;
        let regex = match template {
            Template::Expression(expression) => return Some(Matcher::Expression(expression)),
            Template::Constant(Value::String(ref text)) => anchored(text),
            _ => None,
        };
        Some(Matcher::Equals { template, regex })
    }

    fn correlations(&mut self, at: &At<'a>) -> Option<Vec<(Text, Correlation)>> {
        self.any_mapping(at, "`correlate`")?;
        let found: Vec<_> = at
            .entries()
            .map(|(name, place)| Some((name.clone(), self.correlation(&place)?)))
            .collect();
        found.into_iter().collect()
    }

    fn correlation(&mut self, at: &At<'a>) -> Option<Correlation> {
        self.mapping(at, "a correlation", &["from", "expect"])?;
        let from = self
            .required(at, "a correlation", "from")
            .and_then(|at| self.expression(&at, "`from`"));
        let expect = at.get("expect").map(|at| {
            self.string(&at, "`expect`")?;
            self.template(&at, &at.node.value)
        });
        Some(Correlation {
            from: from?,
            expect: all_or_none(expect)?,
        })
    }
}

fn anchored(text: &str) -> Option<Regex> {
    RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .ok()
}
