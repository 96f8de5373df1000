//! Reading, replacing and deleting what a path points at, as jq does.

use std::sync::Arc;

use super::arith::{is_number, shown};
use super::meter::{Limit, Meter, Stop, throw};
use crate::value::{Map, Text, Value};

/// jq: `Array index too large`.
const INDEX_MAX: f64 = 536_870_911.0;

/// `.[key]`
pub(super) fn index(meter: &Meter, value: Value, key: &Value) -> Result<Value, Stop> {
    match (&value, key) {
        (Value::Object(map), Value::String(key)) => {
            meter.reading(key)?;
            Ok(map.get(&**key).cloned().unwrap_or_default())
        }
        (Value::Array(items), Value::Int(_) | Value::Float(_) | Value::Decimal(_)) => {
            Ok(position(items.len(), key)
                .and_then(|at| items.get(at))
                .cloned()
                .unwrap_or_default())
        }
        (
            Value::Null,
            Value::String(_) | Value::Null | Value::Int(_) | Value::Float(_) | Value::Decimal(_),
        ) => Ok(Value::Null),
        (Value::Array(_) | Value::Null | Value::String(_), Value::Object(bounds)) => {
            let bound = |name: &str| bounds.get(name).cloned().unwrap_or_default();
            slice(meter, value.clone(), &bound("start"), &bound("end"))
        }
        (Value::Array(items), Value::Array(wanted)) => indices_of_array(meter, items, wanted),
        (_, Value::String(key)) => throw(format!(
            "Cannot index {} with string \"{key}\"",
            value.type_name()
        )),
        _ => throw(format!(
            "Cannot index {} with {}",
            value.type_name(),
            key.type_name()
        )),
    }
}

/// The place that a number means in `count` items; negative ones count from the end.
fn position(count: usize, key: &Value) -> Option<usize> {
    let at = key.as_f64()?.floor();
    let at = if at < 0.0 { at + count as f64 } else { at };
    (at >= 0.0 && at < count as f64).then_some(at as usize)
}

fn indices_of_array(meter: &Meter, items: &[Value], wanted: &[Value]) -> Result<Value, Stop> {
    let mut found = Vec::new();
    if wanted.is_empty() {
        return Ok(Value::Null);
    }
    for start in 0..(items.len() + 1).saturating_sub(wanted.len()) {
        meter.tick()?;
        let mut is_same = true;
        for (item, other) in items[start..].iter().zip(wanted) {
            if !meter.equal(item, other)? {
                is_same = false;
                break;
            }
        }
        if is_same {
            meter.items(1)?;
            found.push(Value::Int(start as i64));
        }
    }
    Ok(Value::array(found))
}

/// `.[from:upto]`
pub(super) fn slice(
    meter: &Meter,
    value: Value,
    from: &Value,
    upto: &Value,
) -> Result<Value, Stop> {
    match &value {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => {
            let (from, upto) = bounds(items.len(), from, upto)?;
            if (from, upto) == (0, items.len()) {
                return Ok(value);
            }
            meter.items(upto - from)?;
            Ok(Value::array(items[from..upto].to_vec()))
        }
        Value::String(text) => {
            let count = if text.is_ascii() {
                text.len()
            } else {
                text.chars().count()
            };
            meter.work(text.len() / 64)?;
            let (from, upto) = bounds(count, from, upto)?;
            let byte = |at: usize| match count == text.len() {
                true => at,
                false => text
                    .char_indices()
                    .nth(at)
                    .map_or(text.len(), |(byte, _)| byte),
            };
            let part = &text[byte(from)..byte(upto)];
            meter.text(part.len())?;
            Ok(Value::string(part))
        }
        _ => throw(format!("Cannot index {} with object", value.type_name())),
    }
}

