//! From an authentication policy of the language to the header that proves who calls.
//!
//! Policies: basic, bearer, digest, oauth2, oidc; each inline or `{ use: <secret> }`, where the secret opens to the same
//! fields. Certificates are not spoken yet and say so. Source: DSL 1.0.3, Authentication.

mod digest;
mod oauth;
mod tokens;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dsl::value::Value;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::egress::{Egress, Request};
use crate::function::CallError;
use crate::opened::Opener;
use tokens::Tokens;

/// Makes credentials, and keeps the tokens that authorization servers hand out.
pub(crate) struct Authenticator {
    egress: Arc<Egress>,
    tokens: Tokens,
}

/// A policy as written.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub value: Value,
    /// It belongs to a connection, so `{ secret: name }` in it is opened. In a definition it may hold data of the run, and
    /// data must not be able to name a secret.
    pub may_name_secrets: bool,
}

impl Policy {
    fn scheme(&self, name: &str) -> Option<Self> {
        let value = self
            .value
            .get(name)
            .filter(|inner| !inner.is_null())?
            .clone();
        Some(Self {
            value,
            may_name_secrets: self.may_name_secrets,
        })
    }

    /// With everything in it opened.
    fn open(&self, opener: &mut Opener<'_>) -> Result<Value, CallError> {
        let opened = if self.may_name_secrets {
            opener.field(&self.value)?
        } else {
            opener.value(&self.value)?
        };
        Ok(opened.0)
    }
}

/// What a request carries.
pub(crate) enum Credential {
    None,
    Header(HeaderValue),
    /// Waits for the server's challenge.
    Digest {
        username: String,
        password: String,
    },
    Token {
        grant: Box<oauth::Grant>,
        token: String,
    },
}

impl Credential {
    /// What goes along with the first try.
    pub fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::None | Self::Digest { .. } => None,
            Self::Header(value) => Some(value.clone()),
            Self::Token { token, .. } => bearer(token).ok(),
        }
    }
}

impl Authenticator {
    pub fn new(egress: Arc<Egress>) -> Self {
        Self {
            egress,
            tokens: Tokens::default(),
        }
    }

    pub async fn credential(
        &self,
        policy: &Policy,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<Credential, CallError> {
        if let Some(inner) = policy.scheme("basic") {
            let fields = open(&inner, opener)?;
            let pair = format!(
                "{}:{}",
                text(&fields, "basic", "username")?,
                text(&fields, "basic", "password")?
            );
            let encoded = STANDARD.encode(pair);
            opener.add(&encoded);
            return Ok(Credential::Header(secret_header(&format!(
                "Basic {encoded}"
            ))?));
        }
        if let Some(inner) = policy.scheme("bearer") {
            let fields = open(&inner, opener)?;
            // A secret may be the token itself.
            let token = fields.as_str().map_or_else(
                || text(&fields, "bearer", "token"),
                |token| Ok(token.to_owned()),
            )?;
            opener.add(&token);
            return Ok(Credential::Header(bearer(&token)?));
        }
        if let Some(inner) = policy.scheme("digest") {
            let fields = open(&inner, opener)?;
            let (username, password) = (
                text(&fields, "digest", "username")?,
                text(&fields, "digest", "password")?,
            );
            opener.add(&password);
            return Ok(Credential::Digest { username, password });
        }
        for (name, is_oidc) in [("oauth2", false), ("oidc", true)] {
            if let Some(inner) = policy.scheme(name) {
                let grant = oauth::Grant::read(inner, is_oidc, opener)?;
                let token = self
                    .tokens
                    .get(&grant, None, &self.egress, opener, deadline)
                    .await?;
                opener.add(&token);
                return Ok(Credential::Token {
                    grant: Box::new(grant),
                    token,
                });
            }
        }
        Err(unknown(&policy.value))
    }

    /// The header for a second try, when there is anything new to say after a 401.
    pub async fn after_unauthorized(
        &self,
        credential: &Credential,
        request: &Request,
        reply: &HeaderMap,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<Option<HeaderValue>, CallError> {
        match credential {
            Credential::None | Credential::Header(_) => Ok(None),
            Credential::Digest { username, password } => {
                let challenges = reply
                    .get_all(WWW_AUTHENTICATE)
                    .iter()
                    .filter_map(|value| value.to_str().ok());
                let Some(challenge) = digest::Challenge::strongest(challenges) else {
                    return Ok(None);
                };
                let answer = challenge.answer(username, password, request, &digest::nonce());
                Ok(Some(secret_header(&answer)?))
            }
            Credential::Token { grant, token } => {
                let fresh = self
                    .tokens
                    .get(grant, Some(token), &self.egress, opener, deadline)
                    .await?;
                opener.add(&fresh);
                Ok(Some(bearer(&fresh)?))
            }
        }
    }
}

/// The fields of one scheme with everything in them opened.
fn open(inner: &Policy, opener: &mut Opener<'_>) -> Result<Value, CallError> {
    match inner.value.get("use") {
        Some(Value::String(name)) => opener.secret(name),
        Some(_) => Err(not_valid("`use` needs the name of a secret".to_owned())),
        None => inner.open(opener),
    }
}

fn text(fields: &Value, scheme: &str, key: &str) -> Result<String, CallError> {
    let scalar = fields
        .get(key)
        .filter(|value| matches!(value, Value::String(_) | Value::Int(_)));
    let text = scalar.map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_json(), str::to_owned)
    });
    text.ok_or_else(|| not_valid(format!("`{scheme}` needs `{key}`")))
}

fn bearer(token: &str) -> Result<HeaderValue, CallError> {
    secret_header(&format!("Bearer {token}"))
}

fn secret_header(text: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        not_valid("the credential holds a line break or another control character".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn unknown(policy: &Value) -> CallError {
    let found = policy
        .as_object()
        .and_then(|map| map.keys().next().cloned());
    not_valid(match found.as_deref() {
        Some("certificate") => "client certificates are not supported yet".to_owned(),
        Some("use") => "`use` names an authentication that the definition does not have".to_owned(),
        Some(other) => format!("expected basic, bearer, digest, oauth2 or oidc, found `{other}`"),
        None => "expected basic, bearer, digest, oauth2 or oidc, found nothing".to_owned(),
    })
}

fn not_valid(detail: String) -> CallError {
    CallError::configuration("authentication is not valid", detail)
}
