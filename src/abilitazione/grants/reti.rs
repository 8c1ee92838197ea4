//! The networks that the calls of a grant may come from.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;

use crate::{
    error::{Error, Reason, Result},
    valori::ValueDefect,
};

const FORM: ValueDefect = ValueDefect::new(
    "must be a network as CIDR without host bits: 192.0.2.0/24",
    "deve essere una rete in notazione CIDR, senza bit dell'host: 192.0.2.0/24",
);
const MAX: usize = 64;
const MANY: ValueDefect = ValueDefect::new("has more than 64 networks", "contiene più di 64 reti");

/// Networks, IPv4 and IPv6. None: any address is admitted, an unknown one too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reti(BTreeSet<IpNet>);

impl Reti {
    /// Reads networks. An address alone is the network of that address; one with host bits may be a slip of the pen, and is
    /// refused.
    ///
    /// # Errors
    /// One that is no network, or too many of them.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, ValueDefect> {
        if texts.len() > MAX {
            return Err(MANY);
        }
        texts
            .iter()
            .map(|testo| network(testo.as_ref()).ok_or(FORM))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// As Postgres spells a `cidr`.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(IpNet::to_string).collect()
    }

    /// Whether a call may come from an address.
    ///
    /// # Errors
    /// [`Reason::NetworkDenied`]: from that one it may not; or the address is not known, and networks are restricted.
    pub fn admits(&self, indirizzo: Option<IpAddr>) -> Result<()> {
        // An IPv4 address in the form of IPv6 is the same address.
        let inside = |ip: IpAddr| {
            self.0
                .iter()
                .any(|network| network.contains(&ip.to_canonical()))
        };
        if self.0.is_empty() || indirizzo.is_some_and(inside) {
            return Ok(());
        }
        Err(Error::new(
            Reason::NetworkDenied,
            "the grant does not admit calls from this network address",
        ))
    }
}

fn network(testo: &str) -> Option<IpNet> {
    let network: IpNet = testo
        .parse()
        .ok()
        .or_else(|| Some(IpNet::from(testo.parse::<IpAddr>().ok()?)))?;
    // ::ffff:192.0.2.0/120 would look like a restriction and admit no caller: addresses are compared as IPv4.
    let mapped = matches!(network, IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some());
    (network.trunc() == network && !mapped).then_some(network)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_network_is_read_strictly() {
        let reti = Reti::parse(&["2001:db8::/32", "192.0.2.0/24", "198.51.100.7"]).unwrap();
        assert_eq!(
            reti.texts(),
            ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32"]
        );
        assert_eq!(Reti::parse(&reti.texts()), Ok(reti));
        for bad in [
            "",
            "192.0.2.1/24",
            "192.0.2.0/33",
            "192.0.2/24",
            "::ffff:192.0.2.0/120",
            "*",
            "192.0.2.0/24 ",
            "example.org",
        ] {
            assert_eq!(Reti::parse(&[bad]), Err(FORM), "{bad}");
        }
        assert_eq!(Reti::parse(&["10.0.0.0/8"; 65]), Err(MANY));
    }

    #[test]
    fn who_is_let_in() {
        let reti = Reti::parse(&["192.0.2.0/24", "2001:db8::/32"]).unwrap();
        let ask = |reti: &Reti, ip: Option<&str>| {
            let ip = ip.map(|ip| ip.parse().unwrap());
            reti.admits(ip).map_err(|error| error.reason)
        };
        for inside in [
            "192.0.2.0",
            "192.0.2.255",
            "::ffff:192.0.2.9",
            "2001:db8::1",
        ] {
            assert_eq!(ask(&reti, Some(inside)), Ok(()), "{inside}");
        }
        for outside in [
            Some("192.0.3.0"),
            Some("2001:db9::"),
            Some("::192.0.2.9"),
            None,
        ] {
            assert_eq!(ask(&reti, outside), Err(Reason::NetworkDenied));
        }
        for any in [Some("203.0.113.1"), None] {
            assert_eq!(ask(&Reti::default(), any), Ok(()));
        }
    }

    proptest! {
        /// The mask, computed another way.
        #[test]
        fn inside_is_the_same_prefix(net: u32, bits in 0..=32_u32, ip: u32) {
            let shift = 32 - bits;
            let prefix = |x: u32| u64::from(x) >> shift;
            let first = u32::try_from(prefix(net) << shift).unwrap();
            let text = format!("{}/{bits}", std::net::Ipv4Addr::from(first));
            let reti = Reti::parse(&[text]).unwrap();
            for ip in [ip, net, net ^ 1, net ^ (1 << 31)] {
                let found = reti.admits(Some(std::net::Ipv4Addr::from(ip).into())).is_ok();
                prop_assert_eq!(found, prefix(ip) == prefix(net));
            }
        }
    }
}
