//! Who may be spoken to, and what is carried along.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use connectors::egress::{
    self, Egress, Policy, Redirects, Request, SystemResolver, Trouble, parse_url,
};
use http::Method;

use crate::support::*;

async fn get_from(egress: &Egress, url: &str) -> Result<egress::Reply, egress::EgressError> {
    egress.send(request(url)).await
}

fn request(url: &str) -> Request {
    Request::new(
        Method::GET,
        parse_url(url).unwrap(),
        Duration::from_secs(20),
    )
}

fn is_denied(result: &Result<egress::Reply, egress::EgressError>) -> bool {
    matches!(result, Err(error) if matches!(error.trouble, Trouble::Denied { .. }))
}

async fn open_server() -> std::net::SocketAddr {
    serve(Router::new().fallback(any(|| async { "in" }))).await
}

#[tokio::test]
async fn every_disguise_of_loopback_is_refused() {
    let port = open_server().await.port();
    let strict = Egress::new(Policy::default(), Arc::new(SystemResolver));
    for host in [
        "127.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "0.0.0.0",
        "0",
        "[::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "tenant.localhost",
        "①②⑦.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "metadata.google.internal",
    ] {
        let result = get_from(&strict, &format!("http://{host}:{port}/")).await;
        assert!(is_denied(&result), "{host}: {result:?}");
        assert!(!result.unwrap_err().was_sent, "{host}");
    }
    let reply = get_from(&egress(), &format!("http://127.1:{port}/"))
        .await
        .unwrap();
    assert_eq!(
        &reply.body[..],
        b"in",
        "the server is there, only the rule kept us out"
    );
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    let address = open_server().await.to_string();
    let names = Names::of(&[
        ("inside.example", &[&["10.0.0.7:0"]]),
        ("mapped.example", &[&["[::ffff:10.0.0.7]:0"]]),
        ("mixed.example", &[&["10.0.0.7:0", &address]]),
        ("empty.example", &[&[]]),
    ]);
    let egress = Egress::new(development(), names);
    for host in ["inside.example", "mapped.example", "inside.example."] {
        assert!(
            is_denied(&get_from(&egress, &format!("http://{host}/")).await),
            "{host}"
        );
    }
    // Only the allowed address of a mixed answer is dialled.
    assert_eq!(
        get_from(&egress, "http://mixed.example/")
            .await
            .unwrap()
            .body,
        "in"
    );
    for host in ["empty.example", "unknown.example"] {
        let error = get_from(&egress, &format!("http://{host}/"))
            .await
            .unwrap_err();
        assert!(
            matches!(error.trouble, Trouble::Unreachable { .. }) && !error.was_sent,
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_gets_no_second_look() {
    let address = open_server().await.to_string();
    let names = Names::of(&[("rebind.example", &[&[&address], &["10.0.0.7:0"]])]);
    let egress = Egress::new(development(), names.clone());
    assert_eq!(
        get_from(&egress, "http://rebind.example/")
            .await
            .unwrap()
            .body,
        "in"
    );
    assert_eq!(
        names.asked.load(Ordering::Relaxed),
        1,
        "checked and dialled from one look-up"
    );
    let other = Egress::new(development(), names);
    assert!(
        is_denied(&get_from(&other, "http://rebind.example/").await),
        "each new connection is checked anew"
    );
}

#[tokio::test]
async fn proxy_variables_change_nothing() {
    // Set for the child only: this test runs itself again with the variables in its environment.
    if std::env::var_os("HTTP_PROXY").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["egress::proxy_variables_change_nothing", "--exact"])
            .envs([
                ("HTTP_PROXY", "http://127.0.0.1:1"),
                ("http_proxy", "http://127.0.0.1:1"),
                ("ALL_PROXY", "http://127.0.0.1:1"),
            ])
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let address = open_server().await;
    assert_eq!(
        get_from(&egress(), &format!("http://{address}/"))
            .await
            .unwrap()
            .body,
        "in"
    );
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    for target in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "http://[::ffff:10.0.0.1]/",
        "//10.0.0.1/x",
    ] {
        let app = Router::new().route(
            "/",
            get(move || async move { (StatusCode::FOUND, [("location", target)]) }),
        );
        let address = serve(app).await;
        let mut request = request(&format!("http://{address}/"));
        request.redirects = Redirects::Follow;
        let error = egress().send(request).await.unwrap_err();
        assert!(
            matches!(error.trouble, Trouble::Denied { .. }),
            "{target}: {error:?}"
        );
        assert!(error.was_sent, "the first server has seen the request");
    }
    for target in [
        "file:///etc/passwd",
        "http://user:pass@127.0.0.1/",
        "gopher://x/",
        "http://exa mple/",
    ] {
        let app = Router::new().route(
            "/",
            get(move || async move { (StatusCode::FOUND, [("location", target)]) }),
        );
        let mut request = request(&format!("http://{}/", serve(app).await));
        request.redirects = Redirects::Follow;
        let error = egress().send(request).await.unwrap_err();
        assert!(
            matches!(error.trouble, Trouble::RedirectRefused { .. }),
            "{target}: {error:?}"
        );
    }
}

/// Answers with the method, the headers that matter and the body, as text.
async fn mirror(method: Method, headers: HeaderMap, body: String) -> String {
    let mut seen: Vec<_> = [
        "authorization",
        "cookie",
        "x-key",
        "x-plain",
        "content-type",
    ]
    .into_iter()
    .filter(|name| headers.contains_key(*name))
    .collect();
    seen.sort_unstable();
    format!("{method} {} [{body}]", seen.join(" "))
}

fn carrying_everything(method: Method, url: &str) -> Request {
    let mut request = request(url);
    request.method = method;
    request.redirects = Redirects::Follow;
    for (name, value) in [
        ("authorization", "Basic x"),
        ("cookie", "a=b"),
        ("x-plain", "1"),
        ("content-type", "text/plain"),
    ] {
        request.headers.insert(name, value.parse().unwrap());
    }
    let mut key: http::HeaderValue = "secret".parse().unwrap();
    key.set_sensitive(true);
    request.headers.insert("x-key", key);
    request.body = "data".into();
    request
}

#[tokio::test]
async fn a_redirect_changes_the_method_and_drops_credentials_as_it_should() {
    let elsewhere = serve(Router::new().fallback(any(mirror))).await;
    for (method, status, is_elsewhere, expected) in [
        (
            Method::POST,
            303,
            false,
            "GET authorization cookie x-key x-plain []",
        ),
        (
            Method::POST,
            302,
            false,
            "GET authorization cookie x-key x-plain []",
        ),
        (
            Method::PUT,
            301,
            false,
            "PUT authorization content-type cookie x-key x-plain [data]",
        ),
        (
            Method::PUT,
            303,
            false,
            "GET authorization cookie x-key x-plain []",
        ),
        (
            Method::POST,
            307,
            false,
            "POST authorization content-type cookie x-key x-plain [data]",
        ),
        (Method::POST, 308, true, "POST content-type x-plain [data]"),
        (Method::POST, 302, true, "GET x-plain []"),
        (Method::GET, 302, true, "GET content-type x-plain [data]"),
    ] {
        let location = if is_elsewhere {
            format!("http://{elsewhere}/there")
        } else {
            "/there".to_owned()
        };
        let redirect = move || async move {
            (
                StatusCode::from_u16(status).unwrap(),
                [("location", location)],
            )
        };
        let address = serve(
            Router::new()
                .route("/", any(redirect))
                .fallback(any(mirror)),
        )
        .await;
        let reply = egress()
            .send(carrying_everything(
                method.clone(),
                &format!("http://{address}/"),
            ))
            .await
            .unwrap();
        assert_eq!(
            reply.body, expected,
            "{method} {status} elsewhere: {is_elsewhere}"
        );
        assert_eq!(reply.url.path(), "/there");
    }
}

#[tokio::test]
async fn a_secret_in_the_body_does_not_follow_to_another_origin() {
    let elsewhere = serve(Router::new().fallback(any(mirror))).await;
    let location = format!("http://{elsewhere}/");
    let redirect =
        move || async move { (StatusCode::TEMPORARY_REDIRECT, [("location", location)]) };
    let address = serve(Router::new().fallback(any(redirect))).await;
    let mut request = carrying_everything(Method::POST, &format!("http://{address}/"));
    request.is_body_sensitive = true;
    let error = egress().send(request).await.unwrap_err();
    assert!(
        matches!(error.trouble, Trouble::RedirectRefused { .. }) && error.was_sent,
        "{error:?}"
    );
}

#[tokio::test]
async fn redirects_end_after_ten() {
    let app = Router::new().fallback(any(|| async {
        (StatusCode::FOUND, [("location", "/again")])
    }));
    let mut request = request(&format!("http://{}/", serve(app).await));
    request.redirects = Redirects::Follow;
    let error = egress().send(request).await.unwrap_err();
    assert!(
        matches!(error.trouble, Trouble::TooManyRedirects { .. }),
        "{error:?}"
    );
}

fn gzip(length: usize) -> Vec<u8> {
    // Zeros in gzip: made by the system's own program, so that the case needs no library.
    let script = format!("head -c {length} /dev/zero | gzip -9");
    std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap()
        .stdout
}

#[tokio::test]
async fn a_reply_that_unpacks_beyond_the_limit_stops_there() {
    let bomb = gzip(200 << 20);
    assert!(bomb.len() < 1 << 20);
    let app = Router::new().fallback(any(move || async move {
        ([("content-encoding", "gzip")], bomb)
    }));
    let address = serve(app).await;
    let error = get_from(&egress(), &format!("http://{address}/"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.trouble, Trouble::TooLarge { .. }) && error.was_sent,
        "{error:?}"
    );
}

#[tokio::test]
async fn a_hostile_reply_ends_in_a_named_error() {
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let long_header = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(100 << 10));
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_owned();
    for (reply, stays_open, timeout, expected) in [
        (many_headers, false, 20_000, "broke off"),
        (long_header, false, 20_000, "larger than"),
        (announced, true, 20_000, "larger than"),
        ("not http at all\r\n\r\n".into(), false, 20_000, "broke off"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".into(),
            false,
            20_000,
            "broke off",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".into(),
            true,
            50,
            "no complete reply",
        ),
        ("HTTP/1.1 200 O".into(), true, 50, "no complete reply"),
        (String::new(), true, 50, "no complete reply"),
        (String::new(), false, 20_000, "broke off"),
    ] {
        let head: String = reply.chars().take(40).collect();
        let address = serve_bytes(reply.into_bytes(), stays_open).await;
        let mut request = request(&format!("http://{address}/"));
        request.timeout = Duration::from_millis(timeout);
        let error = egress().send(request).await.unwrap_err();
        assert!(
            error.to_string().contains(expected) && error.was_sent,
            "{head:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let address = closed_port().await;
    let error = get_from(&egress(), &format!("http://{address}/"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.trouble, Trouble::Unreachable { .. }) && !error.was_sent,
        "{error:?}"
    );
    let error = egress()
        .connect(&address.ip().to_string(), address.port())
        .await
        .unwrap_err();
    assert!(
        matches!(error.trouble, Trouble::Unreachable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn plain_connections_follow_the_same_rules() {
    let address = open_server().await;
    assert!(egress().connect("localhost", address.port()).await.is_ok());
    assert!(egress().connect("127.1", address.port()).await.is_ok());
    let strict = Egress::new(Policy::default(), Arc::new(SystemResolver));
    for host in [
        "localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "[::1]",
        "::1",
        "::ffff:127.0.0.1",
        "localhost.",
    ] {
        let error = strict.connect(host, address.port()).await.unwrap_err();
        assert!(
            matches!(error.trouble, Trouble::Denied { .. }),
            "{host}: {error:?}"
        );
    }
    for host in ["", "a b", "a\r\nb"] {
        assert!(
            matches!(
                strict.connect(host, 25).await.unwrap_err().trouble,
                Trouble::InvalidUrl { .. }
            ),
            "{host:?}"
        );
    }
}

#[tokio::test]
async fn a_simulated_internet_answers_public_names_and_nothing_else() {
    let address = open_server().await;
    let hosts = HashMap::from([("petstore.example".to_owned(), address)]);
    let egress = Egress::for_simulation(Policy::default(), hosts).unwrap();
    for url in [
        "https://petstore.example/v2/pet/1",
        "http://PetStore.example/",
        "https://petstore.example:8443/",
    ] {
        let reply = get_from(&egress, url).await.unwrap();
        assert_eq!(
            (&reply.body[..], reply.url.as_str()),
            (&b"in"[..], parse_url(url).unwrap().as_str())
        );
    }
    assert!(egress.connect("petstore.example", 25).await.is_ok());
    let error = get_from(&egress, "https://other.example/")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("simulation"), "{error}");
    assert!(is_denied(
        &get_from(&egress, &format!("http://{address}/")).await
    ));
}

#[tokio::test]
async fn a_certificate_counts_only_for_its_name_and_from_a_trusted_authority() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = tls_acceptor().accept(stream).await.ok()?;
                let _ = stream.read(&mut [0; 4096]).await.ok()?;
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nin")
                    .await
                    .ok()
            });
        }
    });
    let names = || {
        Names::of(&[
            ("secure.example", &[&["127.0.0.1:0"]]),
            ("other.example", &[&["127.0.0.1:0"]]),
        ])
    };
    let trusting = Egress::new(development(), names()).trusting(vec![authority()]);
    let reply = get_from(&trusting, &format!("https://secure.example:{port}/"))
        .await
        .unwrap();
    assert_eq!(reply.body, "in");
    let strict = Egress::new(development(), names());
    for (egress, host) in [
        (&trusting, "other.example"),
        (&trusting, "127.0.0.1"),
        (&strict, "secure.example"),
    ] {
        let error = get_from(egress, &format!("https://{host}:{port}/"))
            .await
            .unwrap_err();
        assert!(
            matches!(&error.trouble, Trouble::Unreachable { cause, .. } if cause.contains("ertificate")),
            "{host}: {error:?}"
        );
        assert!(!error.was_sent, "{host}");
    }
}
