//! Which history a flow leaves: nothing superfluous, and values written once.

use crate::script::{check, check_within};

#[test]
fn a_run_without_waiting_is_one_decision() {
    check(
        "do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}}}]",
        "start {x: 1} | continue",
        r#"
            run started {"x":1}; 1 started a; 1 completed <{"n":1}; 2 started b; 2 completed <{"n":2}; run completed
            refused: the run has ended
        "#,
    );
    check(
        "do: [{a: {do: [{b: {set: {n: 1}}}]}}]",
        "start {}",
        r#"
            run started {}; 1 started a; 2 started b; 2 completed <{"n":1}; 1 completed; run completed
        "#,
    );
    check(
        "do: [{a: {set: {n: 1}, if: '${ false }'}}, {b: {set: {n: 2}, if: '${ .x }'}}]",
        "start {x: 1}",
        r#"
            run started {"x":1}; skipped a; 1 started b; 1 completed <{"n":2}; run completed
        "#,
    );
}

#[test]
fn only_what_changes_is_written() {
    check(
        "do: [{a: {input: {from: '${ .x }'}, set: '${ . }'}}]",
        "start {x: {y: 1}}",
        r#"
            run started {"x":{"y":1}}; 1 started a; 1 input {"y":1}; 1 completed; run completed
        "#,
    );
    check(
        "do: [{a: {set: {n: 1}, export: {as: '${ {seen: .} }'}, output: {as: '${ .n }'}}}]",
        "start {}",
        r#"
            run started {}; 1 started a; 1 completed <1 context {"seen":1}; run completed
        "#,
    );
    check(
        "do: [{go: {switch: [{big: {when: '${ .n > 1 }', then: last}}]}}, {mid: {set: {n: 0}}}, {last: {set: {n: 0}}}]",
        "start {n: 2}",
        r#"
            run started {"n":2}; 1 started go; 1 completed; 2 started last; 2 completed <{"n":0}; run completed
        "#,
    );
}

#[test]
fn a_context_can_become_null_again() {
    check(
        "do: [{a: {set: {n: 1}, export: {as: '${ {n: 1} }'}}}, {b: {set: '${ $context }', export: {as: '${ null }'}}}, {c: {set: '${ $context }'}}]",
        "start {}",
        r#"
            run started {}; 1 started a; 1 completed <{"n":1} context {"n":1}; 2 started b; 2 completed <{"n":1} context null; 3 started c; 3 completed <null; run completed
        "#,
    );
    check(
        "do: [{ear: {listen: {to: {any: [{with: {type: paid}}], until: '${ length == 2 }'}}, foreach: {item: x, do: [{a: {set: '${ $context }'}}], export: {as: '${ null }'}}}}]",
        "start {} | event paid {} | event paid {}",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            1 consumed {} by 0; 1 iteration 0; 2 started a <{}; 2 completed <null; 1 processed null context null
            1 consumed {} by 0 last; 1 iteration 1; 3 started a <{}; 3 completed <null; 1 processed null context null; 1 completed <[null,null]; run completed => unlisten 1
        "#,
    );
}

#[test]
fn a_loop_writes_its_items_once() {
    check(
        "do: [{each: {for: {in: '${ .all }', each: x}, while: '${ $x < 3 }', do: [{add: {set: '${ $x }'}}]}}]",
        "start {all: [1, 2, 3, 4]}",
        r#"
            run started {"all":[1,2,3,4]}; 1 started each; 1 loops over [1,2,3,4]; 1 iteration 0; 2 started add; 2 completed <1; 1 iteration 1; 3 started add; 3 completed <2; 1 completed; run completed
        "#,
    );
    check(
        "do: [{each: {for: {in: '${ [] }'}, do: [{add: {set: {n: 0}}}]}}]",
        "start {}",
        r#"
            run started {}; 1 started each; 1 loops over []; 1 completed; run completed
        "#,
    );
    check(
        "do: [{each: {for: {in: '${ 1 }'}, do: [{add: {set: {n: 0}}}]}}]",
        "start {}",
        r#"
            run started {}; 1 started each; 1 faulted 400; run faulted 400 at /do/0/each
        "#,
    );
}

