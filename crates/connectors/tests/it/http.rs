//! The function `http`, as a workflow's author meets it.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use connectors::function::Connector;
use http::Method;

use crate::support::*;

/// Answers with what it was asked, as JSON.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let headers: serde_json::Map<String, serde_json::Value> = headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes())
                    .into_owned()
                    .into(),
            )
        })
        .collect();
    let text = String::from_utf8_lossy(&body).into_owned();
    axum::Json(
        serde_json::json!({ "method": method.as_str(), "uri": uri.to_string(), "headers": headers, "body": text }),
    )
}

async fn echo_server() -> std::net::SocketAddr {
    serve(Router::new().fallback(any(echo))).await
}

#[tokio::test]
async fn a_reply_comes_in_three_forms() {
    let app = Router::new()
        .route(
            "/pet",
            get(|| async {
                (
                    [("x-a", "1"), ("set-cookie", "sid=abc")],
                    axum::Json(serde_json::json!({ "id": 9007199254740993u64 })),
                )
            }),
        )
        .route("/empty", any(|| async { StatusCode::NO_CONTENT }));
    let (http, address) = (http(), serve(app).await);
    let pet = r#"{"method": "get", "endpoint": "http://HOST/pet""#;

    let content = perform(&http, address, &format!("{pet}}}")).await.unwrap();
    assert_eq!(content.to_json(), r#"{"id":9007199254740993}"#);
    let raw = perform(&http, address, &format!(r#"{pet}, "output": "raw"}}"#))
        .await
        .unwrap();
    assert_eq!(raw.as_str(), Some("eyJpZCI6OTAwNzE5OTI1NDc0MDk5M30="));
    let response = perform(&http, address, &format!(r#"{pet}, "output": "response"}}"#))
        .await
        .unwrap();
    assert_eq!(response.get("statusCode").unwrap().as_i64(), Some(200));
    assert_eq!(response.get("content"), Some(&content));
    let headers = response.get("headers").unwrap();
    assert_eq!(
        headers.get("content-type").unwrap().as_str(),
        Some("application/json")
    );
    assert_eq!(headers.get("x-a").unwrap().as_str(), Some("1"));
    assert_eq!(
        headers.get("set-cookie").unwrap().as_str(),
        Some("[redacted]")
    );
    let request = response.get("request").unwrap();
    assert_eq!(request.get("method").unwrap().as_str(), Some("get"));
    assert_eq!(
        request.get("uri").unwrap().as_str(),
        Some(format!("http://{address}/pet").as_str())
    );
    assert!(request.get("headers").unwrap().as_object().is_some());

    for (method, output, expected) in [
        ("get", "content", "null"),
        ("delete", "raw", "null"),
        ("head", "content", "null"),
    ] {
        let with = format!(
            r#"{{"method": "{method}", "endpoint": "http://HOST/empty", "output": "{output}"}}"#
        );
        assert_eq!(
            perform(&http, address, &with).await.unwrap().to_json(),
            expected
        );
    }
}

#[tokio::test]
async fn a_body_goes_out_as_its_content_type_says() {
    let (http, address) = (http(), echo_server().await);
    for (arguments, content_type, body) in [
        (
            r#""body": {"a": [1, 0.5, "ä"]}"#,
            "application/json",
            r#"{"a":[1,0.5,"ä"]}"#,
        ),
        (r#""body": [1]"#, "application/json", "[1]"),
        (r#""body": 7"#, "application/json", "7"),
        (r#""body": false"#, "application/json", "false"),
        (r#""body": "text""#, "text/plain; charset=utf-8", "text"),
        (
            r#""body": {"a": 1}, "headers": {"Content-Type": "application/vnd.x+json"}"#,
            "application/vnd.x+json",
            r#"{"a":1}"#,
        ),
        (
            r#""body": "{}", "headers": {"Content-Type": "application/json"}"#,
            "application/json",
            "{}",
        ),
        (
            r#""body": {"a": "x y&", "b": [1, true], "c": null}, "headers": {"content-type": "application/x-www-form-urlencoded"}"#,
            "application/x-www-form-urlencoded",
            "a=x+y%26&b=1&b=true",
        ),
        (
            r#""body": "<a/>", "headers": {"content-type": "application/xml"}"#,
            "application/xml",
            "<a/>",
        ),
        (
            r#""body": {"base64": "aGk="}, "headers": {"content-type": "application/octet-stream"}"#,
            "application/octet-stream",
            "hi",
        ),
    ] {
        let with = format!(r#"{{"method": "post", "endpoint": "http://HOST/", {arguments}}}"#);
        let reply = perform(&http, address, &with).await.unwrap();
        assert_eq!(
            reply.get("body").unwrap().as_str(),
            Some(body),
            "{arguments}"
        );
        assert_eq!(
            reply
                .get("headers")
                .unwrap()
                .get("content-type")
                .unwrap()
                .as_str(),
            Some(content_type),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn a_multipart_body_has_fields_and_files() {
    let (http, address) = (http(), echo_server().await);
    let with = r#"{"method": "post", "endpoint": "http://HOST/", "headers": {"content-type": "multipart/form-data"},
        "body": {"a": 1, "f": {"content": "hi", "filename": "x\".txt", "type": "text/plain"}}}"#;
    let first = perform(&http, address, with).await.unwrap();
    let content_type = first
        .get("headers")
        .unwrap()
        .get("content-type")
        .unwrap()
        .as_str()
        .unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--{boundary}\r\nContent-Disposition: form-data; \
         name=\"f\"; filename=\"x%22.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--{boundary}--\r\n"
    );
    assert_eq!(first.get("body").unwrap().as_str(), Some(expected.as_str()));
    let second = perform(&http, address, with).await.unwrap();
    assert_eq!(
        first.get("body"),
        second.get("body"),
        "a repeated attempt is the same to the byte"
    );
    let evil = with.replace("text/plain", "text/plain\\r\\nX: y");
    assert!(
        !perform(&http, address, &evil)
            .await
            .unwrap_err()
            .may_have_happened
    );
}

#[tokio::test]
async fn query_and_headers_arrive() {
    let (http, address) = (http(), echo_server().await);
    let with = r#"{"method": "GET", "endpoint": {"uri": "http://HOST/p?x=1#frag"}, "query": {"a": "b c", "n": 2, "l": ["u", "v"], "none": null},
        "headers": {"X-One": 1, "X-Gone": null}}"#;
    let reply = perform(&http, address, with).await.unwrap();
    assert_eq!(
        reply.get("uri").unwrap().as_str(),
        Some("/p?x=1&a=b+c&n=2&l=u&l=v")
    );
    let headers = reply.get("headers").unwrap();
    assert_eq!(headers.get("x-one").unwrap().as_str(), Some("1"));
    assert!(headers.get("x-gone").is_none() && headers.get("idempotency-key").is_none());
    assert!(
        headers
            .get("user-agent")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("segue/")
    );
}

#[tokio::test]
async fn a_writing_call_carries_its_key() {
    let (http, address) = (http(), echo_server().await);
    for (method, headers, expected) in [
        ("post", "{}", Some("run-1/7")),
        ("put", "{}", Some("run-1/7")),
        ("patch", "{}", Some("run-1/7")),
        ("delete", "{}", Some("run-1/7")),
        ("get", "{}", None),
        ("post", r#"{"Idempotency-Key": "mine"}"#, Some("mine")),
    ] {
        let with = format!(
            r#"{{"method": "{method}", "endpoint": "http://HOST/", "headers": {headers}}}"#
        );
        let reply = perform(&http, address, &with).await.unwrap();
        let key = reply
            .get("headers")
            .unwrap()
            .get("idempotency-key")
            .and_then(|key| key.as_str().map(str::to_owned));
        assert_eq!(key.as_deref(), expected, "{method} {headers}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_refused_before_anything_leaves() {
    let (http, address) = (http(), closed_port().await);
    for (with, expected) in [
        (r#"{"endpoint": "http://HOST/"}"#, "`method` is missing"),
        (r#"{"method": "get"}"#, "`endpoint` needs"),
        (
            r#"{"method": "ge t", "endpoint": "http://HOST/"}"#,
            "not a method",
        ),
        (
            r#"{"method": "connect", "endpoint": "http://HOST/"}"#,
            "not a method",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "output": "xml"}"#,
            "`output` needs",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "redirect": "yes"}"#,
            "`redirect` needs",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "headers": {"a\r\nb": "c"}}"#,
            "not a header name",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "headers": {"a": "b\r\nc: d"}}"#,
            "line break",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "headers": {"Host": "internal"}}"#,
            "set by the connection",
        ),
        (
            r#"{"method": "post", "endpoint": "http://HOST/", "headers": {"Transfer-Encoding": "chunked"}}"#,
            "set by the connection",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "query": {"a": {}}}"#,
            "`a` needs a text",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "query": "a=b"}"#,
            "`query` needs an object",
        ),
        (
            r#"{"method": "post", "endpoint": "http://HOST/", "body": [1], "headers": {"content-type": "application/x-www-form-urlencoded"}}"#,
            "a form needs an object",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/\r\nX: y"}"#,
            "control character",
        ),
        (
            r#"{"method": "get", "endpoint": "http://u:p@HOST/"}"#,
            "authentication",
        ),
        (
            r#"{"method": "get", "endpoint": "ftp://HOST/"}"#,
            "only `http`",
        ),
    ] {
        let error = perform(&http, address, with).await.unwrap_err();
        assert!(
            error.error.is_kind("configuration") && !error.may_have_happened,
            "{with}: {}",
            error.error
        );
        assert!(
            error.error.to_string().contains(expected),
            "{with}: {}",
            error.error
        );
    }
}

#[tokio::test]
async fn an_error_reply_is_a_communication_error_with_its_status() {
    let app = Router::new().fallback(any(|uri: Uri| async move {
        let status: u16 = uri.path()[1..].parse().unwrap();
        (
            StatusCode::from_u16(status).unwrap(),
            [("retry-after", "7")],
            "b\u{e4}d ".repeat(1000),
        )
    }));
    let (http, address) = (http(), serve(app).await);
    for (status, title, may_have_happened) in [
        (404, "Not Found", false),
        (401, "Unauthorized", false),
        (409, "Conflict", true),
        (408, "Request Timeout", true),
        (429, "Too Many Requests", false),
        (500, "Internal Server Error", true),
        (503, "Service Unavailable", true),
        (599, "HTTP 599", true),
        (302, "Found", true),
    ] {
        let with = format!(r#"{{"method": "post", "endpoint": "http://HOST/{status}"}}"#);
        let error = perform(&http, address, &with).await.unwrap_err();
        assert!(error.error.is_kind("communication"), "{}", error.error);
        assert_eq!(
            (error.error.status, error.error.title.as_deref()),
            (status, Some(title))
        );
        assert_eq!(error.may_have_happened, may_have_happened, "{status}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
        let detail = error.error.detail.unwrap();
        assert!(
            detail.starts_with("b") && detail.len() <= 2048 && detail.len() > 1000,
            "{}",
            detail.len()
        );
    }
}

#[tokio::test]
async fn a_redirect_is_an_error_unless_it_is_asked_for() {
    let app = Router::new()
        .route(
            "/moved",
            get(|| async { (StatusCode::FOUND, [("location", "/new")]) }),
        )
        .route("/new", get(|| async { "here" }))
        .route("/same", get(|| async { StatusCode::NOT_MODIFIED }));
    let (http, address) = (http(), serve(app).await);
    for (path, redirect, expected) in [
        ("moved", "false", Err(302)),
        ("moved", "true", Ok("\"here\"")),
        ("same", "false", Err(304)),
        ("same", "true", Ok("null")),
    ] {
        let with = format!(
            r#"{{"method": "get", "endpoint": "http://HOST/{path}", "redirect": {redirect}}}"#
        );
        let found = perform(&http, address, &with).await;
        match expected {
            Ok(text) => assert_eq!(found.unwrap().to_json(), text, "{path}"),
            Err(status) => assert_eq!(found.unwrap_err().error.status, status, "{path}"),
        }
    }
}

#[tokio::test]
async fn trouble_on_the_way_has_the_kind_that_the_documents_name() {
    let http = http();
    let silent = serve_bytes(Vec::new(), true).await;
    let broken = serve_bytes(
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec(),
        false,
    )
    .await;
    let not_json = serve(Router::new().fallback(any(|| async {
        ([("content-type", "application/json")], "{")
    })))
    .await;
    for (host, kind, status, may_have_happened) in [
        (closed_port().await.to_string(), "communication", 503, false),
        (
            "no-such-name.invalid".to_owned(),
            "communication",
            503,
            false,
        ),
        ("10.0.0.1".to_owned(), "authorization", 403, false),
        (silent.to_string(), "timeout", 408, true),
        (broken.to_string(), "communication", 502, true),
        (not_json.to_string(), "communication", 502, true),
    ] {
        let with = format!(r#"{{"method": "post", "endpoint": "http://{host}/"}}"#);
        let mut call = call("http", json(&with));
        if status == 408 {
            call.timeout = Duration::from_millis(50);
        }
        let error = http.perform(&call).await.unwrap_err();
        assert!(
            error.error.is_kind(kind) && error.error.status == status,
            "{host}: {}",
            error.error
        );
        assert_eq!(
            error.may_have_happened, may_have_happened,
            "{host}: {}",
            error.error
        );
    }
}

#[tokio::test]
async fn a_secret_goes_out_and_never_comes_back() {
    // The worst server: it repeats everything, in an error too.
    let app = Router::new().fallback(any(|request: Request| async move {
        let status = if request.uri().path().contains("fail") {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let text = format!(
            "{} {:?} {}",
            parts.uri,
            parts.headers,
            String::from_utf8_lossy(&body)
        );
        (
            status,
            [(
                "x-echo",
                parts.headers["x-key"].to_str().unwrap().to_owned(),
            )],
            text,
        )
    }));
    let vault = Vault::default().with("key", r#""hunter2-0815""#).with(
        "login",
        r#"{"username": "anna", "password": "pass word/9"}"#,
    );
    let (http, address) = (http_with(vault), serve(app).await);
    for path in ["ok", "fail"] {
        for output in ["content", "raw", "response"] {
            let with = format!(
                r#"{{"method": "post", "output": "{output}", "endpoint": {{"uri": "http://HOST/{path}/sealed.key./x", "authentication": {{"basic": {{"use": "login"}}}}}},
                "headers": {{"x-key": "Token sealed.key."}}, "query": {{"k": "sealed.key."}}, "body": {{"deep": ["sealed.key."]}}}}"#
            );
            let shown = match perform(&http, address, &with).await {
                Ok(value) if output == "raw" => {
                    use base64::Engine as _;
                    let bytes = base64::engine::general_purpose::STANDARD
                        .decode(value.as_str().unwrap())
                        .unwrap();
                    String::from_utf8(bytes).unwrap()
                }
                Ok(value) => value.to_json(),
                Err(error) => error.error.to_string(),
            };
            assert!(
                shown.contains("[redacted]"),
                "{path} {output}: it did go out: {shown}"
            );
            for secret in ["hunter2", "pass word/9", "YW5uYTpwYXNzIHdvcmQvOQ"] {
                assert!(!shown.contains(secret), "{path} {output}: {shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_secret_is_opened_only_for_its_host_and_cannot_name_one() {
    let address = echo_server().await;
    let vault = Vault::default()
        .with_host("key", r#""hunter2-0815""#, "api.example.com")
        .with("host", r#""evil.example""#);
    let http = http_with(vault);
    for (with, expected) in [
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "headers": {"x-key": "sealed.key."}}"#,
            "not for 127.0.0.1",
        ),
        (
            r#"{"method": "get", "endpoint": "http://HOST/", "headers": {"x-key": {"secret": "host"}}}"#,
            "needs a text",
        ),
        (
            r#"{"method": "get", "endpoint": "http://sealed.host./"}"#,
            "must not be part of the host",
        ),
        (
            r#"{"method": "get", "endpoint": {"uri": "http://HOST/", "authentication": {"basic": {"use": "gone"}}}}"#,
            "`gone` is not there",
        ),
        (
            r#"{"method": "get", "endpoint": {"uri": "http://HOST/", "authentication": {"bearer": {"token": {"secret": "host"}}}}}"#,
            "needs `token`",
        ),
    ] {
        let error = perform(&http, address, with).await.unwrap_err();
        assert!(
            !error.may_have_happened && error.error.to_string().contains(expected),
            "{with}: {}",
            error.error
        );
    }
}

#[tokio::test]
async fn a_header_made_of_a_short_secret_is_hidden_by_its_place() {
    let address = serve(Router::new().fallback(any(|| async { "fine" }))).await;
    let http = http_with(Vault::default().with("pin", r#""123""#));
    let with = r#"{"method": "get", "endpoint": "http://HOST/", "headers": {"x-pin": "sealed.pin.", "x-plain": "123"}, "output": "response"}"#;
    let response = perform(&http, address, with).await.unwrap();
    let headers = response.get("request").unwrap().get("headers").unwrap();
    assert_eq!(headers.get("x-pin").unwrap().as_str(), Some("[redacted]"));
    assert_eq!(headers.get("x-plain").unwrap().as_str(), Some("123"));
}
