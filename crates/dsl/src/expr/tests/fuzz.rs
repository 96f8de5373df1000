//! Texts and programs put together at random: whatever they are, each is read, refused or stopped; nothing panics, and
//! a stack of 2 MiB is enough.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};

use super::random::filter;
use super::{Known, SCOPE, json, now};
use crate::definition::Mode;
use crate::expr::{EvalLimits, Expression, Template};
use crate::value::Value;

/// Words of the language, so that random texts get past the first letter.
const WORDS: [&str; 62] = [
    ".", "..", ".a", ".[", "[", "]", "{", "}", "(", ")", "|", ",", ":", ";", "\"", "\\(", "\\",
    "\\u", "@base64", "@json", "$context", "$__loc__", "$x", "as", "?//", "?", "//", "//=", "|=",
    "+=", "=", "==", "<", "+", "-", "*", "/", "%", "and", "or", "not", "if", "then", "elif",
    "else", "end", "try", "catch", "reduce", "foreach", "def", "f", "label", "break", "1",
    "1e1000", "test(", "gsub(", "range(", "path(", "${", "é",
];

fn text() -> impl Strategy<Value = String> {
    let soup = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..40);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200)
            .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        (soup.clone(), any::<bool>()).prop_map(|(words, spaced)| words.join(if spaced {
            " "
        } else {
            ""
        })),
        (soup, 1..400_usize).prop_map(|(words, times)| words.concat().repeat(times)),
        any::<String>(),
    ]
}

/// Few terms, little memory and depth, so that programs stop in the middle of everything.
fn tight() -> impl Strategy<Value = EvalLimits> {
    (0..2_000_u64, 0..20_000_usize, 1..6_usize).prop_map(|(fuel, bytes_max, depth_max)| {
        EvalLimits {
            fuel,
            bytes_max,
            depth_max,
            wall: std::time::Duration::from_secs(60),
        }
    })
}

/// On a thread of 2 MiB, as the runtime's are. A stack that overflows ends the whole test program.
fn on_a_small_stack<S: Strategy>(
    cases: u32,
    strategy: impl FnOnce() -> S + Send + 'static,
    check: impl Fn(S::Value) + Send + 'static,
) {
    let run = move || {
        let config = Config {
            cases,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner =
            TestRunner::new_with_rng(config, TestRng::deterministic_rng(Default::default()));
        runner
            .run(&strategy(), |value| {
                check(value);
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(run).unwrap().join().unwrap();
}

/// Ends in a value that can be written, or in an error of the standard's kind.
fn evaluates(expression: &Expression, limits: EvalLimits) {
    let input = json(r#"{"a": [1, {"b": "text"}], "c": null}"#);
    match expression.evaluate(&input, &Known, now(), limits) {
        Ok(value) => assert_eq!(json(&value.to_json()), value, "{expression:?}"),
        Err(error) => assert_eq!(error.status, 400, "{expression:?}"),
    }
}

#[test]
fn any_text_is_read_or_refused_in_its_place() {
    on_a_small_stack(
        3_000,
        || (text(), tight()),
        |(text, limits)| match Expression::compile(&text, &SCOPE) {
            Ok(expression) => evaluates(&expression, limits),
            Err(error) => {
                assert!(!error.message.is_empty(), "{text:?}");
                assert!(
                    text.get(error.range.clone()).is_some(),
                    "{text:?}: {error:?}"
                );
            }
        },
    );
}

#[test]
fn any_text_is_a_template_or_refused_in_its_place() {
    on_a_small_stack(
        1_500,
        || (text(), text(), tight()),
        |(before, inside, limits)| {
            let written = Value::string(format!("{before}${{{inside}}}"));
            for mode in [Mode::Strict, Mode::Loose] {
                match Template::compile(&written, &SCOPE, mode) {
                    Ok(template) => {
                        let _ = template.evaluate(&Value::Null, &Known, now(), limits);
                    }
                    Err(faults) => {
                        let text = written.as_str().unwrap();
                        for (pointer, fault) in faults {
                            assert_eq!(pointer, "");
                            assert!(
                                text.get(fault.range.clone()).is_some(),
                                "{text:?}: {fault:?}"
                            );
                        }
                    }
                }
            }
        },
    );
}

#[test]
fn programs_stop_wherever_they_are() {
    on_a_small_stack(
        1_500,
        || (filter(), tight()),
        |(source, limits)| {
            let expression = Expression::compile(&source, &SCOPE).unwrap();
            evaluates(&expression, limits);
            let looped =
                format!("[limit(100; repeat({source}))] | map([.]) | group_by(.) | tojson");
            if let Ok(expression) = Expression::compile(&looped, &SCOPE) {
                evaluates(&expression, limits);
            }
        },
    );
}
