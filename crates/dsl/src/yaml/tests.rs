use super::edit::{Change, Edit, EditError, edit};
use super::{Node, NodeKind, parse, resolve, span_within};
use crate::value::Value;
use crate::yaml::Lines;

fn root(text: &str) -> Node {
    parse(text).expect("the text is valid").remove(0).root
}

#[test]
fn scalars_follow_the_core_schema() {
    let check = |text: &str, json: &str| assert_eq!(resolve::plain(text).to_json(), json, "{text}");
    for (text, json) in [
        ("", "null"),
        ("~", "null"),
        ("null", "null"),
        ("NULL", "null"),
        ("nUll", "\"nUll\""),
        ("true", "true"),
        ("False", "false"),
        ("tRUE", "\"tRUE\""),
        ("yes", "\"yes\""),
        ("no", "\"no\""),
        ("on", "\"on\""),
        ("y", "\"y\""),
        ("0", "0"),
        ("-0", "0"),
        ("+12", "12"),
        ("014", "14"),
        ("0o14", "12"),
        ("0x1F", "31"),
        ("0b1", "\"0b1\""),
        ("1_000", "\"1_000\""),
        ("12:30", "\"12:30\""),
        ("2026-01-31", "\"2026-01-31\""),
        ("1.5", "1.5"),
        ("1.", "1"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1E+3", "1000"),
        ("1e", "\"1e\""),
        (".", "\".\""),
        ("1.0.3", "\"1.0.3\""),
        ("-", "\"-\""),
        ("+", "\"+\""),
        ("e3", "\"e3\""),
        (".e3", "\".e3\""),
        ("9223372036854775807", "9223372036854775807"),
    ] {
        check(text, json);
    }
    assert!(matches!(resolve::plain(".inf"), Value::Float(number) if number.is_infinite()));
    assert!(matches!(resolve::plain(".NaN"), Value::Float(number) if number.is_nan()));
    assert!(
        matches!(resolve::plain("9223372036854775808"), Value::Decimal(text) if &*text == "9223372036854775808")
    );
    assert!(matches!(resolve::plain("1e400"), Value::Decimal(text) if &*text == "1e400"));
}

#[test]
fn quotes_make_text() {
    assert_eq!(
        root("{a: '1', b: \"true\", c: 1}").to_value().to_json(),
        r#"{"a":"1","b":"true","c":1}"#
    );
}

#[test]
fn spans_cover_what_is_written() {
    let text = "a:\n  - b: one two # why\n    c: [1, 'x''y']\nd: |\n  first\n  second\n";
    let root = root(text);
    let check = |pointer: &str, written: &str, line: usize, column: usize| {
        let span = root.at(pointer).unwrap_or_else(|| panic!("{pointer}")).span;
        assert_eq!(
            (
                text[span.start..span.end].trim_end(),
                span.line,
                span.column
            ),
            (written, line, column),
            "{pointer}"
        );
    };
    check("/a/0/b", "one two", 2, 8);
    check("/a/0/c", "[1, 'x''y']", 3, 8);
    check("/a/0/c/0", "1", 3, 9);
    check("/a/0/c/1", "'x''y'", 3, 12);
    check("/a/0", "b: one two # why\n    c: [1, 'x''y']", 2, 5);
    let entry = root.entry("d").unwrap();
    assert_eq!(
        (
            &text[entry.key_span.start..entry.key_span.end],
            entry.key_span.line
        ),
        ("d", 4)
    );
}

#[test]
fn comments_are_kept_with_their_places() {
    let documents = parse("# top\na: 1 # right\n# last\n").unwrap();
    let comments: Vec<_> = documents[0]
        .comments
        .iter()
        .map(|comment| (comment.text.as_str(), comment.span.line))
        .collect();
    assert_eq!(comments, [(" top", 1), (" right", 2), (" last", 3)]);
}

#[test]
fn several_documents_are_read() {
    let documents = parse("a: 1\n---\nb: 2\n---\n- c\n").unwrap();
    let values: Vec<_> = documents
        .iter()
        .map(|document| document.root.value.to_json())
        .collect();
    assert_eq!(values, [r#"{"a":1}"#, r#"{"b":2}"#, r#"["c"]"#]);
}

#[test]
fn a_fault_does_not_hide_the_documents_after_it() {
    let problems = parse("a: [1\n---\nb: 1\nb: 2\n").unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.code, problem.span.line))
        .collect();
    assert_eq!(found, [("syntax", 1), ("duplicate-key", 4)]);
}

#[test]
fn merge_keys_are_ordinary_keys() {
    assert_eq!(
        root("<<: {a: 1}\nb: 2").to_value().to_json(),
        r#"{"<<":{"a":1},"b":2}"#
    );
}

/// The part of the scalar's text that `needle` is, found again in the source.
fn check_within(text: &str, pointer: &str, needle: &str, line: usize, column: usize) {
    let root = root(text);
    let node = root.at(pointer).unwrap();
    let NodeKind::Scalar { text: scalar, .. } = &node.kind else {
        panic!("a scalar")
    };
    let start = scalar.find(needle).unwrap();
    let span = span_within(&Lines::new(text), node, start..start + needle.len());
    assert_eq!(
        (&text[span.start..span.end], span.line, span.column),
        (needle, line, column),
        "{text}"
    );
}

#[test]
fn a_part_of_a_scalar_is_found_in_the_source() {
    check_within("a: .x + $y", "/a", "$y", 1, 9);
    check_within("a: '.x + $y'", "/a", "$y", 1, 10);
    check_within("a: '.x == ''z'' and $y'", "/a", "$y", 1, 21);
    check_within("a: \".x == \\\"z\\\" and $y\"", "/a", "$y", 1, 21);
    check_within("a: \"\\u00e9 \\x41 $y\"", "/a", "$y", 1, 17);
    check_within("a: \"\\ud83d\\ude00 $y\"", "/a", "$y", 1, 18);
    check_within("a: \"\\x41$y\"", "/a", "$y", 1, 9);
    check_within("a: é + $y", "/a", "$y", 1, 8);
    check_within("a: .x\n  + $y", "/a", "$y", 2, 5);
    check_within("a: '.x\n\n  + $y'", "/a", "$y", 3, 5);
    check_within("a: |\n  .x\n  + $y\n", "/a", "$y", 3, 5);
    check_within("a: |\n  .x\n\n    + $y\n", "/a", "$y", 4, 7);
    check_within("a: >-\n  .x\n  + $y\n", "/a", "$y", 3, 5);
    check_within("a: |2-\n   .x\n  + $y\n", "/a", "$y", 3, 5);
    check_within("a: | # why $y\n  .x\n  + $y\n", "/a", "$y", 3, 5);
    check_within("a: |\r\n  .x\r\n  + $y\r\n", "/a", "$y", 3, 5);
    check_within("\u{feff}a: .x + $y", "/a", "$y", 1, 9);
}

const FLOW: &str = "# a shop\ndo:\n  # first\n  - pay:   # by card\n      set: {a: 1, b: 'two'}\n      then: end\n\n  - ship:\n      wait: PT1S # quick\n";

#[test]
fn changes_touch_only_their_lines() {
    let json = |text: &str| Value::parse_json(text.as_bytes()).unwrap();
    let check = |text: &str, pointer: &str, change: Change, expected: &str| {
        let found = edit(
            text,
            &[Edit {
                pointer: pointer.to_owned(),
                change,
            }],
        );
        assert_eq!(found.as_deref(), Ok(expected), "{pointer}");
    };
    check(
        FLOW,
        "/do/1/ship/wait",
        Change::Set("PT2S".into()),
        &FLOW.replace("PT1S", "PT2S"),
    );
    check(
        FLOW,
        "/do/0/pay/set/a",
        Change::Set(json("[1, \"x: y\"]")),
        &FLOW.replace("a: 1", "a: [1, 'x: y']"),
    );
    check(
        FLOW,
        "/do/0/pay/set/c",
        Change::Set(true.into()),
        &FLOW.replace("'two'}", "'two', c: true}"),
    );
    check(
        FLOW,
        "/do/0/pay/set",
        Change::Set(json("{\"x\": {\"y\": 1}}")),
        &FLOW.replace("set: {a: 1, b: 'two'}", "set:\n        x:\n          y: 1"),
    );
    check(
        FLOW,
        "/do/0/pay/if",
        Change::Set("${ .x }".into()),
        &FLOW.replace("then: end\n", "then: end\n      if: '${ .x }'\n"),
    );
    check(
        FLOW,
        "/do/0/pay/then",
        Change::Remove,
        &FLOW.replace("      then: end\n", ""),
    );
    check(
        FLOW,
        "/do/0/pay/set/a",
        Change::Remove,
        &FLOW.replace("a: 1, ", ""),
    );
    check(
        FLOW,
        "/do/0/pay/set/b",
        Change::Remove,
        &FLOW.replace(", b: 'two'", ""),
    );
    check(
        FLOW,
        "/do/0/pay",
        Change::Rename("charge".into()),
        &FLOW.replace("pay:", "charge:"),
    );
    let task =
        json(r#"{"mail": {"call": "email", "with": {"to": ["a@b.c"], "text": "one\ntwo\n"}}}"#);
    let lines = "  - mail:\n      call: email\n      with:\n        to:\n          - a@b.c\n        text: |\n          one\n          two\n";
    check(
        FLOW,
        "/do/0",
        Change::InsertAfter(task.clone()),
        &FLOW.replace("then: end\n", &format!("then: end\n{lines}")),
    );
    check(
        FLOW,
        "/do/1",
        Change::InsertAfter(task),
        &format!("{FLOW}{lines}"),
    );
    check(
        FLOW,
        "/do/0",
        Change::Remove,
        "# a shop\ndo:\n  # first\n\n  - ship:\n      wait: PT1S # quick\n",
    );
    check(
        FLOW,
        "/do/1",
        Change::Remove,
        &FLOW[..FLOW.find("  - ship").unwrap()],
    );
    check("a: 1", "/b", Change::Set(2.into()), "a: 1\nb: 2");
    check(
        "a: 1\r\nb: 2\r\n",
        "/a",
        Change::Set("x".into()),
        "a: x\r\nb: 2\r\n",
    );
    check("a:\nb: 2\n", "/a", Change::Set("x".into()), "a: x\nb: 2\n");
    check(
        "a:\n  x: 1\nb: 2\n",
        "/a",
        Change::Set("x".into()),
        "a: x\nb: 2\n",
    );
    check(
        "a: |\n  x\n  y\nb: 2\n",
        "/a",
        Change::Set("x".into()),
        "a: x\nb: 2\n",
    );
    check("- x: 1\n  y: 2\n", "/0/x", Change::Remove, "- y: 2\n");
    check(
        "- 1 # one\n- 2\n",
        "/0",
        Change::InsertAfter(5.into()),
        "- 1 # one\n- 5\n- 2\n",
    );
    check("[1, 2]", "/0", Change::InsertAfter(5.into()), "[1, 5, 2]");
    check(
        "{\"a\": {\"b\": 1}}",
        "/a/b",
        Change::Set("no".into()),
        "{\"a\": {\"b\": no}}",
    );
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let check = |text: &str, pointer: &str, change: Change| {
        edit(
            text,
            &[Edit {
                pointer: pointer.to_owned(),
                change,
            }],
        )
        .unwrap_err()
    };
    assert!(matches!(
        check(FLOW, "/do/7", Change::Remove),
        EditError::NotFound { .. }
    ));
    assert!(matches!(
        check(FLOW, "/do/0/pay", Change::InsertAfter(1.into())),
        EditError::NotFound { .. }
    ));
    assert!(matches!(
        check("a: 1\nb: 2\n", "/a", Change::Rename("b".into())),
        EditError::NotFound { .. }
    ));
    assert!(matches!(
        check("- - 1\n  - 2\n", "/0/0", Change::Remove),
        EditError::Unsupported { .. }
    ));
    assert_eq!(check("a: [1", "/a", Change::Remove), EditError::NotValid);
    assert_eq!(
        check("a: 1\n---\nb: 1", "/a", Change::Remove),
        EditError::NotValid
    );
}
