//! Counting answers in windows of fixed length. Pure: the caller brings the time.

use std::time::Duration;

/// So many answers in every period.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub count: u32,
    pub period: Duration,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            count: 5,
            period: Duration::from_secs(1),
        }
    }
}

#[derive(Debug)]
pub(super) struct Limiter {
    rate: Rate,
    window_started: Duration,
    used: u32,
}

/// Whether a request may pass, and what to tell its sender.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_allowed: bool,
    pub(super) limit: u32,
    pub(super) period: Duration,
    pub(super) remaining: u32,
    /// When the window ends.
    reset: Duration,
}

impl Standing {
    /// Rounded up, so that a client that waits as long as it is told does not come too early.
    pub(super) fn reset_seconds(&self) -> u64 {
        self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0)
    }
}

impl Limiter {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            window_started: Duration::ZERO,
            used: 0,
        }
    }

    /// Counts one request at `now`, the time since the service started.
    pub(super) fn ask(&mut self, now: Duration) -> Standing {
        if now.saturating_sub(self.window_started) >= self.rate.period {
            self.window_started = now;
            self.used = 0;
        }
        let is_allowed = self.used < self.rate.count;
        self.used += u32::from(is_allowed);
        Standing {
            is_allowed,
            limit: self.rate.count,
            period: self.rate.period,
            remaining: self.rate.count - self.used,
            reset: (self.window_started + self.rate.period).saturating_sub(now),
        }
    }
}

#[cfg(test)]
mod tests;
