//! Where a proof is for: `htu`, against where this service is reached.
//!
//! ```text
//! public URL   https://omnia.inps.example/grpc
//! call         DecreeService/ListDecrees
//! htu          https://omnia.inps.example/grpc/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees
//!              HTTPS://OMNIA.inps.example:443/grpc/./inps.omnia.monitoraggio.v1.DecreeService/%4CistDecrees   the same
//! ```
//!
//! Compared after the normalisation by syntax and scheme of RFC 3986, 6.2.2 and 6.2.3, without query and fragment
//! (RFC 9449, 4.3).

use reqwest::Url;

use crate::contract::http_call::CallTarget;

/// Where callers reach this service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    url: Url,
    /// Without a slash at its end.
    path: String,
}

impl PublicUrl {
    /// Reads `https://host[:port][/path]`; http for a service without TLS.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "is not a URL like https://host:port/path")?;
        if !is_http(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err("must be like https://host:port/path, without user, query and fragment");
        }
        let path = normal_path(url.path()).trim_end_matches('/').to_owned();
        Ok(Self { url, path })
    }

    /// Whether `htu` is this call here.
    pub(super) fn is_htu(&self, htu: &Htu, call: CallTarget<'_>) -> bool {
        self.url.scheme() == htu.url.scheme()
            && self.url.host_str() == htu.url.host_str()
            && self.url.port_or_known_default() == htu.url.port_or_known_default()
            && htu
                .path
                .strip_prefix(&self.path)
                .and_then(|path| path.strip_prefix('/'))
                == Some(normal_path(&call.path()).as_str())
    }

    /// The `htu` of this call here.
    pub(super) fn htu(&self, call: CallTarget<'_>) -> String {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{}", self.path, call.path()));
        url.into()
    }
}

/// The `htu` of a proof.
pub(super) struct Htu {
    url: Url,
    path: String,
}

impl Htu {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(is_http)?;
        let path = normal_path(url.path());
        Some(Self { url, path })
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
}

/// Decodes what needs no encoding, and writes the rest in capitals. The URL's parser has done case, port and dots.
fn normal_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        let byte = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(char::from(byte));
                rest = &after[2..];
            }
            Some(_) => {
                normal.push('%');
                normal.push_str(&after[..2].to_ascii_uppercase());
                rest = &after[2..];
            }
            // A stray percent sign stays what it is.
            None => {
                normal.push('%');
                rest = after;
            }
        }
    }
    normal.push_str(rest);
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    const RPC: CallTarget<'_> = CallTarget::Grpc("DecreeService/ListDecrees");

    #[test]
    fn the_same_place_is_the_same_however_it_is_spelt() {
        let base = PublicUrl::parse("https://omnia.inps.example/grpc/").unwrap();
        let path = "inps.omnia.monitoraggio.v1.DecreeService";
        assert_eq!(
            base.htu(RPC),
            format!("https://omnia.inps.example/grpc/{path}/ListDecrees")
        );
        for same in [
            base.htu(RPC),
            format!("https://omnia.inps.example:443/grpc/{path}/ListDecrees"),
            format!("HTTPS://OMNIA.INPS.EXAMPLE/grpc/{path}/ListDecrees?a=b#c"),
            format!("https://omnia.inps.example/x/../grpc/./{path}/ListDecrees"),
            format!("https://omnia.inps.example/%67rpc/{path}/%4cist%44ecrees"),
        ] {
            assert!(base.is_htu(&Htu::parse(&same).unwrap(), RPC), "{same}");
        }
        for other in [
            format!("http://omnia.inps.example/grpc/{path}/ListDecrees"),
            format!("https://omnia.inps.example:8443/grpc/{path}/ListDecrees"),
            format!("https://omnia.inps.example.evil.example/grpc/{path}/ListDecrees"),
            format!("https://omnia.inps.example/{path}/ListDecrees"),
            format!("https://omnia.inps.example/grpcc/{path}/ListDecrees"),
            format!("https://omnia.inps.example/grpc/{path}/CountDecrees"),
            format!("https://omnia.inps.example/grpc/{path}/listdecrees"),
            format!("https://omnia.inps.example/grpc/{path}/ListDecrees/"),
            format!("https://omnia.inps.example/grpc/{path}%2FListDecrees"),
            format!("https://omnia.inps.example/GRPC/{path}/ListDecrees"),
            "https://omnia.inps.example/grpc".to_owned(),
        ] {
            assert!(!base.is_htu(&Htu::parse(&other).unwrap(), RPC), "{other}");
        }
        for none in [
            "",
            "omnia",
            "/grpc",
            "ftp://omnia.inps.example/",
            "https://a@omnia.inps.example/",
        ] {
            assert!(Htu::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_resource_is_a_place_too() {
        let base = PublicUrl::parse("https://omnia.inps.example").unwrap();
        let call = crate::contract::http_call::HttpCall {
            method: http::Method::GET,
            path: "/v1/normative/%41-1%2f/decreti".into(),
        };
        let call = CallTarget::Http(&call);
        for (htu, is) in [
            (
                "https://omnia.inps.example/v1/normative/A-1%2F/decreti",
                true,
            ),
            (
                "https://omnia.inps.example/v1/normative/A-1%2F/decreti?x=1",
                true,
            ),
            (
                "https://omnia.inps.example/v1/normative/A-1//decreti",
                false,
            ),
            (
                "https://omnia.inps.example/v1/normative/A-1%2F/decreti/file",
                false,
            ),
        ] {
            assert_eq!(base.is_htu(&Htu::parse(htu).unwrap(), call), is, "{htu}");
        }
    }

    #[test]
    fn percent_signs() {
        for (path, normal) in [
            ("/a%7eb%2f", "/a~b%2F"),
            ("/%", "/%"),
            ("/%zz%4", "/%zz%4"),
            ("/%é", "/%é"),
            ("/%+1", "/%+1"),
        ] {
            assert_eq!(normal_path(path), normal);
        }
    }

    #[test]
    fn a_public_url_is_a_place() {
        for bad in [
            "omnia.example",
            "ftp://a/",
            "https://a/?q",
            "https://a/#f",
            "https://u:p@a/",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
