//! Bad input is answered with problem details that name the place, and nothing is started.

use axum::body::Body;

use crate::{Face, GREET, request};

const START: &str = "/api/v1/workflows/sales/greet/runs";

async fn no_runs(face: &Face) {
    assert_eq!(
        face.get("/api/v1/runs").await.json()["runs"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn addresses_and_methods() {
    let face = Face::new().await;
    let check = async |line: &str, expected: &str| {
        assert_eq!(face.call(line, &[], "").await.refusal(), expected, "{line}")
    };
    check(
        "GET /nowhere",
        "404 route-unknown: there is nothing at `/nowhere`",
    )
    .await;
    check(
        "GET /api/v1/runs/",
        "404 route-unknown: there is nothing at `/api/v1/runs/`",
    )
    .await;
    check(
        "GET /api/v1/runs/7",
        "404 not-found: there is nothing at `/api/v1/runs/7`",
    )
    .await;
    check(
        "GET /api/v1/workflows/a/b",
        "404 not-found: there is no workflow `b`",
    )
    .await;
    check(
        "PATCH /api/v1/runs",
        "405 method-not-allowed: `/api/v1/runs` does not take PATCH",
    )
    .await;
    check(
        "GET /hooks/a/b",
        "405 method-not-allowed: `/hooks/a/b` does not take GET",
    )
    .await;
    check("POST /hooks/a/b", "404 not-found: there is no source `a/b`").await;
    check(
        "GET /errors/nothing",
        "404 not-found: there is no error code `nothing`",
    )
    .await;
    assert_eq!(
        face.call("DELETE /healthz", &[], "").await.header("allow"),
        "GET,HEAD"
    );
    assert!(
        face.call("DELETE /api/v1/secrets/a", &[], "")
            .await
            .header("allow")
            .contains("GET")
    );
    assert!(
        face.get("/errors/not-found")
            .await
            .text
            .starts_with("# not-found\n")
    );
}

#[tokio::test]
async fn parameters() {
    let face = Face::of(&[GREET]).await;
    let check = async |line: &str, expected: &str| {
        assert_eq!(face.call(line, &[], "").await.refusal(), expected, "{line}")
    };
    check(
        "GET /api/v1/runs?status=faulted,done",
        "400 parameter-invalid: `status`: `done` is no status; there are pending, running, waiting, suspended, cancelled, faulted, completed",
    )
    .await;
    check(
        "GET /api/v1/runs?limit=0",
        "400 parameter-invalid: `limit`: expected 1 to 1000, found 0",
    )
    .await;
    check(
        "GET /api/v1/runs?limit=1001",
        "400 parameter-invalid: `limit`: expected 1 to 1000, found 1001",
    )
    .await;
    check(&format!("POST {START}?wait=soon"), "400 parameter-invalid: `wait`: expected an ISO 8601 duration such as `PT10S`, found `soon`").await;
    check(
        &format!("POST {START}?wait=PT2H"),
        "400 parameter-invalid: `wait`: at most 60 seconds",
    )
    .await;
    check(
        "POST /events",
        "400 parameter-invalid: `namespace`: is missing: add `?namespace=<name>`",
    )
    .await;
    for query in ["limit=x", "colour=red", "createdFrom=yesterday", "parent=7"] {
        let reply = face.get(&format!("/api/v1/runs?{query}")).await;
        let name = query.split('=').next().expect("a name");
        assert!(
            reply.refusal().starts_with("400 parameter-invalid: ")
                && reply.refusal().contains(name),
            "{reply:?}"
        );
    }
    for key in ["", &"k".repeat(256)] {
        let reply = face
            .call(&format!("POST {START}"), &[("idempotency-key", key)], "")
            .await;
        assert_eq!(
            reply.refusal(),
            "400 parameter-invalid: `idempotency-key`: expected 1 to 255 visible ASCII characters"
        );
    }
    no_runs(&face).await;
}

#[tokio::test]
async fn bodies() {
    let face = Face::of(&[GREET]).await;
    let check = async |content_type: &str, body: &str, expected: &str| {
        let reply = face
            .call(
                &format!("POST {START}"),
                &[("content-type", content_type)],
                body.to_owned(),
            )
            .await;
        assert_eq!(reply.refusal(), expected, "{body}");
        reply.json()["problems"].clone()
    };
    let places = check(
        "application/json",
        r#"{"name": 7}"#,
        "422 input-invalid: `/name`: 7 is not of type \"string\"",
    )
    .await;
    assert_eq!(places[0]["pointer"], "/name");
    check("text/csv", "a,b", "415 media-type-unsupported: expected the content type `application/json`, found `text/csv`").await;
    let compressed = face
        .call(
            &format!("POST {START}"),
            &[("content-encoding", "gzip")],
            "x",
        )
        .await;
    assert!(
        compressed
            .refusal()
            .starts_with("415 media-type-unsupported: the body is compressed")
    );
    for text in [
        "{",
        "{\"a\": 1,}",
        "nope",
        "{} {}",
        "{\"a\": 1, \"a\": 2}",
        &"[".repeat(200),
        "\u{feff}{}",
    ] {
        let reply = face.post(START, text).await;
        assert!(
            reply.refusal().starts_with("400 json-malformed: "),
            "{text}: {reply:?}"
        );
        let place = &reply.json()["problems"][0];
        assert!(
            place["line"].is_u64() && place["column"].is_u64() && place["offset"].is_u64(),
            "{place}"
        );
    }
    let unknown = face
        .post(
            "/api/v1/runs/01890000-0000-7000-8000-000000000000/retry",
            r#"{"form": "x"}"#,
        )
        .await;
    assert_eq!(
        unknown.refusal(),
        "422 body-invalid: unknown field `form`, expected `from` or `latest`"
    );
    let wrong = face
        .post(
            "/api/v1/runs/01890000-0000-7000-8000-000000000000/effects/1/resolve",
            r#"{"outcome": "maybe"}"#,
        )
        .await;
    assert!(
        wrong
            .refusal()
            .starts_with("422 body-invalid: unknown variant `maybe`"),
        "{wrong:?}"
    );
    no_runs(&face).await;
}

#[tokio::test]
async fn definitions_and_resources() {
    let face = Face::new().await;
    let yaml = [("content-type", "application/yaml")];
    let wrong = GREET.replace("set:", "sett:");
    let reply = face
        .call("POST /api/v1/definitions", &yaml, wrong.clone())
        .await;
    assert!(
        reply.refusal().starts_with("422 definition-invalid: "),
        "{reply:?}"
    );
    let first = &reply.json()["problems"][0];
    assert!(
        first["line"].is_u64() && first["pointer"].is_string() && first["code"].is_string(),
        "{first}"
    );

    let validation = face
        .call("POST /api/v1/definitions/validate", &yaml, wrong)
        .await;
    assert_eq!(validation.status, 200);
    assert_eq!(validation.json()["isValid"], false);
    assert_eq!(validation.json()["problems"][0], *first);
    assert_eq!(
        face.call("POST /api/v1/definitions/validate", &yaml, GREET)
            .await
            .json()["isValid"],
        true
    );
    assert_eq!(
        face.get("/api/v1/workflows").await.json()["workflows"],
        serde_json::json!([]),
        "nothing was kept"
    );

    let kept = face.call("POST /api/v1/definitions", &yaml, GREET).await;
    assert_eq!(
        (kept.status.as_u16(), &kept.json()["isActive"]),
        (200, &true.into())
    );
    let other = GREET.replace("said: hello", "said: good day");
    let conflict = face
        .call("POST /api/v1/definitions", &yaml, other.clone())
        .await;
    assert!(
        conflict.refusal().starts_with("409 conflict: "),
        "{conflict:?}"
    );
    assert_eq!(
        face.call(
            "POST /api/v1/definitions?replace=true",
            &yaml,
            other.clone()
        )
        .await
        .status,
        200
    );
    let read = face
        .get("/api/v1/workflows/sales/greet/definitions/active")
        .await
        .json();
    assert_eq!(read["text"], other);
    assert_eq!(
        face.get("/api/v1/workflows/sales/greet/definitions/9.9.9")
            .await
            .status,
        404
    );

    let resource = face
        .call(
            "POST /api/v1/resources",
            &yaml,
            "apiVersion: segue/v1\nkind: Sauce\n",
        )
        .await;
    assert!(
        resource.refusal().starts_with("422 resource-invalid: "),
        "{resource:?}"
    );
    let binary = face
        .call("POST /api/v1/resources", &[], vec![b'a', 0xff])
        .await;
    assert_eq!(
        binary.refusal(),
        "400 request-invalid: the body is not UTF-8 text, from byte 1 on"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let face = Face::of(&[GREET]).await;
    let chunks = [Ok("{\"na"), Err(std::io::Error::other("gone"))];
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let reply = face
        .call(
            &format!("POST {START}"),
            &[("content-type", "application/json")],
            body,
        )
        .await;
    assert_eq!(
        reply.refusal(),
        "400 request-invalid: the body ended before its announced length"
    );
    no_runs(&face).await;
}

#[tokio::test]
async fn a_panic_becomes_an_answer_without_internals() {
    let face = Face::new().await;
    // The router below the edge is ours to break only from outside: a body whose reading panics does it.
    let body = Body::from_stream(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<&str, std::io::Error>>> {
            panic!("the secret of the house")
        },
    ));
    let reply = face.send(request("POST /hooks/a/b", &[], body)).await;
    assert!(reply.refusal().starts_with("500 internal: "), "{reply:?}");
    assert!(!reply.text.contains("secret"));
}
