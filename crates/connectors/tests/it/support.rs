//! What the cases share: servers on loopback, secrets, and calls.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use connectors::egress::{Egress, Policy, Resolver, SystemResolver};
use connectors::function::{Call, CallError, Connector, Secrets};
use connectors::http::Http;
use dsl::Value;
use dsl::WorkflowError;
use dsl::workflow_error::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub fn json(text: &str) -> Value {
    Value::parse_json(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Serves `app` on a free port of loopback.
pub async fn serve(app: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Answers every connection with these bytes, whatever was asked, and then closes or stays silent.
pub async fn serve_bytes(reply: Vec<u8>, stays_open: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let reply = reply.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 16384];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&reply).await;
                if stays_open {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}

/// A port on which nobody listens.
pub async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Secrets by name, sealed as `sealed.<name>.` and open to every host, or to one.
#[derive(Default)]
pub struct Vault {
    secrets: HashMap<String, (Value, Option<String>)>,
}

impl Vault {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.secrets.insert(name.to_owned(), (json(value), None));
        self
    }

    pub fn with_host(mut self, name: &str, value: &str, host: &str) -> Self {
        self.secrets
            .insert(name.to_owned(), (json(value), Some(host.to_owned())));
        self
    }
}

impl Secrets for Vault {
    fn open(&self, namespace: &str, name: &str, host: &str) -> Result<Value, WorkflowError> {
        assert_eq!(namespace, "test");
        let refuse = |detail| {
            Err(WorkflowError::new(
                ErrorKind::Configuration,
                "no secret",
                detail,
            ))
        };
        match self.secrets.get(name) {
            None => refuse(format!("`{name}` is not there")),
            Some((_, Some(only))) if only != host => refuse(format!("`{name}` is not for {host}")),
            Some((value, _)) => Ok(value.clone()),
        }
    }

    fn unseal(
        &self,
        namespace: &str,
        text: &str,
        host: &str,
        opened: &mut Vec<Value>,
    ) -> Result<String, WorkflowError> {
        let mut out = text.to_owned();
        for name in self.secrets.keys() {
            let sealed = format!("sealed.{name}.");
            if out.contains(&sealed) {
                let value = self.open(namespace, name, host)?;
                out = out.replace(&sealed, value.as_str().unwrap());
                opened.push(value);
            }
        }
        Ok(out)
    }
}

/// Names to addresses; several answers are given one after another, the last one for ever.
#[derive(Default)]
pub struct Names {
    answers: std::sync::Mutex<HashMap<String, Vec<Vec<SocketAddr>>>>,
    pub asked: std::sync::atomic::AtomicUsize,
}

impl Names {
    pub fn of(entries: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let parse = |text: &&str| text.parse::<SocketAddr>().unwrap();
        let answers = entries.iter().map(|(name, answers)| {
            (
                (*name).to_owned(),
                answers
                    .iter()
                    .map(|one| one.iter().map(parse).collect())
                    .collect(),
            )
        });
        Arc::new(Self {
            answers: std::sync::Mutex::new(answers.collect()),
            asked: 0.into(),
        })
    }
}

#[async_trait::async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<SocketAddr>> {
        self.asked
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap();
        let Some(of_host) = answers.get_mut(host.trim_end_matches('.')) else {
            return Err(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "no such name",
            ));
        };
        Ok(if of_host.len() > 1 {
            of_host.remove(0)
        } else {
            of_host[0].clone()
        })
    }
}

pub fn development() -> Policy {
    Policy {
        allow_loopback: true,
        ..Policy::default()
    }
}

pub fn egress() -> Arc<Egress> {
    Arc::new(Egress::new(development(), Arc::new(SystemResolver)))
}

pub fn http() -> Http {
    http_with(Vault::default())
}

pub fn http_with(vault: Vault) -> Http {
    Http::new(egress(), Arc::new(vault))
}

pub fn call(function: &str, with: Value) -> Call {
    Call {
        namespace: "test".into(),
        function: function.into(),
        with,
        idempotency_key: "run-1/7".into(),
        timeout: Duration::from_secs(20),
    }
}

/// Performs `http` with arguments in JSON, in which `HOST` stands for the server's address.
pub async fn perform(http: &Http, address: SocketAddr, with: &str) -> Result<Value, CallError> {
    http.perform(&call(
        "http",
        json(&with.replace("HOST", &address.to_string())),
    ))
    .await
}

/// The authority that has signed for `secure.example` and `localhost`. Made for these cases; its key is gone.
pub fn authority() -> Vec<u8> {
    include_bytes!("tls/authority.der").to_vec()
}

/// The other end of TLS for `secure.example` and `localhost`.
pub fn tls_acceptor() -> tokio_rustls::TlsAcceptor {
    let certificate = include_bytes!("tls/server.der").to_vec().into();
    let key =
        rustls::pki_types::PrivatePkcs8KeyDer::from(include_bytes!("tls/server.key.der").to_vec());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = config
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}
