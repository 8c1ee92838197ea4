//! The server in this process: what bites, how soon, and what never gets in force.

use std::{collections::HashSet, fs, os::unix::fs::symlink, path::Path, time::Duration};

use omnia::{
    abilitazione::{ActivePolicy, PolicyOnDisk, PolicySource},
    clock::Clock,
    contract::{proto::ErrorReason, vocabulary::Vocabulary},
    telemetry::health_registry::HealthRegistry,
    transport::reloader::Reloader,
};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{DECRETI_TOO, health, policy_dir, replace_by_rename, shipped};
use crate::{
    calls::{self, call_rpc},
    errors::assert_error,
    eventually::eventually,
    server::{CallerClients, TestServer},
};

const LIST: &str = "DecreeService/ListDecrees";

async fn start(dir: &Path) -> TestServer {
    let service = TestServer::start_with(|s| s.access.policy_dir = Some(dir.to_owned())).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let channel = service.channel();
    eventually("it serves", async || {
        health(&channel, "").await == Some(ServingStatus::Serving)
    })
    .await;
    service
}

/// Whether the call is allowed; any other answer than that or CALL_DENIED fails the test.
async fn may_list(client: &CallerClients) -> bool {
    match call_rpc(&mut client.clone(), LIST, "").await {
        Ok(found) => found > 0,
        Err(status) => {
            assert_error(&status, Code::PermissionDenied, ErrorReason::CallDenied);
            false
        }
    }
}

/// Changes the policy and waits until it bites.
async fn change(client: &CallerClients, what: &str, allowed: bool, change: impl FnOnce()) {
    assert_ne!(may_list(client).await, allowed, "before: {what}");
    change();
    eventually(what, async || may_list(client).await == allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_policy_bites_however_it_was_written() {
    let (_root, dir) = policy_dir();
    let service = start(&dir).await;
    let client = service.clients_of("mef-sintesi").await;
    let policy = dir.join("policy.csv");
    let write = |text: String| fs::write(&policy, text).unwrap();
    change(&client, "written", true, || write(shipped(DECRETI_TOO))).await;
    change(&client, "renamed", false, || {
        replace_by_rename(&dir, &shipped(""))
    })
    .await;
    // The model bites as the rows do.
    let model = PolicySource::embedded().model;
    change(&client, "renamed again", true, || {
        replace_by_rename(&dir, &shipped(DECRETI_TOO))
    })
    .await;
    let narrow = model.replace("m = r.nome", "m = r.profilo != \"mef-sintesi\" && r.nome");
    change(&client, "a model", false, || {
        fs::write(dir.join("model.conf"), narrow).unwrap()
    })
    .await;
    change(&client, "no model", true, || {
        fs::remove_file(dir.join("model.conf")).unwrap()
    })
    .await;
    service.stop().await;
}

/// As Kubernetes mounts a ConfigMap: the file is a link into `..data`, which is a link to a directory of the moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swapped_config_map_bites() {
    let root = tempfile::tempdir().unwrap();
    let mount = root.path();
    let version = |name: &str, rows: &str| {
        fs::create_dir(mount.join(name)).unwrap();
        fs::write(mount.join(name).join("policy.csv"), shipped(rows)).unwrap();
    };
    version("..1", "");
    symlink("..1", mount.join("..data")).unwrap();
    symlink("..data/policy.csv", mount.join("policy.csv")).unwrap();
    let service = start(mount).await;
    let client = service.clients_of("mef-sintesi").await;
    for (from, to, rows) in [
        ("..1", "..2", DECRETI_TOO),
        ("..2", "..3", ""),
        ("..3", "..4", DECRETI_TOO),
    ] {
        change(&client, to, !rows.is_empty(), || {
            version(to, rows);
            symlink(to, mount.join("..data_tmp")).unwrap();
            fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
            fs::remove_dir_all(mount.join(from)).unwrap();
        })
        .await;
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_policy_leaves_the_old_one_in_force_and_the_health_says_so() {
    let (_root, dir) = policy_dir();
    let service = start(&dir).await;
    let channel = service.channel();
    let client = service.clients_of("mef-rgs").await;
    let becomes = async |status: ServingStatus| {
        eventually("the health of the policy", async || {
            health(&channel, "policy").await == Some(status)
        })
        .await;
        // Whatever becomes of the policy, the service serves.
        assert_eq!(health(&channel, "").await, Some(ServingStatus::Serving));
        assert!(may_list(&client).await);
    };
    becomes(ServingStatus::Serving).await;
    for bad in [
        shipped("p, decreti, DecreeService/ListDecrees, chiamata, -, Allow\n"),
        String::new(),
        // It would take the decrees away from everybody.
        shipped("").replace("g, mef-rgs, decreti\n", "g, mef-rgs, decrete\n"),
    ] {
        replace_by_rename(&dir, &bad);
        becomes(ServingStatus::NotServing).await;
        replace_by_rename(&dir, &shipped(""));
        becomes(ServingStatus::Serving).await;
    }
    fs::remove_file(dir.join("policy.csv")).unwrap();
    becomes(ServingStatus::NotServing).await;
    // What follows a bad one is a good one like any other.
    fs::write(dir.join("policy.csv"), shipped(DECRETI_TOO)).unwrap();
    becomes(ServingStatus::Serving).await;
    service.stop().await;
}

/// A writer that takes its time: what is on disk meanwhile is the beginning of a policy, and a good one that gives less.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_a_policy_is_never_in_force() {
    let (_root, dir) = policy_dir();
    let vocabulary = Vocabulary::of_contract().unwrap();
    let whole = ["# one\n", "# two\n"].map(|end| shipped(&format!("{DECRETI_TOO}{end}")));
    let mut seen = HashSet::new();
    let source = PolicySource::of_settings(Some(&dir)).unwrap();
    let politica = ActivePolicy::load(&source, &vocabulary).await.unwrap();
    let on_disk = PolicyOnDisk::new(
        politica.clone(),
        Some(dir.clone()),
        vocabulary.clone(),
        Clock::system(),
    );
    let health = HealthRegistry::default().component("policy");
    let reloader = Reloader::new(on_disk, health, Clock::system());
    let follows = tokio::spawn(reloader.follow().await.unwrap());
    let mut changes = politica.changes();
    // The shipped policy is a good one that gives less.
    let cut = shipped("").len();
    for round in 1..=4 {
        let text = &whole[round % 2];
        // In place, as a careless program does it; longer than events are waited out.
        for piece in 0..15 {
            let beginning = format!("{}{}", &text[..cut], "#".repeat(piece + 1));
            fs::write(dir.join("policy.csv"), beginning).unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        fs::write(dir.join("policy.csv"), text).unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.changed())
            .await
            .unwrap()
            .unwrap();
        let table = changes.borrow_and_update().clone();
        assert_eq!(table.version(), politica.table().version());
        seen.insert(table.version().to_owned());
    }
    follows.abort();
    let versions = whole.map(|policy| {
        let source = PolicySource {
            policy,
            ..PolicySource::embedded()
        };
        source.version()
    });
    assert_eq!(seen, HashSet::from(versions));
}
