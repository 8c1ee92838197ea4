//! Files that a command writes: readable by their owner alone, for they hold personal data, secrets or the log.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _};

/// Options that make a file readable by its owner alone, whatever the umask. A file that is there keeps its mode: who opens
/// one and does not make it looks to that.
#[must_use]
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn nobody_else_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        private().write(true).create_new(true).open(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
