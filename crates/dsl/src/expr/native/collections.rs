//! Functions of arrays and objects.

use std::sync::Arc;

use super::{Native, native};
use crate::expr::arith::{self, is_number, shown};
use crate::expr::meter::{Limit, Meter, Stop, throw};
use crate::expr::{path, text};
use crate::value::{Map, Text, Value};

pub(super) static TABLE: &[Native] = &[
    native("length", 0, |meter, input, _| match &input {
        Value::Null => Ok(Value::Int(0)),
        Value::Bool(_) => throw(format!("{} has no length", shown(&input))),
        Value::String(text) => {
            meter.reading(text)?;
            Ok(Value::Int(text.chars().count() as i64))
        }
        Value::Array(items) => Ok(Value::Int(items.len() as i64)),
        Value::Object(map) => Ok(Value::Int(map.len() as i64)),
        Value::Int(number) if *number >= 0 => Ok(input),
        Value::Int(_) => arith::negate(input),
        Value::Float(_) | Value::Decimal(_) => {
            Ok(arith::float(input.as_f64().unwrap_or(f64::NAN).abs()))
        }
    }),
    native("keys", 0, |meter, input, _| keys(meter, &input, true)),
    native("keys_unsorted", 0, |meter, input, _| {
        keys(meter, &input, false)
    }),
    native("has", 1, |meter, input, args| match (&input, &args[0]) {
        (Value::Object(map), Value::String(key)) => {
            meter.reading(key)?;
            Ok(Value::Bool(map.contains_key(&**key)))
        }
        (Value::Array(items), key) if is_number(key) => {
            let at = key.as_f64().unwrap_or(f64::NAN);
            Ok(Value::Bool(at > -1.0 && at < items.len() as f64))
        }
        (_, key) => throw(format!(
            "Cannot check whether {} has a {} key",
            input.type_name(),
            key.type_name()
        )),
    }),
    native("contains", 1, |meter, input, args| {
        contains(meter, &input, &args[0]).map(Value::Bool)
    }),
    native("add", 0, |meter, input, _| {
        let mut sum = arith::Sum::default();
        for (_, item) in path::entries(&input)? {
            meter.tick()?;
            sum.add(meter, item.clone())?;
        }
        Ok(sum.finish())
    }),
    native("reverse", 0, |meter, input, _| match &input {
        Value::Null => Ok(Value::array(Vec::new())),
        Value::String(text) => {
            meter.text(text.len())?;
            Ok(Value::String(text.chars().rev().collect::<String>().into()))
        }
        Value::Array(items) => {
            meter.items(items.len())?;
            Ok(Value::array(items.iter().rev().cloned().collect()))
        }
        _ => throw(format!("{} cannot be reversed", shown(&input))),
    }),
    native("sort", 0, |meter, input, _| sorted(meter, input)),
    native("unique", 0, |meter, input, _| {
        let sorted = sorted(meter, input)?;
        let mut kept: Vec<Value> = Vec::new();
        for item in array(&sorted, "cannot be sorted, as it is not an array")?.iter() {
            meter.tick()?;
            let is_new = match kept.last() {
                Some(last) => meter.compare(last, item)?.is_ne(),
                None => true,
            };
            if is_new {
                kept.push(item.clone());
            }
        }
        Ok(Value::array(kept))
    }),
    native("min", 0, |meter, input, _| extreme(meter, &input, false)),
    native("max", 0, |meter, input, _| extreme(meter, &input, true)),
    native("flatten", 0, |meter, input, _| {
        flatten(meter, &input, f64::INFINITY)
    }),
    native("flatten", 1, |meter, input, args| match args[0].as_f64() {
        Some(depth) if depth < 0.0 => throw("flatten depth must not be negative"),
        Some(depth) => flatten(meter, &input, depth),
        None => throw(format!("{} is not a depth", shown(&args[0]))),
    }),
    native("to_entries", 0, |meter, input, _| {
        let count = input.as_array().map_or(0, |items| items.len())
            + input.as_object().map_or(0, |map| map.len());
        meter.bytes(count.saturating_mul(400))?;
        meter.work(count)?;
        let (key_name, value_name): (Text, Text) = ("key".into(), "value".into());
        let entries = path::entries(&input)?;
        meter.nested(Value::array(
            entries
                .map(|(key, value)| {
                    Value::object([(key_name.clone(), key), (value_name.clone(), value.clone())])
                })
                .collect(),
        ))
    }),
    native("from_entries", 0, |meter, input, _| {
        from_entries(meter, &input)
    }),
    native("setpath", 2, |meter, input, args| {
        let path = array(&args[0], "is no path: a path is an array")?;
        if path.len() > meter.depth_max() {
            return Err(Stop::Limit(Limit::Depth));
        }
        meter.placed(&args[1], path.len())?;
        path::update(meter, input, path, &mut |_| Ok(args[1].clone()))
    }),
    native("delpaths", 1, |meter, input, args| {
        let paths = array(&args[0], "is no list of paths")?;
        path::delete(meter, input, paths.to_vec())
    }),
    native("indices", 1, |meter, input, args| {
        indices(meter, &input, &args[0])
    }),
    native("index", 1, |meter, input, args| {
        Ok(ends(&indices(meter, &input, &args[0])?, false))
    }),
    native("rindex", 1, |meter, input, args| {
        Ok(ends(&indices(meter, &input, &args[0])?, true))
    }),
    native("transpose", 0, |meter, input, _| transpose(meter, &input)),
    native("bsearch", 1, |meter, input, args| {
        let items = array(&input, "cannot be searched from")?;
        let (mut low, mut high) = (0, items.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match meter.compare(&items[middle], &args[0])? {
                std::cmp::Ordering::Equal => return Ok(Value::Int(middle as i64)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(Value::Int(-1 - low as i64))
    }),
];

fn array<'v>(value: &'v Value, otherwise: &str) -> Result<&'v Arc<Vec<Value>>, Stop> {
    match value {
        Value::Array(items) => Ok(items),
        _ => throw(format!("{} {otherwise}", shown(value))),
    }
}

fn keys(meter: &Meter, value: &Value, is_sorted: bool) -> Result<Value, Stop> {
    match value {
        Value::Array(items) => {
            meter.items(items.len())?;
            Ok(Value::array(
                (0..items.len()).map(|at| Value::Int(at as i64)).collect(),
            ))
        }
        Value::Object(map) => {
            meter.items(map.len() * 2)?;
            let mut keys: Vec<_> = map.keys().cloned().collect();
            if is_sorted {
                meter.work(keys.len())?;
                keys.sort_unstable();
            }
            Ok(Value::array(keys.into_iter().map(Value::String).collect()))
        }
        _ => throw(format!("{} has no keys", shown(value))),
    }
}

fn contains(meter: &Meter, value: &Value, part: &Value) -> Result<bool, Stop> {
    meter.tick()?;
    match (value, part) {
        (Value::Object(map), Value::Object(parts)) => {
            for (key, part) in parts.iter() {
                match map.get(key) {
                    Some(value) if contains(meter, value, part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Value::Array(items), Value::Array(parts)) => {
            for part in parts.iter() {
                let mut is_found = false;
                for item in items.iter() {
                    // Unlike things are just not found inside a list.
                    if item.type_name() == part.type_name() && contains(meter, item, part)? {
                        is_found = true;
                        break;
                    }
                }
                if !is_found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::String(text), Value::String(part)) => {
            meter.work(text.len() / 16)?;
            Ok(text.contains(&**part))
        }
        _ if value.type_name() == part.type_name() => meter.equal(value, part),
        _ => throw(format!(
            "{} and {} cannot have their containment checked",
            shown(value),
            shown(part)
        )),
    }
}

fn sorted(meter: &Meter, value: Value) -> Result<Value, Stop> {
    let mut value = value;
    let Value::Array(items) = &mut value else {
        return throw(format!(
            "{} cannot be sorted, as it is not an array",
            shown(&value)
        ));
    };
    meter.items(items.len())?;
    meter.sort(Arc::make_mut(items).as_mut_slice(), |item| item)?;
    Ok(value)
}

fn extreme(meter: &Meter, value: &Value, is_max: bool) -> Result<Value, Stop> {
    let mut best: Option<&Value> = None;
    for item in array(value, "cannot be iterated over")?.iter() {
        meter.tick()?;
        let is_better = match best {
            None => true,
            Some(held) => meter.compare(item, held)?.is_ge() == is_max,
        };
        if is_better {
            best = Some(item);
        }
    }
    Ok(best.cloned().unwrap_or_default())
}

fn flatten(meter: &Meter, value: &Value, depth: f64) -> Result<Value, Stop> {
    fn into(meter: &Meter, value: &Value, depth: f64, out: &mut Vec<Value>) -> Result<(), Stop> {
        for (_, item) in path::entries(value)? {
            meter.tick()?;
            match item {
                Value::Array(_) if depth > 0.0 => into(meter, item, depth - 1.0, out)?,
                _ => {
                    meter.items(1)?;
                    out.push(item.clone());
                }
            }
        }
        Ok(())
    }
    let mut out = Vec::new();
    into(meter, value, depth, &mut out)?;
    Ok(Value::array(out))
}

fn from_entries(meter: &Meter, value: &Value) -> Result<Value, Stop> {
    let mut map = Map::new();
    for (_, entry) in path::entries(value)? {
        meter.items(3)?;
        meter.tick()?;
        let named = |names: &[&str]| -> Result<Value, Stop> {
            for name in names {
                let found = path::index(meter, entry.clone(), &Value::string(*name))?;
                if !found.is_null() {
                    return Ok(found);
                }
            }
            Ok(Value::Null)
        };
        let key = match named(&["key", "k", "name", "Name", "Key", "K"])? {
            Value::String(key) => key,
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Decimal(_)) => other.to_json().into(),
            other => return throw(format!("Cannot use {} as object key", shown(&other))),
        };
        map.insert(key, named(&["value", "v", "Value", "V"])?);
    }
    Ok(Value::Object(Arc::new(map)))
}

fn indices(meter: &Meter, value: &Value, wanted: &Value) -> Result<Value, Stop> {
    match (value, wanted) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::String(text), Value::String(wanted)) => text::indices_of_text(meter, text, wanted),
        (Value::Array(_), Value::Array(_)) => path::index(meter, value.clone(), wanted),
        (Value::Array(_), wanted) => {
            path::index(meter, value.clone(), &Value::array(vec![wanted.clone()]))
        }
        _ => path::index(meter, value.clone(), wanted),
    }
}

fn ends(found: &Value, is_last: bool) -> Value {
    let items = found.as_array();
    let item = items.and_then(|items| if is_last { items.last() } else { items.first() });
    item.cloned().unwrap_or_default()
}

fn transpose(meter: &Meter, value: &Value) -> Result<Value, Stop> {
    let rows = array(value, "cannot be transposed")?;
    let mut width = 0;
    for row in rows.iter() {
        width = width.max(array(row, "cannot be transposed")?.len());
    }
    meter.items(width.saturating_mul(rows.len() + 1))?;
    let column = |at: usize| {
        rows.iter().map(move |row| {
            row.as_array()
                .and_then(|row| row.get(at))
                .cloned()
                .unwrap_or_default()
        })
    };
    Ok(Value::array(
        (0..width)
            .map(|at| Value::array(column(at).collect()))
            .collect(),
    ))
}
