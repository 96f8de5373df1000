use http::HeaderMap;

use runtime::Scope;

use super::{Action, Authorized, bearer, session_id};
use crate::ApiOptions;
use crate::problem::Code;

fn headers(entries: &[(&'static str, &str)]) -> HeaderMap {
    entries
        .iter()
        .map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                value.parse().expect("a header value"),
            )
        })
        .collect()
}

#[test]
fn a_bearer_token_is_read_or_refused_but_never_ignored() {
    let read = |value: &str| {
        bearer(&headers(&[("authorization", value)]))
            .map(|token| token.map(str::to_owned))
            .map_err(|_| ())
    };
    assert_eq!(read("Bearer abc"), Ok(Some("abc".to_owned())));
    assert_eq!(read("bearer  abc "), Ok(Some("abc".to_owned())));
    for refused in ["Bearer", "Bearer ", "Basic YTpi", "abc", ""] {
        assert_eq!(read(refused), Err(()), "{refused:?}");
    }
    assert!(matches!(bearer(&HeaderMap::new()), Ok(None)));
}

#[test]
fn the_session_is_found_among_other_cookies() {
    assert_eq!(
        session_id(&headers(&[("cookie", "a=b; segue_session=id; c=d")])),
        Some("id")
    );
    assert_eq!(
        session_id(&headers(&[("cookie", "__Host-segue_session=id")])),
        Some("id")
    );
    assert_eq!(
        session_id(&headers(&[("cookie", "xsegue_session=id")])),
        None
    );
}

#[test]
fn a_foreign_name_is_not_our_host() {
    let options = ApiOptions {
        hosts: vec!["segue.example.com".into()],
        ..ApiOptions::default()
    };
    for own in [
        "localhost",
        "localhost:7400",
        "127.0.0.1:7400",
        "[::1]:7400",
        "10.0.0.7",
        "Segue.Example.Com:443",
    ] {
        assert!(options.is_own_host(own), "{own}");
    }
    for foreign in [
        "evil.example.com",
        "evil.localhost.example.com:80",
        "segue.example.com.evil.org",
        "",
        "127.0.0.1.evil.org",
    ] {
        assert!(!options.is_own_host(foreign), "{foreign}");
    }
}

#[test]
fn a_namespace_outside_the_scope_does_not_exist() {
    let caller = |scope| Authorized {
        scope,
        action: Action::RunsRead,
    };
    let scope = Scope {
        actor: "crew".into(),
        namespaces: Some(["sales".into()].into()),
    };
    assert!(caller(scope.clone()).enter("sales").is_ok());
    for foreign in ["hr", "", "Sales", "sales/hr"] {
        let refusal = caller(scope.clone()).enter(foreign).expect_err("foreign");
        assert_eq!(refusal.code(), Code::NotFound, "{foreign}");
    }
    assert!(caller(Scope::all("owner")).enter("hr").is_ok());
}
