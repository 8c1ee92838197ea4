//! The program itself in TLS: SIGHUP, what it logs and what it measures; what keeps it from starting.

use std::{
    fs, io::Write as _, net::TcpStream, os::unix::fs::PermissionsExt as _, path::Path,
    process::Command,
};

use nix::sys::signal::Signal;
use omnia::transport::connection::CertificateInfo;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic_health::pb::health_check_response::ServingStatus;

use super::TlsDir;
use crate::{
    eventually::eventually, policy::health, program::Program, telemetry::Collector, test_bench,
};

/// The settings of a service with the certificates of this directory.
fn with_tls(command: &mut Command, root: &Path, database: &str) {
    command
        .env("OMNIA_DATABASE__URL", database)
        .env("OMNIA_TLS__CERT_FILE", root.join("server.pem"))
        .env("OMNIA_TLS__KEY_FILE", root.join("server.key"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_counts_handshakes_tells_the_expiry_and_answers_sighup() {
    let db = test_bench::database().await;
    let cartella = TlsDir::new();
    let root = cartella.dir.path();
    let (collector, endpoint) = Collector::start().await;
    let mut program = Program::serve_with(|command| {
        with_tls(command, root, &db.serving_url);
        command.env("OMNIA_TELEMETRY__OTLP_ENDPOINT", endpoint);
    })
    .await;
    let address = program.address.clone();
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(&cartella.authority.pem));
    let channel = Endpoint::from_shared(format!("https://{address}"))
        .unwrap()
        .tls_config(tls)
        .unwrap()
        .connect_lazy();
    eventually("it serves", async || {
        health(&channel, "").await == Some(ServingStatus::Serving)
    })
    .await;
    for _ in 0..3 {
        let mut plain = TcpStream::connect(&address).unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let closed = std::io::copy(&mut plain, &mut std::io::sink());
        assert!(closed.is_err() || closed.is_ok_and(|bytes| bytes == 0));
    }

    program.signal(Signal::SIGHUP);
    eventually("SIGHUP is answered", async || {
        program
            .said("the certificates on disk are those in force")
            .len()
            == 1
    })
    .await;
    cartella.write("server.key", "garbage");
    let refused = "the certificates on disk are refused: those in force stay";
    eventually("refused", async || !program.said(refused).is_empty()).await;
    let line = &program.said(refused)[0];
    assert_eq!(line["level"], "ERROR");
    let error = line["error"].as_str().unwrap();
    assert!(
        error.starts_with("tls.key_file ") && error.ends_with("no private key in PEM"),
        "{error}"
    );
    let replaced = cartella.authority.issue_with("localhost", |p| {
        p.not_after = rcgen::date_time_ymd(2090, 1, 1)
    });
    cartella.put(&replaced);
    let message = "TLS certificates replaced, for new connections";
    eventually("replaced", async || !program.said(message).is_empty()).await;
    let impronta = CertificateInfo::from_der(&replaced.der).unwrap();
    assert_eq!(program.said(message)[0]["to"], impronta.fingerprint());

    program.signal(Signal::SIGTERM);
    assert!(program.child.wait().unwrap().success());
    let numbers = collector.numbers();
    let last = |name: &str, key: &str, value: &str| {
        let found = numbers.iter().rev().find(|n| {
            n.name == name && (key.is_empty() || n.attribute(key).as_deref() == Some(value))
        });
        found.map(|n| n.value)
    };
    let handshakes =
        |outcome| last("omnia.tls.handshake.count", "omnia.outcome", outcome).unwrap_or(0);
    assert_eq!(handshakes("plaintext"), 3);
    assert!(handshakes("ok") >= 1);
    let now = omnia::clock::Clock::system().now().timestamp();
    // Midnight of 1 January 2090.
    let left = 3_786_912_000 - now;
    let told = last("omnia.tls.certificate.expiry", "", "").unwrap();
    assert!((left - 60..left + 60).contains(&told), "{told} {left}");
    let tls = |name: &str| last(name, "omnia.component", "tls");
    assert_eq!(tls("omnia.reload.in_force"), Some(1));
}

#[tokio::test]
async fn a_key_that_all_may_read_keeps_it_from_starting() {
    let db = test_bench::database().await;
    let cartella = TlsDir::new();
    let root = cartella.dir.path();
    let key = root.join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let mut program = Program::start(|command| with_tls(command, root, &db.serving_url));
    assert_eq!(program.child.wait().unwrap().code(), Some(1));
    let said = program.text();
    let expected = format!(
        "omnia: tls.key_file {}: anybody on this machine may reach the key (mode 644): chmod o= it",
        key.display()
    );
    assert!(said.contains(&expected), "{said}");
    let mut stdout = program.child.stdout.take().unwrap();
    assert_eq!(std::io::copy(&mut stdout, &mut std::io::sink()).unwrap(), 0);
}
