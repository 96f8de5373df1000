//! Mails into a small SMTP server, a polite one and others.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::function::Connector;
use connectors::registry::Registry;
use connectors::shell::ShellPolicy;
use connectors::{CallError, Connection, Egress};
use dsl::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::*;

/// What a server does that is not simply polite: the answer to lines that begin so, in place of the usual one.
type Moods = &'static [(&'static str, Answer)];

#[derive(Clone, Copy)]
enum Answer {
    Say(&'static str),
    Close,
    Silence,
}

#[derive(Default)]
struct Sink {
    mails: Mutex<Vec<String>>,
    /// Every command, `TLS` when encryption began.
    commands: Mutex<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Wire {
    Plain,
    Starttls,
    Implicit,
}

async fn sink(wire: Wire, moods: Moods) -> (SocketAddr, Arc<Sink>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, sink) = (listener.local_addr().unwrap(), Arc::new(Sink::default()));
    let shared = sink.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sink = shared.clone();
            tokio::spawn(async move {
                if wire == Wire::Implicit {
                    let stream = tls_acceptor().accept(stream).await.ok()?;
                    talk(BufReader::new(stream), &sink, moods, Wire::Plain, true).await;
                } else if let Some(stream) =
                    talk(BufReader::new(stream), &sink, moods, wire, true).await
                {
                    let stream = tls_acceptor().accept(stream).await.ok()?;
                    sink.commands.lock().unwrap().push("TLS".into());
                    talk(BufReader::new(stream), &sink, moods, Wire::Plain, false).await;
                }
                Some(())
            });
        }
    });
    (address, sink)
}

