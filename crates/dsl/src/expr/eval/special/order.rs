//! `sort_by` and its relatives: what a key decides.

use super::{Env, Machine, Stop, throw};
use crate::expr::arith;
use crate::expr::term::{Special, Term};
use crate::value::Value;

impl<'p> Machine<'p> {
    pub(super) fn ordered(
        &self,
        special: Special,
        key: &'p Term,
        env: &Env<'p>,
        input: Value,
    ) -> Result<Value, Stop> {
        let Value::Array(items) = &input else {
            let cannot = match special {
                Special::GroupBy => "cannot be grouped, as it is not an array",
                Special::MinBy | Special::MaxBy => "cannot be iterated over",
                _ => "cannot be sorted, as it is not an array",
            };
            return throw(format!("{} {cannot}", arith::shown(&input)));
        };
        self.meter.items(items.len().saturating_mul(3))?;
        let mut keyed = Vec::with_capacity(items.len());
        for item in items.iter() {
            let key = match key.is_single {
                true => self.value(key, env, item.clone())?,
                false => Value::array(self.collect(key, env, item.clone())?),
            };
            keyed.push((key, item.clone()));
        }
        match special {
            Special::MinBy | Special::MaxBy => {
                return self.extreme(keyed, special == Special::MaxBy);
            }
            _ => self.meter.sort(&mut keyed, |(key, _)| key)?,
        }
        if special == Special::SortBy {
            return Ok(Value::array(
                keyed.into_iter().map(|(_, item)| item).collect(),
            ));
        }
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for (key, item) in keyed {
            match groups.last_mut() {
                Some((last, group)) if self.meter.compare(last, &key)?.is_eq() => group.push(item),
                _ => groups.push((key, vec![item])),
            }
        }
        self.meter.items(groups.len().saturating_mul(2))?;
        let grouped = groups.into_iter().map(|(_, mut group)| match special {
            Special::UniqueBy => group.swap_remove(0),
            _ => Value::array(group),
        });
        self.meter.nested(Value::array(grouped.collect()))
    }

    /// The first least or the last greatest, as jq picks them.
    fn extreme(&self, keyed: Vec<(Value, Value)>, is_max: bool) -> Result<Value, Stop> {
        let mut best: Option<(Value, Value)> = None;
        for (key, item) in keyed {
            self.meter.tick()?;
            let is_better = match &best {
                None => true,
                Some((held, _)) => self.meter.compare(&key, held)?.is_ge() == is_max,
            };
            if is_better {
                best = Some((key, item));
            }
        }
        Ok(best.map(|(_, item)| item).unwrap_or_default())
    }
}
