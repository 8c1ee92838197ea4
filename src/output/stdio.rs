//! Standard output and standard error of the commands.
//!
//! What a command prints is dropped once its reader is gone: the work goes on, and the exit code is that of the work, so that
//! `omnia audit verify | head -1` still says by its code whether anything was found. Only a command whose work is to
//! write a stream to standard output (`audit export`, `get --file -`) stops there, with [`PIPE_CLOSED`].
//!
//! Any other failure (a full disk behind `> file`) is told at the end, by [`settle`], and has an exit code of its own, [`NOT_WRITTEN`]: a
//! text that is cut must not look whole, nor be taken for what the work found.

use std::{
    fmt,
    io::{self, ErrorKind, Write as _},
    os::fd::{AsFd, BorrowedFd},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::terminal::TerminalLines;
use crate::error::Sentence;

/// The exit code of a process that SIGPIPE ended, as shells report it.
pub const PIPE_CLOSED: u8 = 141;

/// The exit code of a command whose text could not be written: sysexits' EX_IOERR.
pub const NOT_WRITTEN: u8 = 74;

/// Why standard output takes nothing more.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Whether the reader of a [`Stream`] has gone away.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Prints on standard output. The macros `out!` and `outln!` call it.
pub fn print(text: fmt::Arguments<'_>) {
    if FAILED.get().is_some() {
        return;
    }
    let text = TerminalLines(text).to_string();
    let mut stdout = stream().0;
    if let Err(error) = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        // The first one counts.
        let _ = FAILED.set(error);
    }
}

/// Prints on standard error, where it can. The macro `errln!` calls it.
pub fn print_error(text: fmt::Arguments<'_>) {
    // There is no reader left to tell.
    let _ = errors().write_all(TerminalLines(text).to_string().as_bytes());
}

/// Standard output as a stream of bytes, for what is data and not a text of ours.
#[derive(Debug)]
pub struct Stream(io::Stdout);

/// Standard output as a stream of bytes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn stream() -> Stream {
    Stream(io::stdout())
}

impl Stream {
    /// Notes whether the reader of a stream has gone away: the command ends, with [`PIPE_CLOSED`].
    pub fn note<T>(written: io::Result<T>) -> io::Result<T> {
        if matches!(&written, Err(error) if error.kind() == ErrorKind::BrokenPipe) {
            CLOSED.store(true, Ordering::Relaxed);
        }
        written
    }
}

impl io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::note(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::note(self.0.flush())
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether a stream ended because its reader is gone.
#[must_use]
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Standard error as a stream of bytes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn errors() -> io::Stderr {
    io::stderr()
}

/// Whether standard output took all that was printed. A reader that is gone is no failure.
///
/// # Errors
/// A sentence: a device is full, say.
pub fn settle() -> Result<(), Sentence> {
    match FAILED.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Prints on standard output, as `print!` does, what is harmless for a terminal; never panics.
macro_rules! out {
    ($($text:tt)*) => { $crate::output::stdio::print(format_args!($($text)*)) };
}

/// As `out!`, with a line end.
macro_rules! outln {
    ($($text:tt)*) => { $crate::output::stdio::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// As `outln!`, on standard error.
macro_rules! errln {
    ($($text:tt)*) => { $crate::output::stdio::print_error(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {errln, out, outln};
