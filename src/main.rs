//! The `omnia` program. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    omnia::cli::main()
}
