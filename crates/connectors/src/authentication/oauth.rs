//! OAuth 2 and OpenID Connect: asking an authorization server for a token.
//!
//! Grants: client_credentials, password, refresh_token, token exchange. `authorization_code` needs a person and is refused.
//! Source: DSL 1.0.3, OAUTH2 Authentication; RFC 6749, 7523 (assertions), 8693 (exchange); OpenID Connect Discovery 1.0.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use url::Url;

use super::{Policy, not_valid, secret_header};
use crate::egress::{self, Egress, Reply, Request};
use crate::function::CallError;
use crate::opened::Opener;

/// The longest wait for an authorization server, however patient the call is.
const TIMEOUT: Duration = Duration::from_secs(30);
const REPLY_BYTES_MAX: usize = 1 << 20;
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
const TOKEN_PATH: &str = "/oauth2/token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A way to a token, as written; its secrets are opened when the token is fetched.
pub(crate) struct Grant {
    key: [u8; 32],
    fields: Policy,
    /// The whole policy is a secret and `fields` is what it opened to.
    is_opened: bool,
    authority: String,
    is_oidc: bool,
}

pub(crate) struct Granted {
    pub token: String,
    pub lifetime: Option<Duration>,
    pub refresh_token: Option<String>,
}

impl Grant {
    pub fn read(inner: Policy, is_oidc: bool, opener: &mut Opener<'_>) -> Result<Self, CallError> {
        let digest = Sha256::new()
            .chain_update(opener.namespace())
            .chain_update([0, u8::from(is_oidc), u8::from(inner.may_name_secrets)])
            .chain_update(inner.value.to_json());
        let key = digest.finalize().into();
        let (fields, is_opened) = match inner.value.get("use") {
            None => (inner, false),
            Some(_) => (
                Policy {
                    value: super::open(&inner, opener)?,
                    may_name_secrets: false,
                },
                true,
            ),
        };
        let authority = fields.value.get("authority").and_then(Value::as_str);
        let authority = authority
            .ok_or_else(|| not_valid("an authorization server needs `authority`".to_owned()))?;
        let (authority, _) = opener.text(authority)?;
        Ok(Self {
            key,
            fields,
            is_opened,
            authority,
            is_oidc,
        })
    }

    /// The same for the same policy of the same namespace.
    pub fn key(&self) -> [u8; 32] {
        self.key
    }

