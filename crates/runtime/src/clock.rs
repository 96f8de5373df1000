//! Time and chance, from one place, so that a test can be both.

use std::time::Duration;

/// Where the runtime's time and randomness come from.
pub trait Clock: Send + Sync {
    fn now(&self) -> jiff::Timestamp;
    fn entropy(&self) -> u64;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the wall clock is read"
    )]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn entropy(&self) -> u64 {
        let id = uuid::Uuid::new_v4().as_u128();
        (id ^ (id >> 64)) as u64
    }
}

/// Whole milliseconds, rounded up: what is kept is never earlier than what was meant.
pub(crate) fn millis_up(at: jiff::Timestamp) -> store::Millis {
    let nanos = at.as_nanosecond();
    let millis = nanos.div_euclid(1_000_000) + i128::from(nanos.rem_euclid(1_000_000) > 0);
    store::Millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

pub(crate) fn millis(at: jiff::Timestamp) -> store::Millis {
    store::Millis(at.as_millisecond())
}

pub(crate) fn timestamp(at: store::Millis) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX)
}

/// How long until `due`; nothing when it has come.
pub(crate) fn until(now: jiff::Timestamp, due: store::Millis) -> Duration {
    let left = due.0.saturating_sub(now.as_millisecond());
    // One more millisecond: `now` was cut to whole ones, and no timer may fire early.
    if left <= 0 && millis(now) >= due {
        Duration::ZERO
    } else {
        Duration::from_millis(left.max(0) as u64 + 1)
    }
}
