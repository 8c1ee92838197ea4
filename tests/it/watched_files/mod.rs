//! Files that the program follows while it runs, and what may stand in their place: a pipe, a directory, something huge.

mod program;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What an operator, a full disk or an attacker may put where a file should be.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    /// Opening it waits for a writer.
    Pipe,
    Directory,
    /// Larger than any memory.
    Huge,
    Missing,
}

const ALL: [Wrong; 4] = [Wrong::Pipe, Wrong::Directory, Wrong::Huge, Wrong::Missing];

/// A file, and what it held.
struct Kept {
    file: PathBuf,
    bytes: Vec<u8>,
}

impl Kept {
    fn of(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            bytes: fs::read(file).unwrap(),
        }
    }

    /// Puts something else in its place, in one step.
    fn replace(&self, wrong: Wrong) {
        let new = self.file.with_extension("new");
        match wrong {
            Wrong::Pipe => mkfifo(&new),
            // A directory is not renamed over a file.
            Wrong::Directory => {
                fs::remove_file(&self.file).unwrap();
                return fs::create_dir(&self.file).unwrap();
            }
            Wrong::Huge => {
                let sparse = fs::File::create(&new).unwrap();
                sparse.set_len(3 << 30).unwrap();
                private(&new);
            }
            Wrong::Missing => return fs::remove_file(&self.file).unwrap(),
        }
        fs::rename(&new, &self.file).unwrap();
    }

    fn restore(&self) {
        if self.file.is_dir() {
            fs::remove_dir(&self.file).unwrap();
        }
        let new = self.file.with_extension("new");
        fs::write(&new, &self.bytes).unwrap();
        private(&new);
        fs::rename(&new, &self.file).unwrap();
    }
}

fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn mkfifo(path: &Path) {
    let made = Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
}
