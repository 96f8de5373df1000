//! The function `http`: one exchange with a web service, as the language describes it.
//!
//! `redirect: false` (the default) makes a redirect an error of its own status; `redirect: true` follows redirects through
//! egress and accepts a final 3xx. A reply outside the accepted range is a communication error with the reply's status, the
//! reason phrase as title and the first 2 KiB of the body as detail. No connection is status 503, a broken or oversized
//! reply 502, patience at its end the standard's timeout error.

mod arguments;
mod body;
mod reply;

use std::sync::Arc;

use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use crate::authentication::{Authenticator, Credential};
use crate::egress::{self, Egress, Redirects, Reply, Request};
use crate::function::{Call, CallError, Connector, EffectClass, Secrets};
use crate::opened::Opener;

pub(crate) use arguments::{Arguments, scalar};
use arguments::{kind, wrong};
pub(crate) use reply::retry_after;

/// The header under which the idempotency key travels.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Speaks HTTP.
pub struct Http {
    egress: Arc<Egress>,
    secrets: Arc<dyn Secrets>,
    authenticator: Authenticator,
}

#[async_trait::async_trait]
impl Connector for Http {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        self.exchange(call, Arguments::read(&call.with)?).await
    }
}

impl Http {
    #[must_use]
    pub fn new(egress: Arc<Egress>, secrets: Arc<dyn Secrets>) -> Self {
        let authenticator = Authenticator::new(egress.clone());
        Self {
            egress,
            secrets,
            authenticator,
        }
    }

    pub(crate) async fn exchange(
        &self,
        call: &Call,
        arguments: Arguments,
    ) -> Result<Value, CallError> {
        let deadline = Instant::now() + call.timeout;
        let sealed = egress::parse_url(&arguments.url)?;
        let mut opener = Opener::new(
            &*self.secrets,
            &call.namespace,
            sealed.host_str().unwrap_or_default(),
        );
        let result = self
            .exchange_opened(call, arguments, &sealed, &mut opener, deadline)
            .await;
        result.map_err(|error| CallError {
            error: opener.redaction().strike_error(error.error),
            ..error
        })
    }

    async fn exchange_opened(
        &self,
        call: &Call,
        arguments: Arguments,
        sealed: &Url,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<Value, CallError> {
        let mut request = build(call, &arguments, sealed, opener)?;
        let timed_out = || {
            CallError::before(WorkflowError::new(
                ErrorKind::Timeout,
                "call timed out",
                "no credential in time",
            ))
        };
        let credential = match &arguments.authentication {
            None => Credential::None,
            Some(policy) => {
                let credential = self.authenticator.credential(policy, opener, deadline);
                tokio::time::timeout_at(deadline, credential)
                    .await
                    .map_err(|_| timed_out())??
            }
        };
        if let Some(header) = credential.header() {
            request.headers.insert(AUTHORIZATION, header);
        }
        let reply = self.send(&request, deadline).await?;
        let reply = match self
            .second_try(&request, &reply, &credential, opener, deadline)
            .await?
        {
            Some(header) => {
                request.headers.insert(AUTHORIZATION, header);
                self.send(&request, deadline).await?
            }
            None => reply,
        };
        let asked = reply::Asked {
            method: request.method,
            uri: request.url.into(),
            headers: request.headers,
            output: arguments.output,
            redirects: arguments.redirects,
        };
        reply::read(reply, &asked, opener.redaction())
    }

    async fn send(&self, request: &Request, deadline: Instant) -> Result<Reply, CallError> {
        let request = Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            redirects: request.redirects.clone(),
            timeout: deadline.saturating_duration_since(Instant::now()),
            ..*request
        };
        Ok(self.egress.send(request).await?)
    }

    /// The header for a second try after a 401: the answer to a digest challenge, or a new token, once.
    async fn second_try(
        &self,
        request: &Request,
        reply: &Reply,
        credential: &Credential,
        opener: &mut Opener<'_>,
        deadline: Instant,
    ) -> Result<Option<HeaderValue>, CallError> {
        // What another origin asks for is not for it to have.
        if reply.status != StatusCode::UNAUTHORIZED || reply.url.origin() != request.url.origin() {
            return Ok(None);
        }
        let retrying = self.authenticator.after_unauthorized(
            credential,
            request,
            &reply.headers,
            opener,
            deadline,
        );
        match tokio::time::timeout_at(deadline, retrying).await {
            Ok(header) => header,
            Err(_) => Ok(None),
        }
    }
}

