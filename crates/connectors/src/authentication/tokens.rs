//! Tokens in memory: fetched once for everybody, kept until shortly before they expire, fetched again when refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::oauth::{Grant, Granted};
use crate::egress::Egress;
use crate::function::CallError;
use crate::opened::Opener;

/// More different grants than this are not kept; the least useful go first.
const ENTRIES_MAX: usize = 1024;
/// A token is not used in the last moments of its life: it could expire on the way.
const MARGIN_MAX: Duration = Duration::from_secs(30);
/// For a server that does not say how long its token lives.
const LIFETIME_DEFAULT: Duration = Duration::from_secs(300);

#[derive(Default)]
pub(super) struct Tokens {
    entries: Mutex<HashMap<[u8; 32], Arc<Entry>>>,
}

#[derive(Default)]
struct Entry {
    /// Held while a token is fetched, so that everybody else waits for that one.
    slot: tokio::sync::Mutex<Slot>,
    /// How many fetches have ended.
    attempts: AtomicU64,
}

#[derive(Default)]
struct Slot {
    token: Option<String>,
    fresh_until: Option<Instant>,
    refresh_token: Option<String>,
    failure: Option<CallError>,
}

impl Tokens {
    /// A token of `grant` other than `refused`.
    pub async fn get(
        &self,
        grant: &Grant,
        refused: Option<&str>,
        egress: &Egress,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<String, CallError> {
        let entry = self.entry(grant.key());
        let seen = entry.attempts.load(Ordering::Acquire);
        let mut slot = entry.slot.lock().await;
        // Whoever waited while another fetched takes what that one got, even a failure: a hundred calls make one request.
        let was_fetched_meanwhile = entry.attempts.load(Ordering::Acquire) != seen;
        if let Some(token) = slot.usable(refused, was_fetched_meanwhile) {
            return Ok(token);
        }
        if was_fetched_meanwhile && let Some(failure) = &slot.failure {
            return Err(failure.clone());
        }
        let result = grant
            .fetch(slot.refresh_token.as_deref(), egress, opener, deadline)
            .await;
        entry.attempts.fetch_add(1, Ordering::Release);
        slot.keep(result)
    }

    fn entry(&self, key: [u8; 32]) -> Arc<Entry> {
        // A panic elsewhere cannot leave the map half changed, so a poisoned lock is as good as any.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&key) {
            entries.retain(|_, entry| Arc::strong_count(entry) > 1);
        }
        entries.entry(key).or_default().clone()
    }
}

impl Slot {
    fn usable(&self, refused: Option<&str>, is_new: bool) -> Option<String> {
        let is_fresh = is_new || self.fresh_until.is_some_and(|until| Instant::now() < until);
        self.token
            .clone()
            .filter(|token| is_fresh && Some(token.as_str()) != refused)
    }

    fn keep(&mut self, result: Result<Granted, CallError>) -> Result<String, CallError> {
        match result {
            Ok(granted) => {
                let lifetime = granted.lifetime.unwrap_or(LIFETIME_DEFAULT);
                let margin = MARGIN_MAX.min(lifetime / 10).max(Duration::from_secs(1));
                self.fresh_until = Some(Instant::now() + lifetime.saturating_sub(margin));
                self.token = Some(granted.token.clone());
                self.failure = None;
                if granted.refresh_token.is_some() {
                    self.refresh_token = granted.refresh_token;
                }
                Ok(granted.token)
            }
            Err(error) => {
                self.token = None;
                self.refresh_token = None;
                self.failure = Some(error.clone());
                Err(error)
            }
        }
    }
}
