//! `omnia migrate`, the program itself: what it says, and what it leaves when it is stopped.

use std::{
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    cluster::{ClusterPlace, is_running},
    test_bench,
};

fn migrate(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    command.arg("migrate").env_remove("DATABASE_URL");
    command.envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn at(place: &ClusterPlace) -> Command {
    migrate(&[("OMNIA_DATABASE__DATA_DIR", place.dir.to_str().unwrap())])
}

/// Whether it worked, and its answer: the result, or the sentence after the log.
fn said(output: &Output) -> (bool, String) {
    let done = output.status.success();
    let text = if done { &output.stdout } else { &output.stderr };
    let text = String::from_utf8(text.clone()).unwrap();
    assert!(!text.contains("parolachiave"), "{text}");
    (done, text.lines().last().unwrap_or_default().to_owned())
}

/// Starts the program on a new cluster and waits for the server's process.
// Who calls it waits for it; a test that fails need not.
#[allow(clippy::zombie_processes)]
fn until_the_server_runs(place: &ClusterPlace) -> (Child, String) {
    let child = at(place).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(server) = place.postmaster() {
            return (child, server);
        }
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).unwrap();
    kill(Pid::from_raw(pid), signal).unwrap();
}

#[test]
fn a_stop_in_the_middle_leaves_no_server() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let place = ClusterPlace::new();
        let (child, server) = until_the_server_runs(&place);
        send(&child, signal);
        child.wait_with_output().unwrap();
        assert!(!is_running(&server), "{signal}");
        assert_eq!(place.postmaster(), None, "{signal}");
    }
}

#[test]
fn after_a_kill_the_next_run_does_the_work() {
    let place = ClusterPlace::new();
    let (child, left) = until_the_server_runs(&place);
    send(&child, Signal::SIGKILL);
    child.wait_with_output().unwrap();
    assert!(is_running(&left));
    let (done, text) = said(&at(&place).output().unwrap());
    assert!(
        done && text.contains("in the schema public; it is current"),
        "{text}"
    );
    assert!(!is_running(&left));
    assert_eq!(
        said(&at(&place).output().unwrap()),
        (
            true,
            "0 migrations run in the schema public; it is current".to_owned()
        )
    );
}

#[tokio::test]
async fn what_goes_wrong_is_one_sentence() {
    let db = test_bench::database().await;
    // All is pending now, and the serving role may not do it.
    sqlx::query("delete from _sqlx_migrations")
        .execute(&db.owner)
        .await
        .unwrap();
    for (variables, expected) in [
        (
            vec![("DATABASE_URL", db.serving_url.as_str())],
            "cannot migrate the database: ",
        ),
        (
            vec![(
                "DATABASE_URL",
                "postgres://omnia:parolachiave@127.0.0.1:1/x",
            )],
            "cannot migrate the database: error communicating with database: Connection refused",
        ),
        (
            vec![("DATABASE_URL", "mysql://omnia:parolachiave@localhost/x")],
            "database.url must begin with postgres://",
        ),
        (
            vec![("OMNIA_DATABASE__URLL", "x")],
            "settings: unknown field `urll`",
        ),
        (
            vec![("OMNIA_CONFIG", "/nessuno")],
            "there is no settings file /nessuno",
        ),
    ] {
        let (done, text) = said(&migrate(&variables).output().unwrap());
        assert!(
            !done && text.starts_with(&format!("omnia: {expected}")),
            "{text}"
        );
    }
}
