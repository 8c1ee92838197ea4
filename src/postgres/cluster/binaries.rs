//! Finding PostgreSQL's programs on this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{error::Sentence, postgres::session::OLDEST_MAJOR};

/// Where Debian and Ubuntu put them, one directory for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A directory that has `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    /// 15 for 15.18: data files are compatible within it.
    pub(crate) major: u32,
}

impl Binaries {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Finds the programs: in `bin_dir` if it is set, else in PATH, else the newest of Debian's. Data files that exist already
/// (`major`) can only be opened by their own version.
pub(crate) fn find(bin_dir: Option<&Path>, major: Option<u32>) -> Result<Binaries, Sentence> {
    let candidates = match bin_dir {
        Some(dir) => vec![dir.to_owned()],
        None => search_path(),
    };
    let found: Vec<Binaries> = candidates.into_iter().filter_map(examine).collect();
    choose(&found, bin_dir, major).map_err(Sentence::from)
}

fn choose(
    found: &[Binaries],
    bin_dir: Option<&Path>,
    major: Option<u32>,
) -> Result<Binaries, String> {
    if found.is_empty() {
        return Err(match bin_dir {
            Some(dir) => format!(
                "there are no PostgreSQL programs (initdb, postgres) in {} (database.bin_dir)",
                dir.display()
            ),
            None => "PostgreSQL is not installed: run `apt-get install postgresql`, or set database.bin_dir to its \
                     programs, or DATABASE_URL to a server"
                .to_owned(),
        });
    }
    let Some(major) = major else {
        // Before there are files that only an older version could read.
        return found
            .iter()
            .find(|binaries| binaries.major >= OLDEST_MAJOR)
            .cloned()
            .ok_or_else(|| {
                format!(
                    "this program needs PostgreSQL {OLDEST_MAJOR} or later, and only version {} is here ({}): run `apt-get \
                     install postgresql`, or set database.bin_dir to its programs",
                    found[0].major,
                    found[0].dir.display()
                )
            });
    };
    found
        .iter()
        .find(|binaries| binaries.major == major)
        .cloned()
        .ok_or_else(|| {
            format!(
                "the data files were made by PostgreSQL {major}, and only version {} is here ({}): run `apt-get install \
                 postgresql-{major}`, or set database.bin_dir to its programs",
                found[0].major,
                found[0].dir.display()
            )
        })
}

fn search_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .collect();
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    debian.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    directories.extend(debian.into_iter().map(|(_, dir)| dir));
    directories
}

/// The directory, if both programs are there and tell their version.
fn examine(dir: PathBuf) -> Option<Binaries> {
    if !dir.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries { dir, major })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → 15; `… 18beta2` → 18.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Binaries, choose, find, major};

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta2"), Some(18));
        assert_eq!(major("bash, version 5"), None);
    }

    #[test]
    fn data_files_choose_their_own_version() {
        let binaries = |major| Binaries {
            dir: format!("/usr/lib/postgresql/{major}/bin").into(),
            major,
        };
        let found = [binaries(17), binaries(15)];
        assert_eq!(choose(&found, None, None), Ok(binaries(17)));
        assert_eq!(choose(&found, None, Some(15)), Ok(binaries(15)));
        let error = choose(&found, None, Some(14)).unwrap_err();
        assert!(
            error.contains("apt-get install postgresql-14") && error.contains("17/bin"),
            "{error}"
        );
    }

    #[test]
    fn programs_that_are_too_old_make_no_data_files() {
        let binaries = |major| Binaries {
            dir: format!("/usr/lib/postgresql/{major}/bin").into(),
            major,
        };
        let found = [binaries(13), binaries(14)];
        assert_eq!(choose(&found, None, None), Ok(binaries(14)));
        let error = choose(&found[..1], None, None).unwrap_err();
        assert!(error.contains("needs PostgreSQL 14 or later"), "{error}");
    }

    #[test]
    fn nothing_found_says_what_to_install() {
        let error = choose(&[], None, None).unwrap_err();
        assert!(error.contains("apt-get install postgresql"), "{error}");
        let error = find(Some("/nessuno".as_ref()), None).unwrap_err();
        assert!(error.to_string().contains("/nessuno (database.bin_dir)"));
    }
}
