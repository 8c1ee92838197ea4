//! Whom the service speaks to: which schema of which server, through what, and how callers learn that it is nobody.

mod health;
mod pgbouncer;
mod pooler;
mod replica;
mod schema;
mod standby;

use std::time::{Duration, Instant};

use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::server::TestServer;

/// What health says of the whole.
async fn health(servizio: &TestServer) -> ServingStatus {
    let answer = HealthClient::new(servizio.channel())
        .check(HealthCheckRequest::default())
        .await;
    answer.unwrap().into_inner().status()
}

/// Waits until health says so; how long that took.
async fn becomes(servizio: &TestServer, status: ServingStatus) -> Duration {
    let begin = Instant::now();
    while health(servizio).await != status {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "health does not become {status:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begin.elapsed()
}