/// Speaks until the end; gives the stream back when the client asks for encryption.
async fn talk<S>(
    mut stream: BufReader<S>,
    sink: &Sink,
    moods: Moods,
    wire: Wire,
    greets: bool,
) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if greets {
        stream.write_all(b"220 sink ESMTP\r\n").await.ok()?;
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        sink.commands.lock().unwrap().push(line.clone());
        let usual = match line.get(..4).unwrap_or(&line) {
            "EHLO" if wire == Wire::Starttls => "250-sink\r\n250 STARTTLS",
            "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "AUTH" if line.ends_with("AGFubmEAcGFzcy13b3Jk") => "235 welcome",
            "AUTH" => "535 wrong pass-word, anna",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            "STAR" => {
                stream.write_all(b"220 go\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            _ => "250 fine",
        };
        if line == "DATA" && !moods.iter().any(|(start, _)| *start == "DATA") {
            stream.write_all(b"354 go on\r\n").await.ok()?;
            let mut mail = String::new();
            while !mail.ends_with("\r\n.\r\n") {
                if stream.read_line(&mut mail).await.ok()? == 0 {
                    return None;
                }
            }
            let mood = moods
                .iter()
                .find(|(start, _)| *start == ".")
                .map(|(_, answer)| *answer);
            if mood.is_none() {
                sink.mails.lock().unwrap().push(mail);
            }
            answer(&mut stream, mood.unwrap_or(Answer::Say("250 taken"))).await?;
            continue;
        }
        let mood = moods
            .iter()
            .find(|(start, _)| line.starts_with(start))
            .map(|(_, answer)| *answer);
        answer(&mut stream, mood.unwrap_or(Answer::Say(usual))).await?;
    }
}

async fn answer(stream: &mut (impl AsyncWrite + Unpin), answer: Answer) -> Option<()> {
    match answer {
        Answer::Say(text) => stream
            .write_all(format!("{text}\r\n").as_bytes())
            .await
            .ok(),
        Answer::Close => None,
        Answer::Silence => std::future::pending().await,
    }
}

/// A registry with the connection `mail`, to `localhost` or the host in `spec`.
fn registry(address: SocketAddr, spec: &str) -> Registry {
    let egress = Egress::new(
        development(),
        Names::of(&[("secure.example", &[&["127.0.0.1:0"]])]),
    )
    .trusting(vec![authority()]);
    let vault = Vault::default().with("pass", r#""pass-word""#);
    let registry = Registry::new(Arc::new(egress), Arc::new(vault), ShellPolicy::Denied);
    let spec = format!(
        r#"{{"smtp": {{"host": "127.0.0.1", "port": {}, "from": "Segue <bot@example.com>"{spec}}}}}"#,
        address.port()
    );
    let spec = if spec.contains("secure.example") {
        spec.replacen(r#""host": "127.0.0.1", "#, "", 1)
    } else {
        spec
    };
    registry
        .connections()
        .put(Connection::read("test", "mail", &json(&spec)).unwrap());
    registry
}

async fn send(registry: &Registry, with: &str) -> Result<Value, CallError> {
    registry.perform(&call("email", json(with))).await
}

const CLEAR: &str = r#", "tls": "none""#;
const MAIL: &str = r#"{"connection": "mail", "to": "anna@example.com", "subject": "Grüße", "text": "Hello\n.\nthere"}"#;

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let (address, sink) = sink(Wire::Plain, &[]).await;
    let registry = registry(address, CLEAR);
    let answer = send(
        &registry,
        r#"{"connection": "mail", "from": "Bob <bob@example.com>", "to": ["Anna <anna@example.com>", "c@example.com"], "cc": "d@example.com",
        "bcc": ["hidden@example.com"], "reply_to": "r@example.com", "subject": "Hi", "text": "plain", "html": "<b>rich</b>",
        "headers": {"X-Ticket": "7"}, "in_reply_to": "<a@b>", "references": ["<x@b>", "<a@b>"],
        "attachments": [{"name": "a.txt", "content": "attached", "type": "text/plain"}, {"name": "b.bin", "base64": "AAEC"}]}"#,
    )
    .await
    .unwrap();
    let accepted: Vec<_> = answer
        .get("accepted")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|to| to.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        accepted,
        [
            "anna@example.com",
            "c@example.com",
            "d@example.com",
            "hidden@example.com"
        ]
    );
    let id = answer
        .get("messageId")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    let mail = sink.mails.lock().unwrap().pop().unwrap();
    for expected in [
        "From: Bob <bob@example.com>",
        "To: Anna <anna@example.com>, c@example.com",
        "Cc: d@example.com",
        "Reply-To: r@example.com",
        "Subject: Hi",
        "X-Ticket: 7",
        "In-Reply-To: <a@b>",
        "References: <x@b> <a@b>",
        "plain",
        "<b>rich</b>",
        "a.txt",
        "YXR0YWNoZWQ=",
        "AAEC",
        &format!("Message-ID: {id}"),
    ] {
        assert!(mail.contains(expected), "{expected} in\n{mail}");
    }
    assert!(
        !mail.contains("hidden@example.com"),
        "a blind copy stays blind"
    );

    send(&registry, MAIL).await.unwrap();
    let mail = sink.mails.lock().unwrap().pop().unwrap();
    assert!(
        mail.contains("From: Segue <bot@example.com>") && mail.contains("=?utf-8?"),
        "{mail}"
    );
}

