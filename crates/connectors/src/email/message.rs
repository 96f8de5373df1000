//! The arguments of `email` to a message on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dsl::value::Value;
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

use super::wrong;
use crate::function::CallError;

const RECIPIENTS_MAX: usize = 100;
/// Attachments and texts together.
const CONTENT_BYTES_MAX: usize = 20 << 20;
const SUBJECT_BYTES_MAX: usize = 998;

/// Headers that have an argument of their own, or that only we may set.
const RESERVED: [&str; 15] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "received",
    "return-path",
    "dkim-signature",
];

pub(super) struct Mail {
    pub message: Message,
    /// With its angle brackets.
    pub id: String,
}

/// Builds the message. The id is made of the idempotency key, so a second delivery can be recognised.
pub(super) fn build(
    with: &Value,
    from: Option<&str>,
    namespace: &str,
    key: &str,
) -> Result<Mail, CallError> {
    let from = match text(with, "from")? {
        Some(text) => mailbox("from", &text)?,
        None => mailbox(
            "from",
            from.ok_or_else(|| wrong("neither the mail nor its connection has `from`"))?,
        )?,
    };
    let digest = Sha256::new()
        .chain_update(namespace)
        .chain_update([0])
        .chain_update(key)
        .finalize();
    let local: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let domain = Some(from.email.domain())
        .filter(|domain| domain.is_ascii())
        .unwrap_or("segue.invalid");
    let id = format!("<{local}@{domain}>");

    let mut builder = Message::builder().from(from).message_id(Some(id.clone()));
    let (to, cc, bcc) = (
        mailboxes(with, "to")?,
        mailboxes(with, "cc")?,
        mailboxes(with, "bcc")?,
    );
    match to.len() + cc.len() + bcc.len() {
        0 => return Err(wrong("`to` names nobody")),
        1..=RECIPIENTS_MAX => {}
        count => {
            return Err(wrong(format!(
                "{count} recipients; {RECIPIENTS_MAX} are the most"
            )));
        }
    }
    builder = to.into_iter().fold(builder, MessageBuilder::to);
    builder = cc.into_iter().fold(builder, MessageBuilder::cc);
    builder = bcc.into_iter().fold(builder, MessageBuilder::bcc);
    builder = mailboxes(with, "reply_to")?
        .into_iter()
        .fold(builder, MessageBuilder::reply_to);
    if let Some(subject) = text(with, "subject")? {
        if subject.len() > SUBJECT_BYTES_MAX {
            return Err(wrong(format!(
                "`subject` is longer than {SUBJECT_BYTES_MAX} bytes"
            )));
        }
        builder = builder.subject(subject);
    }
    if let Some(id) = text(with, "in_reply_to")? {
        builder = builder.in_reply_to(id);
    }
    let references = texts(with, "references")?;
    if !references.is_empty() {
        builder = builder.references(references.join(" "));
    }
    builder = headers(builder, with)?;
    Ok(Mail {
        message: body(builder, with)?,
        id,
    })
}

fn headers(mut builder: MessageBuilder, with: &Value) -> Result<MessageBuilder, CallError> {
    let Some(headers) = with.get("headers").filter(|headers| !headers.is_null()) else {
        return Ok(builder);
    };
    let headers = headers
        .as_object()
        .ok_or_else(|| wrong("`headers` needs an object"))?;
    for (name, value) in headers.iter() {
        let lower = name.to_ascii_lowercase();
        if RESERVED.contains(&lower.as_str())
            || lower.starts_with("content-")
            || lower.starts_with("resent-")
        {
            return Err(wrong(format!(
                "header `{}` cannot be set by hand",
                name.escape_debug()
            )));
        }
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let parsed = HeaderName::new_from_ascii(name.to_string())
            .ok()
            .filter(|_| is_name);
        let parsed = parsed
            .ok_or_else(|| wrong(format!("`{}` is not a header name", name.escape_debug())))?;
        let value = value
            .as_str()
            .ok_or_else(|| wrong(format!("header `{name}` needs a text")))?;
        builder = builder.raw_header(HeaderValue::new(parsed, one_line(name, value)?));
    }
    Ok(builder)
}

