//! Data with expressions in it.

use super::{Known, SCOPE, json, now, patient};
use crate::definition::Mode;
use crate::expr::Template;

fn filled(written: &str, input: &str, mode: Mode) -> String {
    let template = Template::compile(&json(written), &SCOPE, mode)
        .unwrap_or_else(|faults| panic!("{written}: {faults:?}"));
    template
        .evaluate(&json(input), &Known, now(), patient())
        .unwrap_or_else(|error| panic!("{written}: {error}"))
        .to_json()
}

fn strict(written: &str, input: &str, expected: &str) {
    assert_eq!(filled(written, input, Mode::Strict), expected, "{written}");
}

fn loose(written: &str, input: &str, expected: &str) {
    assert_eq!(filled(written, input, Mode::Loose), expected, "{written}");
}

#[test]
fn strict_mode() {
    strict(r#""${ .a }""#, r#"{"a":[1]}"#, "[1]");
    strict(r#""  ${ .a }\n""#, r#"{"a":1}"#, "1");
    strict(r#""${.a}""#, r#"{"a":null}"#, "null");
    strict(r#"".a""#, "{}", r#"".a""#);
    strict(
        r#"{"a":[1,"${ . }",{"b":"${ $context.a }"}]}"#,
        "5",
        r#"{"a":[1,5,{"b":1}]}"#,
    );
    strict(
        r#""Hello ${ .name }!""#,
        r#"{"name":"Ada"}"#,
        r#""Hello Ada!""#,
    );
    strict(r#""${ .a }${ .b }""#, r#"{"a":1,"b":2}"#, r#""12""#);
    strict(
        r#""<${ .a }> ${ .b } ${ .c } ${ .d }""#,
        r#"{"a":null,"b":[1,"x"],"c":true,"d":1.50}"#,
        r#""<> [1,\"x\"] true 1.5""#,
    );
    // From the reference: an e-mail's body.
    strict(
        r#""Hello ${ .order.client.preferredDisplayName }!\n\nYour order contains\n${ .pets | map(\"-\\(.name)\") | join(\"\\n\") }\n""#,
        r#"{"order":{"client":{"preferredDisplayName":"Ada"}},"pets":[{"name":"Rex"},{"name":"Tom"}]}"#,
        r#""Hello Ada!\n\nYour order contains\n-Rex\n-Tom\n""#,
    );
}

#[test]
fn the_brace_that_ends_an_expression_is_the_right_one() {
    strict(r#""${ {a: \"}\"} }""#, "1", r#"{"a":"}"}"#);
    strict(r#""${ {a: {b: .}} }""#, "1", r#"{"a":{"b":1}}"#);
    strict(r#""${ \"\\({a: 1} | .a)}\" }""#, "1", r#""1}""#);
    strict(r#""${ . # } not the end\n}""#, "1", "1");
    strict(r#""a ${ \"${ \" } b""#, "1", r#""a ${  b""#);
    strict(r#""$5 and ${ . } }""#, "1", r#""$5 and 1 }""#);
}

#[test]
fn keys_are_never_expressions() {
    strict(r#"{"${ .a }":"${ .a }"}"#, r#"{"a":1}"#, r#"{"${ .a }":1}"#);
    loose(r#"{".a":".a"}"#, r#"{"a":1}"#, r#"{".a":1}"#);
}

#[test]
fn what_was_inserted_is_not_read_again() {
    // A26: text from outside that looks like an expression stays text.
    let evil = r#"{"a":"${ $secrets }","b":"x ${ 1 + 1 } y"}"#;
    strict(r#""${ .a }""#, evil, r#""${ $secrets }""#);
    strict(
        r#""<${ .a }|${ .b }>""#,
        evil,
        r#""<${ $secrets }|x ${ 1 + 1 } y>""#,
    );
    strict(r#"["${ . }"]"#, evil, &format!("[{evil}]"));
    loose(r#"".b""#, evil, r#""x ${ 1 + 1 } y""#);
    loose(r#"".a | .""#, r#"{"a":"1 + 1"}"#, r#""1 + 1""#);
}

#[test]
fn loose_mode() {
    loose(r#"".a""#, r#"{"a":1}"#, "1");
    loose(r#""${ .a }""#, r#"{"a":1}"#, "1");
    loose(r#""hello""#, "1", r#""hello""#);
    loose(r#""not jq at all (""#, "1", r#""not jq at all (""#);
    loose(r#"".a.b""#, r#"{"a":1}"#, r#"".a.b""#);
    loose(r#""1, 2""#, "null", r#""1, 2""#);
    loose(r#""${HOME}/x""#, "null", r#""${HOME}/x""#);
    loose(r#""a ${ .a } b""#, r#"{"a":1}"#, r#""a 1 b""#);
    let bomb = Template::compile(&json(r#""last(repeat(1))""#), &SCOPE, Mode::Loose).unwrap();
    let limits = crate::expr::EvalLimits {
        fuel: 1000,
        ..patient()
    };
    let error = bomb
        .evaluate(&json("1"), &Known, now(), limits)
        .unwrap_err();
    assert_eq!(error.title.as_deref(), Some("Expression exceeded its fuel"));
}

#[test]
fn constants_stay_whole() {
    let written = json(r#"{"a":[1,{"b":"text"}],"c":null}"#);
    let template = Template::compile(&written, &SCOPE, Mode::Strict).unwrap();
    let Template::Constant(value) = &template else {
        panic!("{template:?}")
    };
    assert!(value.is_same(&written));
    let mixed = Template::compile(
        &json(r#"{"a":[1,{"b":"text"}],"c":"${ . }"}"#),
        &SCOPE,
        Mode::Strict,
    )
    .unwrap();
    let Template::Object(entries) = &mixed else {
        panic!("{mixed:?}")
    };
    assert!(matches!(&entries[0].1, Template::Constant(_)));
    assert!(matches!(&entries[1].1, Template::Expression(_)));
}

#[test]
fn every_fault_has_its_place() {
    let written = json(
        r#"{"a/b":["${ .x | lenght }"],"ok":"${ . }","c":"text ${ $contxt } more","d":"${ .a"}"#,
    );
    let faults = Template::compile(&written, &SCOPE, Mode::Strict).unwrap_err();
    let found: Vec<String> = faults
        .iter()
        .map(|(pointer, fault)| {
            let text = written.to_json();
            assert!(fault.range.end <= text.len());
            format!(
                "{pointer} {:?} {} {}",
                fault.range,
                fault.message,
                fault.help.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "/a~1b/0 8..14 unknown function `lenght` did you mean `length`?",
            "/c 8..15 unknown variable `$contxt` did you mean `$context`?",
            "/d 5..5 this `${` has no closing `}` -",
        ]
    );
}

#[test]
fn mentions_are_those_of_all_parts() {
    let written = json(r#"["${ $input }",{"a":"x ${ $context.a + $input }"}]"#);
    let template = Template::compile(&written, &SCOPE, Mode::Strict).unwrap();
    assert_eq!(template.mentions(), ["input".into(), "context".into()]);
}
