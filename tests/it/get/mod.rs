//! `omnia get`, as an operator runs it: the program itself, and a service at the other end of a connection.

mod bridge;
mod fake_service;
mod file;
mod lies;
mod monitoraggio;
mod refusals;
mod resume;
mod retry;
mod table;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Stdio};

use omnia::contract::proto::{
    DownloadDecreesRequest, FormatoFile, download_decrees_response::Parte,
};
use tokio::process::Command;

use crate::{export_stream::many_rows, model::NORMATIVE, server::TestServer};

/// A file of three pieces of 512 KiB as CSV.
const ROWS: u32 = 15_000;
/// So many bytes are a piece.
const CHUNK: usize = 512 * 1024;
/// Everything of the norm that has rows.
const DECRETI: [&str; 3] = ["decreti", "--normativa", NORMATIVE[0]];
const SOGGETTO: &str = "cliente-mlps-ammortizzatori";

/// Exit code, standard output, standard error.
pub(crate) type CommandOutput = (Option<i32>, String, String);

/// The program with a service to ask, as whom, and where it stands.
pub(crate) fn get(server: &str, token: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    command
        .arg("get")
        .env_clear()
        .env("OMNIA_CLIENT__SERVER", server)
        .env("OMNIA_CLIENT__TOKEN", token)
        .current_dir(dir)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs it to its end.
pub(crate) async fn run(command: &mut Command) -> CommandOutput {
    let output = command.output().await.unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A service with many rows of one norm, and a caller who sees all of them.
async fn scene() -> TestServer {
    let service = TestServer::start().await;
    service.load(&many_rows(ROWS), "2026-10-31").await;
    service.clients_of("mlps-ammortizzatori").await;
    service
}

/// The file, as any caller gets it.
async fn file(service: &TestServer, formato: FormatoFile, rilevazione: i32) -> Vec<u8> {
    let request = DownloadDecreesRequest {
        normativa: NORMATIVE[0].into(),
        formato: formato.into(),
        rilevazione,
        ..Default::default()
    };
    let mut decreti = service.clients_as(SOGGETTO).decreti;
    let mut stream = decreti
        .download_decrees(request)
        .await
        .unwrap()
        .into_inner();
    let mut file = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        if let Some(Parte::Pezzo(pezzo)) = message.parte {
            file.extend_from_slice(&pezzo.contenuto);
        }
    }
    file
}

/// What is in the directory, by name.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Waits until there is so much of a file.
async fn wait_for_bytes(file: &Path, byte: usize) {
    while fs::metadata(file).map_or(0, |file| file.len()) < byte as u64 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn assert_private(file: &Path) {
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{}", file.display());
}
