//! Going into a value, and remembering the way when paths are asked for.

use super::{Env, Flow, Item, Limit, Machine, Out, Stop, Track, throw};
use crate::expr::path::{self, slice_key};
use crate::expr::term::Term;
use crate::expr::text;
use crate::value::Value;

impl<'p> Machine<'p> {
    pub(super) fn eval_index(
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
    pub(super) fn step(&self, track: Track, value: &Value, key: &Value) -> Result<Track, Stop> {
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
                text::dump(value, 11)
            )),
        }
    }

    pub(super) fn eval_slice(
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
}
