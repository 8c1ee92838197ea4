//! Where a browser goes on to.

use serde::{Deserialize, Serialize};

/// A path of the pages, with its query: never another host, whatever a browser makes of backslashes and slashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalPath(String);

/// Where the pages are.
const ROOT: &str = "/cruscotto";
const MAX_BYTES: usize = 2000;

impl LocalPath {
    /// The first page.
    #[must_use]
    pub fn home() -> Self {
        Self(ROOT.to_owned())
    }

    /// One that a URL or a form names; the first page where it names none of these.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let rest = text.strip_prefix(ROOT).filter(|_| text.len() <= MAX_BYTES);
        let inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#';
        let lower = text.to_ascii_lowercase();
        let path = lower.split('?').next().unwrap_or_default();
        let climbs = text.contains("//") || path.contains("/.") || path.contains("%2e");
        if inside && !climbs && text.bytes().all(plain) {
            Self(text.to_owned())
        } else {
            Self::home()
        }
    }

    /// The path and its query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_elsewhere_is_the_first_page() {
        for good in [
            "/cruscotto",
            "/cruscotto?normativa=DL109-2018-ART44&dal=2023-01-01",
            "/cruscotto/dettaglio/DL109-2018-ART44?pagina=2",
        ] {
            assert_eq!(LocalPath::parse(good).as_str(), good);
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "/cruscotto//evil.example",
            "/cruscottoevil",
            "/cruscotto.evil.example",
            "/\\evil.example",
            "/cruscotto/\\evil.example",
            "/cruscotto/../v1/accesso",
            "/cruscotto/%2E%2e/v1/accesso",
            "https://evil.example/cruscotto",
            "javascript:alert(1)",
            "/cruscotto\r\nset-cookie: a=b",
            "/cruscotto?è",
            &format!("/cruscotto?{}", "a".repeat(2000)),
        ] {
            assert_eq!(LocalPath::parse(bad), LocalPath::home(), "{bad}");
        }
    }
}
