//! Arithmetic as jq has it, on every kind of value.

use std::sync::Arc;

use super::meter::{Meter, Stop, throw};
use super::term::{CompareOp, MathOp};
use super::text::{dump, split_text};
use crate::value::{Map, Value};

/// Integers beyond this are computed as floats, so that no sum is silently cut.
pub(super) fn math(meter: &Meter, op: MathOp, left: Value, right: Value) -> Result<Value, Stop> {
    if let (Value::Int(left), Value::Int(right)) = (&left, &right) {
        return integers(op, *left, *right);
    }
    if is_number(&left) && is_number(&right) {
        return floats(op, &left, &right);
    }
    match op {
        MathOp::Add => add(meter, left, right),
        MathOp::Subtract => subtract(meter, left, right),
        MathOp::Multiply => multiply(meter, left, right),
        MathOp::Divide => divide(meter, left, right),
        MathOp::Remainder => refuse(op, &left, &right),
    }
}

pub(super) fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_) | Value::Decimal(_))
}

/// A float as the value it is: an integer when it has no fraction and is small enough to be exact.
pub(super) fn float(number: f64) -> Value {
    if number.fract() == 0.0
        && number.abs() < 9_007_199_254_740_992.0
        && !(number == 0.0 && number.is_sign_negative())
    {
        Value::Int(number as i64)
    } else {
        Value::Float(number)
    }
}

fn integers(op: MathOp, left: i64, right: i64) -> Result<Value, Stop> {
    let exact = match op {
        MathOp::Add => left.checked_add(right),
        MathOp::Subtract => left.checked_sub(right),
        MathOp::Multiply => left.checked_mul(right),
        MathOp::Divide if right != 0 && left.checked_rem(right) == Some(0) => {
            left.checked_div(right)
        }
        MathOp::Divide => None,
        MathOp::Remainder if right == 0 => {
            return refuse_zero(op, &Value::Int(left), &Value::Int(right));
        }
        MathOp::Remainder => {
            let rest = left.unsigned_abs() % right.unsigned_abs();
            let rest = i64::try_from(rest).unwrap_or(i64::MAX);
            return Ok(Value::Int(if left < 0 { -rest } else { rest }));
        }
    };
    match exact {
        Some(exact) => Ok(Value::Int(exact)),
        None => floats(op, &Value::Int(left), &Value::Int(right)),
    }
}

fn floats(op: MathOp, left: &Value, right: &Value) -> Result<Value, Stop> {
    let (a, b) = (
        left.as_f64().unwrap_or(f64::NAN),
        right.as_f64().unwrap_or(f64::NAN),
    );
    Ok(match op {
        MathOp::Add => float(a + b),
        MathOp::Subtract => float(a - b),
        MathOp::Multiply => float(a * b),
        MathOp::Divide if b == 0.0 => return refuse_zero(op, left, right),
        MathOp::Divide => float(a / b),
        MathOp::Remainder => {
            if a.is_nan() || b.is_nan() {
                return Ok(Value::Float(f64::NAN));
            }
            // jq cuts both to integers first.
            let (a, b) = (a as i64, b as i64);
            if b == 0 {
                return refuse_zero(op, left, right);
            }
            return integers(op, a, b);
        }
    })
}

fn refuse_zero(op: MathOp, left: &Value, right: &Value) -> Result<Value, Stop> {
    let note = if op == MathOp::Remainder {
        " (remainder)"
    } else {
        ""
    };
    throw(format!(
        "{} and {} cannot be divided{note} because the divisor is zero",
        shown(left),
        shown(right)
    ))
}

fn refuse(op: MathOp, left: &Value, right: &Value) -> Result<Value, Stop> {
    let verb = match op {
        MathOp::Add => "added",
        MathOp::Subtract => "subtracted",
        MathOp::Multiply => "multiplied",
        MathOp::Divide | MathOp::Remainder => "divided",
    };
    throw(format!(
        "{} and {} cannot be {verb}",
        shown(left),
        shown(right)
    ))
}

/// `number (1)`, as jq names a value in errors.
pub(super) fn shown(value: &Value) -> String {
    format!("{} ({})", value.type_name(), dump(value, 11))
}

/// A sum that grows: texts are joined once, at the end.
#[derive(Default)]
pub(super) struct Sum {
    sum: Value,
    /// More than the first text, all of which `sum` holds until it is taken in here.
    text: Option<String>,
}

impl Sum {
    pub fn add(&mut self, meter: &Meter, item: Value) -> Result<(), Stop> {
        match (&mut self.text, &self.sum, &item) {
            (Some(text), _, Value::String(more)) => {
                meter.text(more.len())?;
                text.push_str(more);
            }
            (None, Value::String(first), Value::String(more)) => {
                meter.text(first.len() + more.len())?;
                self.text = Some(format!("{first}{more}"));
                self.sum = Value::Null;
            }
            (Some(_), _, Value::Null) => {}
            _ => {
                let sum = std::mem::take(self).finish();
                self.sum = math(meter, MathOp::Add, sum, item)?;
            }
        }
        Ok(())
    }

    pub fn finish(self) -> Value {
        self.text
            .map_or(self.sum, |text| Value::String(text.into()))
    }
}

