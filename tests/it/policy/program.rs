//! The program itself: SIGHUP, what it logs and what it measures.

use std::time::Duration;

use nix::sys::signal::Signal;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{health, policy_dir, replace_by_rename, shipped};
use crate::{eventually::eventually, program::Program, telemetry::Collector, test_bench};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_reads_again_and_a_refusal_is_logged_with_its_place_and_counted() {
    let db = test_bench::database().await;
    let (_root, dir) = policy_dir();
    let (collector, endpoint) = Collector::start().await;
    let mut program = Program::serve_with(|command| {
        command
            .env("OMNIA_DATABASE__URL", &db.serving_url)
            .env("OMNIA_ACCESS__POLICY_DIR", &dir)
            .env("OMNIA_TELEMETRY__OTLP_ENDPOINT", endpoint);
    })
    .await;
    let channel = program.channel();
    let becomes = async |status| {
        eventually("the health of the policy", async || {
            health(&channel, "policy").await == Some(status)
        })
        .await
    };
    becomes(ServingStatus::Serving).await;

    // Nothing has changed: an operator who asks is answered all the same.
    let same = "the access policy on disk is the one in force";
    program.signal(Signal::SIGHUP);
    eventually("SIGHUP is answered", async || {
        !program.said(same).is_empty()
    })
    .await;

    let bad = shipped("p, decreti, DecreeService/ListDecrees, filtro, iban, allow\n");
    let line = bad.lines().count();
    replace_by_rename(&dir, &bad);
    becomes(ServingStatus::NotServing).await;
    let refused = "the access policy on disk is refused: the one in force stays";
    // Looks that find the same say nothing more; SIGHUP asks, and is told again.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(program.said(refused).len(), 1);
    program.signal(Signal::SIGHUP);
    eventually("refused again", async || program.said(refused).len() == 2).await;
    for error in program.said("error in the access policy") {
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
    let before = program.said(refused)[0]["in_force"]
        .as_str()
        .unwrap()
        .to_owned();

    replace_by_rename(&dir, &shipped(super::DECRETI_TOO));
    becomes(ServingStatus::Serving).await;
    let replaced = &program.said("access policy replaced")[0];
    assert_eq!(replaced["from"], before.as_str());
    let after = replaced["to"].as_str().unwrap().to_owned();

    program.signal(Signal::SIGTERM);
    assert!(program.child.wait().unwrap().success());
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
