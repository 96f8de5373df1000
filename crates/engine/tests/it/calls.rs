//! Calls and sub-runs: asked once, answered once, and given up when nobody waits for them any more.

use crate::script::check;

const PAY: &str = "do: [{pay: {call: shop.pay, with: {}}}]";
const PAY_THEN_NOTE: &str = "do: [{pay: {call: shop.pay, with: {}}}, {note: {set: {done: true}}}]";
const SIDES: &str = "do: [{both: {fork: {branches: [
    {left: {call: shop.left, with: {}}}, {right: {call: shop.right, with: {}}}]}}}]";
const RACE: &str = "do: [{race: {fork: {compete: true, branches: [
    {left: {call: shop.left, with: {}}}, {right: {call: shop.right, with: {}}}]}}}]";
const CHILD: &str = "do: [{child: {run: {workflow:
    {namespace: test, name: other, version: '1.0.0', input: {n: 1}}}}}]";

#[test]
fn a_call_is_asked_once_and_answered_once() {
    check(
        PAY,
        "start {} | pay answers {ok: true}",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 answered {"ok":true}; 1 completed; run completed
        "#,
    );
    check(
        PAY_THEN_NOTE,
        "start {} | pay answers {} | #2 answers {}",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 answered {}; 1 completed; 3 started note; 3 completed <{"done":true}; run completed
            refused: the run has ended
        "#,
    );
    check(
        PAY_THEN_NOTE.replace("done: true", "done: 1").as_str(),
        "start {} | #1 answers {} | #99 answers {} | pay answers 7",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            refused: the run does not wait for effect 1
            refused: the run does not wait for effect 99
            2 answered 7; 1 completed; 3 started note; 3 completed <{"done":1}; run completed
        "#,
    );
    check(
        PAY,
        "start {} | pay fails 503 | #2 answers {}",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 failed 503; 1 faulted 503; run faulted 503 at /do/0/pay
            refused: the run has ended
        "#,
    );
}

#[test]
fn a_second_answer_is_refused_while_others_are_out() {
    check(
        SIDES,
        "start {} | left answers 1 | #3 answers 1 | #3 fails 500 | #3 unknown | right answers 2",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            3 answered 1; 2 completed
            refused: the run does not wait for effect 3
            refused: the run does not wait for effect 3
            refused: the run does not wait for effect 3
            5 answered 2; 4 completed; 1 completed <[1,2]; run completed
        "#,
    );
    check(
        SIDES,
        "start {} | right answers 2 | left answers 1",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            5 answered 2; 4 completed
            3 answered 1; 2 completed; 1 completed <[1,2]; run completed
        "#,
    );
}

#[test]
fn a_call_in_a_loop_has_a_number_of_its_own_each_time() {
    check(
        "do: [{each: {for: {in: '${ [1, 2] }'}, do: [{pay: {call: shop.pay, with: {n: '${ $item }'}}}]}}]",
        "start {} | pay answers {a: 1} | #3 answers {} | pay answers {b: 2}",
        r#"
            run started {}; 1 started each; 1 loops over [1,2]; 1 iteration 0; 2 started pay; 2 calls 3 shop.pay {"n":1} => perform 3 shop.pay
            3 answered {"a":1}; 2 completed; 1 iteration 1; 4 started pay; 4 calls 5 shop.pay {"n":2} => perform 5 shop.pay
            refused: the run does not wait for effect 3
            5 answered {"b":2}; 4 completed; 1 completed; run completed
        "#,
    );
}

