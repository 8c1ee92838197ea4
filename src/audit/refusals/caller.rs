//! Whose the refused calls are that share an allowance.

use std::{fmt, net::IpAddr};

use ipnet::{IpNet, Ipv6Net};

use super::refused_call::RefusedCall;

/// The smallest network that one IPv6 customer gets, and so one caller.
const IPV6_PREFIX: u8 = 64;

/// One caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    /// A subject, from any address.
    Subject {
        issuer: Option<String>,
        name: String,
    },
    /// All that call from an address without a good token. `None`: the address is not known.
    Address(Option<Network>),
}

/// An IPv4 address, or the /64 of an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Network(IpNet);

impl Caller {
    pub(super) fn of(refusal: &RefusedCall) -> Self {
        match &refusal.subject {
            Some(subject) => Self::Subject {
                issuer: subject.issuer.clone(),
                name: subject.name.clone(),
            },
            None => Self::Address(refusal.address.map(Network::of)),
        }
    }
}

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        // 64 is a length of an IPv6 prefix, so that the address alone never stands for its network.
        Self(match address {
            IpAddr::V6(v6) => {
                Ipv6Net::new(v6, IPV6_PREFIX).map_or(IpNet::from(address), |net| net.trunc().into())
            }
            IpAddr::V4(_) => address.into(),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.addr() {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(_) => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_caller_is_its_64_and_an_ipv4_one_its_address() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
        assert_eq!(network("192.0.2.1").to_string(), "192.0.2.1");
    }
}
