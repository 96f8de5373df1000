//! Who may come in: every route names an [`Action`], or says in which way it is public.
//!
//! Routes exist only through [`crate::routes::Declared`], which asks for an [`Access`]; the check runs before the body is
//! read, and a handler gets its caller from it as [`Authorized`]. So a handler cannot skip the check, only a declaration
//! can say that there is none, and the inventory test lists those.

#[cfg(test)]
mod tests;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, ORIGIN};
use http::request::Parts;
use http::{HeaderName, Method, Uri};
use runtime::Scope;

use crate::App;
use crate::problem::{Code, Problem};
use crate::session::SESSION_COOKIES;

/// What a caller does, for the check, the audit and the API's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    WorkflowsRead,
    DefinitionsWrite,
    DefinitionsValidate,
    ResourcesWrite,
    SourcesRead,
    RunsStart,
    RunsRead,
    RunsControl,
    EffectsResolve,
    EventsPublish,
    SecretsList,
    SecretsWrite,
    LiveRead,
    /// Shows numbers of all namespaces, so it needs a token that is not limited to some.
    MetricsRead,
    /// Plain pages: a browser without a session is sent to the login page.
    PagesRead,
    SessionEnd,
}

impl Action {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WorkflowsRead => "workflows.read",
            Self::DefinitionsWrite => "definitions.write",
            Self::DefinitionsValidate => "definitions.validate",
            Self::ResourcesWrite => "resources.write",
            Self::SourcesRead => "sources.read",
            Self::RunsStart => "runs.start",
            Self::RunsRead => "runs.read",
            Self::RunsControl => "runs.control",
            Self::EffectsResolve => "effects.resolve",
            Self::EventsPublish => "events.publish",
            Self::SecretsList => "secrets.list",
            Self::SecretsWrite => "secrets.write",
            Self::LiveRead => "live.read",
            Self::MetricsRead => "metrics.read",
            Self::PagesRead => "pages.read",
            Self::SessionEnd => "session.end",
        }
    }
}

/// Why a route needs no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {
    /// The source verifies each delivery itself, or says `verify: none`.
    Hook,
    /// Says only whether the server is alive.
    Probe,
    /// The same text for everybody: the API's document, pages about errors, the style sheet.
    Document,
    /// Where a token is shown for the first time.
    Login,
}

impl Public {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hook => "public.hook",
            Self::Probe => "public.probe",
            Self::Document => "public.document",
            Self::Login => "public.login",
        }
    }
}

/// What a route asks of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Action(Action),
    Public(Public),
}

impl Access {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Action(action) => action.name(),
            Self::Public(public) => public.name(),
        }
    }
}

/// A caller who may do what the route's action says, and in which namespaces.
#[derive(Clone, Debug)]
pub struct Authorized {
    pub scope: Scope,
    pub action: Action,
}

impl Authorized {
    /// Refuses a namespace outside the caller's scope, as if it did not exist.
    pub fn enter(&self, namespace: &str) -> Result<(), Problem> {
        if self.scope.allows(namespace) {
            Ok(())
        } else {
            Err(Problem::not_found("namespace", namespace))
        }
    }
}

impl FromRequestParts<App> for Authorized {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        // Taken out, not copied: one handler, one caller.
        parts
            .extensions
            .remove::<Self>()
            .ok_or_else(|| Problem::internal("a handler of a public route asks for its caller"))
    }
}

/// The check itself, around every route that names an action.
pub(crate) async fn authorize(
    State((app, action)): State<(App, Action)>,
    mut request: Request,
    next: Next,
) -> Response {
    match check(&app, action, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) if problem.code() == Code::Unauthorized && wants_page(action, &request) => {
            Redirect::to("/login").into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn wants_page(action: Action, request: &Request) -> bool {
    action == Action::PagesRead && !request.headers().contains_key(AUTHORIZATION)
}

fn check(app: &App, action: Action, request: &Request) -> Result<Authorized, Problem> {
    let headers = request.headers();
    let scope = match bearer(headers)? {
        Some(token) => app
            .server
            .authenticate(token)
            .ok_or_else(|| Problem::new(Code::Unauthorized, "the token is not known"))?,
        None => {
            let session = session_id(headers).ok_or_else(|| {
                Problem::new(
                    Code::Unauthorized,
                    "expected `Authorization: Bearer <token>`",
                )
            })?;
            // A browser sends cookies whoever asks it to, so here the asker matters.
            same_site(app, request.method(), request.uri(), headers)?;
            let token = app
                .sessions
                .token(session)
                .ok_or_else(|| Problem::new(Code::Unauthorized, "the session has ended"))?;
            // Again at each request: a token that was removed ends its sessions.
            app.server.authenticate(&token).ok_or_else(|| {
                Problem::new(Code::Unauthorized, "the session's token is no longer known")
            })?
        }
    };
    if action == Action::MetricsRead && scope.namespaces.is_some() {
        return Err(Problem::new(
            Code::Forbidden,
            "metrics show all namespaces, and the token is limited to some",
        ));
    }
    Ok(Authorized { scope, action })
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim())
    });
    match token {
        Some(token) if !token.is_empty() => Ok(Some(token)),
        _ => Err(Problem::new(
            Code::Unauthorized,
            "expected `Authorization: Bearer <token>`",
        )),
    }
}

/// The session's id from the cookie, if there is one.
pub(crate) fn session_id(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'));
    cookies
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| SESSION_COOKIES.contains(name))
        .map(|(_, value)| value)
}

/// Refuses what a page of another site makes a browser send: by the browser's own word where it gives one, else by the
/// origin; and hosts that we are not, since a foreign name that resolves to us makes a foreign page look like ours.
pub(crate) fn same_site(
    app: &App,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    // HTTP/2 has the authority of the address in place of the header.
    let named = headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = named
        .or_else(|| uri.authority().map(|authority| authority.as_str()))
        .unwrap_or_default();
    if !app.options.is_own_host(host) {
        return Err(Problem::new(
            Code::CrossSite,
            format!("`{host}` is not among the names of this server"),
        ));
    }
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let is_same = match (
        text(HeaderName::from_static("sec-fetch-site")),
        text(ORIGIN),
    ) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)),
        // Not a browser, or one so old that it sends neither; `SameSite=Strict` still holds there.
        (None, None) => true,
    };
    if is_same {
        Ok(())
    } else {
        Err(Problem::new(
            Code::CrossSite,
            "the request was made by a page of another site",
        ))
    }
}
