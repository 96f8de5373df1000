//! Timers: set once, cleared when their task ends, and without effect afterwards.

use crate::script::check;

const LATE: &str = "do: [{pay: {call: shop.pay, with: {}, timeout: {after: PT5S}}}]";
const AGAIN: &str = "do: [{safe: {try: [{pay: {call: shop.pay, with: {}}}],
    catch: {retry: {delay: PT3S, limit: {attempt: {count: 2}}}}}}]";
const PATIENT: &str = "do: [{safe: {try: [{pay: {call: shop.pay, with: {}}}],
    catch: {retry: {delay: PT1S, limit: {attempt: {count: 1, duration: PT5S}}}}}}]";

#[test]
fn a_wait_ends_at_its_time() {
    check(
        "do: [{rest: {wait: PT5S}}]",
        "start {} | 4s pass | 1s passes | #2 fires",
        r#"
            run started {}; 1 started rest; 1 timer 2 wait 00:05 => set 2 00:05
            timer 2 fired; 1 completed; run completed
            refused: the run has ended
        "#,
    );
    check(
        "do: [{rest: {wait: PT0S}}]",
        "start {} | 0s pass",
        r#"
            run started {}; 1 started rest; 1 timer 2 wait 00:00 => set 2 00:00
            timer 2 fired; 1 completed; run completed
        "#,
    );
    check(
        "do: [{rest: {wait: '${ .for }'}}]",
        "start {for: 1}",
        r#"
            run started {"for":1}; 1 started rest; 1 faulted 400; run faulted 400 at /do/0/rest
        "#,
    );
}

#[test]
fn a_timeout_is_cleared_when_its_task_ends() {
    check(
        LATE,
        "start {} | pay answers {} | 9s pass",
        r#"
            run started {}; 1 started pay; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            3 answered {}; 1 completed; run completed => clear 2
        "#,
    );
    check(
        LATE,
        "start {} | pay fails 500",
        r#"
            run started {}; 1 started pay; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            3 failed 500; 1 faulted 500; run faulted 500 at /do/0/pay => clear 2
        "#,
    );
}

#[test]
fn a_timeout_gives_up_what_the_task_waits_for() {
    check(
        LATE,
        "start {} | 5s pass | #3 answers {} | #2 fires",
        r#"
            run started {}; 1 started pay; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            timer 2 fired; 1 faulted 408; run faulted 408 at /do/0/pay => abandon 3
            refused: the run has ended
            refused: the run has ended
        "#,
    );
    check(
        "do: [{all: {do: [{rest: {wait: PT9S}}], timeout: {after: PT5S}}}]",
        "start {} | 9s pass",
        r#"
            run started {}; 1 started all; 1 timer 2 timeout 00:05; 3 started rest; 3 timer 4 wait 00:09 => set 2 00:05; set 4 00:09
            timer 2 fired; cancelled [3]; 1 faulted 408; run faulted 408 at /do/0/all => clear 4
        "#,
    );
    check(
        "do: [{all: {do: [{ear: {listen: {to: {any: []}}}}], timeout: {after: PT5S}}}]",
        "start {} | 5s pass",
        r#"
            run started {}; 1 started all; 1 timer 2 timeout 00:05; 3 started ear; 3 listens => set 2 00:05; listen 3 []
            timer 2 fired; cancelled [3]; 1 faulted 408; run faulted 408 at /do/0/all => unlisten 3
        "#,
    );
}

#[test]
fn the_timeout_of_a_run_is_cleared_when_it_ends_and_ends_it_else() {
    check(
        "timeout: {after: PT5S}\ndo: [{pay: {call: shop.pay, with: {}}}]",
        "start {} | pay answers {}",
        r#"
            run started {}; run timer 1 timeout 00:05; 2 started pay; 2 calls 3 shop.pay {} => set 1 00:05; perform 3 shop.pay
            3 answered {}; 2 completed; run completed => clear 1
        "#,
    );
    check(
        "timeout: {after: PT5S}\ndo: [{safe: {try: [{pay: {call: shop.pay, with: {}}}], catch: {}}}]",
        "start {} | 5s pass | #4 answers {}",
        r#"
            run started {}; run timer 1 timeout 00:05; 2 started safe; 2 tries; 3 started pay; 3 calls 4 shop.pay {} => set 1 00:05; perform 4 shop.pay
            timer 1 fired; run faulted 408 at / => abandon 4
            refused: the run has ended
        "#,
    );
}

