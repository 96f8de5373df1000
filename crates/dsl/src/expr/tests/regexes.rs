//! Regular expressions: when they are compiled, and what is refused with the expression.

use super::{SCOPE, check, evaluate};
use crate::expr::Expression;

/// How many patterns are compiled with the expression and kept.
fn kept(source: &str) -> usize {
    let expression = Expression::compile(source, &SCOPE).unwrap();
    let regexes = expression.program.regexes.as_ref();
    regexes.map_or(0, |regexes| regexes.len())
}

fn refused(source: &str, marked: &str, message: &str) {
    let error = Expression::compile(source, &SCOPE).expect_err(source);
    assert_eq!(
        (&source[error.range.clone()], error.message.as_str()),
        (marked, message),
        "{source}"
    );
}

#[test]
fn plain_patterns_are_compiled_with_the_expression() {
    assert_eq!(kept(r#"test("^a")"#), 1);
    assert_eq!(
        kept(r#"[match("a"; "gx")], sub("b"; "c"; "i"), gsub("d"; "e"), [scan("f"; "i")]"#),
        4
    );
    assert_eq!(
        kept(r#"capture("(?<a>b)"), split("x"; null), [splits("y")], test(["z", "i"])"#),
        4
    );
    // The same pattern with the same meaning is kept once.
    assert_eq!(kept(r#"test("a"), test("a"; "g"), test("a"; "i")"#), 2);
    assert_eq!(kept(r#".a"#), 0);
    assert_eq!(kept(r#"test(.a)"#), 0);
    assert_eq!(kept(r#"test("a"; .flags)"#), 0);
    assert_eq!(kept(r#"split(", ")"#), 0);
    assert_eq!(kept(r#"def test(x): x; test("(")"#), 0);
    // Right, but too large to be kept.
    assert_eq!(kept(r#"test("\\w{9}")"#), 0);
}

#[test]
fn wrong_patterns_are_refused_with_the_expression() {
    refused(
        r#".a | test("(b")"#,
        r#""(b""#,
        "this is no regular expression: unclosed group",
    );
    refused(
        r#"gsub( "[" ; "x")"#,
        r#""[""#,
        "this is no regular expression: unclosed character class",
    );
    refused(
        r#"test("(?=a)b")"#,
        r#""(?=a)b""#,
        "this is no regular expression: look-around, including look-ahead and look-behind, is not supported",
    );
    refused(
        r#"test("a"; "q")"#,
        r#""q""#,
        "q is not a valid modifier string",
    );
    refused(
        r#"test("a{1000}{1000}")"#,
        r#""a{1000}{1000}""#,
        "this regular expression is too large when compiled",
    );
    let long = format!(r#"test("{}")"#, "a".repeat(5_000));
    refused(
        &long,
        &long[5..long.len() - 1],
        "a regular expression has at most 4096 bytes",
    );
    // What is computed fails when it is computed.
    assert!(evaluate(r#"("(" + "b") as $p | "b" | test($p)"#, "null").is_err());
}

#[test]
fn plain_and_computed_patterns_find_the_same() {
    for (pattern, flags) in [
        ("a", ""),
        ("A", "i"),
        ("$", "g"),
        ("b*", "gn"),
        ("a . b", "x"),
        ("a.b", "p"),
    ] {
        for text in ["", "a", "xAy", "a\nb", "aXb", "bb"] {
            let text = serde_json::to_string(text).unwrap();
            let plain = evaluate(
                &format!(
                    r#"[{text} | test("{pattern}"; "{flags}"), match("{pattern}"; "{flags}")]"#
                ),
                "null",
            );
            let computed = format!(r#"[{text} | test($p; $f), match($p; $f)]"#);
            let computed = evaluate(
                &format!(r#""{pattern}" as $p | "{flags}" as $f | {computed}"#),
                "null",
            );
            assert_eq!(
                plain.unwrap(),
                computed.unwrap(),
                "{text} {pattern} {flags}"
            );
            // `test` asks the engine in another way than `match`.
            let both = format!(
                r#"{text} | test("{pattern}"; "{flags}") == ([match("{pattern}"; "{flags}")] | length > 0)"#
            );
            check(&both, "null", "true");
        }
    }
}

#[test]
fn more_computed_patterns_than_are_remembered_work() {
    check(
        r#"[range(50) as $i | "a\($i % 20)b" | test("a\($i % 20)b")] | all"#,
        "null",
        "true",
    );
}