/// The range of items that a slice means: the start rounded down, the end up, both within the array.
fn bounds(count: usize, from: &Value, upto: &Value) -> Result<(usize, usize), Stop> {
    let bound = |value: &Value, default: f64| match value {
        Value::Null => Ok(default),
        value if is_number(value) => Ok(value.as_f64().unwrap_or(default)),
        _ => throw("Start and end indices of an array slice must be numbers"),
    };
    let length = count as f64;
    let (from, upto) = (bound(from, 0.0)?, bound(upto, length)?);
    let within = |at: f64| {
        if at < 0.0 {
            (at + length).max(0.0)
        } else {
            at.min(length)
        }
    };
    let from = within(from).floor();
    let upto = within(upto).ceil().min(length).max(from);
    Ok((from as usize, upto as usize))
}

/// Replaces what is at `path` by what `change` makes of it; what is missing on the way is made.
/// Nothing is copied that nobody else holds.
pub(super) fn update(
    meter: &Meter,
    value: Value,
    path: &[Value],
    change: &mut dyn FnMut(Value) -> Result<Value, Stop>,
) -> Result<Value, Stop> {
    let Some((key, rest)) = path.split_first() else {
        return change(value);
    };
    if path.len() > meter.depth_max() {
        return Err(Stop::Limit(Limit::Depth));
    }
    meter.tick()?;
    match (value, key) {
        (value @ (Value::Object(_) | Value::Null), Value::String(key)) => {
            let mut map = match value {
                Value::Object(map) => map,
                _ => Arc::new(Map::new()),
            };
            if Arc::strong_count(&map) > 1 {
                meter.items(map.len().saturating_mul(3))?;
            }
            let place = match Arc::make_mut(&mut map).entry(key.clone()) {
                indexmap::map::Entry::Occupied(entry) => entry.into_mut(),
                indexmap::map::Entry::Vacant(entry) => {
                    meter.items(3)?;
                    entry.insert(Value::Null)
                }
            };
            *place = update(meter, std::mem::take(place), rest, change)?;
            Ok(Value::Object(map))
        }
        (value @ (Value::Array(_) | Value::Null), number) if is_number(number) => {
            let mut items = match value {
                Value::Array(items) => items,
                _ => Arc::default(),
            };
            let at = place_to_set(items.len(), number)?;
            if Arc::strong_count(&items) > 1 {
                meter.items(items.len())?;
            }
            meter.items((at + 1).saturating_sub(items.len()))?;
            let list = Arc::make_mut(&mut items);
            if list.len() <= at {
                list.resize(at + 1, Value::Null);
            }
            list[at] = update(meter, std::mem::take(&mut list[at]), rest, change)?;
            Ok(Value::Array(items))
        }
        (value @ (Value::Array(_) | Value::Null), Value::Object(limits)) => {
            let limit = |name: &str| limits.get(name).cloned().unwrap_or_default();
            let (start, end) = (limit("start"), limit("end"));
            let old = slice(meter, value.clone(), &start, &end)?;
            let Value::Array(new) = update(meter, old, rest, change)? else {
                return throw("A slice of an array can only be assigned another array");
            };
            let items = value.as_array().cloned().unwrap_or_default();
            let (start, end) = bounds(items.len(), &start, &end)?;
            meter.items(items.len() + new.len())?;
            let parts = items[..start].iter().chain(new.iter()).chain(&items[end..]);
            Ok(Value::array(parts.cloned().collect()))
        }
        (value, Value::Object(_)) => throw(format!(
            "Cannot update field at object index of {}",
            value.type_name()
        )),
        (value, Value::String(key)) => throw(format!(
            "Cannot index {} with string \"{key}\"",
            value.type_name()
        )),
        (value, key) => throw(format!(
            "Cannot index {} with {}",
            value.type_name(),
            key.type_name()
        )),
    }
}

