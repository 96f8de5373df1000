//! Names to addresses: looked up once, classified, and only what passed is handed to the connection.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::{Policy, Rule};

/// More addresses than this of one name are not tried.
const ADDRESSES_MAX: usize = 16;

/// Looks names up.
#[async_trait::async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of `host`. Port 0 stands for the port that the caller asked for.
    async fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The operating system's resolver.
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.collect())
    }
}

/// An address that a rule keeps us from; carried through the HTTP client as a source of its error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{host}` is refused: {rule}")]
pub(super) struct Denied {
    pub host: String,
    pub rule: Rule,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("`{host}` cannot be looked up: {cause}")]
    Failed { host: String, cause: String },
}

/// The resolver with the policy in front of it; the only way from a name to an address.
#[derive(Clone)]
pub(super) struct CheckedResolver {
    pub policy: Arc<Policy>,
    pub resolver: Arc<dyn Resolver>,
    /// Hosts of a simulation, in lower case; see [`super::Egress::for_simulation`].
    pub simulated: Option<Arc<HashMap<String, SocketAddr>>>,
}

impl CheckedResolver {
    pub fn is_simulated(&self, host: &str) -> bool {
        self.simulated_address(host).is_some()
    }

    fn simulated_address(&self, host: &str) -> Option<SocketAddr> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.simulated.as_ref()?.get(&host).copied()
    }

    /// A host that is an address already never reaches a resolver, so it is checked here.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Denied> {
        match self.policy.denies(address) {
            Some(rule) => Err(deny(host, rule)),
            None => Ok(()),
        }
    }

    /// Every address of `host` that no rule denies; at least one.
    pub async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, LookupError> {
        if let Some(address) = self.simulated_address(host) {
            return Ok(vec![address]);
        }
        if let Some(rule) = self.policy.denies_name(host) {
            return Err(deny(host, rule).into());
        }
        let failed = |cause: String| LookupError::Failed {
            host: host.to_owned(),
            cause,
        };
        let found = if is_localhost(host) {
            LOCALHOST.to_vec()
        } else {
            let found = self.resolver.resolve(host).await;
            found.map_err(|error| failed(error.to_string()))?
        };
        let mut rule = None;
        let allowed: Vec<_> = found
            .into_iter()
            .take(ADDRESSES_MAX)
            .filter(|address| match self.policy.denies(address.ip()) {
                None => true,
                Some(found) => {
                    rule = Some(found);
                    false
                }
            })
            .collect();
        match (allowed.is_empty(), rule) {
            (false, _) => Ok(allowed),
            (true, Some(rule)) => Err(deny(host, rule).into()),
            (true, None) => Err(failed("the name has no address".to_owned())),
        }
    }
}

/// This machine by name, which no name server is asked about. Source: RFC 6761, section 6.3.
fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

const LOCALHOST: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

fn deny(host: &str, rule: Rule) -> Denied {
    tracing::warn!(host, %rule, "egress denied");
    Denied {
        host: host.to_owned(),
        rule,
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            match resolver.addresses(name.as_str()).await {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                // The bare `Denied`, so that it is found again in the chain of sources.
                Err(LookupError::Denied(denied)) => Err(Box::new(denied) as _),
                Err(error) => Err(Box::new(error) as _),
            }
        })
    }
}
