//! Everything a store answers, to compare two of them.

use std::fmt::Debug;

use store::{RunFilter, RunStatus, Store};

use crate::make::run;

/// One line for each answer of each query, over the runs with these numbers.
pub fn dump(store: &dyn Store, runs: std::ops::Range<u32>) -> Vec<String> {
    let queries = store.queries();
    let mut lines = Vec::new();
    let mut line = |what: &str, answer: &dyn Debug| lines.push(format!("{what}: {answer:?}"));
    line(
        "runs",
        &queries.runs(&RunFilter {
            limit: 1_000,
            ..RunFilter::default()
        }),
    );
    line("counts", &queries.run_counts(None));
    for number in runs {
        line("loaded", &queries.load(run(number)));
        line("history", &queries.history(run(number), 0, 1_000));
        line("timers", &queries.timers(run(number)));
    }
    for status in RunStatus::ALL {
        line("ids", &(status, queries.run_ids(&[status], None, 1_000)));
    }
    line("due", &queries.timers_due(store::Millis(i64::MAX), 1_000));
    line("next timer", &queries.next_timer());
    line("listeners", &queries.listeners(None, 1_000));
    line("inbox", &queries.inbox(None, 1_000));
    line("outbox", &queries.outbox(None, 1_000));
    for number in 0..=u8::MAX {
        if let Ok(Some(body)) = queries.blob(&[number; 32]) {
            line("blob", &(number, body));
        }
    }
    line("deliveries", &queries.deliveries(None, None, None, 1_000));
    line("definitions", &queries.definitions(None, None));
    for kind in ["connection", "source"] {
        line("resources", &queries.resources(kind, None));
    }
    line("audit", &queries.audit(None, 1_000));
    lines
}
