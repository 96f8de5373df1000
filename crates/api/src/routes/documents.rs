//! Texts that are the same for everybody: the API's document, pages about errors, the style sheet.

use std::sync::LazyLock;

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa_axum::routes;

use super::{Declared, public};
use crate::access::Public;
use crate::body::Segments;
use crate::problem::{Code, Problem};

pub(super) fn declared() -> Vec<Declared> {
    vec![
        public(Public::Document, routes!(openapi_document)),
        public(Public::Document, routes!(error_page)),
        public(Public::Document, routes!(style_sheet)),
    ]
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", operation_id = "openapi", responses((status = 200, body = serde_json::Value)))]
async fn openapi_document() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi);
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// Explains an error code: cause and what to do. It is what `type` of a problem leads to.
#[utoipa::path(
    get, path = "/errors/{code}", tag = "operation", operation_id = "errorPage", params(("code" = String, Path)),
    responses((status = 200, body = String, content_type = "text/markdown"))
)]
async fn error_page(Segments(name): Segments<String>) -> Result<Response, Problem> {
    let code = Code::ALL
        .iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| Problem::not_found("error code", &name))?;
    Ok((
        [(CONTENT_TYPE, "text/markdown; charset=utf-8")],
        code.page(),
    )
        .into_response())
}

/// The style of the plain pages.
#[utoipa::path(get, path = "/style.css", tag = "pages", operation_id = "style", responses((status = 200, body = String, content_type = "text/css")))]
async fn style_sheet() -> Response {
    const STYLE: &str = include_str!("pages/style.css");
    (
        [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "max-age=3600"),
        ],
        STYLE,
    )
        .into_response()
}
