//! A reader that goes away ends no command in a panic.

use std::{
    fs,
    io::{Read as _, pipe},
    process::{Command, Stdio},
};

use super::{omnia, run, with_database};
use crate::test_bench;

/// Runs it without a reader of its standard output: exit code and standard error.
fn unread(command: &mut Command) -> (Option<i32>, String) {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let output = command
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Runs it without a reader of either of its outputs: exit code.
fn unheard(command: &mut Command) -> Option<i32> {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let status = command
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .status()
        .unwrap();
    status.code()
}

const EXPLAIN: [&str; 6] = [
    "policy",
    "explain",
    "--profilo",
    "mef-rgs",
    "--rpc",
    "DecreeService/ListDecrees",
];

#[test]
fn the_exit_code_is_that_of_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    fs::write(&key, "07".repeat(32)).unwrap();
    let folder = dir.path().join("estratto");
    let folder = folder.to_str().unwrap();
    for arguments in [
        &["policy", "check"][..],
        &["policy", "matrix"],
        &["policy", "check", "/nonexistent"],
        &EXPLAIN,
        &["audit", "cf", "RSSMRA85T10A562S"],
        &[
            "generate",
            "--righe",
            "10",
            "--sovrascrivi",
            "--cartella",
            folder,
        ],
        &["token", "--soggetto", "nobody"],
        &["--help"],
        &["get", "report", "--help"],
        &["nonsense"],
    ] {
        let command = || {
            let mut command = omnia(arguments);
            command
                .env("OMNIA_AUDIT__KEY_FILE", &key)
                .env("OMNIA_DATABASE__DATA_DIR", dir.path());
            command
        };
        let (code, _, err) = run(&mut command());
        let (unread, unread_err) = unread(&mut command());
        assert_eq!((unread, &unread_err), (code, &err), "{arguments:?}");
        assert_eq!(unheard(&mut command()), code, "{arguments:?}");
    }
}

#[tokio::test]
async fn nor_do_those_that_ask_the_database() {
    let db = test_bench::database().await;
    for arguments in [
        &["migrate"][..],
        &["grant", "list"],
        &["grant", "expiring"],
        &["grant", "show", "1"],
        &["audit", "verify"],
        &["audit", "anchor"],
        &["audit", "prune"],
        &["derived", "verify"],
        &["derived", "rebuild"],
    ] {
        let (code, _, _) = run(&mut with_database(&db, arguments));
        let (unread, err) = unread(&mut with_database(&db, arguments));
        assert_eq!(unread, code, "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        assert_eq!(
            unheard(&mut with_database(&db, arguments)),
            code,
            "{arguments:?}"
        );
    }
}

/// A stream is what the command was for: cut, it says so as a process that SIGPIPE ended would.
#[tokio::test]
async fn a_stream_that_is_cut_stops_quietly() {
    let db = test_bench::database().await;
    sqlx::raw_sql(
        "insert into audit_catena (catena, istanza, aperta_il) values (1, 'x', now());
         insert into audit_registro (catena, numero, istante, record, impronta)
         select 1, n, now(), repeat('x', 1000), sha256('x') from generate_series(1, 500) n",
    )
    .execute(&db.owner)
    .await
    .unwrap();
    let (code, err) = unread(&mut with_database(&db, &["audit", "export"]));
    assert_eq!((code, err.as_str()), (Some(141), ""));
    // One that is read in part, as `head` does.
    let mut child = with_database(&db, &["audit", "export"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut head = [0; 10];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut head).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// What does not fit is told: a text that is cut must not look whole.
#[test]
fn a_full_device_is_an_error() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = omnia(&["policy", "matrix"])
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "omnia: standard output: No space left on device (os error 28)\n"
    );
}
