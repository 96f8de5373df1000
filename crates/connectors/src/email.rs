//! The function `email`: one mail through a connection's SMTP server.
//!
//! Either every recipient is accepted or nobody gets the mail. The status of an error is the server's own reply code: 4xx is
//! for now (greylisting, a full box) and may be tried again, 5xx is for good.

mod message;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dsl::value::Value;
use dsl::workflow_error::{ErrorKind, WorkflowError};
use lettre::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use crate::connection::{Connections, Protocol, SmtpSettings, Tls};
use crate::egress::{CONNECT_TIMEOUT, Egress};
use crate::function::{Call, CallError, Connector, Secrets};
use crate::opened::Opener;

/// How long the farewell may take; the mail is delivered by then.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Speaks SMTP.
pub struct Email {
    egress: Arc<Egress>,
    secrets: Arc<dyn Secrets>,
    connections: Arc<Connections>,
}

#[async_trait::async_trait]
impl Connector for Email {
    async fn perform(&self, call: &Call) -> Result<Value, CallError> {
        let name = call.with.get("connection").and_then(Value::as_str);
        let name =
            name.ok_or_else(|| wrong("`connection` needs the name of a connection of kind smtp"))?;
        let connection = self.connections.get(&call.namespace, name);
        let settings = match connection.as_ref().map(|connection| &connection.protocol) {
            Some(Protocol::Smtp(settings)) => settings,
            Some(Protocol::Http(_)) => {
                return Err(wrong(format!("connection `{name}` does not speak smtp")));
            }
            None => {
                return Err(wrong(format!(
                    "there is no connection `{name}` in this namespace"
                )));
            }
        };
        let mut opener = Opener::new(&*self.secrets, &call.namespace, &settings.host);
        let result = self.deliver(call, settings, &mut opener).await;
        result.map_err(|error| CallError {
            error: opener.redaction().strike_error(error.error),
            ..error
        })
    }
}

