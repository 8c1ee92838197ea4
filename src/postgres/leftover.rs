//! A server left behind by a process of ours that was killed.
//!
//! `kill -9` of the service leaves its postmaster running, and only `postmaster.pid` in the data directory knows it. We
//! hold the directory's lock, so nobody needs that server: it is stopped before ours starts. The number in the file may
//! by now belong to an unrelated process, which is left in peace: a process is that server only if its program is
//! `postgres` and it stands in that data directory, where a postmaster always stands.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::error::Sentence;

/// How long a leftover server gets to stop in good order, and then at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `postmaster.pid` leads to.
#[derive(Debug, PartialEq, Eq)]
enum Holder {
    /// Nothing, or a process that has ended.
    Nobody,
    /// A postmaster of this very data directory.
    Server(i32),
    /// Some other process that has been given the number.
    Stranger(i32),
}

/// Stops the server that was left behind in `data`, if there is one. Returns the number of an unrelated process that
/// `postmaster.pid` points at by accident: the new server must be told not to mind it.
pub(super) async fn clear(data: &Path) -> Result<Option<i32>, Sentence> {
    let pid = match holder(data)? {
        Holder::Nobody => return Ok(None),
        Holder::Stranger(pid) => return Ok(Some(pid)),
        Holder::Server(pid) => pid,
    };
    tracing::warn!(pid, "stopping a PostgreSQL server that was left behind");
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        // An error is the process having gone, or being another user's; the loop sees which.
        let _ = kill(Pid::from_raw(pid), signal);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if holder(data)? != Holder::Server(pid) {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Err(format!(
        "process {pid} is a PostgreSQL server that was left behind in {} and does not stop",
        data.display()
    )
    .into())
}

fn holder(data: &Path) -> Result<Holder, Sentence> {
    let file = data.join("postmaster.pid");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(error) => return Err(format!("cannot read {}: {error}", file.display()).into()),
    };
    // A negative number stands for a single-user server. Anything else that is no number: the new server will judge.
    let Some(pid) = text
        .lines()
        .next()
        .and_then(|l| l.trim().parse::<i32>().ok())
    else {
        return Ok(Holder::Nobody);
    };
    let pid = pid.abs();
    let process = Path::new("/proc").join(pid.to_string());
    if !process.exists() {
        return Ok(Holder::Nobody);
    }
    let (program, stands_in) = match (
        fs::read_link(process.join("exe")),
        fs::read_link(process.join("cwd")),
    ) {
        (Ok(program), Ok(stands_in)) => (program, stands_in),
        // Another user's, hence no server of this directory: PostgreSQL sees that too.
        (Err(error), _) | (_, Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Ok(Holder::Nobody);
        }
        // It has ended and its parent has not noticed: PostgreSQL would take it for alive.
        _ => return Ok(Holder::Stranger(pid)),
    };
    // An upgrade of the package leaves "postgres (deleted)".
    let is_postgres = program
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("postgres"));
    if is_postgres && fs::canonicalize(data).is_ok_and(|data| data == stands_in) {
        return Ok(Holder::Server(pid));
    }
    Ok(Holder::Stranger(pid))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Holder, holder};

    #[test]
    fn only_a_postmaster_of_that_directory_is_one() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(holder(data.path()).unwrap(), Holder::Nobody);
        let ourselves = i32::try_from(std::process::id()).unwrap();
        for (text, expected) in [
            (
                format!("{ourselves}\n{}\n", data.path().display()),
                Holder::Stranger(ourselves),
            ),
            ("0\n".to_owned(), Holder::Nobody),
            ("2147483647\n".to_owned(), Holder::Nobody),
            ("-5000000\n".to_owned(), Holder::Nobody),
            (String::new(), Holder::Nobody),
            ("boh\n".to_owned(), Holder::Nobody),
        ] {
            fs::write(data.path().join("postmaster.pid"), &text).unwrap();
            assert_eq!(holder(data.path()).unwrap(), expected, "{text:?}");
        }
    }
}
