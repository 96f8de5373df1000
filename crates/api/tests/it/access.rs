//! Who may come in, for every route that there is.

use http::Method;

use crate::{Face, request};

/// A path with something in its variable parts.
fn filled(path: &str) -> String {
    path.replace("{run}", "01890000-0000-7000-8000-000000000000")
        .replace("{effect}", "1")
        .replace("{code}", "not-found")
        .replace(['{', '}'], "")
}

/// All routes and what they ask. Whoever adds one decides here, in the open, who may use it.
#[test]
fn the_table_of_routes() {
    let table: Vec<String> = api::inventory()
        .iter()
        .map(|entry| format!("{} {} {}", entry.method, entry.path, entry.access.name()))
        .collect();
    let expected = "
GET / pages.read
POST /api/v1/definitions definitions.write
POST /api/v1/definitions/validate definitions.validate
POST /api/v1/events events.publish
GET /api/v1/live live.read
POST /api/v1/resources resources.write
GET /api/v1/runs runs.read
GET /api/v1/runs/{run} runs.read
POST /api/v1/runs/{run}/cancel runs.control
POST /api/v1/runs/{run}/effects/{effect}/resolve effects.resolve
GET /api/v1/runs/{run}/history runs.read
POST /api/v1/runs/{run}/resume runs.control
POST /api/v1/runs/{run}/retry runs.control
POST /api/v1/runs/{run}/suspend runs.control
GET /api/v1/secrets/{namespace} secrets.list
DELETE /api/v1/secrets/{namespace}/{name} secrets.write
PUT /api/v1/secrets/{namespace}/{name} secrets.write
GET /api/v1/sources sources.read
GET /api/v1/workflows workflows.read
GET /api/v1/workflows/{namespace}/{name} workflows.read
GET /api/v1/workflows/{namespace}/{name}/definitions workflows.read
GET /api/v1/workflows/{namespace}/{name}/definitions/{version} workflows.read
POST /api/v1/workflows/{namespace}/{name}/runs runs.start
GET /errors/{code} public.document
POST /events events.publish
GET /healthz public.probe
POST /hooks/{namespace}/{source} public.hook
GET /login public.login
POST /login public.login
POST /logout session.end
GET /metrics metrics.read
GET /openapi.json public.document
GET /readyz public.probe
GET /runs/{run} pages.read
GET /style.css public.document
";
    assert_eq!(table.join("\n"), expected.trim());
}

#[tokio::test]
async fn every_route_that_is_not_public_asks_for_a_token() {
    let face = Face::new().await;
    for entry in api::inventory() {
        let line = format!("{} {}", entry.method, filled(&entry.path));
        let none = face.send(request(&line, &[], "")).await;
        let wrong = face
            .send(request(&line, &[("authorization", "Bearer wrong")], ""))
            .await;
        let access = entry.access.name();
        if access.starts_with("public.") {
            assert_ne!(none.status, 303, "{line}");
            if access != "public.login" {
                assert_ne!(none.status, 401, "{line}");
            }
            continue;
        }
        assert_eq!(
            wrong.refusal(),
            "401 unauthorized: the token is not known",
            "{line}"
        );
        assert_eq!(wrong.header("www-authenticate"), "Bearer realm=\"segue\"");
        if access == "pages.read" {
            assert_eq!(
                (none.status.as_u16(), none.header("location")),
                (303, "/login"),
                "{line}"
            );
        } else {
            assert_eq!(
                none.refusal(),
                "401 unauthorized: expected `Authorization: Bearer <token>`",
                "{line}"
            );
        }
        // With the token it is another answer: the route is there and was reached.
        if entry.method == Method::GET && access != "live.read" {
            let known = face.call(&line, &[], "").await;
            assert_ne!(known.status, 401, "{line}");
            assert!(!known.text.contains("route-unknown"), "{line}");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let face = Face::new().await;
    for entry in api::inventory() {
        let reply = face
            .send(request(
                &format!("{} {}", entry.method, filled(&entry.path)),
                &[],
                "",
            ))
            .await;
        check_headers(&entry.path, &reply);
    }
    check_headers("unknown", &face.get("/nothing/here").await);
    check_headers("method", &face.call("PATCH /healthz", &[], "").await);
    check_headers("overview", &face.get("/").await);
}

fn check_headers(place: &str, reply: &crate::Reply) {
    let policy = reply.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{place}: {policy}"
    );
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{place}");
    assert_eq!(reply.header("referrer-policy"), "no-referrer", "{place}");
    assert!(!reply.header("cache-control").is_empty(), "{place}");
    for name in reply.headers.keys() {
        assert!(
            !name.as_str().starts_with("access-control-"),
            "{place}: no other site may read answers"
        );
    }
}

#[tokio::test]
async fn spelling_an_address_otherwise_does_not_pass_the_check() {
    let face = Face::new().await;
    for path in [
        "//api/v1/runs",
        "/api/v1/runs/",
        "/api//v1/runs",
        "/API/v1/runs",
        "/api/v1/./runs",
        "/api/v1/%72uns",
        "/x/../api/v1/runs",
    ] {
        let reply = face.send(request(&format!("GET {path}"), &[], "")).await;
        assert!(
            matches!(reply.status.as_u16(), 401 | 404),
            "{path}: {reply:?}"
        );
    }
    let overridden = face
        .send(request(
            "POST /healthz",
            &[("x-http-method-override", "GET")],
            "",
        ))
        .await;
    assert_eq!(overridden.status, 405);
}
