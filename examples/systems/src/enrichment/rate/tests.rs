use std::time::Duration;

use super::{Limiter, Rate};

/// Each request: the millisecond it comes at; then whether it passes, what remains, and the seconds it is told to wait.
fn check(rate: Rate, requests: &[(u64, bool, u32, u64)]) {
    let mut limiter = Limiter::new(rate);
    for (number, (at, is_allowed, remaining, reset)) in requests.iter().enumerate() {
        let standing = limiter.ask(Duration::from_millis(*at));
        let seen = (
            standing.is_allowed,
            standing.remaining,
            standing.reset_seconds(),
        );
        assert_eq!(
            seen,
            (*is_allowed, *remaining, *reset),
            "request {number} at {at} ms"
        );
    }
}

#[test]
fn a_window_allows_its_count_and_the_next_one_starts_afresh() {
    let rate = Rate {
        count: 2,
        period: Duration::from_secs(1),
    };
    check(
        rate,
        &[
            (0, true, 1, 1),
            (10, true, 0, 1),
            (20, false, 0, 1),
            (999, false, 0, 1),
            (1_000, true, 1, 1),
            (1_001, true, 0, 1),
            (1_999, false, 0, 1),
        ],
    );
}

#[test]
fn whoever_waits_as_told_passes() {
    let rate = Rate {
        count: 1,
        period: Duration::from_millis(2_500),
    };
    check(
        rate,
        &[
            (0, true, 0, 3),
            (400, false, 0, 3),
            (600, false, 0, 2),
            (2_600, true, 0, 3),
        ],
    );
}

#[test]
fn a_window_begins_with_its_first_request() {
    let rate = Rate {
        count: 1,
        period: Duration::from_secs(1),
    };
    check(
        rate,
        &[
            (5_700, true, 0, 1),
            (6_600, false, 0, 1),
            (6_700, true, 0, 1),
        ],
    );
}
