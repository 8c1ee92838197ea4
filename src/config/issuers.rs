//! Whose tokens are good, and where their keys come from.
//!
//! ```toml
//! [[access.issuers]]
//! kind = "pdnd"
//! issuer = "interop.pagopa.it"
//! audience = "https://omnia.inps.example/api/v1"
//! jwks = "https://interop.pagopa.it/.well-known/jwks.json"
//! enti = ["MLPS", "MEF"]
//!
//! [[access.issuers]]
//! kind = "oidc"
//! issuer = "https://idp.ministero.example/realms/uffici"
//! audience = "omnia"
//! jwks = "/etc/omnia/idp.json"
//! enti = ["INPS"]
//! subject_claim = "client_id"
//! nbf_required = false
//!
//! [access.evidence]
//! jwks = "https://interop.pagopa.it/keys.json"
//! default = "01"
//! per_ente = { MLPS = "02", INPS = "nessuna" }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::list;
use crate::abilitazione::authn::{
    EvidenceRequirement, IssuerKind, KeyLocation, SignatureAlgorithm,
};

/// One of `[[access.issuers]]`: an array of tables, hence in the file only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// What its tokens are like.
    pub kind: IssuerKind,
    /// Their `iss`.
    pub issuer: String,
    /// The `aud` that names this service; several joined by commas, or an array.
    #[serde(deserialize_with = "list::deserialize")]
    pub audience: Vec<String>,
    /// The keys that sign them.
    pub jwks: KeyLocation,
    /// The enti whose subjects it names: required where there is another issuer; without it, all. Issuers that share an ente
    /// share its names.
    #[serde(default, deserialize_with = "list::deserialize")]
    pub enti: Vec<String>,
    /// The claim that is the subject. Without it: `client_id` of PDND, `sub` of the others.
    #[serde(default)]
    pub subject_claim: Option<String>,
    /// Which algorithms it signs with. Without them: RS256 for PDND, RS256 and ES256 for the others.
    #[serde(default)]
    pub algorithms: Option<Vec<SignatureAlgorithm>>,
    /// Whether a token without `nbf` is refused. Without it: yes for PDND, no for the others.
    #[serde(default)]
    pub nbf_required: Option<bool>,
}

/// `[access.keys]`: how keys are kept fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeySettings {
    /// How old keys from a URL may grow before they are fetched again; that happens a fifth of it ahead.
    pub cache_seconds: u32,
    /// The shortest time between two fetches, however many unknown kids come.
    pub min_refetch_seconds: u32,
    /// How long known keys of a URL are believed while it does not answer.
    pub stale_seconds: u32,
    /// How long known keys of a file are believed while what is there cannot be read or is no JWK set.
    pub file_stale_seconds: u32,
}

/// `[access.evidence]`: the tracking evidence, `agid-jwt-trackingevidence`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceSettings {
    /// The keys of the consumers. Without them every evidence is refused.
    pub jwks: Option<KeyLocation>,
    /// The `aud` that names this service. Without it, those of the issuers.
    #[serde(deserialize_with = "list::deserialize")]
    pub audience: Vec<String>,
    /// What is required of an ente that `per_ente` does not name.
    pub default: EvidenceRequirement,
    /// What is required of each ente.
    pub per_ente: BTreeMap<String, EvidenceRequirement>,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            cache_seconds: 300,
            min_refetch_seconds: 30,
            stale_seconds: 6 * 3600,
            file_stale_seconds: 600,
        }
    }
}

impl KeySettings {
    /// How long after a fetch the next one is due.
    #[must_use]
    pub fn refresh_seconds(self) -> u32 {
        (self.cache_seconds - self.cache_seconds / 5).max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::config::Settings;

    fn read(toml: &str) -> Result<Settings, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(toml.as_bytes()).unwrap();
        Settings::from_sources(Some(file.path()), []).map_err(|e| e.to_string())
    }

    const PDND: &str = r#"
        [[access.issuers]]
        kind = "pdnd"
        issuer = "interop.pagopa.it"
        audience = "https://a.example/v1, https://a.example/v2"
        jwks = "https://interop.pagopa.it/jwks.json"
    "#;

