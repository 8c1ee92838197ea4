//! A service that is killed under load: whatever was answered is in the log, and the log is whole.

use std::{
    collections::HashSet,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use omnia::{
    abilitazione::AccessSettings,
    clock::Clock,
    contract::proto::{GetMyAccessRequest, access_service_client::AccessServiceClient},
    demo::demo_key,
};
use tonic::{Request, transport::Endpoint};

use super::{call_records, intact};
use crate::{server::TestServer, test_bench::TestDatabase};

fn serve(db: &TestDatabase, dir: &std::path::Path) -> (Child, String) {
    let key = dir.join("audit.key");
    std::fs::write(&key, "07".repeat(32)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg("serve")
        .env_clear()
        .env("OMNIA_DATABASE__URL", &db.serving_url)
        .env("OMNIA_ACCESS__JWKS", demo_key::jwks_path(dir))
        .env("OMNIA_AUDIT__KEY_FILE", key)
        .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
        .env("OMNIA_TELEMETRY__LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("Serving on ").unwrap().to_owned();
    (child, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_kill_is_in_the_log() {
    let servizio = TestServer::start().await;
    // The program tells the time by the machine's clock: the grant must be valid on both days.
    servizio.grant_today("sotto-carico", "mef-sintesi").await;
    let dir = tempfile::tempdir().unwrap();
    let key = demo_key::create_or_load(dir.path()).unwrap();
    let access = AccessSettings::default();
    let token = key
        .token(
            &access.issuer,
            &access.audience,
            "sotto-carico",
            1,
            &Clock::system(),
        )
        .unwrap();
    let mut answered = HashSet::new();
    for _ in 0..2 {
        let (mut child, address) = serve(&servizio.db, dir.path());
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect_lazy();
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (channel, token, seen) = (channel.clone(), token.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let mut client = AccessServiceClient::new(channel);
                    loop {
                        let id = format!("{:032x}", rand::random::<u128>());
                        let mut request = Request::new(GetMyAccessRequest {});
                        let metadata = request.metadata_mut();
                        metadata
                            .insert("authorization", format!("Bearer {token}").parse().unwrap());
                        metadata.insert(
                            "traceparent",
                            format!("00-{id}-00f067aa0ba902b7-00").parse().unwrap(),
                        );
                        match client.get_my_access(request).await {
                            Ok(_) => seen.lock().unwrap().insert(id),
                            Err(_) => break,
                        };
                    }
                })
            })
            .collect();
        while seen.lock().unwrap().len() < 300 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        answered.extend(seen.lock().unwrap().drain());
    }
    let recorded: HashSet<String> = call_records(&servizio.db.owner)
        .await
        .iter()
        .filter(|record| record["esito"] == "OK")
        .map(|record| record["traccia"].as_str().unwrap().to_owned())
        .collect();
    let missing = answered.difference(&recorded).count();
    assert_eq!(
        missing,
        0,
        "answered and not recorded, of {}",
        answered.len()
    );
    // Three chains: of this process, and of the two that were killed, which have no CHIUSURA.
    assert_eq!(intact(&servizio.db.owner).await.chains, 3);
    servizio.stop().await;
}
