//! Reading what a request carries: bodies within limits, JSON, parameters, each refused with a problem that names the place.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::{Bytes, BytesMut};
use dsl::value::{Limits, Value};
use futures_util::StreamExt as _;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::App;
use crate::admission::Permit;
use crate::cloudevents::{is_json, media_type};
use crate::problem::{Code, Finding, Problem};

/// What a body of unknown length takes from the meter before its first byte; then it grows with what comes.
const CHUNKED_BYTES_FIRST: usize = 16 << 10;
/// How deeply JSON from outside may be nested.
const DEPTH_MAX: usize = 128;

/// A body that was read whole, and its share of the meter: keep it until the commit.
#[derive(Debug)]
pub(crate) struct Payload {
    pub headers: HeaderMap,
    pub bytes: Bytes,
    _permit: Permit,
}

impl FromRequest<App> for Payload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let (bytes, permit) = read(app, &parts.headers, body).await?;
        Ok(Self {
            headers: parts.headers,
            bytes,
            _permit: permit,
        })
    }
}

impl Payload {
    /// Media type without parameters, lower case.
    pub fn media_type(&self) -> Option<String> {
        Some(media_type(self.headers.get(CONTENT_TYPE)?.to_str().ok()?))
    }

    /// The body as JSON; none when there is no body.
    pub fn json(&self) -> Result<Option<Value>, Problem> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        match self.media_type() {
            Some(media_type) if is_json(&media_type) => {}
            found => {
                let found = found.map_or_else(|| "none".to_owned(), |found| format!("`{found}`"));
                let detail = format!("expected the content type `application/json`, found {found}");
                return Err(Problem::new(Code::MediaTypeUnsupported, detail));
            }
        }
        let limits = Limits {
            depth_max: DEPTH_MAX,
            bytes_max: usize::MAX,
            ..Limits::default()
        };
        Value::parse_json_within(&self.bytes, limits)
            .map(Some)
            .map_err(|error| Problem::json(&self.bytes, &error))
    }

    /// The body as UTF-8 text of one of these media types; a missing content type will do.
    pub fn text(&self, media_types: &[&str]) -> Result<&str, Problem> {
        if let Some(found) = self.media_type()
            && !media_types.contains(&&*found)
        {
            let detail = format!(
                "expected the content type `{}`, found `{found}`",
                media_types.join("`, `")
            );
            return Err(Problem::new(Code::MediaTypeUnsupported, detail));
        }
        std::str::from_utf8(&self.bytes).map_err(|error| {
            let offset = error.valid_up_to();
            let finding = Finding {
                offset: Some(offset),
                ..Finding::at("", "is not UTF-8")
            };
            Problem::new(
                Code::RequestInvalid,
                format!("the body is not UTF-8 text, from byte {offset} on"),
            )
            .with(finding)
        })
    }

    pub fn shared(&self) -> Arc<[u8]> {
        Arc::from(&*self.bytes)
    }
}

/// A small JSON body of known fields; no body is an empty object.
#[derive(Debug)]
pub(crate) struct Fields<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Fields<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let payload = Payload::from_request(request, app).await?;
        // Our own parser first: it refuses repeated keys and deep nesting, and names the byte.
        let is_empty = payload.json()?.is_none();
        let text: &[u8] = if is_empty { b"{}" } else { &payload.bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            let message = error.to_string();
            let message = message
                .rsplit_once(" at line ")
                .map_or(&*message, |(message, _)| message)
                .to_owned();
            let place = (!is_empty).then(|| (error.line(), error.column()));
            let finding = Finding {
                message: message.clone(),
                line: place.map(|place| place.0),
                column: place.map(|place| place.1),
                ..Finding::default()
            };
            Problem::new(Code::BodyInvalid, message).with(finding)
        })
    }
}

/// The query of the address; unknown parameters are refused by the type.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let Query(parameters) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let message = rejection.body_text();
            let message = message
                .strip_prefix("Failed to deserialize query string: ")
                .unwrap_or(&message);
            Problem::new(Code::ParameterInvalid, message)
        })?;
        Ok(Self(parameters))
    }
}

/// The variable parts of the address. One that has not the form of a name or an id names nothing that exists.
#[derive(Debug)]
pub(crate) struct Segments<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = parts.uri.path().to_owned();
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(Problem::new(
                Code::NotFound,
                format!("there is nothing at `{path}`"),
            )),
        }
    }
}

/// Reads a body whole: refused before its first byte when too long or when too much is under way.
pub(crate) async fn read(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, Permit), Problem> {
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        return Err(Problem::new(
            Code::MediaTypeUnsupported,
            "the body is compressed; send it without `Content-Encoding`",
        ));
    }
    let limit = app.options.body_bytes_max;
    let length = body
        .size_hint()
        .exact()
        .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if length.is_some_and(|length| length > limit) {
        return Err(crate::problem::too_large(limit));
    }
    let permit = app
        .body_bytes
        .take(length.unwrap_or(CHUNKED_BYTES_FIRST.min(limit)))?;
    let collected = collect(body, length, limit, permit);
    match tokio::time::timeout(app.options.body_timeout, collected).await {
        Ok(read) => read,
        Err(_) => Err(slow(app.options.body_timeout)),
    }
}

async fn collect(
    body: Body,
    length: Option<usize>,
    limit: usize,
    mut permit: Permit,
) -> Result<(Bytes, Permit), Problem> {
    let mut chunks = body.into_data_stream();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut metered = length.unwrap_or(CHUNKED_BYTES_FIRST.min(limit));
    let mut size = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(
                Code::RequestInvalid,
                "the body ended before its announced length",
            )
        })?;
        size += chunk.len();
        if size > limit {
            return Err(crate::problem::too_large(limit));
        }
        if size > metered {
            permit.grow(size - metered)?;
            metered = size;
        }
        // Nearly every body is one chunk: then nothing is copied.
        if first.is_empty() {
            first = chunk;
        } else {
            if rest.is_empty() {
                rest.reserve(length.unwrap_or(size));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok((
        if rest.is_empty() {
            first
        } else {
            rest.freeze()
        },
        permit,
    ))
}

fn slow(timeout: Duration) -> Problem {
    Problem::new(
        Code::BodyTimeout,
        format!(
            "the body did not arrive within {} seconds",
            timeout.as_secs()
        ),
    )
}
