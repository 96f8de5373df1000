//! Expressions that want to hang, exhaust or crash the process: each ends in its named error, soon, on a small stack,
//! and the process goes on.

#[allow(dead_code, reason = "measured elsewhere")]
mod corpus;

use corpus::{BOMBS, TIME};

use super::{Known, json, now};
use crate::expr::{EvalLimits, Expression};
use crate::value::Value;

/// Runs on a thread of 2 MiB, as the runtime's are, without a clock: counting alone must end it.
fn title(source: &str, limits: EvalLimits) -> Result<Value, String> {
    let source = source.to_owned();
    let run = move || {
        let expression = Expression::compile(&source, &[]).map_err(|error| error.message)?;
        let result = expression.evaluate(&Value::Null, &Known, now(), limits);
        let after = Expression::compile("1+1", &[])
            .unwrap()
            .evaluate(&Value::Null, &Known, now(), limits)
            .unwrap();
        assert_eq!(after, Value::Int(2));
        result.map_err(|error| {
            assert_eq!(error.status, 400);
            error.title.unwrap()
        })
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap()
}

fn counted() -> EvalLimits {
    EvalLimits {
        fuel: 300_000,
        wall: std::time::Duration::from_secs(600),
        ..EvalLimits::default()
    }
}

#[test]
fn every_bomb_is_named() {
    let wrong: Vec<String> = BOMBS
        .iter()
        .filter_map(|(source, expected)| {
            let found = title(source, counted()).map_or_else(|title| title, |_| String::new());
            (found != *expected)
                .then(|| format!("{source}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} are not as expected:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn sources_that_want_the_stack_are_refused_when_read() {
    let deep = |open: &str, close: &str, count: usize| {
        format!("{}1{}", open.repeat(count), close.repeat(count))
    };
    let sources = [
        deep("(", ")", 5000),
        deep("[", "]", 5000),
        deep("{a:", "}", 3000),
        deep("\"\\(", ")\"", 3000),
        deep("{\"\\(", ")\"}", 3000),
        deep("if ", "", 5000),
        deep("try ", "", 4000),
        deep("-", "", 16000),
        deep("def f: ", "", 2000),
        deep("reduce ", "", 2000),
        deep("label $x | ", "", 1400),
        deep("1 as $x | ", "", 1600),
        deep("1 as [", "", 2000),
        deep(". as {a:", "", 2000),
        deep("1 + ", "", 4000),
        deep("1 // ", "", 3000),
        deep("1 and ", "", 2500),
        deep(".a = ", "", 3000),
        format!(".{}", "[0]".repeat(5000)),
        format!(".{}", "?".repeat(16000)),
        format!("\"{}\"", "a".repeat(17000)),
    ];
    for source in &sources {
        let message = title(source, counted()).unwrap_err();
        let start = &source[..20];
        assert!(
            !message.starts_with("Expression "),
            "{start}: refused only when evaluated: {message}"
        );
    }
    // Long, but not deep.
    let long = [
        vec!["."; 7000].join("|"),
        vec!["1"; 5000].join(","),
        "1,".repeat(7000) + "1",
        "#".repeat(15_000) + "\n.",
    ];
    for source in &long {
        let result = title(&format!("[{source}] | length"), counted());
        assert!(
            matches!(result, Ok(Value::Int(1..))),
            "{}: {result:?}",
            &source[..20]
        );
    }
}

#[test]
fn the_clock_stops_what_fuel_would_not_in_time() {
    let limits = EvalLimits {
        fuel: u64::MAX,
        wall: std::time::Duration::from_millis(20),
        ..EvalLimits::default()
    };
    let started = std::time::Instant::now();
    assert_eq!(title("last(repeat(1))", limits), Err(TIME.to_owned()));
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_large_input_passes_untouched() {
    let items: Vec<Value> = (0..200_000).map(Value::Int).collect();
    let input = Value::object([("items", Value::array(items))]);
    let expression = Expression::compile(".items", &[]).unwrap();
    let result = expression
        .evaluate(&input, &Known, now(), counted())
        .unwrap();
    assert!(result.is_same(input.get("items").unwrap()));
}

#[test]
fn long_loops_are_no_bombs() {
    let cases = [
        ("[range(20000)] | map(. + 1) | add", "200010000"),
        ("0 | until(. > 20000; . + 1)", "20001"),
        (
            "def f: if . > 20000 then . else . + 1 | f end; 0 | f",
            "20001",
        ),
        (
            "def f($n): if $n == 0 then \"done\" else f($n - 1) end; f(10000)",
            "\"done\"",
        ),
        (
            "def f(g): if . > 9000 then . else g | f(g) end; 0 | f(. + 1)",
            "9001",
        ),
        (
            "[recurse(if . == null then 1 elif . < 9000 then . + 1 else empty end)] | length",
            "9001",
        ),
        (
            "0 | [recurse(if . < 9000 then . + 1 else empty end)] | length",
            "9001",
        ),
        ("reduce range(9000) as $i ([]; . + [$i]) | length", "9000"),
        ("reduce range(9000) as $i ([]; .[$i] = $i) | length", "9000"),
        (
            "reduce range(5000) as $i ({}; .[\"k\\($i)\"] += 1) | length",
            "5000",
        ),
        (
            "reduce range(5000) as $i ({a: []}; .a += [$i]) | .a | length",
            "5000",
        ),
        ("[range(3000)] | map([.]) | map({x: .}) | length", "3000"),
        ("[range(3000) | tostring] | join(\",\") | length", "13889"),
    ];
    for (source, expected) in cases {
        assert_eq!(title(source, counted()), Ok(json(expected)), "{source}");
    }
}
