//! The program itself in TLS: SIGHUP, what it logs and what it measures; what keeps it from starting.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::{demo::demo_key, transport::connection::CertificateInfo};
use serde_json::Value;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic_health::pb::health_check_response::ServingStatus;

use super::TlsDir;
use crate::{
    policy::{health, wait_until},
    telemetry::Collector,
    test_bench,
};

fn program(root: &Path, database: &str) -> Command {
    demo_key::create_or_load(root).unwrap();
    let key = root.join("audit.key");
    fs::write(&key, "07".repeat(32)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    command
        .arg("serve")
        .env_clear()
        .env("OMNIA_DATABASE__URL", database)
        .env("OMNIA_ACCESS__JWKS", demo_key::jwks_path(root))
        .env("OMNIA_AUDIT__KEY_FILE", key)
        .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
        .env("OMNIA_TLS__CERT_FILE", root.join("server.pem"))
        .env("OMNIA_TLS__KEY_FILE", root.join("server.key"))
        .env("OMNIA_TELEMETRY__FORMAT", "json");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_counts_handshakes_tells_the_expiry_and_answers_sighup() {
    let db = test_bench::database().await;
    let cartella = TlsDir::new();
    let root = cartella.dir.path();
    let (collector, endpoint) = Collector::start().await;
    let log = root.join("log");
    let mut child = program(root, &db.serving_url)
        .env("OMNIA_TELEMETRY__OTLP_ENDPOINT", endpoint)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("Serving on ").unwrap().to_owned();
    let logged = |message: &str| -> Vec<Value> {
        let log = fs::read_to_string(&log).unwrap();
        log.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["message"] == message)
            .collect()
    };
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(&cartella.authority.pem));
    let channel = Endpoint::from_shared(format!("https://{address}"))
        .unwrap()
        .tls_config(tls)
        .unwrap()
        .connect_lazy();
    wait_until("it serves", async || {
        health(&channel, "").await == Some(ServingStatus::Serving)
    })
    .await;
    for _ in 0..3 {
        let mut plain = TcpStream::connect(&address).unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let closed = std::io::copy(&mut plain, &mut std::io::sink());
        assert!(closed.is_err() || closed.is_ok_and(|bytes| bytes == 0));
    }

    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(pid, Signal::SIGHUP).unwrap();
    wait_until("SIGHUP is answered", async || {
        logged("the certificates on disk are those in force").len() == 1
    })
    .await;
    cartella.write("server.key", "garbage");
    let refused = "the certificates on disk are refused: those in force stay";
    wait_until("refused", async || !logged(refused).is_empty()).await;
    let line = &logged(refused)[0];
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
    wait_until("replaced", async || !logged(message).is_empty()).await;
    let impronta = CertificateInfo::from_der(&replaced.der).unwrap();
    assert_eq!(logged(message)[0]["to"], impronta.fingerprint());

    kill(pid, Signal::SIGTERM).unwrap();
    assert!(child.wait().unwrap().success());
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
    let output = program(root, &db.serving_url).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = format!(
        "omnia: tls.key_file {}: anybody on this machine may reach the key (mode 644): chmod o= it",
        key.display()
    );
    assert!(said.contains(&expected), "{said}");
    assert!(output.stdout.is_empty());
}