fn add(meter: &Meter, left: Value, right: Value) -> Result<Value, Stop> {
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => Ok(other),
        (Value::String(left), Value::String(right)) => {
            // A left side that nobody else holds goes, and the sum takes its place.
            meter.text(match Arc::strong_count(&left) {
                1 => right.len(),
                _ => left.len() + right.len(),
            })?;
            meter.work((left.len() + right.len()) / 64)?;
            let mut joined = String::with_capacity(left.len() + right.len());
            joined.push_str(&left);
            joined.push_str(&right);
            Ok(Value::String(joined.into()))
        }
        (Value::Array(mut left), Value::Array(right)) => {
            if left.is_empty() {
                return Ok(Value::Array(right));
            }
            meter.items(right.len())?;
            if Arc::strong_count(&left) > 1 {
                meter.items(left.len())?;
            }
            Arc::make_mut(&mut left).extend(right.iter().cloned());
            Ok(Value::Array(left))
        }
        (Value::Object(mut left), Value::Object(right)) => {
            charge_map(meter, &left, &right)?;
            let map = Arc::make_mut(&mut left);
            for (key, value) in right.iter() {
                map.insert(key.clone(), value.clone());
            }
            Ok(Value::Object(left))
        }
        (left, right) => refuse(MathOp::Add, &left, &right),
    }
}

/// Charges for putting `right` into `left`, with a copy of `left` when it is shared.
fn charge_map(meter: &Meter, left: &Arc<Map>, right: &Map) -> Result<(), Stop> {
    let copied = if Arc::strong_count(left) > 1 {
        left.len()
    } else {
        0
    };
    meter.items((right.len() + copied).saturating_mul(3))
}

fn subtract(meter: &Meter, left: Value, right: Value) -> Result<Value, Stop> {
    match (&left, &right) {
        (Value::Array(items), Value::Array(unwanted)) => {
            let mut kept = Vec::new();
            for item in items.iter() {
                let mut is_unwanted = false;
                for other in unwanted.iter() {
                    meter.tick()?;
                    if meter.equal(item, other)? {
                        is_unwanted = true;
                        break;
                    }
                }
                if !is_unwanted {
                    meter.items(1)?;
                    kept.push(item.clone());
                }
            }
            Ok(Value::array(kept))
        }
        _ => refuse(MathOp::Subtract, &left, &right),
    }
}

fn multiply(meter: &Meter, left: Value, right: Value) -> Result<Value, Stop> {
    match (left, right) {
        (Value::String(text), number) | (number, Value::String(text)) if is_number(&number) => {
            repeat(meter, &text, number.as_f64().unwrap_or(f64::NAN))
        }
        (Value::Object(left), Value::Object(right)) => merge(meter, left, &right),
        (left, right) => refuse(MathOp::Multiply, &left, &right),
    }
}

/// jq: nothing for zero and less, at least once otherwise, and whole times.
fn repeat(meter: &Meter, text: &str, times: f64) -> Result<Value, Stop> {
    if times.is_nan() || times <= 0.0 {
        return Ok(Value::Null);
    }
    let times = times.floor().max(1.0);
    let bytes = text.len() as f64 * times;
    if bytes > meter.bytes_left() as f64 {
        return Err(Stop::Limit(super::meter::Limit::Memory));
    }
    let times = times as usize;
    meter.text(text.len() * times)?;
    Ok(Value::String(text.repeat(times).into()))
}

fn merge(meter: &Meter, mut left: Arc<Map>, right: &Map) -> Result<Value, Stop> {
    meter.tick()?;
    charge_map(meter, &left, right)?;
    let map = Arc::make_mut(&mut left);
    for (key, value) in right {
        match (map.get_mut(key), value) {
            (Some(place @ Value::Object(_)), Value::Object(inner)) => {
                if let Value::Object(before) = std::mem::take(place) {
                    *place = merge(meter, before, inner)?;
                }
            }
            (Some(place), _) => *place = value.clone(),
            (None, _) => {
                map.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(Value::Object(left))
}

fn divide(meter: &Meter, left: Value, right: Value) -> Result<Value, Stop> {
    match (&left, &right) {
        (Value::String(text), Value::String(separator)) => split_text(meter, text, separator),
        _ => refuse(MathOp::Divide, &left, &right),
    }
}

pub(super) fn negate(value: Value) -> Result<Value, Stop> {
    match &value {
        Value::Int(number) => Ok(number
            .checked_neg()
            .map_or_else(|| Value::Float(-(*number as f64)), Value::Int)),
        Value::Float(_) | Value::Decimal(_) => Ok(float(-value.as_f64().unwrap_or(f64::NAN))),
        _ => throw(format!("{} cannot be negated", shown(&value))),
    }
}

pub(super) fn compare(
    meter: &Meter,
    op: CompareOp,
    left: &Value,
    right: &Value,
) -> Result<Value, Stop> {
    let holds = match op {
        CompareOp::Equal => meter.equal(left, right)?,
        CompareOp::NotEqual => !meter.equal(left, right)?,
        CompareOp::Less => meter.compare(left, right)?.is_lt(),
        CompareOp::LessOrEqual => meter.compare(left, right)?.is_le(),
        CompareOp::Greater => meter.compare(left, right)?.is_gt(),
        CompareOp::GreaterOrEqual => meter.compare(left, right)?.is_ge(),
    };
    Ok(Value::Bool(holds))
}
