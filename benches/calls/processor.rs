//! Processor time of processes, as the kernel counts it: unlike a rate, it does not say how busy the rest of the machine was.

use std::fs;

/// `/proc` counts in hundredths of a second, on every Linux there is.
const MICROS_A_TICK: u64 = 10_000;

/// Microseconds, in user and in system mode, that these processes have used so far.
pub fn micros(pids: &[u32]) -> u64 {
    pids.iter().filter_map(|pid| stat(*pid)).map(|s| s.1).sum()
}

/// A process and the processes that it started.
pub fn family(pid: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|other| *other == pid || stat(*other).is_some_and(|(parent, _)| parent == pid))
        .collect()
}

/// Its parent, and what it has used. `None`: it has ended.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Some((fields[1].parse().unwrap(), ticks * MICROS_A_TICK))
}
