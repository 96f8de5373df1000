//! Listening: heard once, deaf afterwards.

use crate::script::check;

const ONE: &str = "do: [{ear: {listen: {to: {one: {with: {type: paid}}}}}}]";
const ALL: &str = "do: [{ear: {listen: {to: {all: [
    {with: {type: paid}, correlate: {order: {from: .data.order}}},
    {with: {type: sent}, correlate: {order: {from: .data.order}}}]}}}}]";
const EACH: &str =
    "do: [{ear: {listen: {to: {any: [{with: {type: paid}}], until: '${ length == 2 }'}},
    foreach: {item: paid, do: [{pay: {call: shop.pay, with: {n: '${ $paid.n }'}}}]}}}]";

#[test]
fn one_event_is_enough_for_one() {
    check(
        ONE,
        "start {} | event paid {n: 1} | event #1 paid {n: 2}",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            1 consumed {"n":1} by 0 last; 1 completed <[{"n":1}]; run completed => unlisten 1
            refused: the run has ended
        "#,
    );
    check(
        ONE,
        "start {} | event #1 sent {} | event #9 paid {} | cancel",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            refused: the event passes no filter
            refused: the event passes no filter
            run cancelled => unlisten 1
        "#,
    );
}

#[test]
fn all_wants_each_filter_once_and_the_same_order() {
    check(
        ALL,
        "start {} | event sent {order: 1} | event #1 sent {order: 1} | event #1 paid {order: 2} | event paid {order: 1}",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid", "sent"]
            1 consumed {"order":1} by 1 order=1
            refused: the event passes no filter
            refused: the event passes no filter
            1 consumed {"order":1} by 0 last; 1 completed <[{"order":1},{"order":1}]; run completed => unlisten 1
        "#,
    );
}

#[test]
fn events_are_processed_one_after_another() {
    check(
        EACH,
        "start {} | event paid {n: 1} | event paid {n: 2} | event #1 paid {n: 3} | pay answers 1 | pay answers 2",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            1 consumed {"n":1} by 0; 1 iteration 0; 2 started pay <{"n":1}; 2 calls 3 shop.pay {"n":1} => perform 3 shop.pay
            1 consumed {"n":2} by 0 last => unlisten 1
            refused: the event passes no filter
            3 answered 1; 2 completed; 1 processed 1; 1 iteration 1; 4 started pay <{"n":2}; 4 calls 5 shop.pay {"n":2} => perform 5 shop.pay
            5 answered 2; 4 completed; 1 processed 2; 1 completed <[1,2]; run completed
        "#,
    );
}

#[test]
fn a_race_of_ears_leaves_none_open() {
    check(
        "do: [{race: {fork: {compete: true, branches: [
            {left: {listen: {to: {one: {with: {type: paid}}}}}},
            {right: {listen: {to: {one: {with: {type: sent}}}}}}]}}}]",
        "start {} | event sent {} | event #2 paid {}",
        r#"
            run started {}; 1 started race; 1 forks 2; 2 started left (branch 0); 2 listens; 3 started right (branch 1); 3 listens => listen 2 ["paid"]; listen 3 ["sent"]
            3 consumed {} by 0 last; 3 completed <[{}]; cancelled [2]; 1 completed; run completed => unlisten 3; unlisten 2
            refused: the run has ended
        "#,
    );
}

#[test]
fn until_another_event_comes() {
    check(
        "do: [{ear: {listen: {to: {any: [{with: {type: paid}}], until: {one: {with: {type: stop}}}}}}}]",
        "start {} | event paid {n: 1} | event stop {}",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid", "stop"]
            1 consumed {"n":1} by 0
            1 consumed {} by until 0 last; 1 completed <[{"n":1}]; run completed => unlisten 1
        "#,
    );
}

#[test]
fn a_filter_that_fails_is_the_error_of_its_task() {
    check(
        "do: [{ear: {listen: {to: {one: {with: {type: paid, data: '${ .n.deep }'}}}}}}]",
        "start {} | event paid {n: 1}",
        r#"
            run started {}; 1 started ear; 1 listens => listen 1 ["paid"]
            1 faulted 400; run faulted 400 at /do/0/ear => unlisten 1
        "#,
    );
}
