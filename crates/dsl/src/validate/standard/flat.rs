//! A definition with all its tasks side by side.

use std::sync::Arc;

use crate::value::{Map, Text, Value};
use crate::yaml::pointer_push;

/// The ways from a task, from the document, or from an extension to the task lists inside it.
const LISTS: [&[&str]; 8] = [
    &["do"],
    &["try"],
    &["catch", "do"],
    &["fork", "branches"],
    &["foreach", "do"],
    &["with", "subscription", "foreach", "do"],
    &["before"],
    &["after"],
];

type Lists = Vec<(String, Arc<Vec<Value>>)>;

/// The definition as one list of tasks whose own lists are empty.
pub struct Flat {
    pub document: Value,
    /// Where each entry of the flat `do` really stands.
    pointers: Vec<String>,
}

impl Flat {
    pub fn new(root: &Value) -> Self {
        let mut lists = Vec::new();
        let document = empty_uses(&empty_lists(root, "", &mut lists), &mut lists);
        let mut entries = Vec::new();
        let mut pointers = Vec::new();
        while let Some((pointer, list)) = lists.pop() {
            for (index, item) in list.iter().enumerate() {
                let item_pointer = format!("{pointer}/{index}");
                let single = item.as_object().filter(|map| map.len() == 1);
                match single.and_then(|map| map.first()) {
                    Some((name, task)) => {
                        let pointer = pointer_push(&item_pointer, name);
                        let task = empty_lists(task, &pointer, &mut lists);
                        entries.push(Value::object::<Text>([(name.clone(), task)]));
                        pointers.push(pointer);
                    }
                    None => {
                        entries.push(item.clone());
                        pointers.push(item_pointer);
                    }
                }
            }
        }
        // A `do` that is no list stays to be refused.
        let document = match root.get("do") {
            Some(Value::Array(_)) => with_key(&document, "do", Value::array(entries)),
            _ => document,
        };
        Self { document, pointers }
    }

    /// The pointer into the real document for one into the flat one, such as `/do/17/name/rest`.
    pub fn pointer(&self, flat: &str) -> String {
        let found = flat.strip_prefix("/do/").and_then(|rest| {
            let (index, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let pointer = self.pointers.get(index.parse::<usize>().ok()?)?;
            let inner = rest
                .split_once('/')
                .map_or(String::new(), |(_, inner)| format!("/{inner}"));
            Some(format!("{pointer}{inner}"))
        });
        found.unwrap_or_else(|| flat.to_owned())
    }
}

/// Functions and extensions hold lists too.
fn empty_uses(document: &Value, lists: &mut Lists) -> Value {
    let Some(uses) = document.get("use") else {
        return document.clone();
    };
    let mut uses = uses.clone();
    if let Some(functions) = uses.get("functions").and_then(Value::as_object) {
        let emptied: Vec<_> = functions
            .iter()
            .map(|(name, task)| {
                (
                    name.clone(),
                    empty_lists(task, &pointer_push("/use/functions", name), lists),
                )
            })
            .collect();
        uses = with_key(&uses, "functions", Value::object(emptied));
    }
    if let Some(extensions) = uses.get("extensions").and_then(Value::as_array) {
        let emptied = extensions.iter().enumerate().map(|(index, item)| {
            let Some((name, inner)) = item.as_object().and_then(|map| map.first()) else {
                return item.clone();
            };
            let pointer = pointer_push(&format!("/use/extensions/{index}"), name);
            with_key(item, name, empty_lists(inner, &pointer, lists))
        });
        uses = with_key(&uses, "extensions", Value::array(emptied.collect()));
    }
    with_key(document, "use", uses)
}

fn empty_lists(value: &Value, pointer: &str, lists: &mut Lists) -> Value {
    LISTS.iter().fold(value.clone(), |value, way| {
        empty_list(&value, way, pointer, lists)
    })
}

fn empty_list(value: &Value, way: &[&str], pointer: &str, lists: &mut Lists) -> Value {
    let [key, rest @ ..] = way else {
        let Some(list) = value.as_array() else {
            return value.clone();
        };
        lists.push((pointer.to_owned(), list.clone()));
        return Value::array(Vec::new());
    };
    match value.get(key) {
        None => value.clone(),
        Some(inner) => with_key(
            value,
            key,
            empty_list(inner, rest, &format!("{pointer}/{key}"), lists),
        ),
    }
}

fn with_key(value: &Value, key: &str, inner: Value) -> Value {
    let Some(map) = value.as_object() else {
        return value.clone();
    };
    let mut map = Map::clone(map);
    if let Some(slot) = map.get_mut(key) {
        *slot = inner;
    }
    Value::Object(map.into())
}