#[test]
fn a_failed_branch_gives_up_the_calls_beside_it() {
    check(
        SIDES,
        "start {} | left fails 500 | #5 answers 2",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            3 failed 500; 2 faulted 500; cancelled [4]; 1 faulted 500; run faulted 500 at /do/0/both/fork/branches/0/left => abandon 5
            refused: the run has ended
        "#,
    );
    check(
        "do: [{both: {fork: {branches: [
            {left: {do: [{deep: {call: shop.left, with: {}}}]}},
            {middle: {wait: PT5S}},
            {right: {call: shop.right, with: {}}}]}}}]",
        "start {} | right fails 500",
        r#"
            run started {}; 1 started both; 1 forks 3; 2 started left (branch 0); 3 started middle (branch 1); 3 timer 4 wait 00:05; 5 started right (branch 2); 5 calls 6 shop.right {}; 7 started deep; 7 calls 8 shop.left {} => set 4 00:05; perform 6 shop.right; perform 8 shop.left
            6 failed 500; 5 faulted 500; cancelled [2, 3, 7]; 1 faulted 500; run faulted 500 at /do/0/both/fork/branches/2/right => clear 4; abandon 8
        "#,
    );
}

#[test]
fn the_losers_of_a_race_are_given_up() {
    check(
        RACE,
        "start {} | right answers 2 | #3 answers 1",
        r#"
            run started {}; 1 started race; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            5 answered 2; 4 completed; cancelled [2]; 1 completed; run completed => abandon 3
            refused: the run has ended
        "#,
    );
    check(
        RACE,
        "start {} | right fails 500 | left answers 1",
        r#"
            run started {}; 1 started race; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            5 failed 500; 4 faulted 500
            3 answered 1; 2 completed; 1 completed; run completed
        "#,
    );
    check(
        RACE,
        "start {} | right fails 500 | left fails 404",
        r#"
            run started {}; 1 started race; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            5 failed 500; 4 faulted 500
            3 failed 404; 2 faulted 404; 1 faulted 500; run faulted 500 at /do/0/race/fork/branches/1/right
        "#,
    );
}

#[test]
fn what_is_asked_and_given_up_at_once_is_never_asked() {
    check(
        "do: [{both: {fork: {branches: [
            {bad: {raise: {error: {type: 'https://example.com/bad', status: 409}}}},
            {pay: {call: shop.pay, with: {}}}]}}}]",
        "start {}",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started bad (branch 0); 3 started pay (branch 1); 3 calls 4 shop.pay {}; 2 faulted 409; cancelled [3]; 1 faulted 409; run faulted 409 at /do/0/both/fork/branches/0/bad
        "#,
    );
    check(
        "do: [{race: {fork: {compete: true, branches: [{quick: {set: {n: 1}}}, {slow: {wait: PT5S}},
            {ear: {listen: {to: {one: {with: {type: t}}}}}}]}}}]",
        "start {}",
        r#"
            run started {}; 1 started race; 1 forks 3; 2 started quick (branch 0); 3 started slow (branch 1); 3 timer 4 wait 00:05; 5 started ear (branch 2); 5 listens; 2 completed <{"n":1}; cancelled [3, 5]; 1 completed; run completed
        "#,
    );
    check(
        "do: [{quick: {set: {n: 1}, timeout: {after: PT5S}}}]",
        "start {}",
        r#"
            run started {}; 1 started quick; 1 timer 2 timeout 00:05; 1 completed <{"n":1}; run completed
        "#,
    );
}

#[test]
fn end_in_a_branch_gives_up_the_others() {
    check(
        "do: [{both: {fork: {branches: [
            {left: {do: [{pay: {call: shop.left, with: {}, then: end}}]}},
            {right: {call: shop.right, with: {}}}]}}}, {never: {set: {n: 0}}}]",
        "start {} | pay answers {won: true}",
        r#"
            run started {}; 1 started both; 1 forks 2; 2 started left (branch 0); 3 started right (branch 1); 3 calls 4 shop.right {}; 5 started pay; 5 calls 6 shop.left {} => perform 4 shop.right; perform 6 shop.left
            6 answered {"won":true}; 5 completed; run completed => abandon 4
        "#,
    );
}

