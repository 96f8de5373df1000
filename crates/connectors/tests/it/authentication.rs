//! Proving who calls, against servers that insist on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use md5::{Digest as _, Md5};

use crate::support::*;

fn with(path: &str, policy: &str) -> String {
    format!(
        r#"{{"method": "get", "endpoint": {{"uri": "http://HOST/{path}", "authentication": {policy}}}}}"#
    )
}

/// Says 200 to the one right `Authorization`, and 401 to everything else.
fn guarded(expected: &'static str) -> Router {
    Router::new().fallback(any(move |headers: HeaderMap| async move {
        match headers.get("authorization") {
            Some(given) if given == expected => (StatusCode::OK, "welcome"),
            _ => (StatusCode::UNAUTHORIZED, "who are you"),
        }
    }))
}

#[tokio::test]
async fn basic_and_bearer_take_fields_references_and_secrets() {
    let vault = || {
        Vault::default()
            .with("login", r#"{"username": "anna", "password": "pa:ss"}"#)
            .with("pass", r#""pa:ss""#)
            .with("token", r#""t-123456""#)
            .with("token-object", r#"{"token": "t-123456"}"#)
    };
    for (policy, expected) in [
        (
            r#"{"basic": {"username": "anna", "password": "pa:ss"}}"#,
            "Basic YW5uYTpwYTpzcw==",
        ),
        (
            r#"{"basic": {"username": "anna", "password": "sealed.pass."}}"#,
            "Basic YW5uYTpwYTpzcw==",
        ),
        (r#"{"basic": {"use": "login"}}"#, "Basic YW5uYTpwYTpzcw=="),
        (r#"{"bearer": {"token": "t-123456"}}"#, "Bearer t-123456"),
        (
            r#"{"bearer": {"token": "sealed.token."}}"#,
            "Bearer t-123456",
        ),
        (r#"{"bearer": {"use": "token"}}"#, "Bearer t-123456"),
        (r#"{"bearer": {"use": "token-object"}}"#, "Bearer t-123456"),
    ] {
        let address = serve(guarded(expected)).await;
        let found = perform(&http_with(vault()), address, &with("", policy)).await;
        assert_eq!(found.unwrap().as_str(), Some("welcome"), "{policy}");
        let wrong = perform(
            &http(),
            address,
            r#"{"method": "get", "endpoint": "http://HOST/"}"#,
        )
        .await
        .unwrap_err();
        assert_eq!((wrong.error.status, wrong.may_have_happened), (401, false));
    }
}

#[tokio::test]
async fn a_policy_that_cannot_work_says_why_before_anything_leaves() {
    let (http, address) = (http(), closed_port().await);
    for (policy, expected) in [
        (
            r#"{"basic": {"username": "anna"}}"#,
            "`basic` needs `password`",
        ),
        (r#"{"bearer": {}}"#, "`bearer` needs `token`"),
        (r#"{"bearer": {"token": "a\r\nb"}}"#, "line break"),
        (r#"{"certificate": {}}"#, "not supported yet"),
        (r#"{"use": "gone"}"#, "does not have"),
        (r#"{"kerberos": {}}"#, "found `kerberos`"),
        (r#"{}"#, "found nothing"),
        (
            r#"{"oauth2": {"grant": "client_credentials"}}"#,
            "`authority`",
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "grant": "authorization_code"}}"#,
            "needs a person",
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "grant": "client_credentials"}}"#,
            "`client` needs `id`",
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "grant": "password", "username": "a"}}"#,
            "`password`",
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "client": {"id": "a", "authentication": "private_key_jwt"}}}"#,
            "assertion",
        ),
    ] {
        let error = perform(&http, address, &with("", policy))
            .await
            .unwrap_err();
        assert!(
            error.error.is_kind("configuration") && !error.may_have_happened,
            "{policy}: {}",
            error.error
        );
        assert!(
            error.error.to_string().contains(expected),
            "{policy}: {}",
            error.error
        );
    }
}

fn parameter<'a>(header: &'a str, name: &str) -> &'a str {
    let start = header
        .find(&format!("{name}=\""))
        .unwrap_or_else(|| panic!("{name} in {header}"))
        + name.len()
        + 2;
    header[start..].split('"').next().unwrap()
}

fn md5(text: &str) -> String {
    Md5::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test]
async fn digest_answers_the_challenge() {
    let app = Router::new().fallback(any(|uri: Uri, headers: HeaderMap| async move {
        let challenge = [(
            "www-authenticate",
            r#"Digest realm="r", nonce="n", qop="auth", opaque="o""#,
        )];
        let Some(given) = headers
            .get("authorization")
            .map(|given| given.to_str().unwrap().to_owned())
        else {
            return (StatusCode::UNAUTHORIZED, challenge, "").into_response();
        };
        // Reckoned here once more, by the book.
        let (first, second) = (md5("anna:r:pass-word"), md5(&format!("GET:{uri}")));
        let expected = md5(&format!(
            "{first}:n:00000001:{}:auth:{second}",
            parameter(&given, "cnonce")
        ));
        if parameter(&given, "response") == expected && parameter(&given, "opaque") == "o" {
            return "welcome".into_response();
        }
        (StatusCode::UNAUTHORIZED, challenge, "").into_response()
    }));
    let address = serve(app).await;
    let policy = r#"{"digest": {"username": "anna", "password": "pass-word"}}"#;
    let found = perform(&http(), address, &with("a?b=c%20d", policy))
        .await
        .unwrap();
    assert_eq!(found.as_str(), Some("welcome"));
    let wrong = perform(
        &http(),
        address,
        &with("", &policy.replace("pass-word", "guess-it")),
    )
    .await
    .unwrap_err();
    assert_eq!(wrong.error.status, 401);
}

/// An authorization server that counts, and a service that takes its newest token only.
#[derive(Default)]
struct Idp {
    asked: AtomicUsize,
    refused: AtomicUsize,
}

/// `expires_in` and `refresh_token` as members of the token reply, such as `, "expires_in": 60`.
fn idp_app(idp: Arc<Idp>, members: &'static str) -> Router {
    let token = |idp: Arc<Idp>| {
        move |headers: HeaderMap, body: String| async move {
            let count = idp.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let basic = headers
                .get("authorization")
                .is_some_and(|given| given == "Basic aWQ6cyUyQmVjcmV0");
            let is_known = basic
                || body.contains("client_secret=s%2Becret")
                || body.contains(r#""client_secret":"s+ecret""#);
            if !is_known {
                return (
                    StatusCode::UNAUTHORIZED,
                    r#"{"error": "invalid_client", "error_description": "no s+ecret"}"#.to_owned(),
                );
            }
            let echoed = body.replace('"', "'");
            (
                StatusCode::OK,
                format!(r#"{{"access_token": "token-{count}", "echo": "{echoed}"{members}}}"#),
            )
        }
    };
    let service = |idp: Arc<Idp>| {
        move |headers: HeaderMap| async move {
            let newest = format!("Bearer token-{}", idp.asked.load(Ordering::SeqCst));
            if headers
                .get("authorization")
                .is_some_and(|given| given == newest.as_str())
            {
                (StatusCode::OK, "welcome")
            } else {
                idp.refused.fetch_add(1, Ordering::SeqCst);
                (StatusCode::UNAUTHORIZED, "")
            }
        }
    };
    Router::new()
        .route("/realm/oauth2/token", post(token(idp.clone())))
        .route("/service", get(service(idp.clone())))
        .route("/always-no", get(|| async { StatusCode::UNAUTHORIZED }))
}

const CLIENT: &str = r#"{"oauth2": {"authority": "http://HOST/realm", "grant": "client_credentials", "client": {"id": "id", "secret": "s+ecret"}}}"#;

#[tokio::test]
async fn a_token_is_fetched_once_and_kept() {
    let idp = Arc::new(Idp::default());
    let address = serve(idp_app(idp.clone(), r#", "expires_in": 3600"#)).await;
    let http = Arc::new(http());
    let calls = (0..100).map(|_| {
        let http = http.clone();
        tokio::spawn(async move { perform(&http, address, &with("service", CLIENT)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap().as_str(), Some("welcome"));
    }
    assert_eq!(
        idp.asked.load(Ordering::SeqCst),
        1,
        "a hundred calls at once, one request for a token"
    );
    assert_eq!(idp.refused.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_failure_is_shared_too_and_shows_no_secret() {
    let idp = Arc::new(Idp::default());
    let address = serve(idp_app(idp.clone(), "")).await;
    let http = Arc::new(http());
    let policy = CLIENT
        .replace("s+ecret", "wrong-secret")
        .replace("id\",", "wrong-secret-id\",");
    let calls = (0..50).map(|_| {
        let (http, policy) = (http.clone(), policy.clone());
        tokio::spawn(async move { perform(&http, address, &with("service", &policy)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let error = call.await.unwrap().unwrap_err();
        assert!(
            error.error.is_kind("authentication") && error.error.status == 401,
            "{}",
            error.error
        );
        assert!(
            !error.may_have_happened && error.error.to_string().contains("invalid_client"),
            "{}",
            error.error
        );
        assert!(
            !error.error.to_string().contains("wrong-secret"),
            "{}",
            error.error
        );
    }
    assert!(
        idp.asked.load(Ordering::SeqCst) < 10,
        "{} requests",
        idp.asked.load(Ordering::SeqCst)
    );
}

#[tokio::test]
async fn an_expired_token_is_replaced_and_a_refused_one_once() {
    let idp = Arc::new(Idp::default());
    let address = serve(idp_app(idp.clone(), r#", "expires_in": 1"#)).await;
    let http = http();
    for count in 1..=3 {
        perform(&http, address, &with("service", CLIENT))
            .await
            .unwrap();
        assert_eq!(
            idp.asked.load(Ordering::SeqCst),
            count,
            "a token in its last second is not used"
        );
    }

    let idp = Arc::new(Idp::default());
    let address = serve(idp_app(idp.clone(), r#", "expires_in": "3600""#)).await;
    let http = self::http();
    perform(&http, address, &with("service", CLIENT))
        .await
        .unwrap();
    idp.asked.fetch_add(1, Ordering::SeqCst); // The server forgets the token.
    perform(&http, address, &with("service", CLIENT))
        .await
        .unwrap();
    assert_eq!(
        (
            idp.asked.load(Ordering::SeqCst),
            idp.refused.load(Ordering::SeqCst)
        ),
        (3, 1)
    );
    let error = perform(&http, address, &with("always-no", CLIENT))
        .await
        .unwrap_err();
    assert_eq!(error.error.status, 401);
    assert_eq!(
        idp.asked.load(Ordering::SeqCst),
        4,
        "one forced refresh, no more"
    );
}

#[tokio::test]
async fn a_token_request_is_made_as_the_policy_says() {
    // The service hands back what the token server was asked, which it carries as the token itself.
    let seen = Arc::new(std::sync::Mutex::new(String::new()));
    let keep = seen.clone();
    let app = Router::new()
        .route(
            "/{*path}",
            post(move |uri: Uri, headers: HeaderMap, body: String| async move {
                let get = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
                *keep.lock().unwrap() = format!("{} {} {} {body}", uri.path(), get("content-type"), get("authorization"));
                r#"{"access_token": "t", "expires_in": 1, "refresh_token": "again"}"#
            }),
        )
        .route("/service", get(|| async { "welcome" }))
        .route("/oidc/.well-known/openid-configuration", get(|headers: HeaderMap| async move {
            let host = headers["host"].to_str().unwrap().to_owned();
            axum::Json(serde_json::json!({ "issuer": "me", "token_endpoint": format!("http://{host}/oidc/token-here") }))
        }));
    let address = serve(app).await;
    let form = "application/x-www-form-urlencoded";
    for (policy, expected) in [
        (
            r#"{"oauth2": {"authority": "http://HOST/a/", "grant": "client_credentials", "client": {"id": "i", "secret": "s"}, "scopes": ["x", "y"], "audiences": ["p", "q"]}}"#,
            format!("/a/oauth2/token {form} - grant_type=client_credentials&scope=x+y&audience=p&audience=q&client_id=i&client_secret=s"),
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "endpoints": {"token": "/my/token"}, "client": {"id": "i:", "secret": "s", "authentication": "client_secret_basic"}}}"#,
            format!("/my/token {form} Basic aSUzQTpz grant_type=client_credentials"),
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "client": {"id": "i", "secret": "s"}, "request": {"encoding": "application/json"}, "audiences": ["p", "q"]}}"#,
            r#"/oauth2/token application/json - {"grant_type":"client_credentials","audience":["p","q"],"client_id":"i","client_secret":"s"}"#.to_owned(),
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST/p", "grant": "password", "username": "anna", "password": "sealed.pass.", "client": {"id": "i", "authentication": "none"}}}"#,
            format!("/p/oauth2/token {form} - grant_type=password&username=anna&password=hunter2-0815&client_id=i"),
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "grant": "refresh_token", "subject": {"token": "r1", "type": "x"}, "client": {"id": "i", "authentication": "none"}}}"#,
            format!("/oauth2/token {form} - grant_type=refresh_token&refresh_token=r1&client_id=i"),
        ),
        (
            r#"{"oauth2": {"authority": "http://HOST", "client": {"id": "i", "authentication": "private_key_jwt", "assertion": "j.w.t"}}}"#,
            format!("/oauth2/token {form} - grant_type=client_credentials&client_id=i&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=j.w.t"),
        ),
        (
            r#"{"oidc": {"authority": "http://HOST/oidc", "client": {"id": "i", "secret": "s"}, "issuers": ["me"]}}"#,
            format!("/oidc/token-here {form} - grant_type=client_credentials&client_id=i&client_secret=s"),
        ),
        (
            r#"{"oidc": {"authority": "http://HOST/oidc/.well-known/openid-configuration", "client": {"id": "i", "secret": "t"}}}"#,
            format!("/oidc/token-here {form} - grant_type=client_credentials&client_id=i&client_secret=t"),
        ),
        (
            r#"{"oauth2": {"use": "whole"}}"#,
            format!("/whole/oauth2/token {form} - grant_type=client_credentials&client_id=w&client_secret=w-secret"),
        ),
    ] {
        let whole = format!(r#"{{"authority": "http://{address}/whole", "grant": "client_credentials", "client": {{"id": "w", "secret": "w-secret"}}}}"#);
        let http = http_with(Vault::default().with("pass", r#""hunter2-0815""#).with("whole", &whole));
        perform(&http, address, &with("service", policy)).await.unwrap_or_else(|error| panic!("{policy}: {}", error.error));
        assert_eq!(*seen.lock().unwrap(), expected, "{policy}");
        perform(&http, address, &with("service", policy)).await.unwrap();
        let second = seen.lock().unwrap().clone();
        assert!(second.contains("refresh_token") && second.contains("again"), "the second time by the refresh token: {second}");
    }
    let wrong = r#"{"oidc": {"authority": "http://HOST/oidc", "client": {"id": "i", "secret": "s"}, "issuers": ["you"]}}"#;
    let error = perform(&http(), address, &with("service", wrong))
        .await
        .unwrap_err();
    assert!(
        error.error.is_kind("authentication") && error.error.to_string().contains("issuer `me`"),
        "{}",
        error.error
    );
}

#[tokio::test]
async fn an_authorization_server_in_trouble_is_no_reason_to_doubt_the_call() {
    let app = Router::new().route(
        "/oauth2/token",
        post(|| async { (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "3")]) }),
    );
    let up = serve(app).await;
    for (authority, kind, status, patience) in [
        (format!("http://{up}"), "communication", 503, Some(3)),
        (
            format!("http://{}", closed_port().await),
            "communication",
            503,
            None,
        ),
        ("http://10.0.0.1".to_owned(), "authorization", 403, None),
    ] {
        let policy = format!(
            r#"{{"oauth2": {{"authority": "{authority}", "client": {{"id": "i", "secret": "s"}}}}}}"#
        );
        let error = perform(&http(), up, &with("service", &policy))
            .await
            .unwrap_err();
        assert!(
            error.error.is_kind(kind) && error.error.status == status,
            "{authority}: {}",
            error.error
        );
        assert!(!error.may_have_happened);
        assert_eq!(error.retry_after.map(|wait| wait.as_secs()), patience);
    }
}

#[tokio::test]
async fn a_token_that_hardly_lives_still_serves_all_who_waited_for_it() {
    let idp = Arc::new(Idp::default());
    let address = serve(idp_app(idp.clone(), r#", "expires_in": 1"#)).await;
    let http = Arc::new(http());
    let calls = (0..50).map(|_| {
        let http = http.clone();
        tokio::spawn(async move { perform(&http, address, &with("service", CLIENT)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let asked = idp.asked.load(Ordering::SeqCst);
    assert!(asked < 10, "{asked} requests for fifty calls");
}

#[tokio::test]
async fn a_client_secret_is_opened_for_the_authorization_server_only() {
    let idp = Arc::new(Idp::default());
    let address = serve(idp_app(idp.clone(), "")).await;
    let policy = CLIENT
        .replace(
            "http://HOST",
            &format!("http://localhost:{}", address.port()),
        )
        .replace("s+ecret", "sealed.client.");
    let http = http_with(Vault::default().with_host("client", r#""s+ecret""#, "localhost"));
    perform(&http, address, &with("service", &policy))
        .await
        .unwrap();
    // The same secret, bound to the service instead.
    let http = http_with(Vault::default().with_host("client", r#""s+ecret""#, "127.0.0.1"));
    let error = perform(&http, address, &with("service", &policy))
        .await
        .unwrap_err();
    assert!(
        error.error.to_string().contains("not for localhost"),
        "{}",
        error.error
    );
    assert_eq!(idp.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn another_origin_that_asks_for_credentials_gets_none() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let elsewhere = Router::new().fallback(any(move |headers: HeaderMap| async move {
        assert!(!headers.contains_key("authorization"));
        counted.fetch_add(1, Ordering::SeqCst);
        (
            StatusCode::UNAUTHORIZED,
            [(
                "www-authenticate",
                r#"Digest realm="r", nonce="n", qop="auth""#,
            )],
        )
    }));
    let location = format!("http://localhost:{}/", serve(elsewhere).await.port());
    let redirect = move || async move { (StatusCode::FOUND, [("location", location)]) };
    let address = serve(Router::new().fallback(any(redirect))).await;
    for policy in [
        r#"{"digest": {"username": "anna", "password": "pass-word"}}"#,
        r#"{"bearer": {"token": "t-123456"}}"#,
    ] {
        let with = with("", policy).replacen('{', r#"{"redirect": true, "#, 1);
        assert_eq!(
            perform(&http(), address, &with)
                .await
                .unwrap_err()
                .error
                .status,
            401
        );
    }
    assert_eq!(
        seen.load(Ordering::SeqCst),
        2,
        "asked once each, never a second time"
    );
}
