//! `walk` and `tostream`: every part of a value, from inside out.

use super::{Env, Flow, Item, Machine};
use crate::expr::path;
use crate::expr::term::Term;
use crate::value::{Map, Value};

impl<'p> Machine<'p> {
    /// `walk(f)`: inside first, then the whole.
    pub(super) fn walk(
        &self,
        change: &'p Term,
        env: &Env<'p>,
        value: Value,
        out: &mut dyn FnMut(Value) -> Flow,
    ) -> Flow {
        self.meter.tick()?;
        let value = match &value {
            Value::Array(items) => {
                let mut changed = Vec::with_capacity(items.len());
                for item in items.iter() {
                    self.walk(change, env, item.clone(), &mut |item| {
                        self.meter.items(1)?;
                        changed.push(item);
                        Ok(())
                    })?;
                }
                self.meter.list(&changed)?;
                self.meter.nested(Value::array(changed))?
            }
            Value::Object(map) => {
                self.meter.object(map.len())?;
                let mut changed = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let mut first = None;
                    self.walk(change, env, item.clone(), &mut |item| {
                        first.get_or_insert(item);
                        Ok(())
                    })?;
                    if let Some(item) = first {
                        changed.insert(key.clone(), item);
                    }
                }
                self.meter
                    .nested(Value::Object(std::sync::Arc::new(changed)))?
            }
            _ => value,
        };
        self.eval(change, env.clone(), Item::plain(value), &mut |item| {
            out(item.value)
        })
    }

    pub(super) fn stream(
        &self,
        value: &Value,
        path: &mut Vec<Value>,
        out: &mut dyn FnMut(Value) -> Flow,
    ) -> Flow {
        self.meter.tick()?;
        self.meter.path(path)?;
        let is_leaf = match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => true,
        };
        if is_leaf {
            return out(Value::array(vec![
                Value::array(path.clone()),
                value.clone(),
            ]));
        }
        let mut last = Value::Null;
        for (key, child) in path::entries(value)? {
            last = key.clone();
            path.push(key);
            self.stream(child, path, out)?;
            path.pop();
        }
        path.push(last);
        let closing = Value::array(vec![Value::array(path.clone())]);
        path.pop();
        out(closing)
    }
}
