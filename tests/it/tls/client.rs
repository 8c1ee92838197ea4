//! `omnia get` in TLS: whose certificate it takes, and which it shows.

use std::{fs, os::unix::fs::PermissionsExt as _};

use omnia::transport::tls::ClientCertificateMode;

use super::TlsDir;
use crate::{
    calls::extract,
    get::{get, run},
    server::TestServer,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_client_shows_its_certificate_and_looks_at_the_services() {
    let cartella = TlsDir::new();
    let service = TestServer::start_with(cartella.set_tls(ClientCertificateMode::Required)).await;
    service.load(&extract(), "2026-10-31").await;
    service.clients_of("mlps-ammortizzatori").await;
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let mine = cartella.enti.issue("be.mlps.example");
    let foreign = cartella.authority.issue("be.mlps.example");
    put("ca.pem", &cartella.authority.pem);
    put("enti.pem", &cartella.enti.pem);
    put("mio.pem", &mine.pem);
    put("mio.key", &mine.key);
    put("altrui.pem", &foreign.pem);
    put("altrui.key", &foreign.key);
    let url = format!("https://localhost:{}", service.address.port());
    let token = service.token("cliente-mlps-ammortizzatori");
    let report = async |arguments: &[&str]| {
        let mut command = get(&url, &token, dir.path());
        run(command.arg("report").args(arguments)).await
    };
    let good = ["--ca", "ca.pem", "--cert", "mio.pem", "--key", "mio.key"];
    let (code, out, err) = report(&good).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("rilevazione 1 as of 2026-10-31"), "{out}");

    let mut command = get(&url, &token, dir.path());
    command
        .arg("report")
        .env("OMNIA_CLIENT__CA_FILE", "ca.pem")
        .env("OMNIA_CLIENT__CERT_FILE", "mio.pem")
        .env("OMNIA_CLIENT__KEY_FILE", "mio.key");
    assert_eq!(run(&mut command).await.0, Some(0));

    // None of these is tried again: nothing would come of it.
    for (arguments, text) in [
        (
            &["--ca", "enti.pem", "--cert", "mio.pem", "--key", "mio.key"][..],
            "invalid peer certificate",
        ),
        (&["--ca", "ca.pem"], "received fatal alert"),
        (
            &[
                "--ca",
                "ca.pem",
                "--cert",
                "altrui.pem",
                "--key",
                "altrui.key",
            ],
            "received fatal alert",
        ),
    ] {
        let (code, out, err) = report(arguments).await;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{arguments:?} {err}");
        assert!(err.starts_with(&format!("omnia: {url}: TLS: ")), "{err}");
        assert!(err.contains(text), "{err}");
    }
    fs::set_permissions(
        dir.path().join("mio.key"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let (code, _, err) = report(&good).await;
    assert_eq!(
        (code, err.as_str()),
        (
            Some(1),
            "omnia: mio.key: anybody on this machine may reach the key (mode 644): chmod o= it\n"
        )
    );
    service.stop().await;
}
