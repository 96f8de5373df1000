//! Terms with exactly one result, computed by plain recursion.

use super::{Env, Flow, Item, Machine, Out, Slot, Stop, throw};
use crate::expr::term::{AssignOp, Kind, Piece, Term};
use crate::expr::{arith, format, path};
use crate::value::{Map, Value};

impl<'p> Machine<'p> {
    /// The one result of a term that has one.
    pub fn value(&self, term: &'p Term, env: &Env<'p>, input: Value) -> Result<Value, Stop> {
        self.meter.tick()?;
        match &term.kind {
            Kind::Identity => Ok(input),
            Kind::Const(value) => Ok(value.clone()),
            Kind::Global(index) => Ok(self.globals[*index].clone()),
            Kind::Local(skip) => match env.slot(*skip) {
                Slot::Value(value) => Ok(value.clone()),
                Slot::Closure(..) | Slot::Label(_) => {
                    unreachable!("the parser resolved the name to a variable")
                }
            },
            Kind::Index(base, key) => {
                if let Kind::Const(key) = &key.kind {
                    return path::index(&self.meter, self.value(base, env, input)?, key);
                }
                let key = self.value(key, env, input.clone())?;
                path::index(&self.meter, self.value(base, env, input)?, &key)
            }
            Kind::Pipe(stages) => {
                let mut value = input;
                for stage in stages {
                    value = self.value(stage, env, value)?;
                }
                Ok(value)
            }
            Kind::If(condition, then, otherwise) => {
                let holds = self.value(condition, env, input.clone())?.is_true();
                self.value(if holds { then } else { otherwise }, env, input)
            }
            Kind::Math(op, left, right) => {
                let right = self.value(right, env, input.clone())?;
                let left = self.value(left, env, input)?;
                arith::math(&self.meter, *op, left, right)
            }
            Kind::Compare(op, left, right) => {
                let right = self.value(right, env, input.clone())?;
                let left = self.value(left, env, input)?;
                arith::compare(&self.meter, *op, &left, &right)
            }
            Kind::And(left, right) => Ok(Value::Bool(
                self.value(left, env, input.clone())?.is_true()
                    && self.value(right, env, input)?.is_true(),
            )),
            Kind::Or(left, right) => Ok(Value::Bool(
                self.value(left, env, input.clone())?.is_true()
                    || self.value(right, env, input)?.is_true(),
            )),
            Kind::Alternative(left, right) => {
                let found = self.value(left, env, input.clone())?;
                if found.is_true() {
                    Ok(found)
                } else {
                    self.value(right, env, input)
                }
            }
            _ => self.value_other(term, env, input),
        }
    }

    /// [`Self::value`], and memory given back for all that is gone with it: only the result is left.
    pub fn settled(&self, term: &'p Term, env: &Env<'p>, input: Value) -> Result<Value, Stop> {
        let before = self.meter.bytes_left();
        let value = self.value(term, env, input)?;
        self.meter.settle(before, &value)?;
        Ok(value)
    }

    #[inline(never)]
    fn value_other(&self, term: &'p Term, env: &Env<'p>, input: Value) -> Result<Value, Stop> {
        match &term.kind {
            Kind::Array(None) => Ok(Value::array(Vec::new())),
            Kind::Array(Some(inner)) => {
                let items = self.collect(inner, env, input)?;
                self.meter.nested(Value::array(items))
            }
            Kind::Object(entries) => {
                self.meter.object(entries.len())?;
                let mut built = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = match self.value(key, env, input.clone())? {
                        Value::String(key) => key,
                        other => {
                            return throw(format!(
                                "Object keys must be strings, not {}",
                                arith::shown(&other)
                            ));
                        }
                    };
                    self.meter.reading(&key)?;
                    built.insert(key, self.value(value, env, input.clone())?);
                }
                self.meter.nested(Value::Object(std::sync::Arc::new(built)))
            }
            Kind::Format(format, pieces) => {
                // From the last to the first, as jq evaluates them: so do the errors come.
                let mut texts = Vec::with_capacity(pieces.len());
                for piece in pieces.iter().rev() {
                    let mut text = String::new();
                    match piece {
                        Piece::Text(plain) => text.push_str(plain),
                        Piece::Term(term) => {
                            let value = self.value(term, env, input.clone())?;
                            format::insert(&self.meter, *format, &value, &mut text)?;
                        }
                    }
                    texts.push(text);
                }
                self.meter.text(texts.iter().map(String::len).sum())?;
                let text: String = texts.iter().rev().map(String::as_str).collect();
                Ok(Value::String(text.into()))
            }
            Kind::Negate(inner) => arith::negate(self.value(inner, env, input)?),
            Kind::Native(native, args) => match args.as_slice() {
                [] => (native.run)(&self.meter, input, &[]),
                [arg] => {
                    let arg = self.value(arg, env, input.clone())?;
                    (native.run)(&self.meter, input, std::slice::from_ref(&arg))
                }
                args => {
                    let mut values = vec![Value::Null; args.len()];
                    for (place, arg) in values.iter_mut().zip(args).rev() {
                        *place = self.value(arg, env, input.clone())?;
                    }
                    (native.run)(&self.meter, input, &values)
                }
            },
            Kind::Slice(base, from, upto) => {
                let bound = |term: Option<&'p Term>| {
                    term.map_or(Ok(Value::Null), |term| self.value(term, env, input.clone()))
                };
                let upto = bound(upto.as_deref())?;
                let from = bound(from.as_deref())?;
                path::slice(&self.meter, self.value(base, env, input)?, &from, &upto)
            }
            Kind::Assign(op, target, value) => {
                if *op == AssignOp::Update {
                    return self.update(target, value, env, input);
                }
                let value = self.value(value, env, input.clone())?;
                self.assign(*op, target, env, input, value)
            }
            Kind::Try(body, Some(handler)) => match self.value(body, env, input) {
                Err(Stop::Throw(error)) => self.value(handler, env, error),
                found => found,
            },
            Kind::Special(special, args) => self.value_special(*special, args, env, input),
            // The rest is written once, for streams.
            _ => {
                let mut found = None;
                self.eval_stream(term, env, input, &mut |item| {
                    found = Some(item.value);
                    Ok(())
                })?;
                Ok(found.expect("the parser counted one result"))
            }
        }
    }

    /// `eval` for terms that `value` does not know itself.
    fn eval_stream(&self, term: &'p Term, env: &Env<'p>, input: Value, out: &mut Out<'_>) -> Flow {
        let item = Item::plain(input);
        match &term.kind {
            Kind::Call {
                function,
                skip,
                args,
            } => {
                let function = self.function(*function);
                let env =
                    self.bind_args(function, args, env, env.back(*skip).clone(), &item.value)?;
                self.eval(&function.body, env, item, out)
            }
            Kind::Bind(source, _, body) => {
                let value = self.value(source, env, item.value.clone())?;
                self.eval(body, env.clone().with(Slot::Value(value))?, item, out)
            }
            _ => self.eval_other(term, env.clone(), item, out),
        }
    }

    /// All results in a list.
    pub fn collect(&self, term: &'p Term, env: &Env<'p>, input: Value) -> Result<Vec<Value>, Stop> {
        let mut items = Vec::new();
        self.eval(term, env.clone(), Item::plain(input), &mut |item| {
            self.meter.items(1)?;
            items.push(item.value);
            Ok(())
        })?;
        self.meter.list(&items)?;
        Ok(items)
    }
}
