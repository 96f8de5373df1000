//! A kept mail as JSON, read by `mail-parser`.

use mail_parser::{Address, HeaderValue, Message, MessageParser, MimeHeaders};
use serde_json::{Value, json};

use super::mailbox::Mail;

pub(super) fn as_json(mail: &Mail) -> Value {
    let mut json = match MessageParser::default().parse(&mail.content[..]) {
        Some(message) => describe(&message),
        // A mail without a single header is still a mail that arrived.
        None => json!({}),
    };
    json["number"] = json!(mail.number);
    json["file"] = json!(mail.file_name());
    json["envelope"] = json!({ "from": mail.envelope.from, "to": mail.envelope.to });
    json
}

fn describe(message: &Message<'_>) -> Value {
    let headers: Vec<Value> = message
        .headers_raw()
        .map(|(name, value)| json!({ "name": name, "value": value.trim() }))
        .collect();
    json!({
        "from": addresses(message.from()).into_iter().next(),
        "to": addresses(message.to()),
        "cc": addresses(message.cc()),
        "replyTo": addresses(message.reply_to()),
        "subject": message.subject(),
        "date": message.date().map(|date| date.to_rfc3339()),
        "messageId": message.message_id(),
        "inReplyTo": text_of(message.in_reply_to()),
        "text": message.body_text(0),
        "html": message.html_bodies().find(|part| part.is_text_html()).and_then(|part| part.text_contents()),
        "attachments": message.attachments().map(|part| json!({
            "name": part.attachment_name(),
            "size": part.len(),
        })).collect::<Vec<_>>(),
        "headers": headers,
    })
}

fn addresses(value: Option<&Address<'_>>) -> Vec<String> {
    let Some(value) = value else {
        return Vec::new();
    };
    value
        .iter()
        .filter_map(|address| address.address())
        .map(str::to_owned)
        .collect()
}

fn text_of(value: &HeaderValue<'_>) -> Option<String> {
    value.as_text().map(str::to_owned)
}
