use super::{Next, RECIPIENTS_MAX, Session};
use crate::mail::Login;

/// Lines in, first digits of the replies out; `data` where the mail would be read, `close` where the line is cut.
fn check(login: Option<Login>, script: &[(&str, &str)]) {
    let mut session = Session::new(login);
    for (line, expected) in script {
        let seen = match session.line(line) {
            Next::Reply(reply) => reply.wire()[..3].to_owned(),
            Next::ReadData => {
                session.take_envelope();
                "data".to_owned()
            }
            Next::Close(_) => "close".to_owned(),
        };
        assert_eq!(seen, *expected, "after `{line}`");
    }
}

fn login() -> Option<Login> {
    Some(Login {
        user: "segue".to_owned(),
        password: "secret".to_owned(),
    })
}

#[test]
fn a_mail_and_then_another() {
    check(
        None,
        &[
            ("EHLO client.example", "250"),
            ("MAIL FROM:<a@example.com> SIZE=100 BODY=8BITMIME", "250"),
            ("RCPT TO:<b@example.com>", "250"),
            ("rcpt to: <\"odd > one\"@example.com>", "250"),
            ("DATA", "data"),
            ("MAIL FROM:<>", "250"),
            ("RCPT TO:<Postmaster>", "250"),
            ("DATA", "data"),
            ("QUIT", "close"),
        ],
    );
}

#[test]
fn commands_out_of_order_are_refused() {
    check(
        None,
        &[
            ("MAIL FROM:<a@example.com>", "503"),
            ("HELO", "501"),
            ("HELO client.example", "250"),
            ("RCPT TO:<b@example.com>", "503"),
            ("DATA", "503"),
            ("MAIL FROM:<a@example.com>", "250"),
            ("MAIL FROM:<a@example.com>", "503"),
            ("DATA", "554"),
            ("RSET", "250"),
            ("DATA", "503"),
            ("NOOP", "250"),
            ("VRFY somebody", "252"),
            ("STARTTLS", "502"),
            ("", "502"),
        ],
    );
}

#[test]
fn bad_addresses_and_parameters_are_refused() {
    check(
        None,
        &[
            ("EHLO client.example", "250"),
            ("MAIL FROM:a@example.com", "501"),
            ("MAIL FROM:<a@example.com", "501"),
            ("MAIL TO:<a@example.com>", "501"),
            ("MAIL FROM:<a@example.com> SIZE=10485761", "552"),
            ("MAIL FROM:<a@example.com> SIZE=many", "501"),
            ("MAIL FROM:<a@example.com> RET=FULL", "555"),
            ("MAIL FROM:<a@example.com>", "250"),
            ("RCPT TO:<nobody>", "501"),
            ("RCPT TO:<>", "501"),
            ("RCPT TO:<b@example.com> NOTIFY=NEVER", "555"),
            ("RCPT TO:<@relay.example:b@example.com>", "250"),
            ("DATA", "data"),
        ],
    );
}

#[test]
fn recipients_have_a_limit() {
    let mut session = Session::new(None);
    session.line("EHLO client.example");
    session.line("MAIL FROM:<a@example.com>");
    for number in 0..RECIPIENTS_MAX {
        let Next::Reply(reply) = session.line(&format!("RCPT TO:<r{number}@example.com>")) else {
            panic!("no reply")
        };
        assert!(reply.wire().starts_with("250"), "recipient {number}");
    }
    let Next::Reply(reply) = session.line("RCPT TO:<one-too-many@example.com>") else {
        panic!("no reply")
    };
    assert!(reply.wire().starts_with("452"), "{}", reply.wire());
    assert_eq!(session.take_envelope().to.len(), RECIPIENTS_MAX);
}

#[test]
fn a_login_is_asked_for_and_checked() {
    // NUL segue NUL secret; NUL segue NUL wrong.
    let (right, wrong) = ("AHNlZ3VlAHNlY3JldA==", "AHNlZ3VlAHdyb25n");
    check(
        login(),
        &[
            ("EHLO client.example", "250"),
            ("MAIL FROM:<a@example.com>", "530"),
            ("AUTH LOGIN", "504"),
            (&format!("AUTH PLAIN {wrong}"), "535"),
            ("MAIL FROM:<a@example.com>", "530"),
            ("AUTH PLAIN", "334"),
            ("*", "501"),
            ("AUTH PLAIN ###", "501"),
            ("AUTH PLAIN", "334"),
            (right, "235"),
            ("MAIL FROM:<a@example.com>", "250"),
        ],
    );
    check(
        None,
        &[
            ("EHLO client.example", "250"),
            (&format!("AUTH PLAIN {right}"), "502"),
        ],
    );
}

#[test]
fn what_can_be_done_is_announced() {
    let announced = |login| match Session::new(login).line("EHLO client.example") {
        Next::Reply(reply) => reply.wire(),
        other => panic!("no reply: {other:?}"),
    };
    assert_eq!(
        announced(None),
        "250-mail.example greets client.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760\r\n"
    );
    assert!(announced(login()).ends_with("250 AUTH PLAIN\r\n"));
}
