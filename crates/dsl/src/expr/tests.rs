//! What an expression answers, refuses and survives.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bombs;
mod compile;
mod fuzz;
mod jq;
mod random;
mod regexes;
mod templates;

use std::collections::HashMap;

use super::{EvalLimits, Expression, Variables};
use crate::value::Value;
use crate::workflow_error::WorkflowError;

/// The names that tests may use, with `$context` = `{"a": 1}` and `$input` = `[1, 2]`.
const SCOPE: [&str; 4] = ["context", "input", "item", "secrets"];

struct Known;

impl Variables for Known {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "context" => Some(json(r#"{"a": 1}"#)),
            "input" => Some(json("[1, 2]")),
            _ => None,
        }
    }
}

fn json(text: &str) -> Value {
    Value::parse_json(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Tests run unoptimised and beside others, so the clock gets room; fuel is what counts.
fn patient() -> EvalLimits {
    EvalLimits {
        wall: std::time::Duration::from_secs(60),
        ..EvalLimits::default()
    }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(1_700_000_000_500).unwrap()
}

fn evaluate(source: &str, input: &str) -> Result<Value, WorkflowError> {
    let expression =
        Expression::compile(source, &SCOPE).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    expression.evaluate(&json(input), &Known, now(), patient())
}

/// `source` gives exactly this JSON text.
fn check(source: &str, input: &str, expected: &str) {
    match evaluate(source, input) {
        Ok(value) => assert_eq!(value.to_json(), expected, "{input} | {source}"),
        Err(error) => panic!("{input} | {source}: {error}"),
    }
}

#[test]
fn variables_are_asked_for_only_when_mentioned() {
    struct Counting(std::sync::Mutex<HashMap<String, usize>>);
    impl Variables for Counting {
        fn get(&self, name: &str) -> Option<Value> {
            *self.0.lock().unwrap().entry(name.to_owned()).or_default() += 1;
            Some(Value::Int(7))
        }
    }
    let counting = Counting(std::sync::Mutex::default());
    let expression = Expression::compile("$item + $item", &SCOPE).unwrap();
    let result = expression
        .evaluate(&Value::Null, &counting, now(), patient())
        .unwrap();
    assert_eq!(result, Value::Int(14));
    assert_eq!(expression.mentions(), ["item".into()]);
    let asked = counting.0.into_inner().unwrap();
    assert_eq!(asked, HashMap::from([("item".to_owned(), 1)]));
}

#[test]
fn results() {
    check("$context.a + ($input | add)", "null", "4");
    check("empty", "1", "null");
    check("$item", "1", "null");
    check("now", "null", "1700000000.5");
    let error = evaluate("1, 2", "null").unwrap_err();
    assert_eq!(
        error.title.as_deref(),
        Some("Expression has several results")
    );
    let error = evaluate(r#"error("no pet")"#, "null").unwrap_err();
    assert!(error.is_kind("https://serverlessworkflow.io/spec/1.0.0/errors/expression"));
    assert_eq!(error.status, 400);
    assert_eq!(
        error.detail.as_deref(),
        Some(r#"no pet (in `error("no pet")`)"#)
    );
    let error = evaluate("error({code: 1})", "null").unwrap_err();
    assert_eq!(
        error.detail.as_deref(),
        Some(r#"{"code":1} (in `error({code: 1})`)"#)
    );
}

#[test]
fn numbers_that_json_does_not_know_leave_as_they_would_be_written() {
    for source in [
        "nan",
        "infinite",
        "[-infinite, {a: nan}]",
        "nan | frexp",
        "[.[] | . / 0.0?, nan]",
    ] {
        let value = evaluate(source, "[1]").unwrap();
        let read = json(&value.to_json());
        assert_eq!(format!("{read:?}"), format!("{value:?}"), "{source}");
    }
}

#[test]
fn an_expression_is_shared_between_threads() {
    let expression = Expression::compile("[.[] | . + 1] | add", &SCOPE).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let result = expression
                    .evaluate(&json("[1,2,3]"), &Known, now(), patient())
                    .unwrap();
                assert_eq!(result, Value::Int(9));
            });
        }
    });
}

#[test]
fn what_is_plain_is_as_what_is_streamed() {
    // A term with one result is computed by other code than the same term among streams: `(t, t)` forces the second.
    let terms = [
        ".a",
        ".a.b",
        ".",
        "$context.a",
        "1",
        ".a + 1",
        ".a * 2 - 1",
        "-.a",
        ".a == 1",
        ".a < 2 and true",
        ".c // 5",
        "[.a, .c]",
        "{x: .a, y: {z: .c}}",
        "\"v \\(.a) \\(.c)\"",
        "@base64 \"\\(.a)\"",
        "if .a then 1 else 2 end",
        ".list[0]",
        ".list[1:]",
        ".list | length",
        ".list | map(. + 1)",
        "reduce .list[] as $x (0; . + $x)",
        ".a as $x | $x + 1",
        "def f: . + 1; .a | f",
        "def f($x): $x + 1; f(.a)",
        ".a = 3",
        ".a |= . + 1",
        ".a += 1",
        "try error(\"x\") catch .",
        ".list | sort_by(-.)",
        ".list | any(. > 1)",
        "isempty(.list[])",
        "del(.a)",
        "getpath([\"a\"])",
        "pow(.a; 2)",
        "ltrimstr(\"x\")",
        ".list | until(length > 4; . + [0])",
        "walk(.)",
    ];
    let input = r#"{"a": 1, "list": [1, 2, 3]}"#;
    for term in terms {
        let plain = Expression::compile(term, &SCOPE).unwrap();
        assert!(plain.program.body.is_single, "{term} has one result");
        let one = evaluate(term, input)
            .map(|value| format!("[{value},{value}]"))
            .map_err(|error| error.title);
        let both = evaluate(&format!("[({term}) as $x | ({term}), $x]"), input)
            .map(|value| value.to_json());
        assert_eq!(one, both.map_err(|error| error.title), "{term}");
        let streamed = evaluate(&format!("[(., .) | {term}]"), input).map(|value| value.to_json());
        assert_eq!(one, streamed.map_err(|error| error.title), "{term}");
        // Evaluated while paths are followed.
    }
}
