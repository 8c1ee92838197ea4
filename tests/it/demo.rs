//! `omnia demo`: the first start, one that was interrupted, and later ones.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;

use crate::{cluster::ClusterPlace, eventually::eventually, program::Program};

const LIMIT: Duration = Duration::from_secs(20);

fn start(dir: &Path, righe: &str) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    command.args(["demo", "--righe", righe]);
    Program::start_as(command, |command| {
        command.env("OMNIA_DATABASE__DATA_DIR", dir);
    })
}

/// Starts, waits until it serves, and stops: what it loaded, and all that it said.
async fn once(dir: &Path, righe: &str) -> (Vec<String>, String) {
    let mut program = start(dir, righe);
    let stdout = program.child.stdout.take().unwrap();
    let serves = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        // All of it is read: nobody may be left writing into a pipe that is closed.
        let serves = lines.any(|line| line.starts_with("Serving on "));
        std::thread::spawn(move || lines.count());
        serves
    });
    assert!(serves.await.unwrap(), "{}", program.text());
    program.signal(Signal::SIGINT);
    let status = program.ends_within(LIMIT).await;
    assert!(status.success(), "{}", program.text());
    (loaded(&program), program.text())
}

fn loaded(program: &Program) -> Vec<String> {
    let text = program.text();
    let lines = text.lines().filter(|line| line.contains(" is loaded, "));
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_is_loaded_once_and_what_was_interrupted_is_gone_on_with() {
    let place = ClusterPlace::new();
    let dir = &place.dir;
    let mut first = start(dir, "200");
    eventually("two are loaded", async || loaded(&first).len() >= 2).await;
    first.signal(Signal::SIGINT);
    assert!(!first.ends_within(LIMIT).await.success());
    let before = loaded(&first);
    assert_eq!(
        before[0],
        "rilevazione 1 is loaded, as of 2025-09-30: 164 rows"
    );
    assert!(before.len() < 12, "{before:?}");

    // Data without a start that was interrupted are whoever's: they are served as they are.
    let (begun, aside) = (dir.join("demo/in-corso"), dir.join("demo/aside"));
    fs::rename(&begun, &aside).unwrap();
    assert_eq!(once(dir, "200").await.0, [""; 0]);
    fs::rename(&aside, &begun).unwrap();

    // The world is the one that was begun.
    let (rest, text) = once(dir, "300").await;
    assert_eq!(before.len() + rest.len(), 12, "{text}");
    assert!(text.contains("the last of some 200 rows"), "{text}");
    let last = &rest[rest.len() - 1];
    assert!(
        last.starts_with("rilevazione 12 is loaded, as of 2026-08-31: "),
        "{text}"
    );
    let (none, text) = once(dir, "300").await;
    assert_eq!(none, [""; 0], "{text}");
    assert!(!begun.exists());
}
