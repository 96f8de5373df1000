use std::time::Duration;

use http::Method;

use super::*;

/// The examples of RFC 7616, section 3.9.1, and RFC 2617, section 3.5.
#[test]
fn the_published_examples_come_out() {
    let request = Request::new(
        Method::GET,
        "http://www.example.org/dir/index.html"
            .parse()
            .expect("a URL"),
        Duration::from_secs(1),
    );
    let header = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    let nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (header, response) in [
        (header.to_owned(), "8ca523f5e9506fed4657c9700eebdbec"),
        (
            header.replace("MD5", "SHA-256"),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let challenge = Challenge::strongest([header.as_str()].into_iter())
            .expect("a challenge that we can answer");
        let answer = challenge.answer("Mufasa", "Circle of Life", &request, nonce);
        assert!(
            answer.contains(&format!("response=\"{response}\"")),
            "{answer}"
        );
        assert!(
            answer.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""),
            "{answer}"
        );
    }
}

#[test]
fn the_strongest_of_several_challenges_is_answered() {
    let header = r#"Basic realm="a, b", Digest realm="r", nonce="n1", algorithm=MD5, Digest realm="r", nonce="n\"2", algorithm=SHA-256, qop="auth""#;
    let found = Challenge::strongest([header].into_iter()).expect("two digests");
    assert!(found.algorithm == Algorithm::Sha256 && found.nonce == "n\"2" && found.has_qop);
    for unanswerable in [
        "Basic realm=\"x\"",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
        "Digest",
        "",
    ] {
        assert!(
            Challenge::strongest([unanswerable].into_iter()).is_none(),
            "{unanswerable}"
        );
    }
}
