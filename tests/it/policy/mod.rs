//! A policy that changes under a running service.

mod command;
mod explain;
mod program;
mod reload;

use std::{
    fs,
    path::{Path, PathBuf},
};

use omnia::abilitazione::PolicySource;
use tonic::transport::Channel;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// What gives `mef-sintesi` the decrees.
const DECRETI_TOO: &str = "g, mef-sintesi, decreti\n";

/// A directory with the shipped policy.
pub(crate) fn policy_dir() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("policies");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("policy.csv"), shipped("")).unwrap();
    (root, dir)
}

/// The shipped policy with more rows.
fn shipped(rows: &str) -> String {
    format!("{}{rows}", PolicySource::embedded().policy)
}

/// As an editor does it.
fn replace_by_rename(dir: &Path, policy: &str) {
    fs::write(dir.join(".policy.csv.swp"), policy).unwrap();
    fs::rename(dir.join(".policy.csv.swp"), dir.join("policy.csv")).unwrap();
}

pub(crate) async fn health(channel: &Channel, service: &str) -> Option<ServingStatus> {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel.clone()).check(request).await;
    answer.ok().map(|answer| answer.into_inner().status())
}