fn place_to_set(count: usize, number: &Value) -> Result<usize, Stop> {
    let at = number.as_f64().unwrap_or(f64::NAN).floor();
    let at = if at < 0.0 { at + count as f64 } else { at };
    if at < 0.0 {
        return throw("Out of bounds negative array index");
    }
    if at > INDEX_MAX {
        return throw("Array index too large");
    }
    Ok(at as usize)
}

/// Deletes all paths at once, so that none shifts the places of the others.
pub(super) fn delete(meter: &Meter, value: Value, paths: Vec<Value>) -> Result<Value, Stop> {
    let mut paths = paths;
    meter.sort(&mut paths, |path| path)?;
    let mut value = value;
    for path in paths.iter().rev() {
        let Value::Array(path) = path else {
            return throw("Path must be specified as an array");
        };
        value = delete_one(meter, value, path)?;
    }
    Ok(value)
}

fn delete_one(meter: &Meter, value: Value, path: &[Value]) -> Result<Value, Stop> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(Value::Null);
    };
    if value.is_null() {
        return Ok(Value::Null);
    }
    if rest.is_empty() {
        return delete_key(meter, value, key);
    }
    if path.len() > meter.depth_max() {
        return Err(Stop::Limit(Limit::Depth));
    }
    if index(meter, value.clone(), key)?.is_null() {
        return Ok(value);
    }
    update(meter, value, std::slice::from_ref(key), &mut |inner| {
        delete_one(meter, inner, rest)
    })
}

fn delete_key(meter: &Meter, value: Value, key: &Value) -> Result<Value, Stop> {
    match (value, key) {
        (Value::Object(mut map), Value::String(key)) => {
            if map.contains_key(&**key) {
                meter.items(if Arc::strong_count(&map) > 1 {
                    map.len().saturating_mul(3)
                } else {
                    map.len() / 8
                })?;
                Arc::make_mut(&mut map).shift_remove(&**key);
            }
            Ok(Value::Object(map))
        }
        (Value::Array(mut items), number) if is_number(number) => {
            if let Some(at) = position(items.len(), number) {
                meter.items(if Arc::strong_count(&items) > 1 {
                    items.len()
                } else {
                    0
                })?;
                meter.work(items.len() / 16)?;
                Arc::make_mut(&mut items).remove(at);
            }
            Ok(Value::Array(items))
        }
        (Value::Array(mut items), Value::Object(limits)) => {
            let limit = |name: &str| limits.get(name).cloned().unwrap_or_default();
            let (start, end) = bounds(items.len(), &limit("start"), &limit("end"))?;
            meter.items(items.len())?;
            Arc::make_mut(&mut items).drain(start..end);
            Ok(Value::Array(items))
        }
        (value @ (Value::Object(_) | Value::Array(_)), key) => throw(format!(
            "Cannot delete {} element of {}",
            key.type_name(),
            value.type_name()
        )),
        (value, _) => throw(format!("Cannot delete fields from {}", value.type_name())),
    }
}

/// The values inside, for `.[]`, with their keys.
pub(super) fn entries(value: &Value) -> Result<Entries<'_>, Stop> {
    match value {
        Value::Array(items) => Ok(Entries::Items(items.iter().enumerate())),
        Value::Object(map) => Ok(Entries::Map(map.iter())),
        _ => throw(format!("Cannot iterate over {}", shown(value))),
    }
}

pub(super) enum Entries<'v> {
    Items(std::iter::Enumerate<std::slice::Iter<'v, Value>>),
    Map(indexmap::map::Iter<'v, Text, Value>),
}

impl<'v> Iterator for Entries<'v> {
    type Item = (Value, &'v Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Items(items) => items
                .next()
                .map(|(at, value)| (Value::Int(at as i64), value)),
            Self::Map(map) => map
                .next()
                .map(|(key, value)| (Value::String(key.clone()), value)),
        }
    }
}

/// The key that a slice leaves in a path.
pub(super) fn slice_key(from: Value, upto: Value) -> Value {
    Value::object([("start", from), ("end", upto)])
}
