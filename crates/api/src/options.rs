//! What the face is told about its surroundings and limits.

use std::net::IpAddr;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct ApiOptions {
    /// One body; a webhook source may ask for less, not for more.
    pub body_bytes_max: usize,
    /// All bodies under way, from the socket to the commit.
    pub body_bytes_under_way_max: usize,
    /// All requests under way; probes are not counted.
    pub requests_max: usize,
    /// Time for a body to arrive.
    pub body_timeout: Duration,
    /// Live views open at once.
    pub live_streams_max: usize,
    /// How long a request may wait for the end of a run.
    pub wait_max: Duration,
    /// Names by which browsers may reach this server, beside `localhost` and addresses written as numbers.
    pub hosts: Vec<String>,
    /// Browsers reach us by HTTPS (something in front ends TLS): session cookies are then `__Host-` and `Secure`.
    pub is_https: bool,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            body_bytes_max: 5 << 20,
            body_bytes_under_way_max: 64 << 20,
            requests_max: 4_096,
            body_timeout: Duration::from_secs(30),
            live_streams_max: 256,
            wait_max: Duration::from_secs(60),
            hosts: Vec::new(),
            is_https: false,
        }
    }
}

impl ApiOptions {
    /// True for the names of this server. A number cannot be a foreign name that was made to resolve to us.
    pub(crate) fn is_own_host(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}
