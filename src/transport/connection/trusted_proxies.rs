//! The client's address, behind proxies or not.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Which proxies are believed, and the header in which they say for whom they ask.
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    trusted: Vec<IpNet>,
    header: HeaderName,
}

/// A setting that is wrong: which, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxiesError(String);

impl fmt::Display for TrustedProxiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TrustedProxiesError {}

impl Default for TrustedProxies {
    /// No proxy is believed.
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            header: HeaderName::from_static("x-forwarded-for"),
        }
    }
}

impl TrustedProxies {
    /// Proxies as CIDR (`10.0.0.0/24`, or one address), and the name of the header.
    ///
    /// # Errors
    /// What is wrong with a network or with the name.
    pub fn parse(trusted: &[String], header: &str) -> Result<Self, TrustedProxiesError> {
        let trusted = trusted
            .iter()
            .map(|text| net(text))
            .collect::<Result<_, _>>();
        let header: HeaderName = header.parse().map_err(|_| {
            TrustedProxiesError(format!(
                "server.client_address_header {header:?} is no name of a header"
            ))
        })?;
        if header == http::header::FORWARDED {
            // RFC 7239 has a grammar of its own, and half of it would be worse than nothing.
            return Err(TrustedProxiesError(
                "server.client_address_header: `forwarded` (RFC 7239) is not read; let the proxy write a list of \
                 addresses, such as x-forwarded-for"
                    .to_owned(),
            ));
        }
        Ok(Self {
            trusted: trusted?,
            header,
        })
    }

    /// The header in which they say whom a request comes from.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Whether an address is that of a trusted proxy.
    #[must_use]
    pub fn is_trusted(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.trusted.iter().any(|net| net.contains(&ip))
    }

    /// The client behind a TCP peer: the peer itself, or the one that trusted proxies name. `None`: they name none that can be
    /// believed, since the header is missing, an entry that counts is no address, or only proxies are in it.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if !self.is_trusted(peer) {
            return Some(peer);
        }
        // Several lines are one list, in their order (RFC 9110, 5.3).
        let lines: Vec<_> = headers.get_all(&self.header).iter().collect();
        for line in lines.into_iter().rev() {
            for entry in line.as_bytes().rsplit(|byte| *byte == b',') {
                let ip = address(entry)?;
                if !self.is_trusted(ip) {
                    return Some(ip);
                }
            }
        }
        None
    }
}

fn net(text: &str) -> Result<IpNet, TrustedProxiesError> {
    let net: IpNet = text
        .parse()
        .or_else(|_| text.parse().map(|ip: IpAddr| IpNet::from(ip)))
        .map_err(|_| {
            TrustedProxiesError(format!(
                "server.trusted_proxies: {text:?} is neither a network (10.0.0.0/24) nor an address"
            ))
        })?;
    if net.addr() != net.network() {
        return Err(TrustedProxiesError(format!(
            "server.trusted_proxies: {text:?} has bits beyond its prefix; the network is {}",
            net.trunc()
        )));
    }
    // Addresses are compared as IPv4, so such a network would match nothing.
    if net.addr().to_canonical() != net.addr() {
        return Err(TrustedProxiesError(format!(
            "server.trusted_proxies: write {text:?} as an IPv4 network"
        )));
    }
    Ok(net)
}

