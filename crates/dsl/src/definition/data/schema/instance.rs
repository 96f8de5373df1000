//! Our value as the schema validator reads it: in place, without a copy.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};

use super::to_serde;
use crate::value::{Map, Text, Value};

/// The representation; schemas themselves are serde_json's.
pub(super) struct Ours;

impl Json for Ours {
    type Node<'a> = &'a Value;
    type PreparedKey = Text;
    type StringBuffer = Value;

    fn prepare_key(key: &str) -> Text {
        key.into()
    }

    fn with_string_node<T>(buffer: &mut Value, string: &str, check: impl FnOnce(&Value) -> T) -> T {
        *buffer = Value::string(string);
        check(buffer)
    }
}

/// Numbers beyond a float are the nearest float; what is not a number counts as null, as it is written.
fn number(value: &Value) -> Option<serde_json::Number> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::Float(number) => serde_json::Number::from_f64(*number),
        Value::Decimal(_) => match to_serde(value) {
            serde_json::Value::Number(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Node<'a, Ours> for &'a Value {
    type Object = &'a Map;
    type Array = &'a [Value];
    type Number = serde_json::Number;

    fn as_object(&self) -> Option<&'a Map> {
        Value::as_object(self).map(|map| &**map)
    }

    fn as_array(&self) -> Option<&'a [Value]> {
        Value::as_array(self).map(|items| items.as_slice())
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        Value::as_str(self).map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<serde_json::Number> {
        number(self)
    }

    fn as_boolean(&self) -> Option<bool> {
        Value::as_bool(self)
    }

    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    fn json_type(&self) -> JsonType {
        match self {
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Float(number) if !number.is_finite() => JsonType::Null,
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) => JsonType::Number,
            Value::String(_) => JsonType::String,
            Value::Array(_) => JsonType::Array,
            Value::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        match (self, expected) {
            (Value::String(text), serde_json::Value::String(expected)) => **text == **expected,
            (Value::Array(items), serde_json::Value::Array(expected)) => {
                items.len() == expected.len()
                    && items
                        .iter()
                        .zip(expected)
                        .all(|(item, expected)| item.equals_value(expected))
            }
            (Value::Object(map), serde_json::Value::Object(expected)) => {
                map.len() == expected.len()
                    && expected.iter().all(|(key, expected)| {
                        map.get(key.as_str())
                            .is_some_and(|item| item.equals_value(expected))
                    })
            }
            (Value::String(_) | Value::Array(_) | Value::Object(_), _) => false,
            (scalar, expected) => jsonschema::json::cmp::equal(&to_serde(scalar), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        Cow::Owned(to_serde(self))
    }

    /// Parts that are shared have one place, and one answer.
    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Value>(self).addr()))
    }
}

pub(super) struct Members<'a>(indexmap::map::Iter<'a, Text, Value>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (&**key, value))
    }
}

impl<'a> Object<'a, Ours> for &'a Map {
    type Node = &'a Value;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        Map::len(self)
    }

    fn get(&self, key: &Text) -> Option<&'a Value> {
        Map::get(self, key)
    }

    fn members(&self) -> Members<'a> {
        Members(self.iter())
    }
}

impl<'a> Array<'a, Ours> for &'a [Value] {
    type Node = &'a Value;
    type ElementsIter = std::slice::Iter<'a, Value>;

    fn len(&self) -> usize {
        <[Value]>::len(self)
    }

    fn elements(&self) -> std::slice::Iter<'a, Value> {
        self.iter()
    }
}
