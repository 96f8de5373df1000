//! Durations and the cron expression of a schedule.

use super::decoder::{At, Decoder, is_expression, shorten};
use crate::definition::{DurationSpec, duration::parse_duration};
use crate::problem::code;
use crate::value::Text;

const UNITS: [&str; 5] = ["days", "hours", "minutes", "seconds", "milliseconds"];
const FORMS: &str = "write ISO 8601 such as `PT15M`, or a mapping such as `{minutes: 15}`, or an expression `${ ... }`";

impl<'a> Decoder<'a> {
    pub fn duration(&mut self, at: &At<'a>, what: &str) -> Option<DurationSpec> {
        if at.is_mapping() {
            return self.duration_mapping(at, what);
        }
        let Some(text) = at.text() else {
            let found = shorten(&at.node.value.to_json());
            let message = format!("{what} is {found}, which is not a duration");
            self.error(code::DURATION, at, message, FORMS.to_owned());
            return None;
        };
        if is_expression(text) {
            self.on_one_line(at, what)?;
            return self
                .template(at, &at.node.value)
                .map(DurationSpec::Expression);
        }
        let span = parse_duration(text);
        if span.is_none() {
            self.error(
                code::DURATION,
                at,
                format!("{what} is `{}`, which is not a duration", shorten(text)),
                FORMS.to_owned(),
            );
        }
        span.map(DurationSpec::Fixed)
    }

    fn duration_mapping(&mut self, at: &At<'a>, what: &str) -> Option<DurationSpec> {
        self.mapping(at, "a duration", &UNITS)?;
        if at.node.entries().is_some_and(<[_]>::is_empty) {
            self.error(
                code::EMPTY,
                at,
                format!("{what} is empty"),
                FORMS.to_owned(),
            );
            return None;
        }
        let mut span = jiff::Span::new();
        let mut is_good = true;
        for (unit, amount) in at.entries().filter(|(unit, _)| UNITS.contains(&&***unit)) {
            let what = format!("`{unit}` of {what}");
            if self.no_expression(&amount, &what).is_none() {
                is_good = false;
                continue;
            }
            let Some(number) = amount.node.value.as_i64() else {
                self.wrong_type(&amount, &what, "a whole number");
                is_good = false;
                continue;
            };
            let longer = match &**unit {
                "days" => span.try_days(number),
                "hours" => span.try_hours(number),
                "minutes" => span.try_minutes(number),
                "seconds" => span.try_seconds(number),
                _ => span.try_milliseconds(number),
            };
            match longer {
                Ok(longer) if number >= 0 => span = longer,
                _ => {
                    let message = format!("{what} is {number}, which is not a length of time");
                    self.error(code::DURATION, &amount, message, None);
                    is_good = false;
                }
            }
        }
        is_good.then_some(DurationSpec::Fixed(span))
    }

    pub fn cron(&mut self, at: &At<'a>) -> Option<Text> {
        let text = self.constant(at, "`cron`")?;
        let help = "five fields: minute, hour, day of month, month, day of week; such as `30 8 * * MON-FRI`".to_owned();
        if text.chars().count() > 200 {
            self.error(code::CRON, at, "`cron` is longer than 200 characters", help);
            return None;
        }
        let parser = croner::parser::CronParser::builder()
            .seconds(croner::parser::Seconds::Optional)
            .build();
        match parser.parse(text) {
            Err(error) => {
                let message = format!(
                    "`{}` is not a cron expression: {}",
                    shorten(text),
                    reason(&error.to_string())
                );
                self.error(code::CRON, at, message, help);
                None
            }
            Ok(cron) => {
                // A fixed moment: whether a date exists at all does not depend on today.
                let start = jiff::civil::date(2000, 1, 1)
                    .in_tz("UTC")
                    .expect("a valid moment");
                if cron.find_next_occurrence(&start, true).is_err() {
                    let message = format!("`{}` never happens", shorten(text));
                    self.error(
                        code::CRON,
                        at,
                        message,
                        "the day does not exist in that month".to_owned(),
                    );
                    return None;
                }
                Some(text.into())
            }
        }
    }
}

fn reason(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let message = message.split_once(": ").map_or(message, |(_, rest)| rest);
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
