use super::Schema;
use crate::value::Value;

fn json(text: &str) -> Value {
    Value::parse_json(text.as_bytes()).unwrap()
}

#[test]
fn violations_name_their_places() {
    let schema = Schema::compile(&json(r#"{"type": "object", "required": ["a"], "properties": {"b": {"type": "integer", "maximum": 3}}}"#)).unwrap();
    let check = |data: &str, expected: &[(&str, &str)]| {
        let found = schema.violations(&json(data));
        let found: Vec<_> = found
            .iter()
            .map(|violation| (violation.pointer.as_str(), violation.message.as_str()))
            .collect();
        assert_eq!(found, expected, "{data}");
    };
    check(r#"{"a": null, "b": 3}"#, &[]);
    check(
        r#"{"b": 4}"#,
        &[
            ("", "\"a\" is a required property"),
            ("/b", "4 is greater than the maximum of 3"),
        ],
    );
    check("[]", &[("", "[] is not of type \"object\"")]);
}

#[test]
fn violations_are_counted_to_a_hundred() {
    let schema = Schema::compile(&json(r#"{"items": {"type": "string"}}"#)).unwrap();
    let data = Value::array((0..1_000).map(Value::from).collect());
    assert_eq!(schema.violations(&data).len(), 100);
}

#[test]
fn large_numbers_stay_numbers() {
    let schema = Schema::compile(&json(
        r#"{"type": "number", "minimum": 18446744073709551615}"#,
    ))
    .unwrap();
    assert!(
        schema
            .violations(&Value::Decimal("18446744073709551615".into()))
            .is_empty()
    );
    assert!(
        schema
            .violations(&Value::Decimal("1e400".into()))
            .is_empty()
    );
    assert_eq!(schema.violations(&Value::Int(1)).len(), 1);
}

#[test]
fn references_within_and_to_the_metaschema_work_and_others_are_refused() {
    assert!(
        Schema::compile(&json(
            r##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}"##
        ))
        .is_ok()
    );
    assert!(
        Schema::compile(&json(
            r#"{"$ref": "https://json-schema.org/draft/2020-12/schema"}"#
        ))
        .is_ok()
    );
    let error = Schema::compile(&json(r#"{"$ref": "https://example.com/a.json"}"#)).unwrap_err();
    assert!(error.message.contains("nothing is fetched"), "{error}");
    assert!(Schema::compile(&json(r#"{"$ref": "file:///etc/passwd"}"#)).is_err());
}

#[test]
fn a_wrong_schema_names_its_place() {
    let error = Schema::compile(&json(r#"{"properties": {"a": {"type": 1}}}"#)).unwrap_err();
    assert_eq!(error.pointer, "/properties/a/type");
}
