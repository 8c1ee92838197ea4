use std::io::Write as _;

use crate::{
    abilitazione::authn::{EvidenceRequirement, IssuerKind, KeyLocation},
    config::Settings,
};

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
    assert!(matches!(&issuer.jwks, KeyLocation::Url(url) if url.path().ends_with("/jwks.json")));
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
    let both =
        format!("[access]\njwks = \"k.json\"\nenti = [\"INPS\"]\n{PDND}enti = [\"MEF\", \"INPS\"]");
    assert_eq!(read(&both).unwrap().access.issuers[0].enti.len(), 2);
    assert!(read(&PDND.replace("https://interop.pagopa.it/jwks", "http://127.0.0.1:8/j")).is_ok());
}
