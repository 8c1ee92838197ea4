//! What commands write for people: text from outside in it, readers that go away, who can read the files.

mod bom;
mod files;
mod outside;
mod pipe;

use std::process::Command;

use crate::test_bench::TestDatabase;

/// The program, with nothing of this machine's environment.
fn omnia(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    command.env_clear().args(arguments);
    command
}

/// The same, with a database.
fn with_database(db: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = omnia(arguments);
    command
        .env("OMNIA_DATABASE__URL", &db.serving_url)
        .env("OMNIA_DATABASE__OWNER_URL", &db.owner_url);
    command
}

/// Exit code, standard output, standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}
