//! The evaluator: a term and an input give results, one after the other, to whoever listens.
//!
//! Terms with exactly one result are computed by [`Machine::value`], a plain recursive function; all others hand their
//! results to a closure, so that nothing is kept but what the expression itself keeps. Calls in tail position loop.

mod bind;
mod special;
mod update;

use std::rc::Rc;

use super::meter::{Flow, Limit, Meter, Stop, throw};
use super::path::{self, slice_key};
use super::term::{Function, FunctionRef, Kind, Piece, Program, Skip, Term};
use super::{arith, format, prelude};
use crate::value::{Map, Value};

/// Bindings that refer to each other; more cannot be dropped safely. Only filters passed to recursive definitions
/// get there, as variables do not chain.
const CHAIN_MAX: u32 = 1000;

pub(super) struct Machine<'p> {
    pub program: &'p Program,
    pub globals: Vec<Value>,
    pub meter: Meter,
}

/// What is bound, the newest first.
#[derive(Clone, Default)]
pub(super) struct Env<'p>(Option<Rc<Frame<'p>>>);

struct Frame<'p> {
    parent: Env<'p>,
    slot: Slot<'p>,
    chain: u32,
}

pub(super) enum Slot<'p> {
    Value(Value),
    Closure(&'p Term, Env<'p>),
    Label(u64),
}

impl<'p> Env<'p> {
    fn chain(&self) -> u32 {
        self.0.as_ref().map_or(0, |frame| frame.chain)
    }

    pub fn with(self, slot: Slot<'p>) -> Result<Self, Stop> {
        let mut chain = self.chain();
        if let Slot::Closure(_, env) = &slot {
            chain = chain.max(env.chain());
        }
        if chain >= CHAIN_MAX {
            return Err(Stop::Limit(Limit::Depth));
        }
        Ok(Self(Some(Rc::new(Frame {
            parent: self,
            slot,
            chain: chain + 1,
        }))))
    }

    fn back(&self, skip: Skip) -> &Self {
        let mut env = self;
        for _ in 0..skip {
            match &env.0 {
                Some(frame) => env = &frame.parent,
                None => break,
            }
        }
        env
    }

    fn slot(&self, skip: Skip) -> &Slot<'p> {
        &self
            .back(skip)
            .0
            .as_ref()
            .expect("the parser resolved the name to a bound place")
            .slot
    }
}

/// A value, and where it came from when someone asked for paths.
#[derive(Clone)]
pub(super) struct Item {
    pub value: Value,
    pub track: Track,
}

#[derive(Clone)]
pub(super) enum Track {
    /// Nobody asks.
    Off,
    At(Vec<Value>),
    /// Asked for, but the value was computed.
    Lost,
}

impl Item {
    pub fn plain(value: Value) -> Self {
        Self {
            value,
            track: Track::Off,
        }
    }

    /// A computed value in place of this one.
    fn computed(&self, value: Value) -> Self {
        let track = if matches!(self.track, Track::Off) {
            Track::Off
        } else {
            Track::Lost
        };
        Self { value, track }
    }
}

pub(super) type Out<'o> = dyn FnMut(Item) -> Flow + 'o;

