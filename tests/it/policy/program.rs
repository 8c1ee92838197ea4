//! The program itself: SIGHUP, what it logs and what it measures.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::demo::demo_key;
use serde_json::Value;
use tonic::transport::Endpoint;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{health, policy_dir, replace_by_rename, shipped, wait_until};
use crate::{telemetry::Collector, test_bench};

struct PolicyProgram {
    child: Child,
    address: String,
    log: std::path::PathBuf,
}

impl PolicyProgram {
    fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
    }

    /// The log lines with this message.
    fn lines(&self, message: &str) -> Vec<Value> {
        let log = fs::read_to_string(&self.log).unwrap();
        log.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["message"] == message)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_reads_again_and_a_refusal_is_logged_with_its_place_and_counted() {
    let db = test_bench::database().await;
    let (root, dir) = policy_dir();
    let key = root.path().join("audit.key");
    fs::write(&key, "07".repeat(32)).unwrap();
    demo_key::create_or_load(root.path()).unwrap();
    let (collector, endpoint) = Collector::start().await;
    let log = root.path().join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg("serve")
        .env_clear()
        .env("OMNIA_DATABASE__URL", &db.serving_url)
        .env("OMNIA_ACCESS__JWKS", demo_key::jwks_path(root.path()))
        .env("OMNIA_ACCESS__POLICY_DIR", &dir)
        .env("OMNIA_AUDIT__KEY_FILE", key)
        .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
        .env("OMNIA_TELEMETRY__FORMAT", "json")
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
    let mut programma = PolicyProgram {
        child,
        address,
        log,
    };
    let channel = Endpoint::from_shared(format!("http://{}", programma.address))
        .unwrap()
        .connect_lazy();
    let becomes = async |status| {
        wait_until("the health of the policy", async || {
            health(&channel, "policy").await == Some(status)
        })
        .await
    };
    becomes(ServingStatus::Serving).await;

    // Nothing has changed: an operator who asks is answered all the same.
    let same = "the access policy on disk is the one in force";
    programma.send(Signal::SIGHUP);
    wait_until("SIGHUP is answered", async || {
        !programma.lines(same).is_empty()
    })
    .await;

    let bad = shipped("p, decreti, DecreeService/ListDecrees, filtro, iban, allow\n");
    let line = bad.lines().count();
    replace_by_rename(&dir, &bad);
    becomes(ServingStatus::NotServing).await;
    let refused = "the access policy on disk is refused: the one in force stays";
    // Looks that find the same say nothing more; SIGHUP asks, and is told again.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(programma.lines(refused).len(), 1);
    programma.send(Signal::SIGHUP);
    wait_until("refused again", async || {
        programma.lines(refused).len() == 2
    })
    .await;
    for error in programma.lines("error in the access policy") {
        assert_eq!(error["level"], "ERROR");
        assert_eq!(error["file"], "policy.csv");
        assert_eq!(
            (&error["line"], &error["column"]),
            (&line.into(), &48.into())
        );
        assert_eq!(
            error["reason"],
            "`DecreeService/ListDecrees` has no filter `iban`"
        );
    }
    let before = programma.lines(refused)[0]["in_force"]
        .as_str()
        .unwrap()
        .to_owned();

    replace_by_rename(&dir, &shipped(super::DECRETI_TOO));
    becomes(ServingStatus::Serving).await;
    let replaced = &programma.lines("access policy replaced")[0];
    assert_eq!(replaced["from"], before.as_str());
    let after = replaced["to"].as_str().unwrap().to_owned();

    programma.send(Signal::SIGTERM);
    assert!(programma.child.wait().unwrap().success());
    let numbers = collector.numbers();
    let last = |name: &str, key: &str, value: &str| {
        let found = numbers.iter().rev().find(|n| {
            n.name == name
                && n.attribute("omnia.component").as_deref() == Some("policy")
                && (key.is_empty() || n.attribute(key).as_deref() == Some(value))
        });
        found.map(|n| n.value)
    };
    assert_eq!(
        last("omnia.reload.count", "omnia.outcome", "refused"),
        Some(2)
    );
    assert_eq!(
        last("omnia.reload.count", "omnia.outcome", "accepted"),
        Some(1)
    );
    assert_eq!(last("omnia.reload.in_force", "", ""), Some(1));
    assert_eq!(
        last("omnia.reload.version", "omnia.version", &before),
        Some(0)
    );
    assert_eq!(
        last("omnia.reload.version", "omnia.version", &after),
        Some(1)
    );
    let now = omnia::clock::Clock::system().now().timestamp();
    let since = now - last("omnia.reload.last_success", "", "").unwrap();
    assert!((0..60).contains(&since), "{since}");
}
