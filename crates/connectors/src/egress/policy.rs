//! Which addresses may be spoken to: every address is classified by what it is, never by how it was written.
//!
//! Source: IANA special-purpose address registries for IPv4 and IPv6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What the server's own settings allow beyond the public internet.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Ranges that may be spoken to although a rule denies them. A cloud metadata address needs its own `/32` or `/128`.
    pub allow: Vec<Cidr>,
    /// The development profile: programs on this machine may be spoken to.
    pub allow_loopback: bool,
}

impl Policy {
    /// The rule that keeps us from speaking to `address`; none means go ahead.
    #[must_use]
    pub fn denies(&self, address: IpAddr) -> Option<Rule> {
        let inner = embedded(address);
        let rule = classify(inner)?;
        if rule == Rule::Loopback && self.allow_loopback {
            return None;
        }
        let is_allowed = self.allow.iter().any(|range| {
            (range.contains(address) || range.contains(inner))
                && (rule != Rule::Metadata || range.is_one_address())
        });
        (!is_allowed).then_some(rule)
    }

    /// Names under which clouds serve machine credentials; refused before they are looked up.
    #[must_use]
    pub fn denies_name(&self, host: &str) -> Option<Rule> {
        const METADATA: [&str; 5] = [
            "metadata.google.internal",
            "metadata.goog",
            "metadata",
            "instance-data",
            "instance-data.ec2.internal",
        ];
        let host = host.trim_end_matches('.');
        METADATA
            .iter()
            .any(|name| host.eq_ignore_ascii_case(name))
            .then_some(Rule::Metadata)
    }
}

/// Why an address is not the public internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Loopback,
    Private,
    Shared,
    LinkLocal,
    Metadata,
    Multicast,
    Broadcast,
    Unspecified,
    Documentation,
    Benchmarking,
    Reserved,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "loopback address",
            Self::Private => "private network",
            Self::Shared => "carrier-grade NAT network",
            Self::LinkLocal => "link-local address",
            Self::Metadata => "cloud metadata address",
            Self::Multicast => "multicast address",
            Self::Broadcast => "broadcast address",
            Self::Unspecified => "unspecified address",
            Self::Documentation => "documentation address",
            Self::Benchmarking => "benchmarking network",
            Self::Reserved => "reserved address",
        })
    }
}

/// A range of addresses, such as `10.1.0.0/16`; an address alone is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }

    fn is_one_address(&self) -> bool {
        self.prefix == if self.network.is_ipv4() { 32 } else { 128 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address range; expected something like `10.1.0.0/16` or `fd00::/8`")]
pub struct CidrError {
    text: String,
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let wrong = || CidrError {
            text: text.to_owned(),
        };
        let (network, prefix) = text
            .split_once('/')
            .map_or((text, None), |(network, prefix)| (network, Some(prefix)));
        let network: IpAddr = network.parse().map_err(|_| wrong())?;
        let prefix_max = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(prefix_max), |text| {
            text.parse::<u8>().map_err(|_| wrong())
        })?;
        if prefix > prefix_max {
            Err(wrong())
        } else {
            Ok(Self { network, prefix })
        }
    }
}

/// The IPv4 address that an IPv6 address only carries to its goal, when there is one.
///
/// A translator on the way would deliver to the inner address, so the inner one is what counts. Of Teredo's two inner
/// addresses (relay server, client) the one that a rule denies counts.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let s = v6.segments();
    let tail = Ipv4Addr::from_bits((u32::from(s[6]) << 16) | u32::from(s[7]));
    let inner = match s {
        // ::1 and :: are addresses of their own, the rest of ::/96 is the old "IPv4-compatible" form.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => return address,
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] => tail,
        [0, 0, 0, 0, 0xffff, 0, _, _] => tail,
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => tail,
        [0x2002, high, low, ..] => Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)),
        [0x2001, 0, high, low, ..] => {
            let server = Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
            let client = Ipv4Addr::from_bits(!tail.to_bits());
            if classify_v4(server).is_some() {
                server
            } else {
                client
            }
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => tail,
        _ => return address,
    };
    IpAddr::V4(inner)
}

fn classify(address: IpAddr) -> Option<Rule> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<Rule> {
    Some(match address.octets() {
        // AWS, GCP, Azure, OpenStack; ECS tasks; EKS pods; Azure's wire server; Oracle; Alibaba.
        [169, 254, 169, 254]
        | [169, 254, 170, 2 | 23]
        | [168, 63, 129, 16]
        | [192, 0, 0, 192]
        | [100, 100, 100, 200] => Rule::Metadata,
        [0, ..] => Rule::Unspecified,
        [127, ..] => Rule::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Rule::Private,
        [100, 64..=127, ..] => Rule::Shared,
        [169, 254, ..] => Rule::LinkLocal,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Rule::Documentation,
        [198, 18 | 19, ..] => Rule::Benchmarking,
        [192, 0, 0, _] | [192, 88, 99, _] => Rule::Reserved,
        [255, 255, 255, 255] => Rule::Broadcast,
        [224..=239, ..] => Rule::Multicast,
        [240..=255, ..] => Rule::Reserved,
        _ => return None,
    })
}

fn classify_v6(address: Ipv6Addr) -> Option<Rule> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Rule::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Rule::Loopback,
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Rule::Metadata,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Rule::Private,
        [0xfe80..=0xfebf, ..] => Rule::LinkLocal,
        [0xff00..=0xffff, ..] => Rule::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Rule::Documentation,
        [0x2001, 2, 0, ..] => Rule::Benchmarking,
        [0x2001, 0..=0x1ff, ..] => Rule::Reserved,
        // Global unicast is 2000::/3; what is outside it has no business on the internet.
        [0x2000..=0x3fff, ..] => return None,
        _ => Rule::Reserved,
    })
}

#[cfg(test)]
mod tests;
