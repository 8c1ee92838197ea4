//! What files are taken, and what is said of the others.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

use super::{ClientCertificateMode, ServerTls, TlsSettings};
use crate::clock::Clock;

/// A self-signed certificate and its key.
fn pair(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn ca(change: impl FnOnce(&mut CertificateParams)) -> String {
    let ca = pair(|p| {
        p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(p);
    });
    ca.0
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).unwrap();
    fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

fn settings(dir: &Path) -> TlsSettings {
    TlsSettings {
        cert_file: Some(dir.join("cert.pem")),
        key_file: Some(dir.join("key.pem")),
        client_ca_file: Some(dir.join("ca.pem")),
        client_certificate: ClientCertificateMode::Required,
        ..TlsSettings::default()
    }
}

fn clock() -> Clock {
    Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap())
}

/// A directory with good files, the settings that name them.
fn good() -> (tempfile::TempDir, TlsSettings) {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = pair(|_| ());
    write(dir.path(), "cert.pem", &cert);
    write(dir.path(), "key.pem", &key);
    write(dir.path(), "ca.pem", &ca(|_| ()));
    let settings = settings(dir.path());
    (dir, settings)
}

#[test]
fn without_a_certificate_it_is_plain_text() {
    let tls = ServerTls::open(&TlsSettings::default(), clock()).unwrap();
    assert!(tls.is_none());
}

#[test]
fn every_defect_of_the_files_is_told_by_its_setting() {
    type SpoilFiles = fn(&Path);
    let expired: SpoilFiles = |dir| {
        let (cert, key) = pair(|p| p.not_after = date_time_ymd(2026, 11, 23));
        write(dir, "cert.pem", &cert);
        write(dir, "key.pem", &key);
    };
    let early: SpoilFiles = |dir| {
        let (cert, key) = pair(|p| p.not_before = date_time_ymd(2026, 11, 24));
        write(dir, "cert.pem", &cert);
        write(dir, "key.pem", &key);
    };
    let open: SpoilFiles = |dir| {
        fs::set_permissions(dir.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    };
    let defects: [(SpoilFiles, &str, &str); 14] = [
        (
            |d| fs::remove_file(d.join("cert.pem")).unwrap(),
            "tls.cert_file",
            "No such file",
        ),
        (
            |d| fs::remove_file(d.join("key.pem")).unwrap(),
            "tls.key_file",
            "No such file",
        ),
        (
            |d| fs::remove_file(d.join("ca.pem")).unwrap(),
            "tls.client_ca_file",
            "No such file",
        ),
        (
            |d| write(d, "cert.pem", ""),
            "tls.cert_file",
            "no certificate in PEM",
        ),
        (
            |d| write(d, "cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"),
            "tls.cert_file",
            "is not PEM",
        ),
        (
            |d| {
                write(
                    d,
                    "cert.pem",
                    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                );
            },
            "tls.cert_file",
            "not an X.509 certificate",
        ),
        (
            |d| write(d, "key.pem", "x"),
            "tls.key_file",
            "no private key in PEM",
        ),
        (
            |d| write(d, "key.pem", &pair(|_| ()).1),
            "tls.key_file",
            "is not the key of the certificate",
        ),
        (
            |d| write(d, "key.pem", &"x".repeat(2 << 20)),
            "tls.key_file",
            "too long",
        ),
        (open, "tls.key_file", "chmod o= it"),
        (expired, "tls.cert_file", "expired on 2026-11-23"),
        (early, "tls.cert_file", "not valid before 2026-11-24"),
        (
            |d| write(d, "ca.pem", "x"),
            "tls.client_ca_file",
            "no certificate (PEM) of an authority",
        ),
        (
            |d| {
                write(
                    d,
                    "ca.pem",
                    &ca(|p| p.not_after = date_time_ymd(2020, 1, 1)),
                );
            },
            "tls.client_ca_file",
            "valid now",
        ),
    ];
    for (spoil, setting, why) in defects {
        let (dir, settings) = good();
        assert!(ServerTls::open(&settings, clock()).unwrap().is_some());
        spoil(dir.path());
        let error = ServerTls::open(&settings, clock()).unwrap_err().to_string();
        assert!(error.starts_with(setting) && error.contains(why), "{error}");
    }
}

#[test]
fn the_key_is_not_in_debug() {
    let (dir, settings) = good();
    let tls = ServerTls::open(&settings, clock()).unwrap().unwrap();
    let key = fs::read_to_string(dir.path().join("key.pem")).unwrap();
    let debug = format!("{tls:?}");
    assert!(!debug.contains(key.lines().nth(1).unwrap()), "{debug}");
    assert!(debug.contains(tls.certificate().fingerprint()), "{debug}");
}