#[test]
fn an_uncertain_call_waits_for_a_word() {
    check(
        PAY,
        "start {} | pay unknown | pay unknown | pay again | pay again | pay answers {}",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 uncertain
            refused: the run does not wait for effect 2
            2 again => perform 2 shop.pay
            refused: the run does not wait for effect 2
            2 answered {}; 1 completed; run completed
        "#,
    );
    check(
        PAY,
        "start {} | pay again | pay unknown | pay answers {ok: true}",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            refused: the run does not wait for effect 2
            2 uncertain
            2 answered {"ok":true}; 1 completed; run completed
        "#,
    );
    check(
        PAY,
        "start {} | pay unknown | pay fails 503",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 uncertain
            2 failed 503; 1 faulted 503; run faulted 503 at /do/0/pay
        "#,
    );
    check(
        PAY,
        "start {} | pay unknown | cancel",
        r#"
            run started {}; 1 started pay; 1 calls 2 shop.pay {} => perform 2 shop.pay
            2 uncertain
            run cancelled => abandon 2
        "#,
    );
}

#[test]
fn an_uncertain_call_can_still_time_out() {
    check(
        "do: [{pay: {call: shop.pay, with: {}, timeout: {after: PT5S}}}]",
        "start {} | pay unknown | 5s pass | #3 answers {}",
        r#"
            run started {}; 1 started pay; 1 timer 2 timeout 00:05; 1 calls 3 shop.pay {} => set 2 00:05; perform 3 shop.pay
            3 uncertain
            timer 2 fired; 1 faulted 408; run faulted 408 at /do/0/pay => abandon 3
            refused: the run has ended
        "#,
    );
}

#[test]
fn a_sub_run_is_awaited_or_let_go() {
    check(
        CHILD,
        "start {} | child answers {n: 2}",
        r#"
            run started {}; 1 started child; 1 runs 2 other {"n":1} => start run 2 other
            2 answered {"n":2}; 1 completed; run completed
        "#,
    );
    check(
        CHILD,
        "start {} | child again | child fails 404",
        r#"
            run started {}; 1 started child; 1 runs 2 other {"n":1} => start run 2 other
            refused: the run does not wait for effect 2
            2 failed 404; 1 faulted 404; run faulted 404 at /do/0/child
        "#,
    );
    check(
        CHILD,
        "start {} | child unknown",
        r#"
            run started {}; 1 started child; 1 runs 2 other {"n":1} => start run 2 other
            2 uncertain; 1 faulted 500; run faulted 500 at /do/0/child
        "#,
    );
    check(
        "do: [{child: {run: {await: false, workflow: {namespace: test, name: other, version: '1.0.0'}}}},
            {stay: {wait: PT1S}}]",
        "start {} | #2 answers {} | 1s pass",
        r#"
            run started {}; 1 started child; 1 runs 2 other {} unawaited; 1 completed; 3 started stay; 3 timer 4 wait 00:01 => start run 2 other; set 4 00:01
            refused: the run does not wait for effect 2
            timer 4 fired; 3 completed; run completed
        "#,
    );
}

#[test]
fn a_call_of_an_own_function_asks_from_within_it() {
    check(
        "use: {functions: {charge: {call: shop.pay, with: {n: '${ .n }'}}}}
do: [{pay: {call: charge, with: {n: 3}}}]",
        "start {} | charge answers {ok: true}",
        r#"
            run started {}; 1 started pay; 2 started charge (function) <{"n":3}; 2 calls 3 shop.pay {"n":3} => perform 3 shop.pay
            3 answered {"ok":true}; 2 completed; 1 completed; run completed
        "#,
    );
}

#[test]
fn a_published_event_goes_out_once_with_an_id_of_its_own() {
    check(
        "do: [{tell: {emit: {event: {with: {source: 'https://shop.example', type: paid}}}}},
            {again: {emit: {event: {with: {source: 'https://shop.example', type: paid}}}}}]",
        "start {}",
        r#"
            run started {}; 1 started tell; emitted "paid"; 1 completed; 2 started again; emitted "paid"; 2 completed; run completed => publish "r/1"; publish "r/2"
        "#,
    );
}