/// One entry of the list: an address, perhaps with a port, an IPv6 one perhaps in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let ip = match bare {
        Some(v6) => IpAddr::V6(v6.parse().ok()?),
        None => text
            .parse()
            .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()))
            .ok()?,
    };
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn trusted() -> TrustedProxies {
        let trusted = ["10.0.0.0/24".to_owned(), "fd00::/64".to_owned()];
        TrustedProxies::parse(&trusted, "x-forwarded-for").unwrap()
    }

    fn of(peer: &str, lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let ip = trusted().client_address(peer.parse().unwrap(), &headers);
        ip.map(|ip| ip.to_string())
    }

    #[test]
    fn whom_a_trusted_proxy_names() {
        for (peer, lines, expected) in [
            // Not a proxy: its own address, whatever it says.
            ("192.0.2.1", &["198.51.100.9"][..], Some("192.0.2.1")),
            ("10.0.1.7", &["198.51.100.9"], Some("10.0.1.7")),
            ("10.0.0.7", &["198.51.100.9"], Some("198.51.100.9")),
            ("::ffff:10.0.0.7", &["198.51.100.9"], Some("198.51.100.9")),
            (
                "10.0.0.7",
                &["1.2.3.4, 198.51.100.9,10.0.0.8"],
                Some("198.51.100.9"),
            ),
            (
                "10.0.0.7",
                &["1.2.3.4", "198.51.100.9", "10.0.0.8"],
                Some("198.51.100.9"),
            ),
            // Garbage to the left of what decides was the client's to write.
            (
                "10.0.0.7",
                &["garbage,,, 198.51.100.9"],
                Some("198.51.100.9"),
            ),
            ("10.0.0.7", &["198.51.100.9:443"], Some("198.51.100.9")),
            ("fd00::1", &["[2001:db8::1]:443"], Some("2001:db8::1")),
            ("fd00::1", &["[2001:db8::1]"], Some("2001:db8::1")),
            ("fd00::1", &["::ffff:198.51.100.9"], Some("198.51.100.9")),
            // No address that can be believed.
            ("10.0.0.7", &[], None),
            ("10.0.0.7", &[""], None),
            ("10.0.0.7", &["10.0.0.9, 10.0.0.8"], None),
            ("10.0.0.7", &["198.51.100.9, unknown"], None),
            ("10.0.0.7", &["198.51.100.9,"], None),
            ("10.0.0.7", &["198.51.100.9", "_hidden, 10.0.0.8"], None),
            ("10.0.0.7", &["[198.51.100.9]"], None),
            ("10.0.0.7", &["198.51.100.09"], None),
        ] {
            assert_eq!(of(peer, lines).as_deref(), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn bad_settings_are_refused_by_name() {
        let parse = |net: &str, header: &str| TrustedProxies::parse(&[net.to_owned()], header);
        for (net, header, named) in [
            ("10.0.0.0/33", "x-forwarded-for", "10.0.0.0/33"),
            ("10.0.0.1/24", "x-forwarded-for", "10.0.0.0/24"),
            ("proxy.local", "x-forwarded-for", "proxy.local"),
            ("::ffff:10.0.0.0/120", "x-forwarded-for", "IPv4"),
            ("10.0.0.1", "x forwarded for", "client_address_header"),
            ("10.0.0.1", "Forwarded", "RFC 7239"),
        ] {
            let error = parse(net, header).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        let one = parse("10.0.0.1", "X-Real-IP").unwrap();
        assert!(one.is_trusted("10.0.0.1".parse().unwrap()));
        assert!(!one.is_trusted("10.0.0.2".parse().unwrap()));
    }

    fn untrusted() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
            any::<u128>().prop_map(|bits| IpAddr::V6(bits.into()).to_canonical()),
        ]
        .prop_filter("a proxy", |ip| !trusted().is_trusted(*ip))
    }

    /// Whatever bytes a header may hold, commas and addresses of proxies among them.
    fn forged() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let entry = prop_oneof![
            proptest::collection::vec(prop_oneof![32u8..=126, 128u8..=255], 0..40),
            (0u8..=255).prop_map(|n| format!("10.0.0.{n}").into_bytes()),
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into()).to_string().into_bytes()),
        ];
        proptest::collection::vec(entry, 0..6)
    }

    fn headers(lines: &[Vec<u8>]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    proptest! {
        /// A peer that is no proxy has its own address, and no header changes that.
        #[test]
        fn a_stranger_cannot_choose_its_address(peer in untrusted(), lines in forged()) {
            prop_assert_eq!(trusted().client_address(peer, &headers(&lines)), Some(peer));
        }

        /// What the client wrote before the proxy added its entry changes nothing, on the same line or on another.
        #[test]
        fn what_the_client_wrote_does_not_count(
            client in untrusted(),
            hops in proptest::collection::vec(0u8..=255, 0..4),
            lines in forged(),
            same_line: bool,
        ) {
            let mut told = client.to_string();
            for hop in hops {
                told.push_str(&format!(", 10.0.0.{hop}"));
            }
            let mut lines = lines;
            match lines.last_mut() {
                Some(last) if same_line => {
                    last.extend_from_slice(b", ");
                    last.extend_from_slice(told.as_bytes());
                }
                _ => lines.push(told.into_bytes()),
            }
            let proxy = "10.0.0.1".parse().unwrap();
            prop_assert_eq!(trusted().client_address(proxy, &headers(&lines)), Some(client));
        }

        /// Whatever is sent, the answer is no proxy's address.
        #[test]
        fn the_proxy_is_never_the_client(lines in forged()) {
            let proxy = "10.0.0.1".parse().unwrap();
            let found = trusted().client_address(proxy, &headers(&lines));
            prop_assert!(found.is_none_or(|ip| !trusted().is_trusted(ip)));
        }
    }
}
