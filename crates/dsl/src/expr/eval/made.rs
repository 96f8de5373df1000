//! Terms whose results are made, not found: every combination of their parts, and none has a path.

use super::{Env, Flow, Item, Machine, Out, throw};
use crate::expr::term::{Kind, Piece, Term};
use crate::expr::{arith, format};
use crate::value::{Map, Value};

impl<'p> Machine<'p> {
    /// Terms whose result is made, not found: it has no path.
    #[inline(never)]
    pub(super) fn eval_computed(
        &self,
        term: &'p Term,
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        if term.is_single {
            let value = self.value(term, &env, item.value.clone())?;
            return out(item.computed(value));
        }
        let input = &item.value;
        match &term.kind {
            Kind::Negate(inner) => {
                self.eval(inner, env, Item::plain(input.clone()), &mut |value| {
                    out(item.computed(arith::negate(value.value)?))
                })
            }
            Kind::Math(op, left, right) => {
                self.eval_pair(left, right, &env, input, &mut |left, right| {
                    out(item.computed(arith::math(&self.meter, *op, left, right)?))
                })
            }
            Kind::Compare(op, left, right) => {
                self.eval_pair(left, right, &env, input, &mut |left, right| {
                    out(item.computed(arith::compare(&self.meter, *op, &left, &right)?))
                })
            }
            Kind::And(left, right) | Kind::Or(left, right) => {
                let stops_at = matches!(term.kind, Kind::Or(..));
                self.eval(left, env.clone(), Item::plain(input.clone()), &mut |left| {
                    if left.value.is_true() == stops_at {
                        return out(item.computed(Value::Bool(stops_at)));
                    }
                    self.eval(
                        right,
                        env.clone(),
                        Item::plain(input.clone()),
                        &mut |right| out(item.computed(Value::Bool(right.value.is_true()))),
                    )
                })
            }
            Kind::Object(entries) => self.eval_object(
                entries,
                &env,
                input,
                &Map::with_capacity(entries.len()),
                &mut |value| out(item.computed(value)),
            ),
            Kind::Format(format, pieces) => {
                // jq's order: the last insertion varies slowest.
                self.eval_format(*format, pieces, &env, input, &mut Vec::new(), &mut |text| {
                    out(item.computed(text))
                })
            }
            Kind::Native(native, args) => {
                self.eval_native(native, args, &env, input, &mut Vec::new(), &mut |value| {
                    out(item.computed(value))
                })
            }
            Kind::Assign(op, target, value) => self.eval(
                value,
                env.clone(),
                Item::plain(input.clone()),
                &mut |value| {
                    out(item.computed(self.assign(
                        *op,
                        target,
                        &env,
                        input.clone(),
                        value.value,
                    )?))
                },
            ),
            _ => unreachable!("every other term is handled before or has one result"),
        }
    }

    /// Every combination, the right side varying slowest, as in jq.
    fn eval_pair(
        &self,
        left: &'p Term,
        right: &'p Term,
        env: &Env<'p>,
        input: &Value,
        out: &mut dyn FnMut(Value, Value) -> Flow,
    ) -> Flow {
        self.eval(
            right,
            env.clone(),
            Item::plain(input.clone()),
            &mut |right| {
                self.eval(left, env.clone(), Item::plain(input.clone()), &mut |left| {
                    out(left.value, right.value.clone())
                })
            },
        )
    }

    fn eval_object(
        &self,
        entries: &'p [(Term, Term)],
        env: &Env<'p>,
        input: &Value,
        built: &Map,
        out: &mut dyn FnMut(Value) -> Flow,
    ) -> Flow {
        let Some(((key, value), rest)) = entries.split_first() else {
            return out(self
                .meter
                .nested(Value::Object(std::sync::Arc::new(built.clone())))?);
        };
        self.eval(key, env.clone(), Item::plain(input.clone()), &mut |key| {
            let Value::String(key) = key.value else {
                return throw(format!(
                    "Object keys must be strings, not {}",
                    arith::shown(&key.value)
                ));
            };
            self.eval(
                value,
                env.clone(),
                Item::plain(input.clone()),
                &mut |value| {
                    self.meter.object(entries.len() + built.len())?;
                    let mut built = built.clone();
                    built.insert(key.clone(), value.value);
                    self.eval_object(rest, env, input, &built, out)
                },
            )
        })
    }

    fn eval_format(
        &self,
        format: Option<format::Format>,
        pieces: &'p [Piece],
        env: &Env<'p>,
        input: &Value,
        after: &mut Vec<String>,
        out: &mut dyn FnMut(Value) -> Flow,
    ) -> Flow {
        let Some((piece, before)) = pieces.split_last() else {
            let bytes = after.iter().map(String::len).sum();
            self.meter.text(bytes)?;
            let text: String = after.iter().rev().map(String::as_str).collect();
            return out(Value::String(text.into()));
        };
        match piece {
            Piece::Text(text) => {
                after.push(text.to_string());
                let flow = self.eval_format(format, before, env, input, after, out);
                after.pop();
                flow
            }
            Piece::Term(term) => self.eval(
                term,
                env.clone(),
                Item::plain(input.clone()),
                &mut |value| {
                    let mut text = String::new();
                    format::insert(&self.meter, format, &value.value, &mut text)?;
                    after.push(text);
                    let flow = self.eval_format(format, before, env, input, after, out);
                    after.pop();
                    flow
                },
            ),
        }
    }

    /// A function of values: every combination of its arguments, the last varying slowest.
    fn eval_native(
        &self,
        native: &'static crate::expr::native::Native,
        args: &'p [Term],
        env: &Env<'p>,
        input: &Value,
        after: &mut Vec<Value>,
        out: &mut dyn FnMut(Value) -> Flow,
    ) -> Flow {
        let Some((last, before)) = args.split_last() else {
            let args: Vec<Value> = after.iter().rev().cloned().collect();
            return out((native.run)(&self.meter, input.clone(), &args)?);
        };
        self.eval(
            last,
            env.clone(),
            Item::plain(input.clone()),
            &mut |value| {
                after.push(value.value);
                let flow = self.eval_native(native, before, env, input, after, out);
                after.pop();
                flow
            },
        )
    }
}
