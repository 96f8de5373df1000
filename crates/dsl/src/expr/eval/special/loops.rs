//! Functions that go round: over numbers, levels and streams, until something holds.

use super::{Env, Flow, Item, Machine, Out, Stop, Track, throw};
use crate::expr::arith;
use crate::expr::term::{MathOp, Term};
use crate::value::Value;

impl<'p> Machine<'p> {
    /// `any` and `all`: over `.[]` with one argument, over a stream with two.
    pub(super) fn quantify(
        &self,
        args: &'p [Term],
        env: &Env<'p>,
        input: Value,
        wanted: bool,
    ) -> Result<Value, Stop> {
        let label = self.meter.new_label();
        let (stream, condition) = match args {
            [condition] => (None, condition),
            [stream, condition, ..] => (Some(stream), condition),
            [] => unreachable!("called with one or two arguments"),
        };
        let check = &mut |item: Item| {
            self.eval(
                condition,
                env.clone(),
                Item::plain(item.value),
                &mut |holds| {
                    if holds.value.is_true() == wanted {
                        Err(Stop::Break(label))
                    } else {
                        Ok(())
                    }
                },
            )
        };
        let flow = match stream {
            Some(stream) => self.eval(stream, env.clone(), Item::plain(input), check),
            None => self.iterate(Item::plain(input), check),
        };
        match flow {
            Ok(()) => Ok(Value::Bool(!wanted)),
            Err(Stop::Break(to)) if to == label => Ok(Value::Bool(wanted)),
            Err(stop) => Err(stop),
        }
    }

    /// `..`, with paths when asked.
    pub(super) fn descend(&self, item: Item, out: &mut Out<'_>) -> Flow {
        self.meter.tick()?;
        out(item.clone())?;
        if matches!(item.value, Value::Array(_) | Value::Object(_)) {
            self.iterate(item, &mut |child| self.descend(child, out))?;
        }
        Ok(())
    }

    /// `recurse(step)`, on the heap: the depth of the tree is not the depth of the stack.
    pub(super) fn recurse(
        &self,
        step: &'p Term,
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let mut waiting = vec![Ok(item)];
        while let Some(next) = waiting.pop() {
            let item: Item = next?;
            out(item.clone())?;
            let start = waiting.len();
            let flow = self.eval(step, env.clone(), item, &mut |child| {
                self.meter.items(3)?;
                waiting.push(Ok(child));
                Ok(())
            });
            match flow {
                Ok(()) => {}
                // An error comes when its turn comes, after the results before it.
                Err(stop @ Stop::Throw(_)) => waiting.push(Err(stop)),
                Err(stop) => return Err(stop),
            }
            waiting[start..].reverse();
        }
        Ok(())
    }

    pub(super) fn range(
        &self,
        args: &'p [Term],
        env: &Env<'p>,
        item: &Item,
        bounds: &mut Vec<Value>,
        out: &mut Out<'_>,
    ) -> Flow {
        if let Some((first, rest)) = args.split_first() {
            return self.eval(
                first,
                env.clone(),
                Item::plain(item.value.clone()),
                &mut |bound| {
                    bounds.push(bound.value);
                    let flow = self.range(rest, env, item, bounds, out);
                    bounds.pop();
                    flow
                },
            );
        }
        let (from, upto, by) = match bounds.as_slice() {
            [upto] => (Value::Int(0), upto.clone(), Value::Int(1)),
            [from, upto] => (from.clone(), upto.clone(), Value::Int(1)),
            [from, upto, by] => (from.clone(), upto.clone(), by.clone()),
            _ => unreachable!("range takes one to three arguments"),
        };
        if !(arith::is_number(&from) && arith::is_number(&upto) && arith::is_number(&by)) {
            return throw("Range bounds must be numeric");
        }
        let direction = self.meter.compare(&by, &Value::Int(0))?;
        let mut at = from;
        // Not a number compares as less, and would never end by itself.
        while !direction.is_eq() && self.meter.compare(&at, &upto)? == direction.reverse() {
            self.meter.tick()?;
            let next = arith::math(&self.meter, MathOp::Add, at.clone(), by.clone())?;
            out(item.computed(at))?;
            at = next;
        }
        Ok(())
    }

    pub(super) fn limit(
        &self,
        count: f64,
        term: &'p Term,
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        if count == 0.0 {
            return Ok(());
        }
        if count < 0.0 {
            return self.eval(term, env, item, out);
        }
        let label = self.meter.new_label();
        let mut left = count;
        let flow = self.eval(term, env, item, &mut |found| {
            left -= 1.0;
            out(found)?;
            if left > 0.0 {
                Ok(())
            } else {
                Err(Stop::Break(label))
            }
        });
        until_break(flow, label)
    }

    pub(super) fn until(
        &self,
        condition: &'p Term,
        update: &'p Term,
        env: &Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let mut item = item;
        while !self.value(condition, env, item.value.clone())?.is_true() {
            item = self.one(update, env, item)?;
        }
        out(item)
    }

    pub(super) fn while_(
        &self,
        condition: &'p Term,
        update: &'p Term,
        env: &Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let mut item = item;
        while self.value(condition, env, item.value.clone())?.is_true() {
            out(item.clone())?;
            item = self.one(update, env, item)?;
        }
        Ok(())
    }

    /// The one result of a term that has one, with its path.
    fn one(&self, term: &'p Term, env: &Env<'p>, item: Item) -> Result<Item, Stop> {
        if matches!(item.track, Track::Off) {
            return Ok(Item::plain(self.settled(term, env, item.value)?));
        }
        let mut found = None;
        self.eval(term, env.clone(), item, &mut |item| {
            found = Some(item);
            Ok(())
        })?;
        Ok(found.expect("the parser counted one result"))
    }
}

pub(super) fn until_break(flow: Flow, label: u64) -> Flow {
    match flow {
        Err(Stop::Break(to)) if to == label => Ok(()),
        flow => flow,
    }
}
