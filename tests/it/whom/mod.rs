//! Whom the service speaks to: which schema of which server, through what, and how callers learn that there is none.

mod health;
mod pgbouncer;
mod pooler;
mod replica;
mod schema;
mod standby;

use std::time::Duration;

use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{eventually::eventually, server::TestServer};

/// What health says of the whole.
async fn health(service: &TestServer) -> ServingStatus {
    let answer = HealthClient::new(service.channel())
        .check(HealthCheckRequest::default())
        .await;
    answer.unwrap().into_inner().status()
}

/// Waits until health says so; how long that took.
async fn becomes(service: &TestServer, status: ServingStatus) -> Duration {
    let what = format!("health becomes {status:?}");
    eventually(&what, async || health(service).await == status).await
}
