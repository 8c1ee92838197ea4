//! What leaves the program for people: standard output, standard error, the log's lines, files that a spreadsheet opens.
//!
//! Text from outside (a cell of an extract, a header, a name in a token, an answer of a server) may hold what a terminal
//! obeys, what a reader takes for another line, or what a spreadsheet runs. It is made harmless here and nowhere else:
//!
//! ```text
//! outln!, errln! ──► terminal::TerminalLines ──┐
//! tracing ─────────► log::LogLines ────────────┼──► standard output, standard error
//! a value ─────────► terminal::TerminalLine ───┘    (in a line of ours: it cannot begin another)
//! a cell ──────────► spreadsheet::cell ────────────► CSV
//! ```
//!
//! Clippy refuses `println!` and its like everywhere else, so a new command cannot go around this.
//!
//! A reader that goes away (`| head`) is no failure and no panic: see [`stdio`].

pub mod file;
pub mod log;
pub mod spreadsheet;
pub mod stdio;
pub mod terminal;
