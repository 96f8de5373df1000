//! Browser sessions: an opaque random id in a cookie stands for the token that was typed into the login form.
//!
//! Kept in memory only: a restart asks everybody to log in again. The token is checked again at each request.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

/// Over it the oldest session ends.
const SESSIONS_MAX: usize = 1_000;
const SESSION_AGE_MAX: Duration = Duration::from_secs(12 * 3600);

/// With HTTPS the cookie carries the `__Host-` prefix, which browsers take only with `Secure`. Loopback without HTTPS
/// cannot have that, so there it goes by its plain name.
pub(crate) const SESSION_COOKIES: [&str; 2] = ["__Host-segue_session", "segue_session"];

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// Oldest first.
    entries: Mutex<VecDeque<Session>>,
}

struct Session {
    id: String,
    token: Arc<str>,
    started_at: Instant,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}

impl Sessions {
    /// A new session; its id is 256 random bits.
    pub fn start(&self, token: &str) -> String {
        let mut bits = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut bits).expect("the system gives random bits");
        let id = URL_SAFE_NO_PAD.encode(bits);
        let mut entries = self.lock();
        if entries.len() >= SESSIONS_MAX {
            entries.pop_front();
        }
        entries.push_back(Session {
            id: id.clone(),
            token: token.into(),
            started_at: Instant::now(),
        });
        id
    }

    /// The token behind a session that has not ended.
    pub fn token(&self, id: &str) -> Option<Arc<str>> {
        let mut entries = self.lock();
        while entries
            .front()
            .is_some_and(|oldest| oldest.started_at.elapsed() > SESSION_AGE_MAX)
        {
            entries.pop_front();
        }
        // All are compared in full, so that the time taken says nothing about a near miss.
        let mut found = None;
        for session in entries.iter() {
            if aws_lc_rs::constant_time::verify_slices_are_equal(
                session.id.as_bytes(),
                id.as_bytes(),
            )
            .is_ok()
            {
                found = Some(session.token.clone());
            }
        }
        found
    }

    pub fn end(&self, id: &str) {
        self.lock().retain(|session| session.id != id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Session>> {
        self.entries
            .lock()
            .expect("nothing panics while holding it")
    }
}

/// `Set-Cookie` for a session; an empty id removes the cookie.
pub(crate) fn set_cookie(id: &str, is_https: bool) -> HeaderValue {
    let [prefixed, plain] = SESSION_COOKIES;
    let (name, secure) = if is_https {
        (prefixed, "; Secure")
    } else {
        (plain, "")
    };
    let age = if id.is_empty() {
        0
    } else {
        SESSION_AGE_MAX.as_secs()
    };
    let text = format!("{name}={id}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).expect("base64url and fixed text")
}
