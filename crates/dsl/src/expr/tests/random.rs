//! Programs put together at random, through jq and through ours.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::jq::jq;
use super::{Known, json, now, patient};
use crate::expr::Expression;

const INPUT: &str =
    r#"{"a": 1, "b": [3, 1, 2], "c": {"d": "text", "e": null}, "f": 2.5, "g": true}"#;

/// Filters over the input above. Integers are small: ours are exact where jq's are not. No `try` and no `?`: those of
/// jq 1.6 catch what happens after them too.
pub(super) fn filter() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("."),
        Just(".a"),
        Just(".b"),
        Just(".b[0]"),
        Just(".b[1:]"),
        Just(".c"),
        Just(".c.d"),
        Just(".c.e"),
        Just(".f"),
        Just(".g"),
        Just(".b[]"),
        Just(".c[]"),
        Just(".x"),
        Just("1"),
        Just("-2"),
        Just("0.5"),
        Just("\"s\""),
        Just("null"),
        Just("false"),
        Just("[]"),
        Just("{}"),
        Just("empty"),
        Just("(1, 2)"),
        Just(".b[1:][]"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (
                pair.clone(),
                prop::sample::select(vec![
                    "+", "-", "*", "//", "==", "<", ">=", "and", "or", ",", "|"
                ])
            )
                .prop_map(|((left, right), operator)| format!("({left} {operator} {right})")),
            inner.clone().prop_map(|inner| format!("[{inner}]")),
            pair.clone()
                .prop_map(|(left, right)| format!("{{a: ({left}), b: ({right})}}")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c} end)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} as $v | [{b}, $v])")),
            pair.clone()
                .prop_map(|(a, b)| format!("(reduce ({a}) as $v (0; [., $v] | {b}))")),
            inner
                .clone()
                .prop_map(|inner| format!("[paths] + [path(({inner}) | empty)]")),
            (
                inner.clone(),
                prop::sample::select(vec![
                    "length",
                    "type",
                    "tojson",
                    "keys",
                    "add",
                    "sort",
                    "unique",
                    "tostring",
                    "not",
                    "flatten",
                    "to_entries",
                    "min",
                    "any"
                ])
            )
                .prop_map(|(inner, function)| format!("({inner} | {function})")),
            (
                inner.clone(),
                prop::sample::select(vec![
                    "map",
                    "select",
                    "first",
                    "sort_by",
                    "group_by",
                    "map_values",
                    "isempty"
                ])
            )
                .prop_map(|(inner, function)| format!("({function}({inner}))")),
            (
                prop::sample::select(vec![".a", ".b[1]", ".c.d", ".b[]", ".n.m"]),
                prop::sample::select(vec!["=", "+=", "//="]),
                inner.clone()
            )
                .prop_map(|(path, operator, value)| format!("({path} {operator} ({value}))")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("\"<\\({a})|\\({b})>\"")),
        ]
    })
}

#[test]
fn random_programs_answer_as_jq() {
    let config = Config {
        cases: 250,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(Default::default()),
    );
    let result = runner.run(&filter(), |filter| {
        let source = format!("[{filter}]");
        let theirs = jq(&source, INPUT).map(|lines| lines.join("\n"));
        let ours = Expression::compile(&source, &[])
            .ok()
            .and_then(|expression| {
                expression
                    .evaluate(&json(INPUT), &Known, now(), patient())
                    .ok()
                    .map(|value| value.to_json())
            });
        prop_assert_eq!(theirs, ours, "{}", source);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
