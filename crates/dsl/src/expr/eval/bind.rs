//! Arguments, variables and patterns.

use super::{Env, Flow, Item, Machine, Out, Slot, Stop};
use crate::expr::path;
use crate::expr::term::{Function, Kind, Pattern, Shape, Term};
use crate::value::Value;

impl<'p> Machine<'p> {
    /// The environment of a call whose value arguments have one result each.
    pub(super) fn bind_args(
        &self,
        function: &'p Function,
        args: &'p [Term],
        env: &Env<'p>,
        inner: Env<'p>,
        input: &Value,
    ) -> Result<Env<'p>, Stop> {
        let mut inner = inner;
        for (arg, is_value) in args.iter().zip(&function.params) {
            let slot = if *is_value {
                Slot::Value(self.value(arg, env, input.clone())?)
            } else {
                closure(arg, env)
            };
            inner = inner.with(slot)?;
        }
        Ok(inner)
    }

    /// A call for every combination of the value arguments' results, the first varying slowest.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step of a recursion over the arguments"
    )]
    pub(super) fn call_with_streams(
        &self,
        function: &'p Function,
        args: &'p [Term],
        env: &Env<'p>,
        inner: Env<'p>,
        bound: usize,
        item: &Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let Some(arg) = args.get(bound) else {
            return self.eval(&function.body, inner, item.clone(), out);
        };
        if !function.params[bound] {
            let inner = inner.with(closure(arg, env))?;
            return self.call_with_streams(function, args, env, inner, bound + 1, item, out);
        }
        self.eval(
            arg,
            env.clone(),
            Item::plain(item.value.clone()),
            &mut |value| {
                let inner = inner.clone().with(Slot::Value(value.value))?;
                self.call_with_streams(function, args, env, inner, bound + 1, item, out)
            },
        )
    }

    #[inline(never)]
    pub(super) fn eval_bind(
        &self,
        source: &'p Term,
        patterns: &'p [Pattern],
        body: &'p Term,
        env: &Env<'p>,
        item: &Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let bind = |out: &mut Out<'_>| {
            self.eval(
                source,
                env.clone(),
                Item::plain(item.value.clone()),
                &mut |value| {
                    self.destructure(patterns, env, &value.value, &mut |inner| {
                        self.eval(body, inner, item.clone(), out)
                    })
                },
            )
        };
        // With alternatives, an error in the body tries the next one; errors of the listener must not.
        if patterns.len() > 1 {
            self.shielded(bind, out)
        } else {
            bind(out)
        }
    }

    /// The environments that `value` gives when taken apart.
    pub(super) fn destructure(
        &self,
        patterns: &'p [Pattern],
        env: &Env<'p>,
        value: &Value,
        out: &mut dyn FnMut(Env<'p>) -> Flow,
    ) -> Flow {
        let (last, before) = patterns
            .split_last()
            .expect("the parser reads at least one pattern");
        for pattern in before {
            match self.destructure_one(pattern, env, value, out) {
                Err(Stop::Throw(_)) => {}
                flow => return flow,
            }
        }
        self.destructure_one(last, env, value, out)
    }

    fn destructure_one(
        &self,
        pattern: &'p Pattern,
        env: &Env<'p>,
        value: &Value,
        out: &mut dyn FnMut(Env<'p>) -> Flow,
    ) -> Flow {
        let slots = vec![Value::Null; pattern.slots];
        self.fill(&pattern.shape, env, value, slots, &mut |slots| {
            let mut inner = env.clone();
            for value in slots {
                inner = inner.with(Slot::Value(value))?;
            }
            out(inner)
        })
    }

    fn fill(
        &self,
        shape: &'p Shape,
        env: &Env<'p>,
        value: &Value,
        mut slots: Vec<Value>,
        out: &mut dyn FnMut(Vec<Value>) -> Flow,
    ) -> Flow {
        self.meter.tick()?;
        match shape {
            Shape::Variable(slot) => {
                slots[*slot] = value.clone();
                out(slots)
            }
            Shape::Array(shapes) => self.fill_array(shapes, 0, env, value, slots, out),
            Shape::Object(entries) => self.fill_object(entries, env, value, slots, out),
        }
    }

    fn fill_array(
        &self,
        shapes: &'p [Shape],
        at: usize,
        env: &Env<'p>,
        value: &Value,
        slots: Vec<Value>,
        out: &mut dyn FnMut(Vec<Value>) -> Flow,
    ) -> Flow {
        let Some(shape) = shapes.get(at) else {
            return out(slots);
        };
        let item = path::index(&self.meter, value.clone(), &Value::Int(at as i64))?;
        self.fill(shape, env, &item, slots, &mut |slots| {
            self.fill_array(shapes, at + 1, env, value, slots, out)
        })
    }

    fn fill_object(
        &self,
        entries: &'p [(Term, Option<usize>, Option<Shape>)],
        env: &Env<'p>,
        value: &Value,
        slots: Vec<Value>,
        out: &mut dyn FnMut(Vec<Value>) -> Flow,
    ) -> Flow {
        let Some(((key, variable, inside), rest)) = entries.split_first() else {
            return out(slots);
        };
        self.eval(key, env.clone(), Item::plain(value.clone()), &mut |key| {
            if !matches!(key.value, Value::String(_)) {
                let shown = crate::expr::arith::shown(&key.value);
                return super::throw(format!("Cannot index {} with {shown}", value.type_name()));
            }
            let item = path::index(&self.meter, value.clone(), &key.value)?;
            let mut slots = slots.clone();
            if let Some(variable) = variable {
                slots[*variable] = item.clone();
            }
            match inside {
                Some(shape) => self.fill(shape, env, &item, slots, &mut |slots| {
                    self.fill_object(rest, env, value, slots, out)
                }),
                None => self.fill_object(rest, env, value, slots, out),
            }
        })
    }
}

/// An argument as a filter. One that only hands on the caller's own argument adds no link.
fn closure<'p>(arg: &'p Term, env: &Env<'p>) -> Slot<'p> {
    if let Kind::Closure(skip) = &arg.kind
        && let Slot::Closure(body, env) = env.slot(*skip)
    {
        return Slot::Closure(body, env.clone());
    }
    Slot::Closure(arg, env.clone())
}
