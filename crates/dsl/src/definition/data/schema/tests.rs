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

#[test]
fn data_in_place_breaks_schemas_as_a_copy_does() {
    let schemas = [
        r#"{"type": "integer"}"#,
        r#"{"type": ["number", "null"], "minimum": 2, "multipleOf": 0.5}"#,
        r#"{"const": {"a": [1, 2.0], "b": "x"}}"#,
        r#"{"enum": [1, "x", null, [], {"a": 1e2}, 18446744073709551615]}"#,
        r#"{"minLength": 2, "maxLength": 3, "pattern": "^é"}"#,
        r#"{"uniqueItems": true, "contains": {"type": "string"}, "maxItems": 3}"#,
        r#"{"propertyNames": {"pattern": "^[a-c]$"}, "additionalProperties": {"type": "number"}, "maxProperties": 2}"#,
        r##"{"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"a": {"$ref": "#/$defs/tree"}}, "required": ["a"]}}}"##,
        r#"{"anyOf": [{"type": "string"}, {"properties": {"b": false}}], "not": {"type": "array"}}"#,
        r#"{"dependentRequired": {"a": ["b"]}, "unevaluatedProperties": false, "properties": {"a": true}}"#,
    ];
    let data = [
        "null",
        "true",
        "1",
        "1.0",
        "1.5",
        "-0.0",
        "100",
        "1e400",
        "18446744073709551615",
        "12345678901234567890123",
        r#""""#,
        r#""é""#,
        r#""é€😀""#,
        r#""x""#,
        "[]",
        r#"[1, 1.0, "a"]"#,
        r#"[[1], [1.0], {"a": 1}, {"a": 1}]"#,
        "{}",
        r#"{"a": [1, 2], "b": "x"}"#,
        r#"{"a": 100}"#,
        r#"{"a": {"a": {"a": 1}}, "d": 2, "e": 3}"#,
    ];
    for written in schemas {
        let schema = Schema::compile(&json(written)).unwrap();
        let copying = jsonschema::options()
            .build(&super::to_serde(&json(written)))
            .unwrap();
        for data in data.map(json) {
            let copy = super::to_serde(&data);
            let expected: Vec<_> = copying
                .iter_errors(&copy)
                .map(|error| (error.instance_path().to_string(), error.to_string()))
                .collect();
            let found = schema.violations(&data).into_iter();
            let found: Vec<_> = found
                .map(|violation| (violation.pointer, violation.message))
                .collect();
            assert_eq!(found, expected, "{written} {data}");
        }
    }
    let schema = Schema::compile(&json(r#"{"type": "null"}"#)).unwrap();
    assert!(schema.violations(&Value::Float(f64::NAN)).is_empty());
    // A part that stands in two places is checked in both.
    let shared = json(r#"[{"a": 1}]"#);
    let twice = Value::array(vec![shared.clone(), shared]);
    let schema = json(r#"{"items": {"items": {"properties": {"a": {"type": "string"}}}}}"#);
    let found = Schema::compile(&schema).unwrap().violations(&twice);
    let places: Vec<_> = found.iter().map(|violation| &*violation.pointer).collect();
    assert_eq!(places, ["/0/0/a", "/1/0/a"]);
}