impl<'p> Machine<'p> {
    pub fn function(&self, function: FunctionRef) -> &'p Function {
        match function {
            FunctionRef::Own(index) => &self.program.functions[index],
            FunctionRef::Prelude(index) => &prelude::get().functions[index],
        }
    }

    /// All results, handed to `out`.
    pub fn eval(&self, term: &'p Term, env: Env<'p>, item: Item, out: &mut Out<'_>) -> Flow {
        let (mut term, mut env, mut item) = (term, env, item);
        loop {
            if term.is_single && matches!(item.track, Track::Off) {
                return out(Item::plain(self.value(term, &env, item.value)?));
            }
            self.meter.tick()?;
            match &term.kind {
                Kind::Identity => return out(item),
                Kind::Pipe(stages) => {
                    let (last, before) = stages.split_last().expect("a pipe has stages");
                    let mut rest = before;
                    while let Some((stage, after)) = rest.split_first() {
                        let (stage, at) = Self::open(stage, &env);
                        if !(stage.is_single && matches!(item.track, Track::Off)) {
                            return self.eval(stage, at.clone(), item, &mut |item| {
                                self.eval_stages(after, last, env.clone(), item, out)
                            });
                        }
                        item.value = self.value(stage, at, item.value)?;
                        rest = after;
                    }
                    term = last;
                }
                Kind::Comma(items) => {
                    let (last, before) = items.split_last().expect("a comma has sides");
                    for before in before {
                        self.eval(before, env.clone(), item.clone(), out)?;
                    }
                    term = last;
                }
                Kind::If(condition, then, otherwise) if condition.is_single => {
                    let holds = self.value(condition, &env, item.value.clone())?.is_true();
                    term = if holds { then } else { otherwise };
                }
                Kind::If(condition, then, otherwise) => {
                    return self.eval(
                        condition,
                        env.clone(),
                        Item::plain(item.value.clone()),
                        &mut |holds| {
                            let branch = if holds.value.is_true() {
                                then
                            } else {
                                otherwise
                            };
                            self.eval(branch, env.clone(), item.clone(), out)
                        },
                    );
                }
                Kind::Closure(skip) => {
                    let Slot::Closure(body, inner) = env.slot(*skip) else {
                        unreachable!("the parser resolved the name to a filter");
                    };
                    (term, env) = (body, inner.clone());
                }
                Kind::Call {
                    function,
                    skip,
                    args,
                } => {
                    let function = self.function(*function);
                    let are_plain = args
                        .iter()
                        .zip(&function.params)
                        .all(|(arg, is_value)| !is_value || arg.is_single);
                    let inner = env.back(*skip).clone();
                    if !are_plain {
                        return self.call_with_streams(function, args, &env, inner, 0, &item, out);
                    }
                    env = self.bind_args(function, args, &env, inner, &item.value)?;
                    term = &function.body;
                }
                Kind::Bind(source, patterns, body) => {
                    if source.is_single
                        && let [pattern] = patterns.as_slice()
                        && pattern.is_variable()
                    {
                        let value = self.value(source, &env, item.value.clone())?;
                        env = env.with(Slot::Value(value))?;
                        term = body;
                        continue;
                    }
                    return self.eval_bind(source, patterns, body, &env, &item, out);
                }
                _ => return self.eval_other(term, env, item, out),
            }
        }
    }

    /// What an argument stands for, so that a plain one is computed like any plain term.
    fn open<'e>(term: &'p Term, env: &'e Env<'p>) -> (&'p Term, &'e Env<'p>) {
        match &term.kind {
            Kind::Closure(skip) => match env.slot(*skip) {
                Slot::Closure(body, inner) => (body, inner),
                Slot::Value(_) | Slot::Label(_) => {
                    unreachable!("the parser resolved the name to a filter")
                }
            },
            _ => (term, env),
        }
    }

    fn eval_stages(
        &self,
        rest: &'p [Term],
        last: &'p Term,
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let Some((stage, after)) = rest.split_first() else {
            return self.eval(last, env, item, out);
        };
        self.eval(stage, env.clone(), item, &mut |item| {
            self.eval_stages(after, last, env.clone(), item, out)
        })
    }

    /// Terms that never loop. Apart, so that the loop's frame stays small.
    #[inline(never)]
    fn eval_other(&self, term: &'p Term, env: Env<'p>, item: Item, out: &mut Out<'_>) -> Flow {
        match &term.kind {
            Kind::Index(base, key) => self.eval_index(base, key, &env, item, out),
            Kind::Slice(base, from, upto) => {
                self.eval_slice(base, from.as_deref(), upto.as_deref(), &env, item, out)
            }
            Kind::Iterate(base) => self.eval(base, env, item, &mut |item| self.iterate(item, out)),
            Kind::Try(body, handler) => self.eval_try(body, handler.as_deref(), env, item, out),
            Kind::Alternative(left, right) => self.eval_alternative(left, right, env, item, out),
            Kind::Reduce {
                source,
                patterns,
                init,
                update,
            } => self.eval_reduce(source, patterns, init, update, &env, item, out),
            Kind::Foreach {
                source,
                patterns,
                init,
                update,
                extract,
            } => self.eval_foreach(
                source,
                patterns,
                init,
                update,
                extract.as_deref(),
                &env,
                item,
                out,
            ),
            Kind::Label(body) => {
                let label = self.meter.new_label();
                let env = env.with(Slot::Label(label))?;
                match self.eval(body, env, item, out) {
                    Err(Stop::Break(to)) if to == label => Ok(()),
                    flow => flow,
                }
            }
            Kind::Break(skip) => {
                let Slot::Label(label) = env.slot(*skip) else {
                    unreachable!("the parser resolved the name to a label");
                };
                Err(Stop::Break(*label))
            }
            Kind::Special(special, args) => self.eval_special(*special, args, env, item, out),
            _ => self.eval_computed(term, env, item, out),
        }
    }

    /// Terms whose result is made, not found: it has no path.
    #[inline(never)]
    fn eval_computed(&self, term: &'p Term, env: Env<'p>, item: Item, out: &mut Out<'_>) -> Flow {
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
                    self.meter.items(3 * (built.len() + 1))?;
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
        native: &'static super::native::Native,
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

    #[inline(never)]
    fn value_other(&self, term: &'p Term, env: &Env<'p>, input: Value) -> Result<Value, Stop> {
        match &term.kind {
            Kind::Array(None) => Ok(Value::array(Vec::new())),
            Kind::Array(Some(inner)) => {
                let items = self.collect(inner, env, input)?;
                self.meter.nested(Value::array(items))
            }
            Kind::Object(entries) => {
                self.meter.items(3 * entries.len())?;
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
                if *op == super::term::AssignOp::Update {
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
        Ok(items)
    }

    fn eval_index(
        &self,
        base: &'p Term,
        key: &'p Term,
        env: &Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        self.eval(
            key,
            env.clone(),
            Item::plain(item.value.clone()),
            &mut |key| {
                self.eval(base, env.clone(), item.clone(), &mut |base| {
                    out(self.index(base, &key.value)?)
                })
            },
        )
    }

    /// What `key` finds, with its path.
    pub fn index(&self, item: Item, key: &Value) -> Result<Item, Stop> {
        let track = self.step(item.track, &item.value, key)?;
        Ok(Item {
            value: path::index(&self.meter, item.value, key)?,
            track,
        })
    }

    /// One key further, when paths are asked for.
    fn step(&self, track: Track, value: &Value, key: &Value) -> Result<Track, Stop> {
        match track {
            Track::Off => Ok(Track::Off),
            Track::At(mut path) => {
                if path.len() >= self.meter.depth_max() {
                    return Err(Stop::Limit(Limit::Depth));
                }
                path.push(key.clone());
                Ok(Track::At(path))
            }
            Track::Lost => throw(format!(
                "Invalid path expression with result {}",
                super::text::dump(value, 11)
            )),
        }
    }

    fn eval_slice(
        &self,
        base: &'p Term,
        from: Option<&'p Term>,
        upto: Option<&'p Term>,
        env: &Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        self.eval_bound(upto, env, &item, &mut |upto| {
            self.eval_bound(from, env, &item, &mut |from| {
                self.eval(base, env.clone(), item.clone(), &mut |base| {
                    let track = match base.track {
                        Track::Off => Track::Off,
                        track => self.step(
                            track,
                            &base.value,
                            &slice_key(from.value.clone(), upto.value.clone()),
                        )?,
                    };
                    let value = path::slice(&self.meter, base.value, &from.value, &upto.value)?;
                    out(Item { value, track })
                })
            })
        })
    }

    fn eval_bound(
        &self,
        bound: Option<&'p Term>,
        env: &Env<'p>,
        item: &Item,
        out: &mut Out<'_>,
    ) -> Flow {
        match bound {
            Some(bound) => self.eval(bound, env.clone(), Item::plain(item.value.clone()), out),
            None => out(Item::plain(Value::Null)),
        }
    }

    /// Everything inside, with its paths.
    pub fn iterate(&self, item: Item, out: &mut Out<'_>) -> Flow {
        let Item { value, track } = item;
        for (key, child) in path::entries(&value)? {
            self.meter.tick()?;
            let track = match &track {
                Track::Off => Track::Off,
                track => self.step(track.clone(), &value, &key)?,
            };
            out(Item {
                value: child.clone(),
                track,
            })?;
        }
        Ok(())
    }

    fn eval_try(
        &self,
        body: &'p Term,
        handler: Option<&'p Term>,
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let lost = !matches!(item.track, Track::Off);
        match self.shielded(|inner| self.eval(body, env.clone(), item, inner), out) {
            Err(Stop::Throw(error)) => match handler {
                Some(handler) => {
                    let track = if lost { Track::Lost } else { Track::Off };
                    self.eval(
                        handler,
                        env,
                        Item {
                            value: error,
                            track,
                        },
                        out,
                    )
                }
                None => Ok(()),
            },
            flow => flow,
        }
    }

    /// Runs `body` so that errors of whoever listens are not mistaken for its own.
    pub fn shielded(&self, body: impl FnOnce(&mut Out<'_>) -> Flow, out: &mut Out<'_>) -> Flow {
        let mut outside = None;
        let flow = body(&mut |item| {
            out(item).map_err(|stop| {
                outside = Some(stop);
                Stop::Unwind
            })
        });
        match (flow, outside) {
            (Err(Stop::Unwind), Some(stop)) => Err(stop),
            (flow, _) => flow,
        }
    }

    fn eval_alternative(
        &self,
        left: &'p Term,
        right: &'p Term,
        env: Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let mut any = false;
        self.eval(left, env.clone(), item.clone(), &mut |found| {
            if !found.value.is_true() {
                return Ok(());
            }
            any = true;
            out(found)
        })?;
        if any {
            Ok(())
        } else {
            self.eval(right, env, item, out)
        }
    }
}
