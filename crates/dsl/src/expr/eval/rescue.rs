//! What else to do when a term fails or finds nothing: `try`, `?` and `//`.

use super::{Env, Flow, Item, Machine, Out, Stop, Track};
use crate::expr::term::Term;

impl<'p> Machine<'p> {
    pub(super) fn eval_try(
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

    pub(super) fn eval_alternative(
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
