//! Dates: seconds since 1970, broken-down times and texts. Always UTC: the place of the server must not matter.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::{Native, native};
use crate::expr::arith::{float, is_number, shown};
use crate::expr::meter::{Meter, Stop, throw};
use crate::value::Value;

const ISO: &str = "%Y-%m-%dT%H:%M:%SZ";

pub(super) static TABLE: &[Native] = &[
    native("gmtime", 0, |_, input, _| gmtime(&input)),
    native("localtime", 0, |_, input, _| gmtime(&input)),
    native("mktime", 0, |_, input, _| mktime(&input)),
    native("strftime", 1, |meter, input, args| {
        strftime(meter, &input, &args[0])
    }),
    native("strflocaltime", 1, |meter, input, args| {
        strftime(meter, &input, &args[0])
    }),
    native("strptime", 1, |_, input, args| strptime(&input, &args[0])),
    native("todateiso8601", 0, |meter, input, _| {
        strftime(meter, &input, &Value::string(ISO))
    }),
    native("fromdateiso8601", 0, |_, input, _| match &input {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(moment) => Ok(seconds(moment)),
            Err(_) => mktime(&strptime(&input, &Value::string(ISO))?),
        },
        _ => throw(format!(
            "strptime/1 requires string inputs and arguments, not {}",
            shown(&input)
        )),
    }),
];

fn seconds(moment: Timestamp) -> Value {
    match moment.subsec_nanosecond() {
        0 => Value::Int(moment.as_second()),
        _ => float(moment.as_microsecond() as f64 / 1e6),
    }
}

fn moment(value: &Value) -> Result<DateTime, Stop> {
    if !is_number(value) {
        return throw("gmtime() requires a number");
    }
    let number = value.as_f64().unwrap_or(f64::NAN);
    let whole = number.floor();
    let nanos = ((number - whole) * 1e9) as i32;
    // Beyond what a calendar holds, the cast saturates and the conversion refuses.
    let moment = Timestamp::new(whole as i64, nanos);
    match moment {
        Ok(moment) if number.is_finite() => Ok(moment.to_zoned(TimeZone::UTC).datetime()),
        _ => throw(format!("{} is not a time", shown(value))),
    }
}

fn gmtime(value: &Value) -> Result<Value, Stop> {
    let civil = moment(value)?;
    let number = value.as_f64().unwrap_or(0.0);
    let second = match number.fract() {
        0.0 => Value::Int(i64::from(civil.second())),
        _ => Value::Float(f64::from(civil.second()) + (number - number.floor())),
    };
    Ok(broken_down(civil, second))
}

fn broken_down(civil: DateTime, second: Value) -> Value {
    let int = |number: i64| Value::Int(number);
    Value::array(vec![
        int(i64::from(civil.year())),
        int(i64::from(civil.month()) - 1),
        int(i64::from(civil.day())),
        int(i64::from(civil.hour())),
        int(i64::from(civil.minute())),
        second,
        int(i64::from(civil.weekday().to_sunday_zero_offset())),
        int(i64::from(civil.day_of_year()) - 1),
    ])
}

/// A broken-down time as a calendar has it. What is out of range runs over, as in C: the 32nd of January is
/// the first of February.
fn civil(value: &Value, function: &str) -> Result<DateTime, Stop> {
    let Value::Array(parts) = value else {
        return throw(format!("{function} requires array inputs"));
    };
    let mut numbers = [0_i64; 6];
    for (index, place) in numbers.iter_mut().enumerate() {
        match parts
            .get(index)
            .filter(|part| is_number(part))
            .and_then(Value::as_f64)
        {
            Some(number) => *place = number as i64,
            None => return throw(format!("{function} requires parsed datetime inputs")),
        }
    }
    let [year, month, day, hour, minute, second] = numbers;
    let start = i16::try_from(year.saturating_add(month.div_euclid(12)))
        .ok()
        .and_then(|year| DateTime::new(year, month.rem_euclid(12) as i8 + 1, 1, 0, 0, 0, 0).ok());
    let limit = 1_i64 << 40;
    let offset = [
        day.checked_sub(1).map(|day| (day, 86_400)),
        Some((hour, 3600)),
        Some((minute, 60)),
        Some((second, 1)),
    ]
    .into_iter()
    .try_fold(0_i64, |sum, part| {
        let (count, unit) = part?;
        sum.checked_add(count.checked_mul(unit)?)
            .filter(|sum| sum.abs() < limit)
    });
    let civil = start.zip(offset).and_then(|(start, offset)| {
        start
            .checked_add(jiff::SignedDuration::from_secs(offset))
            .ok()
    });
    civil.map_or_else(
        || throw(format!("{function}: {} is not a time", shown(value))),
        Ok,
    )
}

fn mktime(value: &Value) -> Result<Value, Stop> {
    let civil = civil(value, "mktime")?;
    match civil.to_zoned(TimeZone::UTC) {
        Ok(zoned) => Ok(Value::Int(zoned.timestamp().as_second())),
        Err(_) => throw("invalid gmtime representation"),
    }
}

fn strftime(meter: &Meter, value: &Value, format: &Value) -> Result<Value, Stop> {
    let civil = if is_number(value) {
        moment(value)?
    } else {
        civil(value, "strftime/1")?
    };
    let Value::String(format) = format else {
        return throw("strftime/1 requires a string format");
    };
    meter.text(format.len() * 16)?;
    let text = civil
        .to_zoned(TimeZone::UTC)
        .and_then(|zoned| strtime::format(&**format, &zoned));
    match text {
        Ok(text) => Ok(Value::String(text.into())),
        Err(error) => throw(format!("strftime/1: unknown format: {error}")),
    }
}

fn strptime(value: &Value, format: &Value) -> Result<Value, Stop> {
    let (Value::String(text), Value::String(format)) = (value, format) else {
        return throw(format!(
            "strptime/1 requires string inputs and arguments, not {}",
            shown(value)
        ));
    };
    let refuse = || {
        throw(format!(
            "date \"{text}\" does not match format \"{format}\""
        ))
    };
    let Ok(mut parsed) = strtime::BrokenDownTime::parse(&**format, &**text) else {
        return refuse();
    };
    if parsed.hour().is_none() && parsed.timestamp().is_none() {
        // A date alone is its midnight, as in C.
        let _ = parsed.set_hour(Some(0));
    }
    let civil = parsed.to_datetime().or_else(|_| {
        parsed
            .to_date()
            .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
    });
    match civil {
        Ok(civil) => Ok(broken_down(civil, Value::Int(i64::from(civil.second())))),
        Err(_) => refuse(),
    }
}
