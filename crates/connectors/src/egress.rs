//! The one way out: every outbound socket of Segue is opened here.
//!
//! A name is resolved once, every address is classified, and only checked addresses are connected to; the same again at
//! each redirect. No proxy variables, no cookies kept, no credentials carried to another origin. What is asked of the
//! other side, and what its answer means, is the business of the connectors.

mod error;
mod exchange;
mod policy;
mod redirect;
mod resolver;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::{Host, Url};

pub use error::{EgressError, Trouble};
pub use policy::{Cidr, CidrError, Policy, Rule};
pub use resolver::{Resolver, SystemResolver};

use resolver::{CheckedResolver, LookupError};

/// How long one connection may take to come up: name, TCP and TLS together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most of a reply's body that is read, after decompression.
pub const REPLY_BYTES_MAX: usize = 25 << 20;
/// The most that a reply's headers may weigh together.
pub const REPLY_HEADER_BYTES_MAX: usize = 64 << 10;
pub const REPLY_HEADERS_MAX: usize = 200;
/// Redirects followed within one call.
pub const REDIRECTS_MAX: usize = 10;
pub const URL_BYTES_MAX: usize = 16 << 10;

/// The name under which Segue introduces itself.
pub const USER_AGENT: &str = concat!("segue/", env!("CARGO_PKG_VERSION"));

/// Opens connections within a [`Policy`].
pub struct Egress {
    resolver: CheckedResolver,
    /// Made at first use, because reading the system's certificates takes longer than starting the server may.
    client: OnceLock<Result<reqwest::Client, String>>,
    /// Certificate authorities in DER beyond those of the system.
    authorities: Vec<Vec<u8>>,
}

/// One HTTP exchange to perform.
///
/// A header value marked [`http::HeaderValue::set_sensitive`] is not carried to another origin.
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body holds a secret: it is never sent again to another origin.
    pub is_body_sensitive: bool,
    pub redirects: Redirects,
    /// For the whole exchange, redirects and reading of the body included.
    pub timeout: Duration,
    pub reply_bytes_max: usize,
}

impl Request {
    #[must_use]
    pub fn new(method: Method, url: Url, timeout: Duration) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_body_sensitive: false,
            redirects: Redirects::Return,
            timeout,
            reply_bytes_max: REPLY_BYTES_MAX,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// A redirect is an answer like any other.
    #[default]
    Return,
    Follow,
    /// Follows as long as the host is one of these.
    FollowWithin(Vec<String>),
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Where the reply came from, after redirects.
    pub url: Url,
}

impl Egress {
    #[must_use]
    pub fn new(policy: Policy, resolver: Arc<dyn Resolver>) -> Self {
        let resolver = CheckedResolver {
            policy: Arc::new(policy),
            resolver,
            simulated: None,
        };
        Self {
            resolver,
            client: OnceLock::new(),
            authorities: Vec::new(),
        }
    }

    /// An internet that exists only on this machine, for the conformance kit: each of `hosts` is answered by a loopback
    /// server that speaks plain HTTP, even when the URL says `https`.
    ///
    /// It is of no use for anything else: no other name resolves, and a target off this machine is refused with an error,
    /// so no plaintext can leave. Addresses written as such are judged by `policy` as ever.
    pub fn for_simulation(
        policy: Policy,
        hosts: HashMap<String, SocketAddr>,
    ) -> Result<Self, EgressError> {
        if let Some((host, _)) = hosts
            .iter()
            .find(|(_, address)| !address.ip().is_loopback())
        {
            let host = host.clone();
            return Err(Trouble::Unreachable {
                host,
                cause: "a simulated host must be on loopback".into(),
            }
            .unsent());
        }
        let hosts = hosts
            .into_iter()
            .map(|(host, address)| (host.to_ascii_lowercase(), address))
            .collect();
        let mut egress = Self::new(policy, Arc::new(NoResolver));
        egress.resolver.simulated = Some(Arc::new(hosts));
        Ok(egress)
    }

    /// Trusts these certificate authorities (DER) beside those of the system.
    #[must_use]
    pub fn trusting(mut self, authorities: Vec<Vec<u8>>) -> Self {
        self.authorities = authorities;
        self
    }

