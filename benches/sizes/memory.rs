//! Memory of a process, as the kernel counts it.

use super::machine::field;

/// Resident bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub now: u64,
    pub peak: u64,
}

/// Of a process that runs.
pub fn memory(pid: u32) -> Memory {
    let bytes = |name: &str| {
        let text = field(&format!("/proc/{pid}/status"), name).unwrap();
        let kib: u64 = text.strip_suffix(" kB").unwrap().parse().unwrap();
        kib * 1024
    };
    Memory {
        now: bytes("VmRSS"),
        peak: bytes("VmHWM"),
    }
}
