//! The `omnia` program. Everything is in the library.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    match omnia::cli::Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("omnia: {error}");
            ExitCode::FAILURE
        }
    }
}