    pub async fn fetch(
        &self,
        refresh_token: Option<&str>,
        egress: &Egress,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<Granted, CallError> {
        let endpoint = self.token_endpoint(egress, deadline).await?;
        let mut own = opener.for_host(endpoint.host_str().unwrap_or_default());
        let result = self
            .ask(&endpoint, refresh_token, egress, &mut own, deadline)
            .await;
        let result = result.map_err(|error| CallError {
            error: own.redaction().strike_error(error.error),
            ..error
        });
        opener.absorb(own);
        result
    }

    async fn ask(
        &self,
        endpoint: &Url,
        refresh_token: Option<&str>,
        egress: &Egress,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<Granted, CallError> {
        let fields = if self.is_opened {
            self.fields.value.clone()
        } else {
            self.fields.open(opener)?
        };
        if let Some(token) = refresh_token {
            let reply = exchange(
                endpoint,
                &fields,
                refresh_parameters(token),
                egress,
                opener,
                deadline,
            )
            .await?;
            // A refresh token that is used up or revoked: the grant itself may still hold.
            if !reply.status.is_client_error() {
                return self.granted(&reply, &fields);
            }
        }
        let parameters = parameters(&fields)?;
        let reply = exchange(endpoint, &fields, parameters, egress, opener, deadline).await?;
        self.granted(&reply, &fields)
    }

    async fn token_endpoint(&self, egress: &Egress, deadline: Instant) -> Result<Url, CallError> {
        let authority = self.authority.trim_end_matches('/');
        if !self.is_oidc {
            let path = self
                .fields
                .value
                .get("endpoints")
                .and_then(|endpoints| endpoints.get("token"))
                .and_then(Value::as_str);
            let path = path.unwrap_or(TOKEN_PATH);
            if path.contains("://") {
                return Ok(egress::parse_url(path)?);
            }
            return Ok(egress::parse_url(&format!(
                "{authority}/{}",
                path.trim_start_matches('/')
            ))?);
        }
        let document = if authority.ends_with(DISCOVERY_PATH) {
            authority.to_owned()
        } else {
            format!("{authority}{DISCOVERY_PATH}")
        };
        let request = Request::new(
            Method::GET,
            egress::parse_url(&document)?,
            remaining(deadline),
        );
        let reply = egress.send(request).await.map_err(nothing_done)?;
        if !reply.status.is_success() {
            return Err(refused(&reply));
        }
        let document = Value::parse_json(&reply.body).unwrap_or_default();
        let endpoint = document.get("token_endpoint").and_then(Value::as_str);
        let endpoint = endpoint
            .ok_or_else(|| denied(&reply, "its discovery document names no `token_endpoint`"))?;
        check_issuer(&self.fields.value, document.get("issuer"))
            .map_err(|reason| denied(&reply, &reason))?;
        Ok(egress::parse_url(endpoint)?)
    }

    fn granted(&self, reply: &Reply, fields: &Value) -> Result<Granted, CallError> {
        if !reply.status.is_success() {
            return Err(refused(reply));
        }
        let document = Value::parse_json(&reply.body).unwrap_or_default();
        let token = document
            .get("access_token")
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| denied(reply, "its reply holds no `access_token`"))?;
        check_issuer(fields, issuer_of(token).as_ref()).map_err(|reason| denied(reply, &reason))?;
        let seconds = document.get("expires_in").and_then(|value| {
            value
                .as_f64()
                .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
                .filter(|seconds| *seconds >= 0.0)
        });
        Ok(Granted {
            token: token.to_owned(),
            lifetime: seconds.map(|seconds| Duration::from_secs_f64(seconds.min(31_536_000.0))),
            refresh_token: document
                .get("refresh_token")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}

fn refresh_parameters(token: &str) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token.to_owned()),
    ]
}

fn parameters(fields: &Value) -> Result<Vec<(&'static str, String)>, CallError> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
    let needed =
        |key: &str| text(key).ok_or_else(|| not_valid(format!("this grant needs `{key}`")));
    let token = |key: &str, field: &str| fields.get(key)?.get(field)?.as_str().map(str::to_owned);
    let grant = text("grant").unwrap_or_else(|| "client_credentials".to_owned());
    let mut out = vec![("grant_type", grant.clone())];
    match grant.as_str() {
        "client_credentials" => {}
        "password" => out.extend([
            ("username", needed("username")?),
            ("password", needed("password")?),
        ]),
        "refresh_token" => {
            // The language has no field of its own for it; `subject.token` is the one that is a token.
            let refresh = text("refresh_token").or_else(|| token("subject", "token"));
            out.push((
                "refresh_token",
                refresh.ok_or_else(|| not_valid("this grant needs `subject.token`".to_owned()))?,
            ));
        }
        EXCHANGE => {
            for (key, token_name, type_name) in [
                ("subject", "subject_token", "subject_token_type"),
                ("actor", "actor_token", "actor_token_type"),
            ] {
                if let (Some(value), Some(kind)) = (token(key, "token"), token(key, "type")) {
                    out.extend([(token_name, value), (type_name, kind)]);
                }
            }
            if out.len() == 1 {
                return Err(not_valid(
                    "token exchange needs `subject` with `token` and `type`".to_owned(),
                ));
            }
        }
        "authorization_code" => {
            return Err(not_valid(
                "`authorization_code` needs a person; use a grant that a program can take alone"
                    .to_owned(),
            ));
        }
        other => return Err(not_valid(format!("`{other}` is not a grant"))),
    }
    let scopes = texts(fields, "scopes");
    if !scopes.is_empty() {
        out.push(("scope", scopes.join(" ")));
    }
    out.extend(
        texts(fields, "audiences")
            .into_iter()
            .map(|audience| ("audience", audience)),
    );
    Ok(out)
}

fn texts(fields: &Value, key: &str) -> Vec<String> {
    let items = fields.get(key).and_then(Value::as_array);
    items
        .map(|items| {
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default()
}

async fn exchange(
    endpoint: &Url,
    fields: &Value,
    mut parameters: Vec<(&'static str, String)>,
    egress: &Egress,
    opener: &mut Opener<'_>,
    deadline: Instant,
) -> Result<Reply, CallError> {
    let mut request = Request::new(Method::POST, endpoint.clone(), remaining(deadline));
    request
        .headers
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(header) = authenticate_client(fields, &mut parameters)? {
        request.headers.insert(AUTHORIZATION, header);
    }
    for (key, value) in &parameters {
        if key.contains("secret")
            || key.contains("password")
            || key.contains("token")
            || key.contains("assertion")
        {
            opener.add(value);
        }
    }
    let encoding = fields
        .get("request")
        .and_then(|request| request.get("encoding"))
        .and_then(Value::as_str);
    let content_type = match encoding {
        None | Some("application/x-www-form-urlencoded") => {
            request.body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&parameters)
                .finish()
                .into();
            "application/x-www-form-urlencoded"
        }
        Some("application/json") => {
            request.body = json(parameters).into();
            "application/json"
        }
        Some(other) => {
            return Err(not_valid(format!(
                "`{other}` is not an encoding of a token request"
            )));
        }
    };
    request
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    request.reply_bytes_max = REPLY_BYTES_MAX;
    request.is_body_sensitive = true;
    egress.send(request).await.map_err(nothing_done)
}

/// Adds what proves the client; the header when it goes there.
fn authenticate_client(
    fields: &Value,
    parameters: &mut Vec<(&'static str, String)>,
) -> Result<Option<HeaderValue>, CallError> {
    let client = fields.get("client").cloned().unwrap_or_default();
    let text = |key: &str| client.get(key).and_then(Value::as_str).map(str::to_owned);
    let needed = |key: &str| text(key).ok_or_else(|| not_valid(format!("`client` needs `{key}`")));
    match text("authentication")
        .as_deref()
        .unwrap_or("client_secret_post")
    {
        "client_secret_post" => {
            parameters.push(("client_id", needed("id")?));
            parameters.extend(text("secret").map(|secret| ("client_secret", secret)));
            Ok(None)
        }
        "client_secret_basic" => {
            // RFC 6749, section 2.3.1: both halves are form-encoded before base64.
            let encode = |text: String| {
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
            };
            let pair = format!("{}:{}", encode(needed("id")?), encode(needed("secret")?));
            secret_header(&format!("Basic {}", STANDARD.encode(pair))).map(Some)
        }
        method @ ("private_key_jwt" | "client_secret_jwt") => {
            let assertion = text("assertion").ok_or_else(|| {
                not_valid(format!(
                    "`{method}` needs `client.assertion`, a JWT signed elsewhere"
                ))
            })?;
            parameters.extend(text("id").map(|id| ("client_id", id)));
            parameters.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
            parameters.push(("client_assertion", assertion));
            Ok(None)
        }
        "none" => {
            parameters.extend(text("id").map(|id| ("client_id", id)));
            Ok(None)
        }
        other => Err(not_valid(format!(
            "`{other}` is not a client authentication"
        ))),
    }
}

/// A parameter that occurs more than once becomes an array.
fn json(parameters: Vec<(&'static str, String)>) -> String {
    let mut out: Vec<(&str, Value)> = Vec::new();
    for (key, value) in parameters {
        match out.iter_mut().find(|(known, _)| *known == key) {
            None => out.push((key, value.into())),
            Some((_, known)) => {
                let mut items = known
                    .as_array()
                    .map_or_else(|| vec![known.clone()], |items| items.to_vec());
                items.push(value.into());
                *known = Value::array(items);
            }
        }
    }
    Value::object(out).to_json()
}

/// The issuer inside a token, when it is a JWT. Read, not trusted: the connection to the server is what we trust.
fn issuer_of(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(1)?.trim_end_matches('='))
        .ok()?;
    Value::parse_json(&claims).ok()?.get("iss").cloned()
}

fn check_issuer(fields: &Value, issuer: Option<&Value>) -> Result<(), String> {
    let (allowed, Some(issuer)) = (texts(fields, "issuers"), issuer.and_then(Value::as_str)) else {
        return Ok(());
    };
    if allowed.is_empty() || allowed.iter().any(|one| one == issuer) {
        return Ok(());
    }
    Err(format!("the issuer `{issuer}` is not one of `issuers`"))
}

fn remaining(deadline: Instant) -> Duration {
    TIMEOUT.min(deadline.saturating_duration_since(Instant::now()))
}

/// Asking for a token is not the effect: whatever went wrong, the call itself has not left.
fn nothing_done(error: egress::EgressError) -> CallError {
    CallError {
        may_have_happened: false,
        ..error.into()
    }
}

/// The server said no (4xx), or is not well (the rest), which may pass.
fn refused(reply: &Reply) -> CallError {
    let status = reply.status.as_u16();
    if reply.status.is_server_error() || status == 429 {
        let detail = format!("`{}` answered {status} to the token request", host(reply));
        let error = WorkflowError::new(
            ErrorKind::Communication,
            "authorization server is not well",
            detail,
        )
        .with_status(status);
        return CallError {
            retry_after: crate::http::retry_after(&reply.headers),
            ..CallError::before(error)
        };
    }
    let document = Value::parse_json(&reply.body).unwrap_or_default();
    let text = |key: &str| {
        document
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    denied(
        reply,
        format!("{status} {} {}", text("error"), text("error_description")).trim(),
    )
}

fn denied(reply: &Reply, reason: &str) -> CallError {
    let detail = format!("`{}` gives no token: {reason}", host(reply));
    CallError::before(WorkflowError::new(
        ErrorKind::Authentication,
        "no token",
        detail,
    ))
}

fn host(reply: &Reply) -> &str {
    reply.url.host_str().unwrap_or_default()
}
