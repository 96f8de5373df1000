//! Logging in with a browser: the token is typed once, a session cookie stands for it.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::SET_COOKIE;
use http::{Method, StatusCode, Uri};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::pages::html::{Page, page};
use super::{Declared, behind, public};
use crate::App;
use crate::access::{Action, Authorized, Public, same_site, session_id};
use crate::body::Payload;
use crate::problem::Problem;
use crate::session::set_cookie;

pub(super) fn declared() -> Vec<Declared> {
    vec![
        public(Public::Login, routes!(login_page)),
        public(Public::Login, routes!(log_in)),
        behind(Action::SessionEnd, routes!(log_out)),
    ]
}

/// The login form.
#[utoipa::path(get, path = "/login", tag = "pages", operation_id = "loginPage", responses((status = 200, body = String, content_type = "text/html")))]
async fn login_page() -> Page {
    form(None)
}

fn form(complaint: Option<&str>) -> Page {
    page("Log in", false, |html| {
        html.raw("<h1>Log in</h1>");
        if let Some(complaint) = complaint {
            html.raw("<p class=\"bad\" role=\"alert\">")
                .text(complaint)
                .raw("</p>");
        }
        html.raw(
            "<form method=\"post\" action=\"/login\"><label for=\"token\">Token</label>\
             <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" required autofocus>\
             <button>Log in</button></form>\
             <p class=\"quiet\">The owner's token is in the file <code>owner-token</code> of the data directory; <code>segue up</code> prints where.</p>",
        );
    })
}

/// The form's field.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "describes the form for the document")]
struct Login {
    #[schema(write_only)]
    token: String,
}

/// Logs in: answers with a session cookie.
#[utoipa::path(
    post, path = "/login", tag = "pages", operation_id = "logIn",
    request_body(content = Login, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Logged in; on to `/`."), (status = 401, description = "The token is not known.", body = String, content_type = "text/html"))
)]
async fn log_in(State(app): State<App>, uri: Uri, payload: Payload) -> Result<Response, Problem> {
    same_site(&app, &Method::POST, &uri, &payload.headers)?;
    payload.text(&["application/x-www-form-urlencoded"])?;
    let token = url::form_urlencoded::parse(&payload.bytes)
        .find(|(name, _)| name == "token")
        .map(|(_, value)| value.trim().to_owned());
    match token.filter(|token| app.server.authenticate(token).is_some()) {
        Some(token) => {
            // A new id at each login; one that came along is worth nothing.
            let cookie = set_cookie(&app.sessions.start(&token), app.options.is_https);
            Ok(([(SET_COOKIE, cookie)], Redirect::to("/")).into_response())
        }
        None => Ok((
            StatusCode::UNAUTHORIZED,
            form(Some("This token is not known.")),
        )
            .into_response()),
    }
}

/// Logs out: the session ends here, not only in the browser.
#[utoipa::path(post, path = "/logout", tag = "pages", operation_id = "logOut", responses((status = 303, description = "Logged out; on to `/login`.")))]
async fn log_out(
    State(app): State<App>,
    _caller: Authorized,
    headers: http::HeaderMap,
) -> Response {
    if let Some(session) = session_id(&headers) {
        app.sessions.end(session);
    }
    (
        [(SET_COOKIE, set_cookie("", app.options.is_https))],
        Redirect::to("/login"),
    )
        .into_response()
}
