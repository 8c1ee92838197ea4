use std::{ffi::OsString, io::Write as _};

use crate::{config::Settings, transport::tls::ClientCertificateMode};

fn read(tls: &str) -> Result<Settings, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "[tls]\n{tls}").unwrap();
    Settings::from_sources(Some(file.path()), Vec::<(OsString, OsString)>::new())
        .map_err(|error| error.to_string())
}

#[test]
fn only_what_makes_sense_together_is_taken() {
    let pair = "cert_file = \"c\"\nkey_file = \"k\"\n";
    for good in ["", pair] {
        assert!(read(good).is_ok(), "{good}");
    }
    for word in ["optional", "required"] {
        let text = format!("{pair}client_ca_file = \"a\"\nclient_certificate = \"{word}\"");
        assert_ne!(
            read(&text).unwrap().tls.client_certificate,
            ClientCertificateMode::No
        );
    }
    for (text, named) in [
        ("cert_file = \"c\"".to_owned(), "tls.key_file is not"),
        ("key_file = \"k\"".to_owned(), "tls.cert_file is not"),
        (
            "client_certificate = \"required\"".to_owned(),
            "need tls.cert_file",
        ),
        ("client_ca_file = \"a\"".to_owned(), "need tls.cert_file"),
        (
            format!("{pair}client_certificate = \"required\""),
            "needs tls.client_ca_file",
        ),
        (
            format!("{pair}client_ca_file = \"a\""),
            "optional or required",
        ),
        (
            format!("{pair}client_certificate = \"yes\""),
            "tls.client_certificate",
        ),
        ("handshake_seconds = 0".to_owned(), "tls.handshake_seconds"),
        ("max_handshakes = 0".to_owned(), "tls.max_handshakes"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.contains(named), "{text}: {error}");
    }
}
