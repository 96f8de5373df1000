//! Counters of what the runtime does, in the OpenMetrics text format.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $name:ident: $kind:ident,)*) => {
        #[derive(Default)]
        pub(crate) struct Metrics { $($(#[doc = $help])+ pub $name: Metric,)* }

        impl Metrics {
            /// The OpenMetrics text, without the closing `# EOF`.
            pub fn render(&self) -> String {
                let mut text = String::new();
                $(
                    let suffix = if stringify!($kind) == "counter" { "_total" } else { "" };
                    let help = concat!($($help),+).trim();
                    let name = concat!("segue_", stringify!($name));
                    let value = self.$name.get();
                    let _ = write!(text, "# TYPE {name} {}\n# HELP {name} {help}\n{name}{suffix} {value}\n", stringify!($kind));
                )*
                text
            }
        }
    };
}

metrics! {
    /// Runs started.
    runs_started: counter,
    /// Runs that completed.
    runs_completed: counter,
    /// Runs that faulted.
    runs_faulted: counter,
    /// Runs that were cancelled.
    runs_cancelled: counter,
    /// Records committed.
    records: counter,
    /// Calls to the outside that ended.
    effects: counter,
    /// Calls that nobody knows the outcome of.
    effects_uncertain: counter,
    /// Calls under way.
    effects_running: gauge,
    /// Deliveries accepted.
    deliveries: counter,
    /// Deliveries refused.
    deliveries_refused: counter,
    /// Timers that fired.
    timers_fired: counter,
    /// Runs in memory.
    runs_hot: gauge,
}

#[derive(Default)]
pub(crate) struct Metric(AtomicU64);

impl Metric {
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }
    pub fn sub(&self, amount: u64) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
