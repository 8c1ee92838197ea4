//! Where it ran: figures without their machine say little.

use std::{fs, thread};

/// One line.
pub fn describe(postgres_version: &str) -> String {
    let cores = thread::available_parallelism().unwrap();
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".to_owned());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "machine: {cores} cores ({cpu}), memory {memory}, PostgreSQL {postgres_version}, load at the start {load}"
    )
}

/// The value of the first line `name : value`.
pub fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}
