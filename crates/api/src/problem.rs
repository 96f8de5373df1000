//! What a caller reads when something cannot be done: problem details (RFC 9457).
//!
//! [`Code`] is the list of everything this face can answer with; a published code keeps its meaning and has a page in
//! `docs/errors/`. The one place where errors of the runtime become answers is [`runtime_error`]. An answer never shows
//! internals: their text goes to the log under the same request id.

mod runtime_error;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use runtime_error::too_large;

use axum::response::{IntoResponse, Response};
use dsl::value::JsonError;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $title:literal;)+) => {
        /// Everything this face can answer with, beside success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The last part of `type`, and the name of its page.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// The page about this code, Markdown.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../../docs/errors/", $name, ".md")),)+ }
            }
        }
    };
}

codes! {
    ParameterInvalid = "parameter-invalid", 400, "A parameter is not valid";
    RequestInvalid = "request-invalid", 400, "The request is not valid";
    JsonMalformed = "json-malformed", 400, "The body is not JSON";
    EventInvalid = "event-invalid", 400, "The body is not a CloudEvent";
    Unauthorized = "unauthorized", 401, "Not signed in";
    Forbidden = "forbidden", 403, "Not allowed";
    CrossSite = "cross-site", 403, "The request comes from another site";
    NotFound = "not-found", 404, "Not found";
    RouteUnknown = "route-unknown", 404, "No such address";
    MethodNotAllowed = "method-not-allowed", 405, "The address does not take this method";
    BodyTimeout = "body-timeout", 408, "The body came too slowly";
    Conflict = "conflict", 409, "In conflict with what is there";
    RunEnded = "run-ended", 409, "The run has ended";
    BodyTooLarge = "body-too-large", 413, "The body is too large";
    MediaTypeUnsupported = "media-type-unsupported", 415, "The media type is not supported";
    BodyInvalid = "body-invalid", 422, "The body is not valid";
    DefinitionInvalid = "definition-invalid", 422, "Definition is not valid";
    ResourceInvalid = "resource-invalid", 422, "Resource is not valid";
    InputInvalid = "input-invalid", 422, "The input is not valid";
    KeyReused = "key-reused", 409, "The idempotency key was used for another body";
    Internal = "internal", 500, "Something broke on our side";
    Overloaded = "overloaded", 503, "Too much to do at once";
    Stopping = "stopping", 503, "The server is stopping";
    Unavailable = "unavailable", 503, "Something needed is not there";
    StoreUnavailable = "store-unavailable", 503, "The store takes no writes";
    DiskFull = "disk-full", 507, "The disk is full";
}

/// One place and what is wrong there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The finding's own code, when it is about a definition or a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<dsl::Severity>,
    /// JSON pointer into the body, or the name of a parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    pub message: String,
    /// From 1, like `column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// In bytes, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    #[must_use]
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            message: message.into(),
            ..Self::default()
        }
    }
}

impl From<&dsl::Problem> for Finding {
    fn from(problem: &dsl::Problem) -> Self {
        Self {
            code: Some(problem.code),
            severity: Some(problem.severity),
            pointer: Some(problem.pointer.clone()),
            message: problem.message.clone(),
            line: Some(problem.span.line),
            column: Some(problem.span.column),
            offset: Some(problem.span.start),
            help: problem.help.clone(),
        }
    }
}

/// An answer that says what is wrong.
pub struct Problem(Box<Parts>);

struct Parts {
    code: Code,
    detail: String,
    findings: Vec<Finding>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log only.
    cause: Option<String>,
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} {:?}",
            self.0.code.name(),
            self.0.detail,
            self.0.findings
        )
    }
}

impl Problem {
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let mut problem = Self(Box::new(Parts {
            code,
            detail: detail.into(),
            findings: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }));
        match code {
            Code::Unauthorized => problem.set_header(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"segue\""),
            ),
            Code::Overloaded => problem.set_header(RETRY_AFTER, HeaderValue::from_static("1")),
            Code::Stopping => problem.set_header(RETRY_AFTER, HeaderValue::from_static("5")),
            Code::StoreUnavailable | Code::DiskFull | Code::Unavailable => {
                problem.set_header(RETRY_AFTER, HeaderValue::from_static("30"))
            }
            _ => {}
        }
        problem
    }

    #[must_use]
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} `{name}`"))
    }

    /// A parameter of the address or a header that cannot be used.
    #[must_use]
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Code::ParameterInvalid, format!("`{name}`: {message}"))
            .with(Finding::at(name, message))
    }

    /// Something we did not foresee: the caller reads that it was us, the log reads why.
    #[must_use]
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut problem = Self::new(
            Code::Internal,
            "the server could not do this; its log has the reason under this request's id",
        );
        problem.0.cause = Some(cause.into());
        problem
    }

    /// Text that is not JSON, with the place where it stops being so.
    #[must_use]
    pub fn json(text: &[u8], error: &JsonError) -> Self {
        let offset = error.offset.min(text.len());
        let (line, column) = position(text, offset);
        Self::new(
            Code::JsonMalformed,
            format!("{} at line {line}, column {column}", error.message),
        )
        .with(Finding {
            message: error.message.clone(),
            line: Some(line),
            column: Some(column),
            offset: Some(offset),
            ..Finding::default()
        })
    }

    #[must_use]
    pub fn with(mut self, finding: Finding) -> Self {
        self.0.findings.push(finding);
        self
    }

    #[must_use]
    pub fn with_all(mut self, findings: impl IntoIterator<Item = Finding>) -> Self {
        self.0.findings.extend(findings);
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.set_header(name, value);
        self
    }

    fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.headers.push((name, value));
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }
}

/// The document as it is sent.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    problems: &'a [Finding],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts {
            code,
            detail,
            findings,
            headers,
            cause,
        } = *self.0;
        let instance = format!("/requests/{}", uuid::Uuid::now_v7().simple());
        match &cause {
            Some(cause) => {
                tracing::error!(request = %instance, code = code.name(), cause, "request failed")
            }
            None => {
                tracing::debug!(request = %instance, code = code.name(), detail, "request refused")
            }
        }
        let document = Document {
            r#type: format!("/errors/{}", code.name()),
            title: code.title(),
            status: code.status(),
            detail: &detail,
            instance: &instance,
            problems: &findings,
        };
        let body = serde_json::to_vec(&document).expect("plain text and numbers, so it serialises");
        let mut response = Response::new(axum::body::Body::from(body));
        *response.status_mut() =
            http::StatusCode::from_u16(code.status()).expect("the table has valid statuses");
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().extend(headers);
        response
    }
}

/// Line and column from 1 of a byte offset; columns count characters.
fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before[line_start..]
        .iter()
        .filter(|byte| (**byte & 0xC0) != 0x80)
        .count()
        + 1;
    (line, column)
}
