//! `kill -9` at random moments under load, on one data directory.
//!
//! The page cache outlives a killed process, so this says nothing about syncs: that is what `store`'s power cuts and
//! `sim`'s `power` are for. What it shows is that every order of events in the whole program is one that a restart mends.

use std::time::{Duration, Instant};

use crate::ledger::Clients;
use crate::oracle;
use crate::program::Project;
use crate::target::{self, Target};

const CLIENTS: u64 = 32;
const CYCLES: u64 = 60;
/// Deliveries that begin in one cycle: so few that the work they make is done at the end.
const DELIVERIES: usize = 60;
/// The longest that a server lives after it is ready.
const LIFE_MAX_MS: u64 = 400;

/// A number from the environment, for the long versions.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not `{text}`")),
        Err(_) => default,
    }
}

/// Numbers that follow from a seed (xorshift).
pub struct Chance(u64);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_accepted_is_lost_when_the_server_is_killed_under_load() {
    let cycles = setting("SEGUE_KILL_CYCLES", CYCLES);
    let seed = setting("SEGUE_KILL_SEED", u64::from(std::process::id()));
    println!("SEGUE_KILL_SEED={seed}");
    let mut chance = Chance::of(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let notes = tempfile::tempdir().unwrap();
    let target = Target::start(&notes).await;
    let project = Project::new(&target::project(target.address));
    let clients = Clients::start(CLIENTS, notes.path());
    let mut starts = Vec::new();
    for _ in 0..cycles {
        let since = Instant::now();
        let program = tokio::task::block_in_place(|| project.start());
        starts.push(since.elapsed());
        clients.permits.add_permits(DELIVERIES);
        clients.server.send_replace(Some(program.address));
        tokio::time::sleep(Duration::from_millis(chance.below(LIFE_MAX_MS))).await;
        tokio::task::block_in_place(|| program.kill());
        clients.server.send_replace(None);
    }
    let program = tokio::task::block_in_place(|| project.start());
    clients.server.send_replace(Some(program.address));
    let unanswered = clients.unanswered.clone();
    let ledger = clients.finish().await;
    let found = oracle::check(&program.client(), &ledger, &target).await;
    let unanswered = unanswered.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        unanswered > cycles / 4,
        "the kills come under load: {unanswered} requests were cut off"
    );
    assert!(
        found.repeated_calls > 0,
        "some kills fall between an effect and its record"
    );
    starts.sort();
    println!(
        "kill -9, {cycles} cycles: {} runs of {} accepted answers, {unanswered} requests cut off, {} calls repeated, \
         0 lost, 0 doubled (so at 95 % fewer than 1 in {} kills loses anything); back in {:?} (median)",
        found.runs,
        found.answers,
        found.repeated_calls,
        cycles / 3,
        starts[starts.len() / 2],
    );
    assert!(tokio::task::block_in_place(|| program.terminate()).success());
}
