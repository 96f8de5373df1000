//! Functions over filters, streams and paths.

use super::update::path_of;
use super::{Env, Flow, Item, Machine, Out, Stop, Track, throw};
use crate::expr::term::{Special, Term};
use crate::expr::{arith, path, regex};
use crate::value::{Map, Value};

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
                    self.meter.items(path.len())?;
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
                    self.meter.items(path.len())?;
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
                let mut sum = Value::Null;
                self.eval(&args[0], env.clone(), Item::plain(input), &mut |item| {
                    sum = arith::math(
                        &self.meter,
                        crate::expr::term::MathOp::Add,
                        std::mem::take(&mut sum),
                        item.value,
                    )?;
                    Ok(())
                })?;
                Ok(sum)
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

    /// `any` and `all`: over `.[]` with one argument, over a stream with two.
    fn quantify(
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

    fn ordered(
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

    /// `..`, with paths when asked.
    fn descend(&self, item: Item, out: &mut Out<'_>) -> Flow {
        self.meter.tick()?;
        out(item.clone())?;
        if matches!(item.value, Value::Array(_) | Value::Object(_)) {
            self.iterate(item, &mut |child| self.descend(child, out))?;
        }
        Ok(())
    }

    /// `recurse(step)`, on the heap: the depth of the tree is not the depth of the stack.
    fn recurse(&self, step: &'p Term, env: Env<'p>, item: Item, out: &mut Out<'_>) -> Flow {
        let mut waiting = vec![Ok(item)];
        while let Some(next) = waiting.pop() {
            let item: Item = next?;
            out(item.clone())?;
            let start = waiting.len();
            let flow = self.eval(step, env.clone(), item, &mut |child| {
                self.meter.items(1)?;
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

    fn range(
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
            let next = arith::math(
                &self.meter,
                crate::expr::term::MathOp::Add,
                at.clone(),
                by.clone(),
            )?;
            out(item.computed(at))?;
            at = next;
        }
        Ok(())
    }

    fn limit(
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

    fn until(
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

    fn while_(
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
            return Ok(Item::plain(self.value(term, env, item.value)?));
        }
        let mut found = None;
        self.eval(term, env.clone(), item, &mut |item| {
            found = Some(item);
            Ok(())
        })?;
        Ok(found.expect("the parser counted one result"))
    }

    /// `walk(f)`: inside first, then the whole.
    fn walk(
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
                self.meter.nested(Value::array(changed))?
            }
            Value::Object(map) => {
                self.meter.items(map.len().saturating_mul(3))?;
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

    /// `sub` and `gsub`: pattern, replacement, flags.
    fn substitute(&self, args: &'p [Term], env: &Env<'p>, item: &Item, out: &mut Out<'_>) -> Flow {
        let flags = |out: &mut dyn FnMut(Value) -> Flow| match args.get(2) {
            Some(flags) => self.eval(
                flags,
                env.clone(),
                Item::plain(item.value.clone()),
                &mut |flags| out(flags.value),
            ),
            None => out(Value::Null),
        };
        self.eval(
            &args[0],
            env.clone(),
            Item::plain(item.value.clone()),
            &mut |pattern| {
                flags(&mut |flags| {
                    let (text, matches) =
                        regex::matches(&self.meter, &item.value, &pattern.value, &flags)?;
                    let mut texts = vec![(String::new(), 0)];
                    for found in &matches {
                        let captures = regex::captures(&self.meter, found)?;
                        let replacements = self.collect(&args[1], env, captures)?;
                        texts = self.insert(&text, texts, &replacements, &found.range)?;
                    }
                    for (before, end) in texts {
                        let rest = &text[end..];
                        self.meter.text(before.len() + rest.len())?;
                        out(item.computed(Value::String(format!("{before}{rest}").into())))?;
                    }
                    Ok(())
                })
            },
        )
    }

    /// Continues each text up to `range`, then with each replacement.
    fn insert(
        &self,
        text: &str,
        texts: Vec<(String, usize)>,
        replacements: &[Value],
        range: &std::ops::Range<usize>,
    ) -> Result<Vec<(String, usize)>, Stop> {
        let mut grown = Vec::with_capacity(texts.len());
        for (mut before, end) in texts {
            let part = &text[end..range.start];
            for (index, replacement) in replacements.iter().enumerate() {
                let Value::String(replacement) = replacement else {
                    return throw(format!(
                        "{} cannot be added to a string",
                        arith::shown(replacement)
                    ));
                };
                self.meter.text(part.len() + replacement.len())?;
                // The last one takes the text over, so that a chain of single replacements copies nothing.
                let mut next = match index + 1 == replacements.len() {
                    true => std::mem::take(&mut before),
                    false => {
                        self.meter.text(before.len())?;
                        before.clone()
                    }
                };
                next.push_str(part);
                next.push_str(replacement);
                grown.push((next, range.end));
            }
        }
        Ok(grown)
    }

    fn stream(
        &self,
        value: &Value,
        path: &mut Vec<Value>,
        out: &mut dyn FnMut(Value) -> Flow,
    ) -> Flow {
        self.meter.tick()?;
        self.meter.items(path.len() + 2)?;
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

fn until_break(flow: Flow, label: u64) -> Flow {
    match flow {
        Err(Stop::Break(to)) if to == label => Ok(()),
        flow => flow,
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