fn build(
    call: &Call,
    arguments: &Arguments,
    sealed: &Url,
    opener: &mut Opener<'_>,
) -> Result<Request, CallError> {
    let url = open_url(arguments, sealed, opener)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &arguments.fixed_headers {
        let (value, is_secret) = opener.field(value)?;
        push_header(&mut headers, name, &value, is_secret)?;
    }
    let mut own = HeaderMap::new();
    for (name, value) in &arguments.headers {
        let (value, is_secret) = opener.value(value)?;
        push_header(&mut own, name, &value, is_secret)?;
    }
    // What the call says wins over what the connection says.
    for name in own.keys() {
        headers.remove(name);
    }
    headers.extend(own);

    let mut request = Request::new(arguments.method.clone(), url, call.timeout);
    if let Some(body) = &arguments.body {
        let (body, is_secret) = opener.value(body)?;
        let given = headers
            .get(CONTENT_TYPE)
            .map(|value| value.to_str().map(str::to_owned));
        let given = given
            .transpose()
            .map_err(|_| wrong("`content-type` is not readable text".to_owned()))?;
        let encoded = body::encode(&body, given.as_deref(), &call.idempotency_key)?;
        headers.insert(
            CONTENT_TYPE,
            header_value("content-type", &encoded.content_type)?,
        );
        request.body = encoded.bytes;
        request.is_body_sensitive = is_secret;
    }
    if !matches!(
        request.method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    ) && !headers.contains_key(IDEMPOTENCY_KEY)
    {
        headers.insert(
            IDEMPOTENCY_KEY,
            header_value(IDEMPOTENCY_KEY, &call.idempotency_key)?,
        );
    }
    request.headers = headers;
    request.redirects = arguments.redirects.clone();
    Ok(request)
}

/// Opens references in the address and adds the query; a secret cannot change whom we call.
fn open_url(
    arguments: &Arguments,
    sealed: &Url,
    opener: &mut Opener<'_>,
) -> Result<Url, CallError> {
    let (text, is_secret) = opener.text(&arguments.url)?;
    let mut url = if is_secret {
        egress::parse_url(&text)?
    } else {
        sealed.clone()
    };
    if url.origin() != sealed.origin() {
        return Err(wrong("a secret must not be part of the host".to_owned()));
    }
    url.set_fragment(None);
    let mut pairs = Vec::new();
    for (key, value) in &arguments.query {
        let (value, _) = opener.value(value)?;
        pairs.extend(
            body::texts(key, &value)?
                .into_iter()
                .map(|text| (key, text)),
        );
    }
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(url)
}

/// Headers that frame the message or name the peer; set by hand they would let one request hide another.
const FRAMING: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "proxy-connection",
];

fn push_header(
    headers: &mut HeaderMap,
    name: &str,
    value: &Value,
    is_secret: bool,
) -> Result<(), CallError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| wrong(format!("`{}` is not a header name", name.escape_debug())))?;
    if FRAMING.contains(&parsed.as_str()) {
        return Err(wrong(format!(
            "header `{parsed}` is set by the connection itself"
        )));
    }
    let text = scalar(value).ok_or_else(|| {
        wrong(format!(
            "header `{parsed}` needs a text, found {}",
            kind(value)
        ))
    })?;
    let mut value = header_value(parsed.as_str(), &text)?;
    value.set_sensitive(is_secret);
    headers.append(parsed, value);
    Ok(())
}

fn header_value(name: &str, text: &str) -> Result<HeaderValue, CallError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        wrong(format!(
            "header `{name}` holds a line break or another control character"
        ))
    })
}

/// What a call with these arguments may do outside. Source: RFC 9110, section 9.2 (safe and idempotent methods).
pub(crate) fn effect_class(method: &str, headers: Option<&Value>) -> EffectClass {
    let has_key = || {
        let map = headers.and_then(Value::as_object);
        map.is_some_and(|map| {
            map.iter()
                .any(|(name, value)| name.eq_ignore_ascii_case(IDEMPOTENCY_KEY) && !value.is_null())
        })
    };
    match method.to_ascii_uppercase().as_str() {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" => EffectClass::Read,
        "PUT" | "DELETE" => EffectClass::Write,
        _ if has_key() => EffectClass::Write,
        _ => EffectClass::Send,
    }
}

/// Redirects of a connection: followed only to hosts that it lists.
pub(crate) fn within(redirects: Redirects, hosts: Vec<String>) -> Redirects {
    if redirects == Redirects::Follow {
        Redirects::FollowWithin(hosts)
    } else {
        redirects
    }
}
