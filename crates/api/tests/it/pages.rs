//! Plain pages, sessions, and what other sites must not do with them.

use crate::{Face, GREET, Reply, request};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HOST: (&str, &str) = ("host", "127.0.0.1:7400");

async fn log_in(face: &Face, headers: &[(&str, &str)]) -> Reply {
    let headers: Vec<_> = [FORM, HOST].iter().chain(headers).copied().collect();
    face.send(request(
        "POST /login",
        &headers,
        format!("token={}", face.token),
    ))
    .await
}

fn cookie(reply: &Reply) -> String {
    reply
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned()
}

#[tokio::test]
async fn a_session_from_login_to_logout() {
    let face = Face::of(&[GREET]).await;
    let wrong = face
        .send(request("POST /login", &[FORM, HOST], "token=wrong"))
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.header("set-cookie")),
        (401, "")
    );
    assert!(wrong.text.contains("This token is not known."));

    let known = log_in(
        &face,
        &[("cookie", "segue_session=chosen-by-somebody-else")],
    )
    .await;
    assert_eq!(
        (known.status.as_u16(), known.header("location")),
        (303, "/")
    );
    assert!(
        known
            .header("set-cookie")
            .ends_with("; HttpOnly; SameSite=Strict"),
        "{known:?}"
    );
    let cookie = cookie(&known);
    assert!(!cookie.contains("chosen") && !cookie.contains(&face.token));

    let page = face
        .send(request("GET /", &[HOST, ("cookie", &cookie)], ""))
        .await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("sales/greet"));
    let api = face
        .send(request(
            "GET /api/v1/workflows",
            &[HOST, ("cookie", &cookie)],
            "",
        ))
        .await;
    assert_eq!(api.status, 200);

    let out = face
        .send(request("POST /logout", &[HOST, ("cookie", &cookie)], ""))
        .await;
    assert_eq!(
        (out.status.as_u16(), out.header("location")),
        (303, "/login")
    );
    let after = face
        .send(request(
            "GET /api/v1/workflows",
            &[HOST, ("cookie", &cookie)],
            "",
        ))
        .await;
    assert_eq!(after.refusal(), "401 unauthorized: the session has ended");
    assert_eq!(
        face.send(request("GET /", &[HOST, ("cookie", &cookie)], ""))
            .await
            .header("location"),
        "/login"
    );
}

#[tokio::test]
async fn pages_of_other_sites_cannot_act_for_a_session() {
    let face = Face::new().await;
    let session = cookie(&log_in(&face, &[]).await);
    let json = ("content-type", "application/json");
    let check = async |headers: &[(&str, &str)], is_taken: bool| {
        let all: Vec<_> = [json, ("cookie", &*session)]
            .iter()
            .chain(headers)
            .copied()
            .collect();
        let reply = face
            .send(request(
                "PUT /api/v1/secrets/sales/x",
                &all,
                r#"{"value":"v"}"#,
            ))
            .await;
        let expected = if is_taken { 204 } else { 403 };
        assert_eq!(reply.status, expected, "{headers:?}: {reply:?}");
    };
    check(&[HOST, ("origin", "http://127.0.0.1:7400")], true).await;
    check(&[HOST, ("sec-fetch-site", "same-origin")], true).await;
    check(&[HOST, ("origin", "http://evil.example.com")], false).await;
    check(&[HOST, ("origin", "null")], false).await;
    check(&[HOST, ("origin", "http://127.0.0.1:8080")], false).await;
    check(&[HOST, ("sec-fetch-site", "cross-site")], false).await;
    check(
        &[
            HOST,
            ("sec-fetch-site", "same-site"),
            ("origin", "http://127.0.0.1:7400"),
        ],
        false,
    )
    .await;
    check(
        &[
            ("host", "rebound.example.com"),
            ("origin", "http://rebound.example.com"),
        ],
        false,
    )
    .await;
    check(&[], false).await;
    let forged = log_in(&face, &[("origin", "http://evil.example.com")]).await;
    assert!(
        forged.refusal().starts_with("403 cross-site: "),
        "{forged:?}"
    );
    // HTTP/2 names the host in the address.
    let line = "PUT http://localhost:7400/api/v1/secrets/sales/x";
    let headers = [
        json,
        ("cookie", &*session),
        ("origin", "http://localhost:7400"),
    ];
    let http2 = face.send(request(line, &headers, r#"{"value":"v"}"#)).await;
    assert_eq!(http2.status, 204, "{http2:?}");
    // A bearer token is never sent by a browser on its own, so there the origin does not matter.
    let bearer = face
        .call(
            "PUT /api/v1/secrets/sales/x",
            &[json, ("origin", "http://evil.example.com")],
            r#"{"value":"v"}"#,
        )
        .await;
    assert_eq!(bearer.status, 204);
}

#[tokio::test]
async fn with_https_the_cookie_is_bound_to_the_host() {
    let face = Face::with(api::ApiOptions {
        is_https: true,
        ..api::ApiOptions::default()
    })
    .await;
    let cookie = log_in(&face, &[]).await.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-segue_session=")
            && cookie.contains("; Path=/;")
            && cookie.ends_with("; Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn a_run_is_shown_with_its_history_and_its_data_as_text() {
    let face = Face::of(&[GREET]).await;
    let run = face
        .post(
            "/api/v1/workflows/sales/greet/runs?wait=PT10S",
            r#"{"name":"<script>alert(1)</script>"}"#,
        )
        .await
        .run();
    let page = face.get(&format!("/runs/{run}")).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .contains("style-src 'self'")
    );
    assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.text.contains("<script"));
    assert!(page.text.contains("completed"));
    assert!(page.text.contains("<h2>History</h2>"));
    let overview = face.get("/").await;
    assert!(overview.text.contains(&format!("<a href=\"/runs/{run}\">")));
    assert_eq!(
        face.get("/runs/01890000-0000-7000-8000-000000000000")
            .await
            .status,
        404
    );
}
