//! Functions over filters, streams and paths.

mod loops;
mod order;
mod substitute;
mod whole;

use loops::until_break;

use super::update::path_of;
use super::{Env, Flow, Item, Machine, Out, Stop, Track, throw};
use crate::expr::term::{Special, Term};
use crate::expr::{arith, path};
use crate::value::Value;

impl<'p> Machine<'p> {
    #[inline(never)]
    pub(super) fn eval_special(
        &self,
        special: Special,
        args: &'p [Term],
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        match special {
            Special::Empty => Ok(()),
            Special::Error => match args {
                [] => Err(Stop::Throw(item.value)),
                [message, ..] => self.eval(message, env, Item::plain(item.value), &mut |message| {
                    Err(Stop::Throw(message.value))
                }),
            },
            Special::Path => {
                let start = Item {
                    value: item.value.clone(),
                    track: Track::At(Vec::new()),
                };
                self.eval(&args[0], env, start, &mut |found| {
                    let path = path_of(found)?;
                    self.meter.path(&path)?;
                    out(item.computed(self.meter.nested(Value::array(path))?))
                })
            }
            Special::Paths => {
                let start = Item {
                    value: item.value.clone(),
                    track: Track::At(Vec::new()),
                };
                self.descend(start, &mut |found| {
                    let path = path_of(found)?;
                    if path.is_empty() {
                        return Ok(());
                    }
                    self.meter.path(&path)?;
                    out(item.computed(self.meter.nested(Value::array(path))?))
                })
            }
            Special::GetPath => self.eval(
                &args[0],
                env,
                Item::plain(item.value.clone()),
                &mut |path| {
                    let Value::Array(path) = path.value else {
                        return throw("Path must be specified as an array");
                    };
                    let mut found = item.clone();
                    for key in path.iter() {
                        found = self.index(found, key)?;
                    }
                    out(found)
                },
            ),
            // As jq 1.6 does it: the same input every time.
            Special::Repeat => loop {
                self.meter.tick()?;
                self.eval(&args[0], env.clone(), item.clone(), out)?;
            },
            Special::Recurse => match args {
                [] => self.descend(item, out),
                [step, ..] => self.recurse(step, env, item, out),
            },
            Special::Range => self.range(args, &env, &item, &mut Vec::new(), out),
            Special::First => {
                let label = self.meter.new_label();
                let flow = self.eval(&args[0], env, item, &mut |found| {
                    out(found)?;
                    Err(Stop::Break(label))
                });
                until_break(flow, label)
            }
            Special::Last => {
                let mut last = None;
                self.eval(&args[0], env, item, &mut |found| {
                    last = Some(found);
                    Ok(())
                })?;
                last.map_or(Ok(()), out)
            }
            Special::Limit => self.eval(
                &args[0],
                env.clone(),
                Item::plain(item.value.clone()),
                &mut |count| {
                    self.limit(
                        count_of(&count.value)?,
                        &args[1],
                        env.clone(),
                        item.clone(),
                        out,
                    )
                },
            ),
            Special::Skip => self.eval(
                &args[0],
                env.clone(),
                Item::plain(item.value.clone()),
                &mut |count| {
                    let mut left = count_of(&count.value)?;
                    self.eval(&args[1], env.clone(), item.clone(), &mut |found| {
                        if left > 0.0 {
                            left -= 1.0;
                            return Ok(());
                        }
                        out(found)
                    })
                },
            ),
            Special::Until => self.until(&args[0], &args[1], &env, item, out),
            Special::While => self.while_(&args[0], &args[1], &env, item, out),
            Special::Substitute => self.substitute(args, &env, &item, out),
            Special::ToStream => {
                let mut path = Vec::new();
                self.stream(&item.value, &mut path, &mut |event| {
                    out(item.computed(event))
                })
            }
            Special::Delete
            | Special::IsEmpty
            | Special::Any
            | Special::All
            | Special::Add
            | Special::SortBy
            | Special::GroupBy
            | Special::UniqueBy
            | Special::MinBy
            | Special::MaxBy => {
                let value = self.value_special(special, args, &env, item.value.clone())?;
                out(item.computed(value))
            }
            Special::Walk => self.walk(&args[0], &env, item.value.clone(), &mut |value| {
                out(item.computed(value))
            }),
        }
    }

    pub(super) fn value_special(
        &self,
        special: Special,
        args: &'p [Term],
        env: &Env<'p>,
        input: Value,
    ) -> Result<Value, Stop> {
        match special {
            Special::Delete => {
                let paths = self.paths(&args[0], env, &input)?;
                path::delete(
                    &self.meter,
                    input,
                    paths.into_iter().map(Value::array).collect(),
                )
            }
            Special::IsEmpty => Ok(Value::Bool(self.first(&args[0], env, input)?.is_none())),
            Special::Any => self.quantify(args, env, input, true),
            Special::All => self.quantify(args, env, input, false),
            Special::Add => {
                let mut sum = arith::Sum::default();
                self.eval(&args[0], env.clone(), Item::plain(input), &mut |item| {
                    sum.add(&self.meter, item.value)
                })?;
                Ok(sum.finish())
            }
            Special::SortBy
            | Special::GroupBy
            | Special::UniqueBy
            | Special::MinBy
            | Special::MaxBy => self.ordered(special, &args[0], env, input),
            Special::Error => match args {
                [message, ..] => Err(Stop::Throw(self.value(message, env, input)?)),
                [] => Err(Stop::Throw(input)),
            },
            _ => {
                let mut found = None;
                self.eval_special(
                    special,
                    args,
                    env.clone(),
                    Item::plain(input),
                    &mut |item| {
                        found = Some(item.value);
                        Ok(())
                    },
                )?;
                Ok(found.expect("the parser counted one result"))
            }
        }
    }
}

fn count_of(value: &Value) -> Result<f64, Stop> {
    match value {
        value if arith::is_number(value) => Ok(value.as_f64().unwrap_or(0.0)),
        _ => throw(format!(
            "{} is not a number of results",
            arith::shown(value)
        )),
    }
}
