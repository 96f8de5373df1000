//! What is taken in at once: a bound on requests under way and on the bytes of their bodies.
//!
//! A permit is taken before the body is read and given back after the answer is made, which is after the commit. Over
//! the bound the answer is 503 with `Retry-After`, and the body stays unread: memory is flat under any load.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::problem::{Code, Problem};

/// A number that never exceeds its limit.
#[derive(Clone, Debug)]
pub struct Meter(Arc<Gauge>);

#[derive(Debug)]
struct Gauge {
    limit: usize,
    taken: AtomicUsize,
    what: &'static str,
}

/// A share of a meter, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    gauge: Arc<Gauge>,
    amount: usize,
}

impl Meter {
    /// `what` completes the sentence "too many ... at once".
    #[must_use]
    pub fn new(what: &'static str, limit: usize) -> Self {
        Self(Arc::new(Gauge {
            limit,
            taken: AtomicUsize::new(0),
            what,
        }))
    }

    /// Takes `amount`, or says that it is too much now.
    pub fn take(&self, amount: usize) -> Result<Permit, Problem> {
        let mut permit = Permit {
            gauge: self.0.clone(),
            amount: 0,
        };
        permit.grow(amount)?;
        Ok(permit)
    }
}

impl Permit {
    /// Takes `amount` more; on refusal the permit is as it was.
    pub fn grow(&mut self, amount: usize) -> Result<(), Problem> {
        let gauge = &*self.gauge;
        let fits = |taken: usize| taken.checked_add(amount).filter(|sum| *sum <= gauge.limit);
        // Relaxed: the number guards nothing but itself.
        match gauge
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
        {
            Ok(_) => {
                self.amount += amount;
                Ok(())
            }
            Err(_) => Err(Problem::new(
                Code::Overloaded,
                format!(
                    "too many {} at once; nothing was done, try again",
                    gauge.what
                ),
            )),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gauge.taken.fetch_sub(self.amount, Ordering::Relaxed);
    }
}