impl Email {
    #[must_use]
    pub fn new(
        egress: Arc<Egress>,
        secrets: Arc<dyn Secrets>,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            egress,
            secrets,
            connections,
        }
    }

    async fn deliver(
        &self,
        call: &Call,
        settings: &SmtpSettings,
        opener: &mut Opener<'_>,
    ) -> Result<Value, CallError> {
        let (with, _) = opener.value(&call.with)?;
        let mail = message::build(
            &with,
            settings.from.as_deref(),
            &call.namespace,
            &call.idempotency_key,
        )?;
        let credentials = credentials(settings, opener)?;
        // Set when the first byte of the message is about to leave: from then on it may have been taken.
        let has_left = AtomicBool::new(false);
        let session = self.session(settings, credentials, &mail.message, &has_left);
        match tokio::time::timeout(call.timeout, session).await {
            Ok(result) => result?,
            Err(_) => {
                let detail = format!(
                    "`{}` did not take the mail within {} ms",
                    settings.host,
                    call.timeout.as_millis()
                );
                let error = WorkflowError::new(ErrorKind::Timeout, "mail timed out", detail);
                let may_have_happened = has_left.load(Ordering::Relaxed);
                return Err(CallError {
                    may_have_happened,
                    ..CallError::before(error)
                });
            }
        }
        let accepted: Vec<Value> = mail
            .message
            .envelope()
            .to()
            .iter()
            .map(|to| Value::from(to.to_string()))
            .collect();
        Ok(Value::object([
            ("messageId", Value::from(mail.id)),
            ("accepted", Value::array(accepted)),
        ]))
    }

    async fn session(
        &self,
        settings: &SmtpSettings,
        credentials: Option<Credentials>,
        message: &Message,
        has_left: &AtomicBool,
    ) -> Result<(), CallError> {
        let host = settings.host.as_str();
        let failed = |error: SmtpError| refusal(host, &error, false);
        let mut server = self.connect(settings, credentials.is_some()).await?;
        if let Some(credentials) = credentials {
            let answer = server
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await;
            answer.map_err(|error| {
                let mut refused = failed(error);
                refused.error.kind = WorkflowError::new(ErrorKind::Authentication, "", "").kind;
                refused
            })?;
        }
        let (bytes, envelope) = (message.formatted(), message.envelope());
        let mut parameters = Vec::new();
        let mut addresses = envelope.to().iter().chain(envelope.from());
        if addresses.any(|address| !AsRef::<str>::as_ref(address).is_ascii()) {
            if !server
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                return Err(wrong(format!("`{host}` takes no addresses beyond ASCII")));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii()
            && server
                .server_info()
                .supports_feature(Extension::EightBitMime)
        {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        server
            .command(Mail::new(envelope.from().cloned(), parameters))
            .await
            .map_err(failed)?;
        for to in envelope.to() {
            let refused = |error: SmtpError| {
                let mut refused = failed(error);
                refused.error.detail = refused
                    .error
                    .detail
                    .map(|detail| format!("recipient `{to}`: {detail}"));
                refused
            };
            server
                .command(Rcpt::new(to.clone(), Vec::new()))
                .await
                .map_err(refused)?;
        }
        server.command(Data).await.map_err(failed)?;
        has_left.store(true, Ordering::Relaxed);
        server
            .message(&bytes)
            .await
            .map_err(|error| refusal(host, &error, true))?;
        let _ = tokio::time::timeout(QUIT_TIMEOUT, server.quit()).await;
        Ok(())
    }

    async fn connect(
        &self,
        settings: &SmtpSettings,
        has_password: bool,
    ) -> Result<AsyncSmtpConnection, CallError> {
        let (host, port) = (settings.host.as_str(), settings.port());
        let failed = |error: SmtpError| refusal(host, &error, false);
        let hello = ClientId::default();
        if settings.tls == Tls::Implicit {
            return self.connect_encrypted(settings, &hello).await;
        }
        let stream = self.egress.connect(host, port).await?;
        let is_here = stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
        let mut server = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
            .await
            .map_err(failed)?;
        if settings.tls == Tls::Starttls {
            // A server that does not offer it is refused here, so nobody on the way can talk us out of encryption.
            server
                .starttls(self.tls(host)?, &hello)
                .await
                .map_err(failed)?;
        } else if has_password && !is_here {
            return Err(wrong(
                "a password is not sent in clear; set `tls` to `starttls` or `implicit`",
            ));
        }
        Ok(server)
    }

    /// The library wraps TLS around a connection of its own only; it is given the address that egress has checked.
    async fn connect_encrypted(
        &self,
        settings: &SmtpSettings,
        hello: &ClientId,
    ) -> Result<AsyncSmtpConnection, CallError> {
        let (host, mut last) = (settings.host.as_str(), None);
        let tls = self.tls(host)?;
        for address in self.egress.addresses(host, settings.port()).await? {
            let connecting = AsyncSmtpConnection::connect_tokio1(
                address,
                Some(CONNECT_TIMEOUT),
                hello,
                Some(tls.clone()),
                None,
            );
            match connecting.await {
                Ok(server) => return Ok(server),
                Err(error) => last = Some(refusal(host, &error, false)),
            }
        }
        Err(last.expect("egress gives at least one address"))
    }

    fn tls(&self, host: &str) -> Result<TlsParameters, CallError> {
        let failed = |error: SmtpError| refusal(host, &error, false);
        let mut builder = TlsParameters::builder(host.to_owned());
        for authority in self.egress.authorities() {
            builder = builder
                .add_root_certificate(Certificate::from_der(authority.clone()).map_err(failed)?);
        }
        builder.build_rustls().map_err(failed)
    }
}

fn credentials(
    settings: &SmtpSettings,
    opener: &mut Opener<'_>,
) -> Result<Option<Credentials>, CallError> {
    let (Some(username), Some(password)) = (&settings.username, &settings.password) else {
        return Ok(None);
    };
    let mut text = |name: &str, value: &Value| {
        let (value, _) = opener.field(value)?;
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| wrong(format!("`{name}` of the connection needs a text")))
    };
    let (username, password) = (text("username", username)?, text("password", password)?);
    opener.add(&password);
    Ok(Some(Credentials::new(username, password)))
}

/// The error of a step of the session; `has_left` once the message itself is on its way.
fn refusal(host: &str, error: &SmtpError, has_left: bool) -> CallError {
    let Some(code) = error.status().map(u16::from) else {
        let (status, title) = if has_left {
            (502, "mail broken off")
        } else {
            (503, "mail server unreachable")
        };
        let error = WorkflowError::new(
            ErrorKind::Communication,
            title,
            format!("`{host}`: {}", cause(error)),
        );
        return CallError {
            may_have_happened: has_left,
            ..CallError::before(error.with_status(status))
        };
    };
    let title = if error.is_transient() {
        "mail refused for now"
    } else {
        "mail refused"
    };
    let detail = format!("`{host}` answered {code}: {}", cause(error));
    CallError::before(WorkflowError::new(ErrorKind::Communication, title, detail).with_status(code))
}

/// The cause without the library's own words around it.
fn cause(error: &SmtpError) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(1024)
        .collect()
}

fn wrong(detail: impl Into<String>) -> CallError {
    CallError::configuration("mail is not valid", detail)
}
