//! A service that is killed under load: whatever was answered is in the log, and the log is whole.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use omnia::contract::proto::{GetMyAccessRequest, access_service_client::AccessServiceClient};
use tonic::Request;

use super::{call_records, intact};
use crate::{program::Program, server::TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_kill_is_in_the_log() {
    let service = TestServer::start().await;
    // The program tells the time by the machine's clock: the grant must be valid on both days.
    service.grant_today("sotto-carico", "mef-sintesi").await;
    let mut answered = HashSet::new();
    for _ in 0..2 {
        let mut program = Program::serve(&service.db).await;
        let (channel, bearer) = (program.channel(), program.bearer("sotto-carico"));
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (channel, bearer, seen) = (channel.clone(), bearer.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let mut client = AccessServiceClient::new(channel);
                    loop {
                        let id = format!("{:032x}", rand::random::<u128>());
                        let mut request = Request::new(GetMyAccessRequest {});
                        let metadata = request.metadata_mut();
                        metadata.insert("authorization", bearer.parse().unwrap());
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
        program.child.kill().unwrap();
        program.child.wait().unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        answered.extend(seen.lock().unwrap().drain());
    }
    let recorded: HashSet<String> = call_records(&service.db.owner)
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
    assert_eq!(intact(&service.db.owner).await.chains, 3);
    service.stop().await;
}