#[test]
fn retries_wait_and_then_ask_anew() {
    check(
        AGAIN,
        "start {} | pay fails 503 | 3s pass | pay fails 503 | 3s pass | pay answers {ok: true}",
        r#"
            run started {}; 1 started safe; 1 tries; 2 started pay; 2 calls 3 shop.pay {} => perform 3 shop.pay
            3 failed 503; 2 faulted 503; 1 caught 503; 1 timer 4 retry 00:03 => set 4 00:03
            timer 4 fired; 1 attempt 1; 5 started pay; 5 calls 6 shop.pay {} => perform 6 shop.pay
            6 failed 503; 5 faulted 503; 1 caught 503; 1 timer 7 retry 00:06 => set 7 00:06
            timer 7 fired; 1 attempt 2; 8 started pay; 8 calls 9 shop.pay {} => perform 9 shop.pay
            9 answered {"ok":true}; 8 completed; 1 completed; run completed
        "#,
    );
    check(
        AGAIN,
        "start {} | pay fails 503 | 3s pass | pay fails 503 | 3s pass | pay fails 500",
        r#"
            run started {}; 1 started safe; 1 tries; 2 started pay; 2 calls 3 shop.pay {} => perform 3 shop.pay
            3 failed 503; 2 faulted 503; 1 caught 503; 1 timer 4 retry 00:03 => set 4 00:03
            timer 4 fired; 1 attempt 1; 5 started pay; 5 calls 6 shop.pay {} => perform 6 shop.pay
            6 failed 503; 5 faulted 503; 1 caught 503; 1 timer 7 retry 00:06 => set 7 00:06
            timer 7 fired; 1 attempt 2; 8 started pay; 8 calls 9 shop.pay {} => perform 9 shop.pay
            9 failed 500; 8 faulted 500; 1 caught 500; 1 faulted 500; run faulted 500 at /do/0/safe/try/0/pay
        "#,
    );
    check(
        AGAIN,
        "start {} | pay fails 503 | #4 fires | #4 fires | #3 answers {}",
        r#"
            run started {}; 1 started safe; 1 tries; 2 started pay; 2 calls 3 shop.pay {} => perform 3 shop.pay
            3 failed 503; 2 faulted 503; 1 caught 503; 1 timer 4 retry 00:03 => set 4 00:03
            timer 4 fired; 1 attempt 1; 5 started pay; 5 calls 6 shop.pay {} => perform 6 shop.pay
            refused: the run has no timer 4
            refused: the run does not wait for effect 3
        "#,
    );
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up_and_made_again() {
    check(
        PATIENT,
        "start {} | 5s pass | #4 answers {} | 1s passes | pay answers {}",
        r#"
            run started {}; 1 started safe; 1 tries; 1 timer 2 attempt 00:05; 3 started pay; 3 calls 4 shop.pay {} => set 2 00:05; perform 4 shop.pay
            timer 2 fired; cancelled [3]; 1 caught 408; 1 timer 5 retry 00:06 => abandon 4; set 5 00:06
            refused: the run does not wait for effect 4
            timer 5 fired; 1 attempt 1; 1 timer 6 attempt 00:11; 7 started pay; 7 calls 8 shop.pay {} => set 6 00:11; perform 8 shop.pay
            8 answered {}; 7 completed; 1 completed; run completed => clear 6
        "#,
    );
    check(
        PATIENT,
        "start {} | pay fails 500 | 1s passes | 5s pass",
        r#"
            run started {}; 1 started safe; 1 tries; 1 timer 2 attempt 00:05; 3 started pay; 3 calls 4 shop.pay {} => set 2 00:05; perform 4 shop.pay
            4 failed 500; 3 faulted 500; timer 2 cleared; 1 caught 500; 1 timer 5 retry 00:01 => clear 2; set 5 00:01
            timer 5 fired; 1 attempt 1; 1 timer 6 attempt 00:06; 7 started pay; 7 calls 8 shop.pay {} => set 6 00:06; perform 8 shop.pay
            timer 6 fired; cancelled [7]; 1 caught 408; 1 faulted 408; run faulted 408 at /do/0/safe => abandon 8
        "#,
    );
}

#[test]
fn a_retry_is_not_made_after_the_limit_of_all() {
    check(
        "do: [{safe: {try: [{pay: {call: shop.pay, with: {}}}],
            catch: {retry: {delay: PT3S, limit: {duration: PT4S}}, do: [{mend: {set: {n: 1}}}]}}}]",
        "start {} | pay fails 503 | 3s pass | pay fails 503",
        r#"
            run started {}; 1 started safe; 1 tries; 2 started pay; 2 calls 3 shop.pay {} => perform 3 shop.pay
            3 failed 503; 2 faulted 503; 1 caught 503; 1 timer 4 retry 00:03 => set 4 00:03
            timer 4 fired; 1 attempt 1; 5 started pay; 5 calls 6 shop.pay {} => perform 6 shop.pay
            6 failed 503; 5 faulted 503; 1 caught 503; 1 catches; 7 started mend (catch); 7 completed <{"n":1}; 1 completed; run completed
        "#,
    );
}

#[test]
fn a_cancelled_wait_leaves_no_timer() {
    check(
        "do: [{rest: {wait: PT5S}}]",
        "start {} | cancel | 9s pass | #2 fires",
        r#"
            run started {}; 1 started rest; 1 timer 2 wait 00:05 => set 2 00:05
            run cancelled => clear 2
            refused: the run has ended
        "#,
    );
}

#[test]
fn a_timer_does_not_outlive_the_task_it_is_about_when_others_follow_it() {
    check(
        "use: {extensions: [{more: {extend: call, after: [{log: {call: shop.log, with: {}}}]}}]}
do: [{pay: {call: shop.pay, with: {}, timeout: {after: PT5S}}}]",
        "start {} | pay answers {n: 1} | 9s pass | log answers {}",
        r#"
            run started {}; 1 started pay; 1 extended [0]; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            3 answered {"n":1}; 1 after; 4 started log (after 0); 4 calls 5 shop.log {} => clear 2; perform 5 shop.log
            5 answered {}; 4 completed; 1 completed <{"n":1}; run completed
        "#,
    );
}
