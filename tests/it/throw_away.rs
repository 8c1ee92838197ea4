//! A directory that does not outlive its process, and neither does what runs in it, however the process ends.
//!
//! A watchdog shell reads a pipe whose other end only this process holds. When that closes it stops the server and removes
//! everything. The benches use it too.

use std::{
    fs::Permissions,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
};

/// A directory that is removed when this process ends, with every process that stands in it, and the pipe to hold until
/// then. The server's user must be able to pass through.
pub(crate) fn throw_away_dir() -> (PathBuf, ChildStdin) {
    let dir = tempfile::Builder::new()
        .prefix("omnia-test-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir()
        .unwrap()
        .keep();
    let dir = dir.canonicalize().unwrap();
    let pipe = watchdog(&dir);
    (dir, pipe)
}

// It ends after this process, which therefore cannot wait for it.
#[allow(clippy::zombie_processes)]
fn watchdog(dir: &Path) -> ChildStdin {
    // A server stopped at once (QUIT) still gives back its shared memory, and an initdb ends by itself. Only what is
    // still standing in the directory after that is killed.
    let script = r#"
        cat
        for file in "$1"/postgres/data/postmaster.pid "$1"/*/postgres/data/postmaster.pid; do
            [ -f "$file" ] && kill -QUIT "$(head -n 1 "$file")"
        done
        tries=0
        while :; do
            standing="$(find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$1" -o -lname "$1[/ ]*" \) | cut -d / -f 3)"
            [ -z "$standing" ] && break
            [ $tries -ge 100 ] && kill -KILL $standing
            tries=$((tries + 1))
            sleep 0.1
        done
        rm -rf "$1"
    "#;
    let mut child = Command::new("sh")
        .args(["-c", script, "omnia-test-watchdog"])
        .arg(dir)
        .current_dir("/")
        .stdin(Stdio::piped())
        // Not ours: who reads the tests' output must not wait for the watchdog.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C ends the tests, and then it has work to do.
        .process_group(0)
        .spawn()
        .unwrap();
    child.stdin.take().unwrap()
}
