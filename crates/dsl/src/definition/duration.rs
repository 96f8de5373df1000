//! Lengths of time: ISO 8601 text to a span, and a span onto the clock.

#[cfg(test)]
mod tests;

use jiff::{Span, Timestamp, tz::TimeZone};

/// Reads an ISO 8601 duration such as `P1DT12H` or `PT0.5S`; none when it is not one.
///
/// A fraction is allowed where it can be kept exactly: below the week it becomes hours to nanoseconds (a day counts as
/// 24 hours), of a year it must give whole months. Source: DSL 1.0.3, Duration.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Span> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if date.is_empty() && time.is_none() {
        return None;
    }
    let mut total = Total::default();
    total.read(
        date,
        &[
            ('Y', Unit::Year),
            ('M', Unit::Month),
            ('W', Unit::Week),
            ('D', Unit::Day),
        ],
    )?;
    if let Some(time) = time {
        if time.is_empty() {
            return None;
        }
        total.read(
            time,
            &[('H', Unit::Hour), ('M', Unit::Minute), ('S', Unit::Second)],
        )?;
    }
    total.span()
}

/// `moment` plus `span`, counted in UTC; the last moment there is when the sum lies beyond it.
#[must_use]
pub fn add_to(span: &Span, moment: Timestamp) -> Timestamp {
    match moment.to_zoned(TimeZone::UTC).checked_add(*span) {
        Ok(later) => later.timestamp(),
        Err(_) if span.is_negative() => Timestamp::MIN,
        Err(_) => Timestamp::MAX,
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

#[derive(Default)]
struct Total {
    months: i64,
    days: i64,
    nanoseconds: i128,
}

const NANOSECONDS: i128 = 1_000_000_000;

impl Total {
    /// Reads designated numbers; each unit at most once, and in this order.
    fn read(&mut self, mut text: &str, units: &[(char, Unit)]) -> Option<()> {
        let mut units = units.iter();
        while !text.is_empty() {
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let designator = text[end..].chars().next()?;
            let (_, unit) = units.find(|(letter, _)| *letter == designator)?;
            self.add(&text[..end], *unit)?;
            text = &text[end + designator.len_utf8()..];
        }
        Some(())
    }

    fn add(&mut self, number: &str, unit: Unit) -> Option<()> {
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || fraction.is_some_and(|fraction| !is_digits(fraction)) {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        // Nano-units; digits beyond the ninth are less than a nanosecond of anything up to a second.
        let nano: i128 = fraction.map_or(Some(0), |fraction| {
            format!("{fraction:0<9}").get(..9)?.parse().ok()
        })?;
        match unit {
            Unit::Year => {
                let months = nano * 12;
                if months % NANOSECONDS != 0 {
                    return None;
                }
                self.months = self
                    .months
                    .checked_add(whole.checked_mul(12)?)?
                    .checked_add((months / NANOSECONDS) as i64)?;
            }
            Unit::Month if nano == 0 => self.months = self.months.checked_add(whole)?,
            Unit::Month => return None,
            Unit::Week => {
                self.days = self.days.checked_add(whole.checked_mul(7)?)?;
                self.nanoseconds += nano * 7 * 86_400;
            }
            Unit::Day => {
                self.days = self.days.checked_add(whole)?;
                self.nanoseconds += nano * 86_400;
            }
            Unit::Hour => self.nanoseconds += (i128::from(whole) * NANOSECONDS + nano) * 3_600,
            Unit::Minute => self.nanoseconds += (i128::from(whole) * NANOSECONDS + nano) * 60,
            Unit::Second => self.nanoseconds += i128::from(whole) * NANOSECONDS + nano,
        }
        Some(())
    }

    fn span(&self) -> Option<Span> {
        let seconds = i64::try_from(self.nanoseconds / NANOSECONDS).ok()?;
        let rest = (self.nanoseconds % NANOSECONDS) as i64;
        Span::new()
            .try_months(self.months)
            .and_then(|span| span.try_days(self.days))
            .and_then(|span| span.try_seconds(seconds))
            .and_then(|span| span.try_nanoseconds(rest))
            .ok()
    }
}
