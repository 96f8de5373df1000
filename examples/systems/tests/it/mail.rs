//! The mail server, spoken to by a mail library and by hand.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use lettre::message::{Attachment, MultiPart, SinglePart, header::ContentType};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::{Value, json};
use systems::{Login, Options, Running, System};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::world::{Caller, start};

type Transport = AsyncSmtpTransport<Tokio1Executor>;

fn transport(port: u16) -> Transport {
    Transport::builder_dangerous("127.0.0.1").port(port).build()
}

fn mail(to: &str, subject: &str, text: &str) -> Result<Message> {
    Ok(Message::builder()
        .from("Segue <segue@example.com>".parse()?)
        .to(to.parse()?)
        .subject(subject)
        .message_id(Some("<run-1.7@segue.example>".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(text.to_owned())?)
}

async fn mails(running: &Running) -> Result<Value> {
    Ok(Caller::new(running.mail).ask("GET /mails", "").await?.json)
}

#[tokio::test]
async fn a_mail_is_kept_and_shown() -> Result<()> {
    let running = start().await?;
    let text = "Good day,\n.a line that begins with a dot\n..two\n.\nüber\n";
    transport(running.smtp.port())
        .send(mail("Léa <lea@example.com>", "Grüße", text)?)
        .await?;

    let mails = mails(&running).await?;
    assert_eq!(mails["total"], 1);
    let seen = &mails["items"][0];
    for (field, expected) in [
        ("from", json!("segue@example.com")),
        ("to", json!(["lea@example.com"])),
        ("subject", json!("Grüße")),
        ("messageId", json!("run-1.7@segue.example")),
        ("html", json!(null)),
        (
            "envelope",
            json!({ "from": "segue@example.com", "to": ["lea@example.com"] }),
        ),
    ] {
        assert_eq!(seen[field], expected, "{field}");
    }
    assert_eq!(
        seen["text"]
            .as_str()
            .context("a text")?
            .replace("\r\n", "\n")
            .trim_end(),
        text.trim_end()
    );
    let names: Vec<&str> = seen["headers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|h| h["name"].as_str())
        .collect();
    assert!(
        names.starts_with(&["Return-Path", "Delivered-To"]) && names.contains(&"Message-ID"),
        "{names:?}"
    );

    let raw = Caller::new(running.mail).ask("GET /mails/1", "").await?;
    assert_eq!(raw.header("content-type"), Some("message/rfc822"));
    assert!(
        raw.text
            .starts_with("Return-Path: <segue@example.com>\r\nDelivered-To: lea@example.com\r\n"),
        "{}",
        raw.text
    );
    Caller::new(running.mail)
        .check(&[("GET /mails/2", "", "404 not-found")])
        .await?;
    let page = Caller::new(running.mail).ask("GET /", "").await?;
    assert!(page.text.contains("Grüße"), "{}", page.text);
    running.stop().await;
    Ok(())
}

#[tokio::test]
async fn html_and_attachments_are_shown_too() -> Result<()> {
    let running = start().await?;
    let body = MultiPart::mixed()
        .multipart(MultiPart::alternative_plain_html(
            "plain".to_owned(),
            "<p>rich</p>".to_owned(),
        ))
        .singlepart(
            Attachment::new("offer.txt".to_owned()).body("42".to_owned(), ContentType::TEXT_PLAIN),
        );
    let message = Message::builder()
        .from("a@example.com".parse()?)
        .to("b@example.com".parse()?)
        .cc("c@example.com".parse()?)
        .subject("Offer")
        .multipart(body)?;
    transport(running.smtp.port()).send(message).await?;

    let seen = &mails(&running).await?["items"][0];
    assert_eq!(
        (&seen["text"], &seen["html"]),
        (&json!("plain"), &json!("<p>rich</p>"))
    );
    assert_eq!(
        seen["attachments"],
        json!([{ "name": "offer.txt", "size": 2 }])
    );
    assert_eq!(
        seen["envelope"]["to"],
        json!(["b@example.com", "c@example.com"])
    );
    let none = Message::builder()
        .from("a@example.com".parse()?)
        .to("d@example.com".parse()?);
    let none = none.singlepart(SinglePart::plain("without a subject".to_owned()))?;
    transport(running.smtp.port()).send(none).await?;
    let found = Caller::new(running.mail)
        .ask("GET /mails?to=d@example.com", "")
        .await?
        .json;
    assert_eq!(
        (&found["total"], &found["items"][0]["subject"]),
        (&json!(1), &json!(null))
    );
    Ok(())
}

#[tokio::test]
async fn mails_are_files_that_outlive_the_server() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = Options {
        data: Some(folder.path().to_owned()),
        ..Options::default()
    };
    for count in 1..=2 {
        let running = systems::start_one(System::Mail, options.clone()).await?;
        let smtp = running.smtp.context("the mail server has an SMTP port")?;
        transport(smtp.port())
            .send(mail("lea@example.com", &format!("mail {count}"), "hello")?)
            .await?;
        let seen = Caller::new(running.http).ask("GET /mails", "").await?.json;
        assert_eq!(seen["total"], count);
        assert_eq!(
            seen["items"][0]["envelope"],
            json!({ "from": "segue@example.com", "to": ["lea@example.com"] })
        );
        running.stop().await;
    }
    let file = std::fs::read_to_string(folder.path().join("mails/000002.eml"))?;
    assert!(file.contains("\r\nSubject: mail 2\r\n"), "{file}");
    Ok(())
}

#[tokio::test]
async fn a_login_can_be_demanded() -> Result<()> {
    let login = Login {
        user: "segue".to_owned(),
        password: "secret".to_owned(),
    };
    let running = systems::start(Options {
        smtp_login: Some(login),
        ..Options::default()
    })
    .await?;
    let with = |password: &str| {
        Transport::builder_dangerous("127.0.0.1")
            .port(running.smtp.port())
            .credentials(Credentials::new("segue".to_owned(), password.to_owned()))
            .authentication(vec![Mechanism::Plain])
            .build()
    };
    assert!(
        transport(running.smtp.port())
            .send(mail("a@example.com", "none", "")?)
            .await
            .is_err()
    );
    assert!(
        with("guessed")
            .send(mail("a@example.com", "wrong", "")?)
            .await
            .is_err()
    );
    with("secret")
        .send(mail("a@example.com", "right", "")?)
        .await?;
    let mails = mails(&running).await?;
    assert_eq!(
        (&mails["total"], &mails["items"][0]["subject"]),
        (&json!(1), &json!("right"))
    );
    Ok(())
}

#[tokio::test]
async fn a_mail_can_be_refused_or_lose_its_reply_on_order() -> Result<()> {
    let running = start().await?;
    let view = Caller::new(running.mail);
    view.ask("POST /_faults", r#"{"status": 451}"#).await?;
    view.ask("POST /_faults", r#"{"status": 550, "when": "after"}"#)
        .await?;
    let transport = transport(running.smtp.port());

    let first = transport
        .send(mail("a@example.com", "first", "")?)
        .await
        .expect_err("refused");
    assert!(first.is_transient(), "{first}");
    assert_eq!(mails(&running).await?["total"], 0);
    let second = transport
        .send(mail("a@example.com", "second", "")?)
        .await
        .expect_err("refused");
    assert!(second.is_permanent(), "{second}");
    assert_eq!(mails(&running).await?["items"][0]["subject"], "second");
    transport.send(mail("a@example.com", "third", "")?).await?;
    Ok(())
}

#[tokio::test]
async fn a_test_can_wait_for_a_mail() -> Result<()> {
    let running = start().await?;
    let view = Caller::new(running.mail);
    let transport = transport(running.smtp.port());
    let started = Instant::now();
    let (waited, sent) = tokio::join!(
        view.ask("GET /mails?at_least=1&wait_ms=60000", ""),
        transport.send(mail("a@example.com", "late", "")?)
    );
    sent?;
    assert_eq!(waited?.json["total"], 1);
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "it was woken, not out of patience"
    );
    Ok(())
}

#[tokio::test]
async fn commands_sent_all_at_once_are_answered_in_order() -> Result<()> {
    let running = start().await?;
    let mut stream = BufReader::new(TcpStream::connect(running.smtp).await?);
    let script = "EHLO client.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<nobody>\r\nDATA\r\n\
                  Subject: by hand\r\n\r\nhello\r\n.\r\nDATA\r\nQUIT\r\n";
    stream.get_mut().write_all(script.as_bytes()).await?;
    let mut codes = Vec::new();
    let mut line = String::new();
    // The server closes after QUIT, which ends the loop.
    while stream.read_line(&mut line).await? > 0 {
        if line.as_bytes()[3] == b' ' {
            codes.push(line[..3].to_owned());
        }
        line.clear();
    }
    assert_eq!(
        codes,
        [
            "220", "250", "250", "250", "501", "354", "250", "503", "221"
        ]
    );
    assert_eq!(mails(&running).await?["items"][0]["subject"], "by hand");
    Ok(())
}
