//! Where a page is from, as its browser says.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderValue, header::ORIGIN};
use reqwest::Url;

/// The origins whose pages may call. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Origins(Arc<[HeaderValue]>);

/// A setting that is no origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginError(String);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OriginError {}

impl Origins {
    /// Each as a browser writes it, so that one comparison of bytes decides: `https://host[:port]`.
    ///
    /// # Errors
    /// The first that is none, and how it is to be written where that can be told.
    pub fn parse(texts: &[String]) -> Result<Self, OriginError> {
        let origins: Result<_, _> = texts.iter().map(|text| origin(text)).collect();
        origins.map(Self)
    }

    /// Whether no page may call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The origin of the page that sends these headers, if it is one of these.
    #[must_use]
    pub fn listed(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let mut sent = headers.get_all(ORIGIN).iter();
        match (sent.next(), sent.next()) {
            (Some(sent), None) => self.0.iter().find(|origin| *origin == sent),
            _ => None,
        }
    }

    /// Whether gRPC-Web is for whoever sends these headers: a page of one of these origins, or a program, which names none.
    #[must_use]
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        !self.is_empty() && (!headers.contains_key(ORIGIN) || self.listed(headers).is_some())
    }
}

fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let wrong = |why: &str| OriginError(format!("web.origins: {text:?} {why}"));
    let form = "is no origin like https://host or https://host:port";
    let url = Url::parse(text).map_err(|_| wrong(form))?;
    // A name may have a `*`, as far as URLs go.
    if !matches!(url.scheme(), "http" | "https") || text.contains('*') {
        return Err(wrong(form));
    }
    let written = url.origin().ascii_serialization();
    if written != text {
        return Err(wrong(&format!("is not as browsers write it: {written}")));
    }
    HeaderValue::try_from(written).map_err(|_| wrong(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Origins, OriginError> {
        Origins::parse(&[text.to_owned()])
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for good in [
            "https://cruscotto.inps.example",
            "https://cruscotto.inps.example:8443",
            "http://localhost:5173",
            "http://127.0.0.1:8080",
            "https://[2001:db8::1]",
            "https://xn--citt-3na.example",
        ] {
            assert!(parsed(good).is_ok(), "{good}");
        }
        for (bad, instead) in [
            ("https://a.example/", Some("https://a.example")),
            ("https://a.example/pagina", Some("https://a.example")),
            ("https://a.example?b", Some("https://a.example")),
            ("https://a.example#b", Some("https://a.example")),
            ("https://a.example:443", Some("https://a.example")),
            ("http://a.example:80", Some("http://a.example")),
            ("https://A.example", Some("https://a.example")),
            ("HTTPS://a.example", Some("https://a.example")),
            ("https://u:p@a.example", Some("https://a.example")),
            (" https://a.example", Some("https://a.example")),
            (
                "https://citt\u{e0}.example",
                Some("https://xn--citt-3na.example"),
            ),
            ("https://*.a.example", None),
            ("https://*", None),
            ("*", None),
            ("null", None),
            ("", None),
            ("a.example", None),
            ("//a.example", None),
            ("file:///tmp/page.html", None),
            ("wss://a.example", None),
            ("https://", None),
        ] {
            let error = parsed(bad).unwrap_err().to_string();
            assert!(error.contains("web.origins"), "{error}");
            match instead {
                Some(instead) => assert!(error.ends_with(&format!(": {instead}")), "{error}"),
                None => assert!(error.ends_with("https://host:port"), "{error}"),
            }
        }
    }

    #[test]
    fn one_that_is_listed_and_only_one() {
        let two = ["https://a.example", "https://b.example:8443"].map(str::to_owned);
        let (origins, none) = (Origins::parse(&two).unwrap(), Origins::parse(&[]).unwrap());
        let headers = |sent: &[&'static str]| {
            let sent = sent
                .iter()
                .map(|sent| (ORIGIN, HeaderValue::from_static(sent)));
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(name, value);
            }
            headers
        };
        for origin in ["https://a.example", "https://b.example:8443"] {
            assert_eq!(origins.listed(&headers(&[origin])).unwrap(), origin);
            assert!(origins.admits(&headers(&[origin])));
            assert!(!none.admits(&headers(&[origin])));
        }
        for other in [
            &["https://a.example:8443"][..],
            &["http://a.example"],
            &["https://a.example.evil.example"],
            &["null"],
            &[""],
            &["https://a.example", "https://a.example"],
        ] {
            assert_eq!(origins.listed(&headers(other)), None, "{other:?}");
            assert!(!origins.admits(&headers(other)), "{other:?}");
        }
        assert_eq!(origins.listed(&headers(&[])), None);
        assert!(origins.admits(&headers(&[])));
        assert!(!none.admits(&headers(&[])));
    }
}
