use super::{SESSIONS_MAX, Sessions, set_cookie};

#[test]
fn a_session_stands_for_its_token_until_it_ends() {
    let sessions = Sessions::default();
    let (first, second) = (sessions.start("a"), sessions.start("b"));
    assert_ne!(first, second);
    assert_eq!(first.len(), 43, "256 bits");
    assert_eq!(sessions.token(&first).as_deref(), Some("a"));
    sessions.end(&first);
    assert_eq!(sessions.token(&first), None);
    assert_eq!(sessions.token(&second).as_deref(), Some("b"));
    assert_eq!(sessions.token(""), None);
}

#[test]
fn many_sessions_end_the_oldest() {
    let sessions = Sessions::default();
    let oldest = sessions.start("first");
    let next = sessions.start("next");
    for _ in 0..SESSIONS_MAX - 1 {
        sessions.start("more");
    }
    assert_eq!(sessions.token(&oldest), None);
    assert_eq!(sessions.token(&next).as_deref(), Some("next"));
}

#[test]
fn cookies_are_for_this_site_and_no_script() {
    assert_eq!(
        set_cookie("id", false),
        "segue_session=id; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    );
    assert_eq!(
        set_cookie("", true),
        "__Host-segue_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure"
    );
}