#[tokio::test]
async fn a_repeated_mail_can_be_recognised() {
    let (address, _sink) = sink(Wire::Plain, &[]).await;
    let registry = registry(address, CLEAR);
    let id = |answer: Value| {
        answer
            .get("messageId")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = id(send(&registry, MAIL).await.unwrap());
    let mut again = call("email", json(MAIL));
    assert_eq!(id(registry.perform(&again).await.unwrap()), first);
    again.idempotency_key = "run-1/8".into();
    assert_ne!(id(registry.perform(&again).await.unwrap()), first);
    assert!(
        first.starts_with('<') && first.ends_with("@example.com>"),
        "{first}"
    );
}

#[tokio::test]
async fn encryption_is_insisted_on_and_comes_before_the_password() {
    let login = r#", "username": "anna", "password": {"secret": "pass"}"#;
    for (wire, tls) in [(Wire::Starttls, "starttls"), (Wire::Implicit, "implicit")] {
        let (address, sink) = sink(wire, &[]).await;
        let spec = format!(r#", "host": "secure.example", "tls": "{tls}"{login}"#);
        send(&registry(address, &spec), MAIL)
            .await
            .unwrap_or_else(|error| panic!("{tls}: {}", error.error));
        assert_eq!(sink.mails.lock().unwrap().len(), 1);
        let commands = sink.commands.lock().unwrap().clone();
        let auth = commands
            .iter()
            .position(|line| line.starts_with("AUTH"))
            .unwrap();
        assert!(
            wire == Wire::Implicit || commands[..auth].contains(&"TLS".to_owned()),
            "{commands:?}"
        );

        // The certificate is not for this name.
        let other = format!(r#", "tls": "{tls}"{login}"#);
        let error = send(&registry(address, &other), MAIL).await.unwrap_err();
        assert!(
            !error.may_have_happened && error.error.to_string().contains("certificate"),
            "{tls}: {}",
            error.error
        );
    }
    // A server, or somebody on the way, that offers no encryption gets nothing.
    let (address, sink) = sink(Wire::Plain, &[]).await;
    let error = send(
        &registry(address, &format!(r#", "host": "secure.example"{login}"#)),
        MAIL,
    )
    .await
    .unwrap_err();
    assert!(
        !error.may_have_happened && error.error.to_string().contains("STARTTLS"),
        "{}",
        error.error
    );
    assert!(
        !sink
            .commands
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn a_wrong_password_is_an_authentication_error_that_does_not_tell_it() {
    let (address, sink) = sink(Wire::Plain, &[]).await;
    let login =
        |password: &str| format!(r#", "tls": "none", "username": "anna", "password": {password}"#);
    send(&registry(address, &login(r#"{"secret": "pass"}"#)), MAIL)
        .await
        .unwrap();
    let error = send(&registry(address, &login(r#""pass-word,""#)), MAIL)
        .await
        .unwrap_err();
    assert!(
        error.error.is_kind("authentication") && error.error.status == 535,
        "{}",
        error.error
    );
    assert!(
        !error.may_have_happened && !error.error.to_string().contains("pass-word,"),
        "{}",
        error.error
    );
    assert_eq!(sink.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_carries_the_servers_code_and_says_whether_the_mail_may_be_out() {
    use Answer::{Close, Say, Silence};
    let cases: [(Moods, u16, &str, bool); 9] = [
        (&[("RCPT", Say("450 greylisted"))], 450, "for now", false),
        (
            &[("RCPT", Say("550 nobody here"))],
            550,
            "recipient `anna@example.com`",
            false,
        ),
        (&[("MAIL", Say("451 later"))], 451, "for now", false),
        (&[("DATA", Say("554 no"))], 554, "mail refused", false),
        (&[(".", Say("452 box full"))], 452, "for now", false),
        (&[(".", Say("554 spam"))], 554, "mail refused", false),
        (&[("MAIL", Close)], 503, "unreachable", false),
        (&[(".", Close)], 502, "broken off", true),
        (&[(".", Silence)], 408, "timed out", true),
    ];
    for (moods, status, expected, may_have_happened) in cases {
        let (address, _sink) = sink(Wire::Plain, moods).await;
        let registry = registry(address, CLEAR);
        let mut call = call("email", json(MAIL));
        if status == 408 {
            call.timeout = Duration::from_millis(200);
        }
        let error = registry.perform(&call).await.unwrap_err();
        assert_eq!(error.error.status, status, "{}", error.error);
        assert!(
            error.error.to_string().contains(expected),
            "{}",
            error.error
        );
        assert_eq!(
            error.may_have_happened, may_have_happened,
            "{}",
            error.error
        );
    }
    let (address, _sink) = sink(Wire::Plain, &[("MAIL", Silence)]).await;
    let registry = registry(address, CLEAR);
    let call = connectors::Call {
        timeout: Duration::from_millis(50),
        ..call("email", json(MAIL))
    };
    let error = registry.perform(&call).await.unwrap_err();
    assert!(
        error.error.is_kind("timeout") && !error.may_have_happened,
        "{}",
        error.error
    );
}

#[tokio::test]
async fn a_line_break_starts_no_header_and_no_command() {
    let (address, sink) = sink(Wire::Plain, &[]).await;
    let registry = registry(address, CLEAR);
    for field in [
        "from",
        "to",
        "cc",
        "bcc",
        "reply_to",
        "subject",
        "in_reply_to",
        "references",
    ] {
        for evil in [
            "a@example.com\r\nBcc: b@example.com",
            "a@example.com\nDATA",
            "a@example.com\r",
            "a\u{0}@example.com",
        ] {
            let entries = [
                ("connection", "mail"),
                ("to", "x@example.com"),
                (field, evil),
            ]
            .map(|(key, value)| (key, Value::from(value)));
            let error = send(&registry, &Value::object(entries).to_json())
                .await
                .unwrap_err();
            assert!(
                error.error.is_kind("configuration") && !error.may_have_happened,
                "{field}: {}",
                error.error
            );
        }
    }
    for (with, expected) in [
        (
            r#""headers": {"X-A": "b\r\nBcc: c@example.com"}"#,
            "line break",
        ),
        (
            r#""headers": {"X-A\r\nBcc": "c@example.com"}"#,
            "not a header name",
        ),
        (r#""headers": {"Bcc": "c@example.com"}"#, "by hand"),
        (r#""headers": {"Content-Type": "text/html"}"#, "by hand"),
        (
            r#""attachments": [{"name": "a\r\nX: y", "content": ""}]"#,
            "line break",
        ),
        (
            r#""attachments": [{"name": "a", "content": "", "type": "text/plain\r\nX: y"}]"#,
            "line break",
        ),
        (r#""attachments": [{"name": "a"}]"#, "`content` or `base64`"),
        (r#""cc": "not an address""#, "not a mail address"),
        (r#""text": 7"#, "needs a text"),
    ] {
        let error = send(
            &registry,
            &format!(r#"{{"connection": "mail", "to": "x@example.com", {with}}}"#),
        )
        .await
        .unwrap_err();
        assert!(
            error.error.to_string().contains(expected) && !error.may_have_happened,
            "{with}: {}",
            error.error
        );
    }
    assert!(
        sink.commands.lock().unwrap().is_empty(),
        "nobody was even called"
    );
}

#[tokio::test]
async fn a_mail_server_inside_is_out_of_reach_like_everything_else() {
    let registry = registry("10.0.0.1:25".parse().unwrap(), CLEAR);
    registry.connections().put(
        Connection::read(
            "test",
            "mail",
            &json(r#"{"smtp": {"host": "10.0.0.1", "from": "a@example.com"}}"#),
        )
        .unwrap(),
    );
    registry.connections().put(
        Connection::read(
            "test",
            "tls",
            &json(r#"{"smtp": {"host": "10.0.0.1", "tls": "implicit", "from": "a@example.com"}}"#),
        )
        .unwrap(),
    );
    for name in ["mail", "tls"] {
        let error = send(&registry, &MAIL.replace("\"mail\"", &format!("\"{name}\"")))
            .await
            .unwrap_err();
        assert!(
            error.error.is_kind("authorization") && !error.may_have_happened,
            "{}",
            error.error
        );
    }
    let error = send(&registry, &MAIL.replace("\"mail\"", "\"gone\""))
        .await
        .unwrap_err();
    assert!(
        error.error.to_string().contains("no connection `gone`"),
        "{}",
        error.error
    );
}