fn body(builder: MessageBuilder, with: &Value) -> Result<Message, CallError> {
    let content = |key: &str| match with.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.to_string())),
        Some(other) => Err(wrong(format!(
            "`{key}` needs a text, found {}",
            other.type_name()
        ))),
    };
    let (plain, html) = (content("text")?, content("html")?);
    let attachments = attachments(with)?;
    let weight = plain.as_ref().map_or(0, String::len)
        + html.as_ref().map_or(0, String::len)
        + attachments
            .iter()
            .map(|one| one.body.as_ref().len())
            .sum::<usize>();
    if weight > CONTENT_BYTES_MAX {
        return Err(wrong(format!(
            "the mail is larger than {CONTENT_BYTES_MAX} bytes"
        )));
    }
    let built = if attachments.is_empty() {
        match (plain, html) {
            (Some(plain), Some(html)) => {
                builder.multipart(MultiPart::alternative_plain_html(plain, html))
            }
            (None, Some(html)) => builder.singlepart(SinglePart::html(html)),
            (plain, None) => builder.singlepart(SinglePart::plain(plain.unwrap_or_default())),
        }
    } else {
        let first = match (plain, html) {
            (Some(plain), Some(html)) => {
                MultiPart::mixed().multipart(MultiPart::alternative_plain_html(plain, html))
            }
            (None, Some(html)) => MultiPart::mixed().singlepart(SinglePart::html(html)),
            (plain, None) => {
                MultiPart::mixed().singlepart(SinglePart::plain(plain.unwrap_or_default()))
            }
        };
        let whole = attachments.into_iter().fold(first, |parts, one| {
            parts.singlepart(Attachment::new(one.name).body(one.body, one.content_type))
        });
        builder.multipart(whole)
    };
    built.map_err(|error| wrong(error.to_string()))
}

struct File {
    name: String,
    body: Body,
    content_type: ContentType,
}

/// `{ name, content | base64, type? }`.
fn attachments(with: &Value) -> Result<Vec<File>, CallError> {
    let items = match with.get("attachments") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(other) => {
            return Err(wrong(format!(
                "`attachments` needs an array, found {}",
                other.type_name()
            )));
        }
    };
    let one = |item: &Value| {
        let name = text(item, "name")?.ok_or_else(|| wrong("an attachment needs `name`"))?;
        let bytes = match (
            item.get("base64").and_then(Value::as_str),
            item.get("content").and_then(Value::as_str),
        ) {
            (Some(text), _) => STANDARD
                .decode(text)
                .map_err(|_| wrong(format!("`base64` of `{name}` is not base64")))?,
            (None, Some(text)) => text.as_bytes().to_vec(),
            (None, None) => {
                return Err(wrong(format!(
                    "attachment `{name}` needs `content` or `base64`"
                )));
            }
        };
        let kind = text(item, "type")?.unwrap_or_else(|| "application/octet-stream".to_owned());
        let content_type = ContentType::parse(&kind)
            .map_err(|_| wrong(format!("`{kind}` is not a content type")))?;
        // Left to itself the library sends small binary files as text, zero bytes and all.
        let body = Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
            .map_err(|_| wrong(format!("attachment `{name}` cannot be encoded")))?;
        Ok(File {
            name,
            body,
            content_type,
        })
    };
    items.iter().map(one).collect()
}

/// A text that becomes part of a header.
fn text(with: &Value, key: &str) -> Result<Option<String>, CallError> {
    match with.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => one_line(key, text).map(Some),
        Some(other) => Err(wrong(format!(
            "`{key}` needs a text, found {}",
            other.type_name()
        ))),
    }
}

/// A text, or a list of them.
fn texts(with: &Value, key: &str) -> Result<Vec<String>, CallError> {
    match with.get(key) {
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .ok_or_else(|| wrong(format!("`{key}` needs texts")))
                    .and_then(|text| one_line(key, text))
            })
            .collect(),
        _ => Ok(text(with, key)?.into_iter().collect()),
    }
}

fn mailboxes(with: &Value, key: &str) -> Result<Vec<Mailbox>, CallError> {
    texts(with, key)?
        .iter()
        .map(|text| mailbox(key, text))
        .collect()
}

fn mailbox(key: &str, text: &str) -> Result<Mailbox, CallError> {
    let text = one_line(key, text)?;
    text.parse().map_err(|_| {
        wrong(format!(
            "`{key}`: `{}` is not a mail address",
            text.escape_debug()
        ))
    })
}

/// A line break would begin a header of its own, or a command.
fn one_line(key: &str, text: &str) -> Result<String, CallError> {
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(wrong(format!(
            "`{key}` holds a line break or another control character"
        )));
    }
    Ok(text.to_owned())
}
