//! Assignments, `reduce` and `foreach`: terms that carry a value along.

use super::{Env, Flow, Item, Machine, Out, Stop, Track, throw};
use crate::expr::term::{AssignOp, Pattern, Term};
use crate::expr::{arith, path};
use crate::value::Value;

impl<'p> Machine<'p> {
    /// The paths that `target` gives, in order.
    pub(super) fn paths(
        &self,
        target: &'p Term,
        env: &Env<'p>,
        input: &Value,
    ) -> Result<Vec<Vec<Value>>, Stop> {
        let mut paths = Vec::new();
        let item = Item {
            value: input.clone(),
            track: Track::At(Vec::new()),
        };
        self.eval(target, env.clone(), item, &mut |item| {
            let path = path_of(item)?;
            self.meter.path(&path)?;
            paths.push(path);
            Ok(())
        })?;
        Ok(paths)
    }

    /// `target op value`, for one result of the right side.
    pub(super) fn assign(
        &self,
        op: AssignOp,
        target: &'p Term,
        env: &Env<'p>,
        input: Value,
        value: Value,
    ) -> Result<Value, Stop> {
        // The paths come first: while they are looked for the input is shared, and would be copied.
        let paths = self.paths(target, env, &input)?;
        let mut result = input;
        for path in &paths {
            self.meter.placed(&value, path.len())?;
            result = path::update(&self.meter, result, path, &mut |old| match op {
                AssignOp::Set | AssignOp::Update => Ok(value.clone()),
                AssignOp::Math(op) => arith::math(&self.meter, op, old, value.clone()),
                AssignOp::Alternative => Ok(if old.is_true() { old } else { value.clone() }),
            })?;
        }
        Ok(result)
    }

    /// `target |= change`: the first result takes the place; without one the place goes.
    pub(super) fn update(
        &self,
        target: &'p Term,
        change: &'p Term,
        env: &Env<'p>,
        input: Value,
    ) -> Result<Value, Stop> {
        let paths = self.paths(target, env, &input)?;
        let mut result = input;
        let mut deleted = Vec::new();
        for path in paths {
            let mut is_gone = false;
            result = path::update(&self.meter, result, &path, &mut |old| {
                let new = self.first(change, env, old)?;
                is_gone = new.is_none();
                let new = new.unwrap_or_default();
                self.meter.placed(&new, path.len())?;
                Ok(new)
            })?;
            if is_gone {
                deleted.push(Value::array(path));
            }
        }
        if !deleted.is_empty() {
            result = path::delete(&self.meter, result, deleted)?;
        }
        Ok(result)
    }

    pub(super) fn first(
        &self,
        term: &'p Term,
        env: &Env<'p>,
        input: Value,
    ) -> Result<Option<Value>, Stop> {
        if term.is_single {
            return self.value(term, env, input).map(Some);
        }
        let label = self.meter.new_label();
        let mut found = None;
        let flow = self.eval(term, env.clone(), Item::plain(input), &mut |item| {
            found = Some(item.value);
            Err(Stop::Break(label))
        });
        match flow {
            Err(Stop::Break(to)) if to == label => Ok(found),
            Err(stop) => Err(stop),
            Ok(()) => Ok(found),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one construct")]
    #[inline(never)]
    pub(super) fn eval_reduce(
        &self,
        source: &'p Term,
        patterns: &'p [Pattern],
        init: &'p Term,
        update: &'p Term,
        env: &Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let input = item.value.clone();
        self.eval(init, env.clone(), item, &mut |init| {
            let mut state = init;
            self.eval(
                source,
                env.clone(),
                Item::plain(input.clone()),
                &mut |value| {
                    self.destructure(patterns, env, &value.value, &mut |inner| {
                        self.advance(update, inner, &mut state, &mut |_| Ok(()))
                    })
                },
            )?;
            out(state)
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one construct")]
    #[inline(never)]
    pub(super) fn eval_foreach(
        &self,
        source: &'p Term,
        patterns: &'p [Pattern],
        init: &'p Term,
        update: &'p Term,
        extract: Option<&'p Term>,
        env: &Env<'p>,
        item: Item,
        out: &mut Out<'_>,
    ) -> Flow {
        let input = item.value.clone();
        self.eval(init, env.clone(), item, &mut |init| {
            let mut state = init;
            self.eval(
                source,
                env.clone(),
                Item::plain(input.clone()),
                &mut |value| {
                    self.destructure(patterns, env, &value.value, &mut |inner| {
                        let within = inner.clone();
                        self.advance(update, inner, &mut state, &mut |item| match extract {
                            Some(extract) => self.eval(extract, within.clone(), item, out),
                            None => out(item),
                        })
                    })
                },
            )
        })
    }

    /// One step: the state becomes the last result of `update`, or null. Each result is shown to `each`.
    fn advance(
        &self,
        update: &'p Term,
        env: Env<'p>,
        state: &mut Item,
        each: &mut Out<'_>,
    ) -> Flow {
        let before = std::mem::replace(state, Item::plain(Value::Null));
        if update.is_single && matches!(before.track, Track::Off) {
            // Moved, not shared: what grows in the state grows in place.
            let value = self.settled(update, &env, before.value)?;
            state.value = value;
            return each(Item::plain(state.value.clone()));
        }
        let mut last = before.computed(Value::Null);
        self.eval(update, env, before, &mut |item| {
            last = item.clone();
            each(item)
        })?;
        *state = last;
        Ok(())
    }
}

/// The path of a result, when it has one.
pub(super) fn path_of(item: Item) -> Result<Vec<Value>, Stop> {
    match item.track {
        Track::At(path) => Ok(path),
        Track::Off | Track::Lost => {
            let shown = crate::expr::text::dump(&item.value, 11);
            throw(format!("Invalid path expression with result {shown}"))
        }
    }
}
