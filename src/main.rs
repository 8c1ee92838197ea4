//! The `omnia` program. Everything is in the library.

use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(omnia::cli::Cli::parse().run());
        // Not dropped: that would wait for a read of a file that never ends, and for every other call that blocks.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("omnia: {error}");
            ExitCode::FAILURE
        }
    }
}
