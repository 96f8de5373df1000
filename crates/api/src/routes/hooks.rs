//! Deliveries to webhook sources. The hottest path of all: nothing here but reading the request and answering.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use runtime::{HookReply, HookRequest};
use utoipa_axum::routes;

use super::{Declared, public, run_location};
use crate::App;
use crate::access::Public;
use crate::body::{Segments, read};
use crate::problem::{Code, Problem};

pub(super) fn declared() -> Vec<Declared> {
    vec![public(Public::Hook, routes!(deliver))]
}

/// Delivers to a webhook source.
///
/// The source verifies the delivery, names the event, and says whether the answer waits for the run. Accepted (202)
/// means: on disk. The same delivery again is answered 200 and starts nothing.
#[utoipa::path(
    post, path = "/hooks/{namespace}/{source}", tag = "events", operation_id = "deliverHook",
    params(("namespace" = String, Path), ("source" = String, Path)),
    request_body(content = Vec<u8>, content_type = "*/*", description = "As the source's schema says."),
    responses((status = 202, description = "Accepted: it is on disk.", body = serde_json::Value), (status = 200, description = "Delivered before, or the reply of the run.", body = serde_json::Value))
)]
async fn deliver(
    State(app): State<App>,
    Segments((namespace, source)): Segments<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (bytes, permit) = read(&app, &parts.headers, body).await?;
    let request = HookRequest {
        method: parts.method.as_str().to_owned(),
        uri: parts
            .uri
            .path_and_query()
            .map_or("/", |uri| uri.as_str())
            .to_owned(),
        headers: texts(&parts.headers)?,
        body: (&*bytes).into(),
    };
    let reply = app.server.hook(&namespace, &source, request).await?;
    drop(permit);
    Ok(answer(&reply))
}

fn texts(headers: &HeaderMap) -> Result<Vec<(String, String)>, Problem> {
    let mut texts = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| {
            Problem::new(
                Code::ParameterInvalid,
                format!("the header `{name}` is not UTF-8"),
            )
        })?;
        texts.push((name.as_str().to_owned(), value.to_owned()));
    }
    Ok(texts)
}

fn answer(reply: &HookReply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = Vec::new();
    if !reply.body.is_null() {
        reply.body.write_json(&mut body);
    }
    let has_body = !body.is_empty();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if has_body {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else {
        headers.remove(CONTENT_TYPE);
    }
    if let [run] = reply.runs[..] {
        headers.insert(LOCATION, run_location(run));
    }
    response
}
