use super::{Finding, Report};
use crate::terminal::Paint;

fn check(text: Option<&str>, finding: Finding, expected: &str) {
    let report = Report {
        path: "a.yaml".to_owned(),
        text: text.map(str::to_owned),
        findings: vec![finding],
    };
    assert_eq!(report.render(Paint::Bare), expected);
}

fn at(start: usize, end: usize, line: usize, column: usize) -> Finding {
    let span = dsl::Span {
        start,
        end,
        line,
        column,
    };
    Finding::error("wrong").at(span)
}

#[test]
fn the_line_is_shown_with_what_to_do() {
    let finding = Finding {
        help: Some("did you mean `do`?".to_owned()),
        code: Some("unknown-key".to_owned()),
        ..at(5, 7, 2, 1)
    };
    check(
        Some("a: b\ndu: []\n"),
        finding,
        "error[unknown-key]: wrong\n --> a.yaml:2:1\n  |\n2 | du: []\n  | ^^\n  |\n  = help: did you mean `do`?",
    );
}

#[test]
fn only_the_first_line_of_a_block_is_underlined() {
    check(
        Some("a:\n  b: 1\n  c: 2\n"),
        at(5, 16, 2, 3),
        "error: wrong\n --> a.yaml:2:3\n  |\n2 |   b: 1\n  |   ^^^^",
    );
}

#[test]
fn places_outside_of_the_text_do_no_harm() {
    check(
        Some("ä"),
        at(1, 99, 1, 1),
        "error: wrong\n --> a.yaml:1:1\n  |\n1 | ä\n  | ^",
    );
    check(
        Some("x"),
        Finding::error("wrong"),
        "error: wrong\n  in a.yaml",
    );
    check(
        None,
        at(5, 7, 2, 1),
        "error: wrong\n  in a.yaml, line 2, column 1",
    );
}

#[test]
fn texts_with_control_characters_cannot_steer_the_terminal() {
    let report = Report {
        path: "a\u{1b}.yaml".to_owned(),
        text: Some("a\u{1b}[31mb: 1".to_owned()),
        findings: vec![Finding {
            help: Some("\u{9b}x".to_owned()),
            message: "\u{1b}]0;x".to_owned(),
            ..at(0, 5, 1, 1)
        }],
    };
    let shown = report.render(Paint::Bare);
    assert!(
        !shown.chars().any(|c| c.is_control() && c != '\n'),
        "{shown:?}"
    );
}
