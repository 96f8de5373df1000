//! The evaluator: a term and an input give results, one after the other, to whoever listens.
//!
//! Terms with exactly one result are computed by [`Machine::value`], a plain recursive function; all others hand their
//! results to a closure, so that nothing is kept but what the expression itself keeps. Calls in tail position loop.

mod bind;
mod made;
mod place;
mod rescue;
mod single;
mod special;
mod update;

use std::rc::Rc;

use super::meter::{Flow, Limit, Meter, Stop, throw};
use super::prelude;
use super::term::{Function, FunctionRef, Kind, Program, Skip, Term};
use crate::value::Value;

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
                return out(Item::plain(self.settled(term, &env, item.value)?));
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
}