#[test]
fn an_error_climbs_to_whoever_takes_it() {
    check(
        "do: [{safe: {try: [{in: {do: [{bad: {raise: {error: {type: 'https://example.com/bad', status: 409}}}}]}}],
            catch: {errors: {with: {status: 409}}, do: [{mend: {set: '${ $error.status }'}}]}}}]",
        "start {}",
        r#"
            run started {}; 1 started safe; 1 tries; 2 started in; 3 started bad; 3 faulted 409; 2 faulted 409; 1 caught 409; 1 catches; 4 started mend (catch); 4 completed <409; 1 completed; run completed
        "#,
    );
    check(
        "do: [{safe: {try: [{bad: {raise: {error: {type: 'https://example.com/bad', status: 409}}}}],
            catch: {errors: {with: {status: 410}}}}}]",
        "start {}",
        r#"
            run started {}; 1 started safe; 1 tries; 2 started bad; 2 faulted 409; 1 faulted 409; run faulted 409 at /do/0/safe/try/0/bad
        "#,
    );
}

#[test]
fn a_skipped_branch_has_ended() {
    check(
        "do: [{both: {fork: {branches: [{left: {if: '${ false }', set: {n: 0}}}, {right: {set: {n: 1}}}]}}}]",
        "start {x: 1}",
        r#"
            run started {"x":1}; 1 started both; 1 forks 2; skipped left branch 0 of 1; 2 started right (branch 1); 2 completed <{"n":1}; 1 completed <[{"x":1},{"n":1}]; run completed
        "#,
    );
    check(
        "do: [{both: {fork: {branches: [{left: {if: '${ false }', set: {n: 0}}}]}}}]",
        "start {x: 1}",
        r#"
            run started {"x":1}; 1 started both; 1 forks 1; skipped left branch 0 of 1; 1 completed <[{"x":1}]; run completed
        "#,
    );
}

#[test]
fn extensions_surround_a_task() {
    let text = "use: {extensions: [{more: {extend: set, before: [{look: {call: shop.look, with: {}}}], after: [{log: {wait: PT1S}}]}}]}
do: [{a: {set: {n: 1}}}]";
    check(
        text,
        "start {} | look answers {} | 1s passes",
        r#"
            run started {}; 1 started a; 1 extended [0]; 2 started look (before 0); 2 calls 3 shop.look {} => perform 3 shop.look
            3 answered {}; 2 completed; 1 after <{"n":1}; 4 started log (after 0) <{"n":1}; 4 timer 5 wait 00:01 => set 5 00:01
            timer 5 fired; 4 completed; 1 completed; run completed
        "#,
    );
    check(
        text,
        "start {} | look fails 500",
        r#"
            run started {}; 1 started a; 1 extended [0]; 2 started look (before 0); 2 calls 3 shop.look {} => perform 3 shop.look
            3 failed 500; 2 faulted 500; 1 faulted 500; run faulted 500 at /use/extensions/0/more/before/0/look
        "#,
    );
    check(
        &text.replace("with: {}}}]", "with: {}, then: exit}}]"),
        "start {} | look answers {cached: 1}",
        r#"
            run started {}; 1 started a; 1 extended [0]; 2 started look (before 0); 2 calls 3 shop.look {} => perform 3 shop.look
            3 answered {"cached":1}; 2 completed; 1 completed; run completed
        "#,
    );
}

