//! Making the data files, once.

use std::{fs, io};

use crate::{
    error::Sentence,
    postgres::{
        cluster::{binaries::Binaries, home::Home, identity::Identity},
        options::Durability,
    },
};

/// The role that owns everything.
pub(crate) const OWNER: &str = "omnia";

/// Makes the data files under another name and renames them when they are whole, so that what an interrupted run left is
/// never taken for a cluster.
pub(crate) async fn run(
    home: &Home,
    identity: &Identity,
    binaries: &Binaries,
    durability: Durability,
) -> Result<(), Sentence> {
    let unfinished = home.unfinished_data();
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(format!("cannot remove {}: {error}", unfinished.display()).into());
        }
        _ => {}
    }
    tracing::info!(dir = %home.data().display(), "making the database's files");
    let mut command = identity.command(&binaries.program("initdb"), &home.server());
    command
        .arg("--pgdata")
        .arg(&unfinished)
        .args(["--encoding=UTF8", "--locale=C", "--data-checksums"])
        // Who can open the socket, in a 0700 directory, may be anyone; over TCP, which is not served, no one.
        .args(["--auth-local=trust", "--auth-host=reject"])
        .arg(format!("--username={OWNER}"));
    if durability == Durability::ThrowAway {
        command.arg("--no-sync");
    }
    let output = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| {
            format!(
                "cannot run {}: {error}",
                binaries.program("initdb").display()
            )
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("initdb failed ({}): {}", output.status, one_line(&said)).into());
    }
    fs::rename(&unfinished, home.data())
        .and_then(|()| fs::File::open(home.server())?.sync_all())
        .map_err(|error| format!("cannot name {}: {error}", home.data().display()).into())
}

/// What a program said, fit for one sentence.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
