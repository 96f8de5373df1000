use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                value.parse().expect("a header value"),
            )
        })
        .collect()
}

#[test]
fn content_is_read_by_its_type() {
    for (content_type, body, expected) in [
        ("application/json", "{\"a\": 1}".as_bytes(), r#"{"a":1}"#),
        (
            "application/problem+json; charset=utf-8",
            b"[true]",
            "[true]",
        ),
        ("application/json", b"\xef\xbb\xbf[1]", "[1]"),
        ("application/json; charset=iso-8859-1", b"\"\xe4\"", "\"ä\""),
        ("text/plain; charset=ISO-8859-1", b"\xe4", "\"ä\""),
        ("text/plain", "ä".as_bytes(), "\"ä\""),
        ("text/xml", b"<a/>", "\"<a/>\""),
        ("application/atom+xml", b"<a/>", "\"<a/>\""),
        (
            "application/x-www-form-urlencoded",
            b"a=1&b=x+y&a=2",
            r#"{"a":["1","2"],"b":"x y"}"#,
        ),
        ("application/octet-stream", b"\x00\x01", "\"AAE=\""),
        ("", b"hello", "\"aGVsbG8=\""),
        ("application/json", b"", "null"),
    ] {
        let found = content(&headers(&[("content-type", content_type)]), body).expect(content_type);
        assert_eq!(found.to_json(), expected, "{content_type}");
    }
}

#[test]
fn json_that_is_none_is_an_error_of_its_own() {
    let error =
        content(&headers(&[("content-type", "application/json")]), b"{oops").expect_err("not JSON");
    assert!(
        error.is_kind("communication") && error.status == 502,
        "{error}"
    );
}

#[test]
fn patience_is_asked_for_in_seconds_or_as_a_date() {
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    for (given, expected) in [
        (vec![("retry-after", "120")], Some(120)),
        (
            vec![
                ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT"),
                ("date", date),
            ],
            Some(30),
        ),
        (
            vec![
                ("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT"),
                ("date", date),
            ],
            Some(0),
        ),
        (vec![("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")], None),
        (
            vec![
                ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT"),
                ("date", "today"),
            ],
            None,
        ),
        (vec![("retry-after", "soon")], None),
        (vec![("retry-after", "-5")], None),
        (vec![], None),
    ] {
        assert_eq!(
            retry_after(&headers(&given)),
            expected.map(Duration::from_secs),
            "{given:?}"
        );
    }
}
