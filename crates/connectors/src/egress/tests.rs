use super::*;

#[test]
fn an_address_to_call_is_read_strictly() {
    for (text, expected) in [
        (
            "https://example.com/a?b=c#d",
            Ok("https://example.com/a?b=c#d"),
        ),
        ("http://2130706433/", Ok("http://127.0.0.1/")),
        ("http://0177.0.0.1/", Ok("http://127.0.0.1/")),
        ("http://0x7f.1/", Ok("http://127.0.0.1/")),
        ("http://127.0.0.1./", Ok("http://127.0.0.1/")),
        ("http://[::ffff:127.0.0.1]/", Ok("http://[::ffff:7f00:1]/")),
        ("http://ⓔxample.com/", Ok("http://example.com/")),
        ("file:///etc/passwd", Err("only `http`")),
        ("gopher://example.com/", Err("only `http`")),
        ("unix:/run/socket", Err("only `http`")),
        ("https://user@example.com/", Err("authentication")),
        ("https://user:pass@example.com/", Err("authentication")),
        ("https://example.com@127.0.0.1/", Err("authentication")),
        ("https://example.com/\r\nX: y", Err("control character")),
        ("https://exam\nple.com/", Err("control character")),
        ("https://example.com\\@127.0.0.1/", Err("backslash")),
        (" https://example.com/", Err("blanks")),
        ("example.com/path", Err("expected something like")),
        ("/path", Err("expected something like")),
        ("http://", Err("expected something like")),
        ("http://./", Err("no host")),
    ] {
        let found = parse_url(text);
        match (expected, &found) {
            (Ok(url), Ok(found)) => assert_eq!(found.as_str(), url, "{text:?}"),
            (Err(part), Err(error)) => {
                assert!(error.to_string().contains(part), "{text:?}: {error}")
            }
            _ => panic!("{text:?}: expected {expected:?}, found {found:?}"),
        }
    }
}

#[test]
fn a_refused_address_does_not_repeat_its_secrets() {
    let error = parse_url("https://user:hunter2@example.com/token/abc?key=def")
        .expect_err("has a password")
        .to_string();
    assert!(error.contains("example.com"), "{error}");
    for secret in ["hunter2", "abc", "def"] {
        assert!(!error.contains(secret), "{error}");
    }
}

#[test]
fn a_simulation_cannot_reach_off_this_machine() {
    let hosts = [(
        "petstore.example".to_owned(),
        "93.184.216.34:80".parse().expect("an address"),
    )]
    .into();
    assert!(Egress::for_simulation(Policy::default(), hosts).is_err());
}
