//! A server left behind by a process of ours that was killed, and what a server that was killed left behind.
//!
//! `kill -9` of the service leaves its postmaster running, and only `postmaster.pid` in the data directory knows it. We
//! hold the directory's lock, so that server has no user: it is stopped before ours starts. The number in the file may
//! by now belong to an unrelated process, which is left in peace: a process is that server only if its program is
//! `postgres` and it stands in that data directory, where a postmaster always stands.
//!
//! `kill -9` of the postmaster leaves its backends. Most end as soon as they notice; one that is in the middle of a statement goes on with it,
//! and as long as it is attached to the shared memory a new server refuses to start. They stand in the data directory too. Nobody can
//! hear what they have to say, and what they have not committed is rolled back by recovery: they are ended.

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

/// How a leftover server is ended: in good order, at once, by force; and how long each may take.
const SERVER: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(30)),
    (Signal::SIGQUIT, Duration::from_secs(6)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];
/// The same of backends without a server, where there is no order to keep.
const ORPHANS: [(Signal, Duration); 1] = [(Signal::SIGKILL, Duration::from_secs(5))];
const POLL: Duration = Duration::from_millis(10);

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

/// Ends the server that was left behind in `data`, if there is one, and what a dead one left. Returns the number of an unrelated process that
/// `postmaster.pid` points at by accident: the new server must be told not to mind it.
pub(crate) async fn clear(data: &Path) -> Result<Option<i32>, Sentence> {
    let stranger = match holder(data)? {
        Holder::Nobody => None,
        Holder::Stranger(pid) => Some(pid),
        Holder::Server(pid) => {
            tracing::warn!(pid, "stopping a PostgreSQL server that was left behind");
            // One that is stopped by SIGSTOP hears nothing.
            for pid in orphans(data) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
            let left = || Ok::<_, Sentence>(holder(data)? == Holder::Server(pid));
            if !end(&SERVER, || vec![pid], left).await? {
                return Err(format!(
                    "process {pid} is a PostgreSQL server that was left behind in {} and does not stop",
                    data.display()
                )
                .into());
            }
            None
        }
    };
    clear_orphans(data).await?;
    Ok(stranger)
}

/// Ends the backends of a server that is gone.
pub(crate) async fn clear_orphans(data: &Path) -> Result<(), Sentence> {
    let found = orphans(data);
    if found.is_empty() {
        return Ok(());
    }
    tracing::warn!(pids = ?found, "ending the processes of a PostgreSQL server that is gone");
    if end(&ORPHANS, || orphans(data), || Ok(!orphans(data).is_empty())).await? {
        return Ok(());
    }
    Err(format!(
        "processes {:?} of a PostgreSQL server that is gone are still at work in {}",
        orphans(data),
        data.display()
    )
    .into())
}

/// Sends one signal after the other until nothing is left. Whether it worked.
async fn end(
    signals: &[(Signal, Duration)],
    pids: impl Fn() -> Vec<i32>,
    left: impl Fn() -> Result<bool, Sentence>,
) -> Result<bool, Sentence> {
    for (signal, patience) in signals {
        for pid in pids() {
            // An error is the process having gone, or being another user's; the loop sees which.
            let _ = kill(Pid::from_raw(pid), *signal);
        }
        let end = Instant::now() + *patience;
        while Instant::now() < end {
            if !left()? {
                return Ok(true);
            }
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(false)
}

/// The processes of PostgreSQL that stand in the data directory. Only where no server runs in it are they orphans.
fn orphans(data: &Path) -> Vec<i32> {
    let (Ok(data), Ok(processes)) = (fs::canonicalize(data), fs::read_dir("/proc")) else {
        return Vec::new();
    };
    let pid = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let stands_in = |pid: &i32| {
        let process = Path::new("/proc").join(pid.to_string());
        fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data)
            && fs::read_link(process.join("exe")).is_ok_and(|exe| is_postgres(&exe))
    };
    processes.filter_map(pid).filter(stands_in).collect()
}

/// An upgrade of the package leaves "postgres (deleted)".
fn is_postgres(program: &Path) -> bool {
    program
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("postgres"))
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
    if is_postgres(&program) && fs::canonicalize(data).is_ok_and(|data| data == stands_in) {
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
