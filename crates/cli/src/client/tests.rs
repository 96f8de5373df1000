use serde_json::json;

use super::target::find_beside;
use super::{LiveEvent, take_event};
use crate::arguments::{Target, Token};

#[test]
fn events_arrive_in_pieces() {
    let mut waiting = b": keep-alive\n\nevent: run\ndata: {\"seq\":1}\n\neve".to_vec();
    let first = LiveEvent {
        name: "run".to_owned(),
        data: json!({"seq": 1}),
    };
    assert_eq!(take_event(&mut waiting), Some(first));
    assert_eq!(take_event(&mut waiting), None);
    waiting.extend(b"nt: lagged\ndata: {\"missed\":3}\n\n");
    assert_eq!(
        take_event(&mut waiting).map(|event| event.name).as_deref(),
        Some("lagged")
    );
    assert!(waiting.is_empty());
}

/// What is found in a directory that has a server's address and token.
fn check(
    server: Option<&str>,
    has_data: bool,
    token: Option<&str>,
    expected: Result<(&str, Option<&str>), &str>,
) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("address"), "http://127.0.0.1:9/\n").expect("written");
    std::fs::write(directory.path().join("owner-token"), "owner\n").expect("written");
    let target = Target {
        server: server.map(str::to_owned),
        data: has_data.then(|| directory.path().to_owned()),
        token: Token(token.map(str::to_owned)),
    };
    let found = find_beside(&target, directory.path());
    let found = found
        .as_ref()
        .map(|found| (found.base.as_str(), found.token.as_deref()));
    assert_eq!(found.map_err(|failure| &*failure.message), expected);
}

#[test]
fn a_directory_says_where_its_server_is_and_who_owns_it() {
    check(None, true, None, Ok(("http://127.0.0.1:9/", Some("owner"))));
    check(
        Some("http://127.0.0.1:8"),
        true,
        None,
        Ok(("http://127.0.0.1:8/", Some("owner"))),
    );
    check(
        None,
        true,
        Some("mine"),
        Ok(("http://127.0.0.1:9/", Some("mine"))),
    );
}

#[test]
fn the_token_of_a_directory_goes_to_no_foreign_server() {
    check(
        Some("https://segue.example.com"),
        false,
        None,
        Ok(("https://segue.example.com/", None)),
    );
    check(
        Some("https://segue.example.com"),
        false,
        Some("mine"),
        Ok(("https://segue.example.com/", Some("mine"))),
    );
    check(
        Some("https://segue.example.com"),
        true,
        None,
        Ok(("https://segue.example.com/", Some("owner"))),
    );
}

#[test]
fn a_folder_leads_to_no_foreign_server_by_itself() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("address"), "http://192.0.2.1:9/\n").expect("written");
    let mut target = Target {
        server: None,
        data: None,
        token: Token(Some("mine".to_owned())),
    };
    let base = |target: &Target| {
        let found = find_beside(target, directory.path());
        found.expect("found").base.to_string()
    };
    assert_eq!(base(&target), "http://127.0.0.1:7300/");
    target.data = Some(directory.path().to_owned());
    assert_eq!(base(&target), "http://192.0.2.1:9/");
}

#[test]
fn an_address_that_is_none_is_refused() {
    check(
        Some("ftp://x"),
        true,
        None,
        Err(
            "`ftp://x` is not the address of a server: expected something like http://127.0.0.1:7300",
        ),
    );
    check(
        Some("127.0.0.1:7300"),
        true,
        None,
        Err("`127.0.0.1:7300` is not the address of a server: relative URL without a base"),
    );
}
