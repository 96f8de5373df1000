use super::*;

fn check(template: &str, input: &str, expected: Result<&str, &str>) {
    let input = Value::parse_json(input.as_bytes()).expect("the input is JSON");
    match (expected, expand(template, &input)) {
        (Ok(text), Ok(found)) => assert_eq!(found, text, "{template}"),
        (Err(part), Err(error)) => {
            assert!(
                error.is_kind("expression") && error.status == 400,
                "{error}"
            );
            assert!(error.to_string().contains(part), "{template}: {error}");
        }
        (expected, found) => panic!("{template}: expected {expected:?}, found {found:?}"),
    }
}

#[test]
fn properties_take_their_place_percent_encoded() {
    for (template, input, expected) in [
        (
            "https://a/pet/{petId}",
            r#"{"petId": 1}"#,
            "https://a/pet/1",
        ),
        (
            "https://a/{x}?s={s}",
            r#"{"x": "b c/d", "s": "ä&?#"}"#,
            "https://a/b%20c%2Fd?s=%C3%A4%26%3F%23",
        ),
        (
            "https://a/{pet.id}",
            r#"{"pet.id": "flat", "pet": {"id": "deep"}}"#,
            "https://a/flat",
        ),
        (
            "https://a/{missing}/{nothing}",
            r#"{"nothing": null}"#,
            "https://a//",
        ),
        (
            "https://a/{yes}/{half}",
            r#"{"yes": true, "half": 0.5}"#,
            "https://a/true/0.5",
        ),
        (
            "https://a/{x}{y}",
            r#"{"x": "~-_", "y": "{z}"}"#,
            "https://a/~-_%7Bz%7D",
        ),
        ("https://a/none", "[1]", "https://a/none"),
        ("https://a/{x}", "[1]", "https://a/"),
        ("https://a/../{x}", r#"{"x": "b"}"#, "https://a/../b"),
        ("https://a/{x}", r#"{"x": "..b"}"#, "https://a/..b"),
    ] {
        check(template, input, Ok(expected));
    }
}

#[test]
fn what_cannot_be_text_is_an_expression_error() {
    for (template, input, part) in [
        ("https://a/{x}", r#"{"x": [1]}"#, "array"),
        ("https://a/{x}", r#"{"x": {}}"#, "object"),
        ("https://a/{x", r#"{"x": 1}"#, "brace"),
        ("https://a/x}", r#"{"x": 1}"#, "brace"),
        ("https://a/pets/{x}/secret", r#"{"x": ".."}"#, "outside"),
        ("https://a/pets/{x}{x}", r#"{"x": "."}"#, "outside"),
    ] {
        check(template, input, Err(part));
    }
}