    #[test]
    fn issuers_and_evidence_are_read() {
        let settings = read(&format!(
            "[access]\npublic_urls = [\"https://a.example\"]\n{PDND}
            [access.evidence]\njwks = \"/etc/k.json\"\ndefault = \"01\"\nper_ente = {{ MLPS = \"02\" }}
            [access.keys]\nstale_seconds = 600\nfile_stale_seconds = 60"
        ))
        .unwrap();
        let access = settings.access;
        let issuer = &access.issuers[0];
        assert_eq!(issuer.kind, IssuerKind::Pdnd);
        assert_eq!(issuer.audience.len(), 2);
        assert!(
            matches!(&issuer.jwks, KeyLocation::Url(url) if url.path().ends_with("/jwks.json"))
        );
        assert_eq!(
            access.evidence.jwks,
            Some(KeyLocation::File("/etc/k.json".into()))
        );
        assert_eq!(
            access.evidence.per_ente["MLPS"],
            EvidenceRequirement::AuditRest02
        );
        assert_eq!(access.keys.stale_seconds, 600);
        assert_eq!(access.keys.file_stale_seconds, 60);
        assert_eq!(access.keys.refresh_seconds(), 240);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        for (toml, named) in [
            (format!("{PDND}{PDND}"), "two issuers"),
            (
                format!("{PDND}{}", PDND.replace("interop.pagopa.it", "b")),
                "access.issuers.enti of \"interop.pagopa.it\"",
            ),
            (
                format!(
                    "{PDND}enti = [\"MEF\"]{}",
                    PDND.replace("interop.pagopa.it", "b")
                ),
                "access.issuers.enti of \"b\"",
            ),
            (
                format!("[access]\njwks = \"k.json\"\n{PDND}enti = [\"MEF\"]"),
                "access.enti",
            ),
            (format!("{PDND}enti = [\"MFE\"]"), "MFE"),
            ("[access]\nenti = [\"MFE\"]".to_owned(), "MFE"),
            (
                PDND.replace(
                    "https://interop.pagopa.it/jwks",
                    "http://interop.pagopa.it/jwks",
                ),
                "jwks",
            ),
            (
                PDND.replace(
                    "https://interop.pagopa.it/jwks",
                    "ftp://interop.pagopa.it/jwks",
                ),
                "jwks",
            ),
            (
                PDND.replace(r#""https://a.example/v1, https://a.example/v2""#, r#"" ""#),
                "audience",
            ),
            (PDND.replace("pdnd", "saml"), "saml"),
            (PDND.replace("kind", "kin"), "kin"),
            (format!("{PDND}algorithms = [\"HS256\"]"), "HS256"),
            (format!("{PDND}algorithms = []"), "algorithms"),
            (format!("{PDND}subject_claim = \"sub\""), "subject_claim"),
            (
                "[access]\npublic_urls = [\"omnia.example\"]".to_owned(),
                "public_urls",
            ),
            (
                "[access]\npublic_urls = [\"https://omnia.example/?q\"]".to_owned(),
                "public_urls",
            ),
            (
                "[access.evidence]\nper_ente = { MLSP = \"02\" }".to_owned(),
                "MLSP",
            ),
            (
                "[access.evidence]\ndefault = \"02\"".to_owned(),
                "evidence.jwks",
            ),
            (
                "[access.keys]\nmin_refetch_seconds = 0".to_owned(),
                "min_refetch_seconds",
            ),
            (
                "[access.keys]\nstale_seconds = 5".to_owned(),
                "stale_seconds",
            ),
            (
                "[access.keys]\nfile_stale_seconds = 5".to_owned(),
                "file_stale_seconds",
            ),
        ] {
            let error = read(&toml).expect_err(&toml);
            assert!(error.contains(named), "{toml}: {error}");
        }
        assert!(read(PDND).is_ok());
        let both = format!(
            "[access]\njwks = \"k.json\"\nenti = [\"INPS\"]\n{PDND}enti = [\"MEF\", \"INPS\"]"
        );
        assert_eq!(read(&both).unwrap().access.issuers[0].enti.len(), 2);
        assert!(
            read(&PDND.replace("https://interop.pagopa.it/jwks", "http://127.0.0.1:8/j")).is_ok()
        );
    }
}
