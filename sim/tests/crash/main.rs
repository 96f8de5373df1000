//! A crash after every commit in turn: whatever moment the process dies at, the examples end as if it had not.
//!
//! The real runtime runs the real examples with the real connectors against the demo systems. The store dies after the
//! N-th unit (`sim::crashing_store`), before its answer or after it; a new server starts on what was written. For every N
//! the outputs and what stands in the systems must equal those of the undisturbed story: nothing missing, nothing twice.
//! An effect that cannot be taken back becomes uncertain; the test looks into the system, as a person would, and says so.

#![allow(clippy::unwrap_used)]

mod files;
mod lead_intake;
mod lives;
mod outside;
mod purchase_request;

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::crashing_store::Crash;

use crate::lead_intake::Leads;
use crate::lives::{Fate, Told, tell};
use crate::purchase_request::{Purchase, SAMPLES};

/// Stories told at once. They mostly wait for each other's sockets.
const AT_ONCE: usize = 4;

#[test]
fn lead_intake_survives_a_crash_after_every_commit() {
    let told = every_crash("lead-intake", Leads::new);
    assert!(
        told.uncertain > 0,
        "some crashes leave a mail or a message in doubt"
    );
}

#[test]
fn purchase_requests_survive_a_crash_after_every_commit() {
    let mut uncertain = 0;
    for sample in SAMPLES {
        uncertain += every_crash(sample, || Purchase::new(sample)).uncertain;
    }
    assert!(
        uncertain > 0,
        "some crashes leave a mail or a message in doubt"
    );
}

#[test]
fn a_server_that_dies_again_and_again_still_gets_there() {
    for commits in 1..=3 {
        let fate = Fate::Always {
            commits,
            crash: Crash::AfterAnswer,
        };
        let story = outside::with(|outside| {
            let calm = tell(&mut Leads::new(), outside, Fate::Spared);
            (calm, outside.state())
        });
        let again = outside::with(|outside| {
            let told = tell(&mut Leads::new(), outside, fate);
            (told, outside.state())
        });
        assert!(
            again.0.lives > story.0.commits / commits / 2,
            "{commits}: it died all the time"
        );
        assert_eq!(again.0.ends, story.0.ends, "dies after {commits}");
        assert_eq!(again.1, story.1, "dies after {commits}");
    }
}

/// What came of all the crashes of one story.
struct Summary {
    uncertain: u64,
}

/// Tells the story once undisturbed, then once for each commit and each side of its answer.
fn every_crash<S: lives::Story>(name: &str, story: impl Fn() -> S + Sync) -> Summary {
    let (calm, calm_state) = whole(&story, Fate::Spared);
    assert!(calm.commits > 1 && calm.uncertain == 0, "{name} goes well");
    let (next, uncertain, failures) =
        (AtomicU64::new(2), AtomicU64::new(0), Mutex::new(Vec::new()));
    let check = |number: u64| {
        let commits = number / 2;
        let crash = if number.is_multiple_of(2) {
            Crash::BeforeAnswer
        } else {
            Crash::AfterAnswer
        };
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let (told, state) = whole(&story, Fate::Once { commits, crash });
            // After the last commit there may be nothing left to do.
            assert!(told.lives == 2 || commits == calm.commits, "it died once");
            assert_eq!(told.ends, calm.ends, "the runs end in the same way");
            assert_eq!(state, calm_state, "the same stands in the systems");
            told
        }));
        match told {
            Ok(told) => drop(uncertain.fetch_add(told.uncertain, Ordering::Relaxed)),
            Err(_) => failures
                .lock()
                .unwrap()
                .push(format!("commit {commits}, {crash:?}")),
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number / 2 > calm.commits {
                        return;
                    }
                    check(number);
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{name}: a crash shows after {failures:?}"
    );
    Summary {
        uncertain: uncertain.into_inner(),
    }
}

fn whole<S: lives::Story>(story: impl Fn() -> S, fate: Fate) -> (Told, Vec<String>) {
    outside::with(|outside| {
        let told = tell(&mut story(), outside, fate);
        (told, outside.state())
    })
}