#[test]
fn the_losers_of_a_race_do_not_run_on_while_an_extension_follows() {
    check(
        "use: {extensions: [{more: {extend: composite, after: [{log: {wait: PT1S}}]}}]}
do: [{race: {fork: {compete: true, branches: [{left: {call: shop.left, with: {}}}, {right: {call: shop.right, with: {}}}]}}}]",
        "start {} | left answers 1 | 1s passes",
        r#"
            run started {}; 1 started race; 1 extended [0]; 1 forks 2; 2 started left (branch 0); 2 calls 3 shop.left {}; 4 started right (branch 1); 4 calls 5 shop.right {} => perform 3 shop.left; perform 5 shop.right
            3 answered 1; 2 completed; cancelled [4]; 1 after; 6 started log (after 0); 6 timer 7 wait 00:01 => abandon 5; set 7 00:01
            timer 7 fired; 6 completed; 1 completed; run completed
        "#,
    );
}

#[test]
fn the_failing_task_of_a_fork_faults_it_once() {
    check(
        "do: [{both: {fork: {branches: [
            {left: {raise: {error: {type: 'https://example.com/bad', status: 409}}}},
            {right: {raise: {error: {type: 'https://example.com/bad', status: 410}}}},
            {quick: {set: {n: 0}}}]}}}]",
        "start {}",
        r#"
            run started {}; 1 started both; 1 forks 3; 2 started left (branch 0); 3 started right (branch 1); 4 started quick (branch 2); 2 faulted 409; 3 faulted 410; 4 completed <{"n":0}; 1 faulted 409; run faulted 409 at /do/0/both/fork/branches/0/left
        "#,
    );
}

#[test]
fn a_small_share_stops_between_tasks() {
    check_within(
        2,
        "do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}}}, {c: {set: {n: 3}}}]",
        "start {} | continue | continue",
        r#"
            run started {}; 1 started a; 1 completed <{"n":1}; 2 started b; 2 completed <{"n":2}; ready c ...
            continued 1; 3 started c; 3 completed <{"n":3}; run completed
            refused: the run has ended
        "#,
    );
}

#[test]
fn a_large_fork_takes_up_no_more_than_its_share() {
    check_within(
        3,
        "do: [{all: {fork: {branches: [{a: {set: {n: 1}}}, {b: {set: {n: 2}}}, {c: {set: {n: 3}}},
            {d: {set: {n: 4}}}, {e: {set: {n: 5}}}, {f: {set: {n: 6}}}]}}}]",
        "start {} | continue | continue",
        r#"
            run started {}; 1 started all; 1 forks 6; 2 started a (branch 0); 3 started b (branch 1); ready c (branch 2); ready d (branch 3); ready e (branch 4); ready f (branch 5); 2 completed <{"n":1}; 3 completed <{"n":2} ...
            continued 3; 4 started c (branch 2) <input; 5 started d (branch 3); 6 started e (branch 4); 4 completed <{"n":3}; 5 completed <{"n":4}; 6 completed <{"n":5} ...
            continued 1; 7 started f (branch 5) <input; 7 completed <{"n":6}; 1 completed <[{"n":1},{"n":2},{"n":3},{"n":4},{"n":5},{"n":6}]; run completed
        "#,
    );
}

#[test]
fn an_attempt_that_ends_before_its_tasks_begin_leaves_none_behind() {
    check_within(
        1,
        "do: [{safe: {try: [{pay: {call: shop.pay, with: {}}}],
            catch: {retry: {delay: PT1S, limit: {attempt: {count: 1, duration: PT5S}}}}}}]",
        "start {} | #2 fires | continue | #3 fires | continue | pay answers {}",
        r#"
            run started {}; 1 started safe; 1 tries; 1 timer 2 attempt 00:05; ready pay => set 2 00:05 ...
            timer 2 fired; 1 caught 408; 1 timer 3 retry 00:01 => set 3 00:01
            refused: nothing is ready to go on with
            timer 3 fired; 1 attempt 1; 1 timer 4 attempt 00:05; 5 started pay; 5 calls 6 shop.pay {} => set 4 00:05; perform 6 shop.pay
            refused: nothing is ready to go on with
            6 answered {}; 5 completed; 1 completed; run completed => clear 4
        "#,
    );
}
