//! Suspending, resuming and cancelling, and commands at the wrong time.

use crate::script::{check, check_within};

const PAY: &str = "do: [{pay: {call: shop.pay, with: {}}}, {rest: {wait: PT5S}}]";
const SIDES: &str = "do: [{both: {fork: {branches: [
    {left: {call: shop.left, with: {}}}, {right: {wait: PT5S}}]}}}]";

#[test]
fn commands_at_the_wrong_time_are_refused() {
    check(
        PAY,
        "continue | #1 answers {} | suspend | resume | event #1 t | #1 fires",
        r#"
            refused: the run has not started
            refused: the run has not started
            refused: the run has not started
            refused: the run has not started
            refused: the run has not started
            refused: the run has not started
        "#,
    );
    check(
        PAY,
        "start {} | start {} | continue | resume | #9 fires",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            refused: the run has already started
            refused: nothing is ready to go on with
            refused: the run is not suspended
            refused: the run has no timer 9
        "#,
    );
    check(
        "do: [{a: {set: {n: 1}}}]",
        "start {} | start {} | continue | suspend | resume | cancel | #1 answers {} | #1 fires | event #1 t",
        r#"
            run started {}; 1 started a; 1 completed <{"n":1}; run completed
            refused: the run has already started
            refused: the run has ended
            refused: the run has ended
            refused: the run has ended
            refused: the run has ended
            refused: the run has ended
            refused: the run has ended
            refused: the run has ended
        "#,
    );
    check(
        PAY,
        "cancel too soon | start {}",
        r#"
            run cancelled too soon
            refused: the run has already started
        "#,
    );
}

#[test]
fn what_arrives_while_suspended_is_taken_up_in_order() {
    check(
        SIDES,
        "start {} | suspend | left answers 1 | 5s pass | resume",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 timer 5 wait 00:05 => perform 3 shop.left; set 5 00:05
            run suspended
            held 3 answered 1
            held timer 5
            run resumed; 3 answered 1; 2 completed; timer 5 fired; 4 completed <input; 1 completed <[1,{}]; run completed
        "#,
    );
    check(
        PAY,
        "start {} | suspend | pay fails 500 | resume",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            run suspended
            held 2 failed 500
            run resumed; 2 failed 500; 1 faulted 500; run faulted 500 at /do/0/pay
        "#,
    );
}

#[test]
fn while_suspended_nothing_is_held_twice() {
    check(
        SIDES,
        "start {} | suspend | suspend | left answers 1 | left answers 2 | #5 fires | #5 fires | #9 fires | continue | event #1 t | resume",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 timer 5 wait 00:05 => perform 3 shop.left; set 5 00:05
            run suspended
            refused: the run is suspended already
            held 3 answered 1
            refused: the run does not wait for effect 3
            held timer 5
            refused: the run has no timer 5
            refused: the run has no timer 9
            refused: the run is suspended already
            refused: the event passes no filter
            run resumed; 3 answered 1; 2 completed; timer 5 fired; 4 completed <input; 1 completed <[1,{}]; run completed
        "#,
    );
    check(
        PAY,
        "start {} | suspend | pay again | pay unknown | resume | pay again",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            run suspended
            refused: the run does not wait for effect 2
            held 2 uncertain
            run resumed; 2 uncertain
            2 again => perform 2 shop.pay
        "#,
    );
    check(
        PAY,
        "start {} | pay unknown | suspend | pay unknown | pay again | resume | pay answers {}",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 uncertain
            run suspended
            refused: the run does not wait for effect 2
            held 2 again
            run resumed; 2 again => perform 2 shop.pay
            2 answered {}; 1 completed; 3 started rest; 3 timer 4 wait 00:05 => set 4 00:05
        "#,
    );
}

#[test]
fn a_held_answer_can_make_what_else_is_held_pointless() {
    check(
        "do: [{pay: {call: shop.pay, with: {}, timeout: {after: PT5S}}}, {stay: {wait: PT9S}}]",
        "start {} | suspend | pay answers 1 | 5s pass | resume",
        r#"
            run started {}; 1 started pay; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            run suspended
            held 3 answered 1
            held timer 2
            run resumed; 3 answered 1; 1 completed; 4 started stay; 4 timer 5 wait 00:14 => clear 2; set 5 00:14
        "#,
    );
    check(
        "do: [{pay: {call: shop.pay, with: {}, timeout: {after: PT5S}}}]",
        "start {} | suspend | 5s pass | pay answers 1 | resume",
        r#"
            run started {}; 1 started pay; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            run suspended
            held timer 2
            held 3 answered 1
            run resumed; timer 2 fired; 1 faulted 408; run faulted 408 at /do/0/pay => abandon 3
        "#,
    );
}

#[test]
fn an_event_heard_while_suspended_is_not_lost() {
    let text = "do: [{ear: {listen: {to: {one: {with: {type: paid}}}}}}]";
    check(
        text,
        "start {} | suspend | event paid {n: 1} | event paid {n: 2} | resume",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            run suspended
            held event for 1
            held event for 1
            run resumed; 1 consumed {"n":1} by 0 last; 1 completed <[{"n":1}]; run completed => unlisten 1
        "#,
    );
    check(
        text,
        "start {} | suspend | event #1 other {} | resume",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            run suspended
            held event for 1
            run resumed
        "#,
    );
}

#[test]
fn a_suspended_run_can_be_cancelled() {
    check(
        SIDES,
        "start {} | suspend | left answers 1 | cancel enough | resume",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 timer 5 wait 00:05 => perform 3 shop.left; set 5 00:05
            run suspended
            held 3 answered 1
            run cancelled enough => abandon 3; clear 5
            refused: the run has ended
        "#,
    );
}

#[test]
fn cancel_gives_up_everything() {
    check(
        "timeout: {after: PT1H}
do: [{both: {fork: {branches: [{left: {call: shop.left, with: {}}}, {right: {wait: PT5S}},
    {ear: {listen: {to: {any: []}}}}, {child: {run: {workflow: {namespace: t, name: o, version: '1.0.0'}}}}]}}}]",
        "start {} | cancel enough",
        r#"
            run started {}; run timer 1 timeout 00:00; 2 started both; 2 forks 4; 3 started left (branch 0); 3 calls 4 shop.left {}; 5 started right (branch 1); 5 timer 6 wait 00:05; 7 started ear (branch 2); 7 listens; 8 started child (branch 3); 8 runs 9 o {} => set 1 00:00; perform 4 shop.left; set 6 00:05; listen 7 []; start run 9 o
            run cancelled enough => abandon 4; clear 6; unlisten 7; abandon 9; clear 1
        "#,
    );
}

#[test]
fn a_run_is_suspended_between_its_shares() {
    let text = "do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}}}, {c: {set: {n: 3}}}]";
    check_within(
        1,
        text,
        "start {} | suspend | continue | resume | continue",
        r#"
            run started {}; 1 started a; 1 completed <{"n":1}; ready b ...
            run suspended
            refused: the run is suspended already
            run resumed; continued 1; 2 started b; 2 completed <{"n":2}; ready c ...
            continued 1; 3 started c; 3 completed <{"n":3}; run completed
        "#,
    );
    check_within(
        1,
        text,
        "start {} | cancel | continue",
        r#"
            run started {}; 1 started a; 1 completed <{"n":1}; ready b ...
            run cancelled
            refused: the run has ended
        "#,
    );
}