    pub(crate) fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }

    /// Performs the exchange; whatever status the other side answers with is a reply.
    pub async fn send(&self, request: Request) -> Result<Reply, EgressError> {
        let (host, after) = (
            request.url.host_str().unwrap_or_default().to_owned(),
            request.timeout,
        );
        let progress = exchange::Progress::default();
        let exchange = self.exchange(request, &progress);
        match tokio::time::timeout(after, exchange).await {
            Ok(result) => result,
            Err(_) => Err(EgressError {
                trouble: Trouble::TimedOut { host, after },
                was_sent: progress.was_sent(),
            }),
        }
    }

    /// Opens a TCP connection to a checked address of `host`.
    pub async fn connect(
        &self,
        host: &str,
        port: u16,
    ) -> Result<tokio::net::TcpStream, EgressError> {
        let connecting = async {
            let mut last = None;
            for address in self.addresses(host, port).await? {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that opens a connection, to an address that was judged"
                )]
                let stream = tokio::net::TcpStream::connect(address).await;
                match stream {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = Some(error),
                }
            }
            let cause = last.map_or_else(|| "no address".to_owned(), |error| error.to_string());
            Err(Trouble::Unreachable {
                host: host.to_owned(),
                cause,
            }
            .unsent())
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Unreachable {
                host: host.to_owned(),
                cause: "connecting timed out".into(),
            }
            .unsent()),
        }
    }

    /// The checked addresses of `host`, at least one, for a library that insists on dialling itself.
    pub(crate) async fn addresses(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        if host.chars().any(|c| c.is_control() || c.is_whitespace()) || host.is_empty() {
            return Err(Trouble::InvalidUrl {
                url: host.escape_debug().to_string(),
                reason: "not a host name",
            }
            .unsent());
        }
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            let denied = |denied: resolver::Denied| {
                Trouble::Denied {
                    host: denied.host,
                    rule: denied.rule,
                }
                .unsent()
            };
            self.resolver.check_address(host, address).map_err(denied)?;
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = self
            .resolver
            .addresses(host)
            .await
            .map_err(|error| match error {
                LookupError::Denied(denied) => Trouble::Denied {
                    host: denied.host,
                    rule: denied.rule,
                }
                .unsent(),
                LookupError::Failed { host, cause } => {
                    Trouble::Unreachable { host, cause }.unsent()
                }
            })?;
        Ok(found
            .into_iter()
            .map(|a| {
                if a.port() == 0 {
                    SocketAddr::new(a.ip(), port)
                } else {
                    a
                }
            })
            .collect())
    }

    fn client(&self) -> Result<&reqwest::Client, EgressError> {
        let client = self.client.get_or_init(|| {
            self.build_client()
                .map_err(|error| error::innermost(&error))
        });
        client.as_ref().map_err(|cause| {
            Trouble::NoClient {
                cause: cause.clone(),
            }
            .unsent()
        })
    }

    fn build_client(&self) -> Result<reqwest::Client, reqwest::Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one HTTP client, which resolves and judges through us"
        )]
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(self.resolver.clone()))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(64)
            .tcp_nodelay(true)
            .http1_max_headers(REPLY_HEADERS_MAX)
            .http2_max_header_list_size(REPLY_HEADER_BYTES_MAX as u32);
        if !self.authorities.is_empty() {
            let parsed: Result<Vec<_>, _> = self
                .authorities
                .iter()
                .map(|der| reqwest::Certificate::from_der(der))
                .collect();
            builder = builder.tls_certs_merge(parsed?);
        }
        builder.build()
    }
}

/// Reads the address of a call: `http` or `https`, a host, no user name, nothing that two parsers could read differently.
pub fn parse_url(text: &str) -> Result<Url, EgressError> {
    let refuse = |reason| {
        Err(Trouble::InvalidUrl {
            url: shown(text),
            reason,
        }
        .unsent())
    };
    if text.len() > URL_BYTES_MAX {
        return refuse("longer than 16 KiB");
    }
    if text.chars().any(|c| c.is_control() || c == '\\') || text.trim() != text {
        return refuse("it holds a control character, a backslash, or blanks around it");
    }
    let Ok(url) = Url::parse(text) else {
        return refuse("expected something like `https://example.com/path`");
    };
    match check_url(&url) {
        Ok(()) => Ok(url),
        Err(reason) => refuse(reason),
    }
}

fn check_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only `http` and `https` are spoken");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user name and password belong into `authentication`");
    }
    match url.host() {
        None => Err("it names no host"),
        Some(Host::Domain("" | ".")) => Err("it names no host"),
        Some(_) => Ok(()),
    }
}

/// As much of a refused address as an error may repeat: what follows the host may hold a secret.
fn shown(text: &str) -> String {
    let end = text.find("://").map_or(0, |at| at + 3);
    let end = text[end..]
        .find(['/', '?', '#'])
        .map_or(text.len(), |at| end + at);
    let head: String = text[..end]
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .chars()
        .take(120)
        .collect();
    head.escape_debug().to_string()
}

struct NoResolver;

#[async_trait::async_trait]
impl Resolver for NoResolver {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<SocketAddr>> {
        Err(std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "the simulation has no such host",
        ))
    }
}

#[cfg(test)]
mod tests;
