//! JSON in and out: what is kept, what is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Limits, Value};

fn round_trip(text: &str) {
    let value =
        Value::parse_json(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(value.to_json(), text);
    // The same through serde, where it is part of another type.
    let wrapped: Vec<Value> = serde_json::from_str(&format!("[{text}]"))
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(
        serde_json::to_string(&wrapped).unwrap(),
        format!("[{text}]")
    );
    assert_eq!(wrapped[0].to_json(), text);
}

fn printed(text: &str, expected: &str) {
    assert_eq!(
        Value::parse_json(text.as_bytes()).unwrap().to_json(),
        expected,
        "{text}"
    );
}

fn refused(text: &str, message: &str, offset: usize) {
    let error = Value::parse_json(text.as_bytes()).expect_err(text);
    assert_eq!(
        (error.message.as_str(), error.offset),
        (message, offset),
        "{text}"
    );
}

#[test]
fn what_was_written_survives() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "12345678901234567890",
        "100000000000000000000000000001",
        "1e400",
        "-1e400",
        "1e-400",
        "3.14159265358979323846",
        "0.1",
        "1.5",
        "123.456",
        "\"\"",
        "\"a\"",
        "\"é😀\"",
        "\"\\u0000\"",
        "\"\\n\\t\\\"\\\\\"",
        "[]",
        "{}",
        "[1,[2,{\"a\":null}]]",
        "{\"b\":1,\"a\":{\"c\":[]}}",
        "{\"big\":18446744073709551615,\"list\":[1e999]}",
    ] {
        round_trip(text);
    }
    let long = format!("1{}", "0".repeat(5000));
    round_trip(&format!("{long}1"));
}

#[test]
fn numbers_print_as_in_jq() {
    printed("1.0", "1");
    printed("1.50", "1.5");
    printed("-0", "-0");
    printed("-0.0", "-0");
    printed("1e2", "100");
    printed("1E+2", "100");
    printed("1e15", "1000000000000000");
    printed("1e17", "1e+17");
    printed("1e18", "1e+18");
    printed("1e-5", "1e-05");
    printed("0.0001", "0.0001");
    printed("1.7976931348623157e308", "1.7976931348623157e+308");
    printed("5e-324", "5e-324");
    printed(" [ 1 , 2 ] ", "[1,2]");
    printed("\"\\/\\ud83d\\ude00\\u00e9\"", "\"/😀é\"");
    printed("\"\\u007f\"", "\"\\u007f\"");
    assert_eq!(Value::Float(f64::NAN).to_json(), "null");
    assert_eq!(
        Value::Float(f64::NEG_INFINITY).to_json(),
        "-1.7976931348623157e+308"
    );
    assert_eq!(
        serde_json::to_string(&Value::Float(f64::INFINITY)).unwrap(),
        "1.7976931348623157e+308"
    );
}

#[test]
fn refusals_name_the_byte() {
    refused("", "expected a value, found the end", 0);
    refused("[1,]", "expected a value, found `]`", 3);
    refused("[1 2]", "expected `,` or `]`", 3);
    refused("{\"a\":1,}", "expected a key in quotes", 7);
    refused("{\"a\" 1}", "expected `:`", 5);
    refused("{\"a\":1,\"a\":2}", "key `a` comes twice", 7);
    refused("nul", "expected `null`", 0);
    refused("1 2", "expected the end after the value", 2);
    refused("01", "a number starts with a needless zero", 0);
    refused("1.", "expected a digit", 2);
    refused("-", "expected a digit", 1);
    refused("1e", "expected a digit", 2);
    refused("NaN", "expected a value, found `N`", 0);
    refused("\"\\ud800\"", "half of a surrogate pair", 1);
    refused("\"\\udc00\"", "half of a surrogate pair", 1);
    refused("\"\\ud800\\u0041\"", "half of a surrogate pair", 1);
    refused("\"\\u12\"", "expected four hexadecimal digits", 1);
    refused("\"\\x\"", "no such escape", 1);
    refused("\"a\nb\"", "a control character must be escaped", 2);
    refused("\"abc", "expected a closing quote", 4);
    let error = Value::parse_json(b"\"\xff\"").unwrap_err();
    assert_eq!((error.message.as_str(), error.offset), ("not UTF-8", 1));
    refused(&"[".repeat(100_000), "more than 128 levels deep", 128);
}

#[test]
fn limits_are_the_callers() {
    let limits = Limits {
        depth_max: 2,
        bytes_max: 12,
        last_key_wins: true,
    };
    let parse = |text: &str| Value::parse_json_within(text.as_bytes(), limits);
    assert_eq!(
        parse("{\"a\":1,\"a\":2}").unwrap_err().message,
        "more than 12 bytes"
    );
    assert_eq!(parse("[[1]]").unwrap().to_json(), "[[1]]");
    assert_eq!(
        parse("[[[1]]]").unwrap_err().message,
        "more than 2 levels deep"
    );
    let wide = Limits {
        bytes_max: 100,
        ..limits
    };
    let last = Value::parse_json_within(b"{\"a\":1,\"b\":0,\"a\":2}", wide).unwrap();
    assert_eq!(last.to_json(), "{\"a\":2,\"b\":0}");
}

#[test]
fn conversion_to_serde_json_never_fails() {
    let value = Value::parse_json(b"{\"a\":1e400,\"b\":[1,2.5,18446744073709551615]}").unwrap();
    let converted = serde_json::Value::from(&value);
    assert_eq!(converted["a"], serde_json::json!(f64::MAX));
    assert_eq!(converted["b"][1], serde_json::json!(2.5));
    assert_eq!(
        serde_json::from_value::<Value>(serde_json::json!({"x": [1, {"y": null}]}))
            .unwrap()
            .to_json(),
        "{\"x\":[1,{\"y\":null}]}"
    );
}
