use http::{HeaderMap, HeaderName, HeaderValue};

use super::parse;

fn shown(headers: &[(&str, &str)], body: &[u8]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a header name");
        map.append(
            name,
            HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
        );
    }
    match parse(&map, body) {
        Ok(events) => events
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        Err(problem) => {
            let places: Vec<String> = problem
                .findings()
                .iter()
                .map(|finding| {
                    format!(
                        "{}: {}",
                        finding.pointer.as_deref().unwrap_or("-"),
                        finding.message
                    )
                })
                .collect();
            format!("{}! {}", problem.code().name(), places.join("; "))
        }
    }
}

fn check_structured(body: &str, expected: &str) {
    assert_eq!(
        shown(
            &[(
                "content-type",
                "Application/CloudEvents+JSON; charset=utf-8"
            )],
            body.as_bytes()
        ),
        expected
    );
}

#[test]
fn structured_events() {
    check_structured(
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":null,"level":3,"data":{"a":1}}"#,
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","level":3,"data":{"a":1}}"#,
    );
    // Data is kept whatever it is, null too.
    check_structured(
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":null}"#,
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":null}"#,
    );
    check_structured(
        "[]",
        "event-invalid! : expected an event, which is an object, found array",
    );
    check_structured(
        r#"{"specversion":"0.3","id":"","source":7,"time":"noon","dataschema":"x","Big":1,"deep":{},"wide":2147483648}"#,
        "event-invalid! /specversion: expected `1.0`, found `0.3`; /id: is empty; /source: expected text, found number; \
         /time: expected a time such as `2026-11-21T10:00:00Z`, found `noon`; /dataschema: expected an absolute URI, found `x`; \
         /Big: an attribute's name has only lower-case letters and digits; \
         /deep: an extension attribute is text, a boolean or a 32-bit integer, found object; \
         /wide: an extension attribute is text, a boolean or a 32-bit integer, found number; /type: is missing",
    );
}

#[test]
fn bytes_become_data_where_they_can() {
    let event = |extra: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"t",{extra}}}"#)
    };
    let check = |extra: &str, expected: &str| check_structured(&event(extra), &event(expected));
    // {"a":1}
    check(r#""data_base64":"eyJhIjoxfQ==""#, r#""data":{"a":1}"#);
    check(
        r#""datacontenttype":"text/plain","data_base64":"aGk=""#,
        r#""datacontenttype":"text/plain","data":"hi""#,
    );
    check(
        r#""datacontenttype":"image/png","data_base64":"iVBORw==""#,
        r#""datacontenttype":"image/png","data_base64":"iVBORw==""#,
    );
    check_structured(
        &event(r#""data":1,"data_base64":"MQ==""#),
        "event-invalid! /data_base64: an event has `data` or `data_base64`, not both",
    );
    check_structured(
        &event(r#""data_base64":"?""#),
        "event-invalid! /data_base64: expected text in base64",
    );
}

#[test]
fn batches_are_taken_whole_or_not_at_all() {
    let batch = [("content-type", "application/cloudevents-batch+json")];
    let one = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#;
    assert_eq!(shown(&batch, b"[]"), "");
    assert_eq!(
        shown(&batch, format!("[{one},{one}]").as_bytes()),
        format!("{one} {one}")
    );
    assert_eq!(
        shown(
            &batch,
            format!(r#"[{one},{{"id":"2","specversion":"1.0","source":"/s"}},3]"#).as_bytes()
        ),
        "event-invalid! /1/type: is missing; /2: expected an event, which is an object, found number"
    );
    assert_eq!(
        shown(&batch, one.as_bytes()),
        "event-invalid! : expected an array of events, found object"
    );
    let many = format!("[{}]", vec![one; super::BATCH_EVENTS_MAX + 1].join(","));
    assert_eq!(shown(&batch, many.as_bytes()), "body-too-large! ");
}

const BINARY: [(&str, &str); 4] = [
    ("ce-specversion", "1.0"),
    ("ce-id", "1"),
    ("ce-source", "/s"),
    ("ce-type", "t"),
];

fn check_binary(more: &[(&str, &str)], body: &[u8], expected: &str) {
    let headers: Vec<_> = BINARY.iter().chain(more).copied().collect();
    let prefix = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t""#;
    let shown = shown(&headers, body);
    assert_eq!(shown.strip_prefix(prefix).unwrap_or(&shown), expected);
}

#[test]
fn binary_mode() {
    check_binary(&[], b"", "}");
    check_binary(&[], b"[1]", r#","data":[1]}"#);
    check_binary(
        &[("content-type", "application/vnd.x+json")],
        b"7",
        r#","datacontenttype":"application/vnd.x+json","data":7}"#,
    );
    check_binary(
        &[("content-type", "text/plain")],
        "grüß".as_bytes(),
        r#","datacontenttype":"text/plain","data":"grüß"}"#,
    );
    check_binary(
        &[("content-type", "text/plain")],
        b"\xff",
        r#","datacontenttype":"text/plain","data_base64":"/w=="}"#,
    );
    let headers: Vec<_> = BINARY
        .iter()
        .chain(&[("content-type", "application/json")])
        .copied()
        .collect();
    assert!(
        shown(&headers, b"{")
            .starts_with("event-invalid! body: is not JSON, as its content type says: ")
    );
}

#[test]
fn binary_headers_are_unescaped() {
    // The three examples of the binding: Euro sign, quoted text with backslashes, then percent-decoded once.
    check_binary(
        &[("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80")],
        b"",
        r#","subject":"Euro € 😀"}"#,
    );
    check_binary(
        &[("ce-subject", r#""a \"b\" %2541""#)],
        b"",
        r#","subject":"a \"b\" %41"}"#,
    );
    check_binary(
        &[("ce-subject", "%FF")],
        b"",
        "event-invalid! ce-subject: is not UTF-8 after percent-decoding",
    );
    check_binary(
        &[("ce-id", "2")],
        b"",
        "event-invalid! ce-id: comes more than once",
    );
    check_binary(
        &[("ce-datacontenttype", "a/b")],
        b"",
        "event-invalid! ce-datacontenttype: is not an attribute in binary mode: the body is the data, `Content-Type` its type",
    );
    assert_eq!(
        shown(&[("ce-id", "1")], b""),
        "event-invalid! ce-specversion: is missing; ce-source: is missing; ce-type: is missing"
    );
}

#[test]
fn other_requests_are_no_events() {
    assert_eq!(shown(&[], b"{}"), "media-type-unsupported! ");
    assert_eq!(
        shown(&[("content-type", "application/json")], b"{}"),
        "media-type-unsupported! "
    );
    assert_eq!(
        shown(
            &[
                ("content-type", "application/cloudevents+avro"),
                ("ce-id", "1")
            ],
            b""
        ),
        "media-type-unsupported! "
    );
}
