//! The processes of a PostgreSQL server, frozen and thawed.

use std::{fs, path::Path};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// The processes that stand in a data directory: the postmaster and all that it has started.
pub fn processes(data: &Path) -> Vec<i32> {
    let data = data.canonicalize().unwrap();
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (cwd == data).then_some(pid)
    });
    pids.collect()
}

/// Sends all of them a signal; how many there were.
pub fn signal_all(data: &Path, signal: Signal) -> usize {
    let pids = processes(data);
    for pid in &pids {
        let _ = kill(Pid::from_raw(*pid), signal);
    }
    pids.len()
}
