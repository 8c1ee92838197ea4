//! The directory of the private cluster.
//!
//! ```text
//! /var/lib/omnia/            ours; made if missing, else left as it is
//! ├── lock                   held as long as a process of ours uses the cluster
//! ├── postgres.log           what the server says; opened by us, so that its user cannot point it elsewhere
//! └── postgres/              0700, owned by the server's user
//!     ├── .s.PGSQL.5432      the socket
//!     ├── data/              PGDATA
//!     └── initdb/            PGDATA in the making; never survives a start
//! ```

use std::{
    env,
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    error::Sentence,
    postgres::{
        cluster::identity::Identity,
        options::{DATABASE, SERVING_ROLE},
    },
};

/// `sun_path` is 108 bytes long, one of them the closing zero.
const LONGEST_SOCKET_PATH: usize = 107;
/// The port is only a part of the socket's name.
pub(crate) const PORT: u16 = 5432;
/// A log longer than this is set aside at the next start.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;
/// How often a lock that another process has is tried again.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// The directory, by its absolute path.
#[derive(Debug, Clone)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// Makes what is missing of the directory and checks that the server's user can work in it.
    pub(crate) fn prepare(dir: &Path, identity: &Identity) -> Result<Self, Sentence> {
        let because = |error: io::Error| format!("cannot make {}: {error}", dir.display());
        let mode = if identity.is_switched() { 0o755 } else { 0o700 };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(dir)
            .map_err(because)?;
        let home = Self(fs::canonicalize(dir).map_err(because)?);
        home.check_socket_path()?;
        let server = home.server();
        match fs::symlink_metadata(&server) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir(&server)
                    .and_then(|()| identity.give(&server))
                    .map_err(because)?;
            }
            Err(error) => return Err(because(error).into()),
            Ok(metadata) if !metadata.is_dir() || metadata.uid() != identity.uid() => {
                return Err(format!(
                    "{} is not a directory that belongs to user {}, which runs the database: start omnia as the user who \
                     made it, or choose another database.data_dir",
                    server.display(),
                    identity.name()
                )
                .into());
            }
            Ok(_) => {}
        }
        home.check_reachable(identity)?;
        Ok(home)
    }

    /// Where the server's files are.
    pub(crate) fn server(&self) -> PathBuf {
        self.0.join("postgres")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.server().join("data")
    }

    pub(crate) fn unfinished_data(&self) -> PathBuf {
        self.server().join("initdb")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("postgres.log")
    }

    /// The major version that made the data files, if there are any.
    pub(crate) fn data_version(&self) -> Result<Option<u32>, Sentence> {
        let file = self.data().join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", file.display()).into()),
        }
    }

    /// As [`Home::lock`], where a process that is ending may still hold it: that one is waited for.
    pub(crate) async fn lock_within(&self, patience: Duration) -> Result<File, Sentence> {
        let end = Instant::now() + patience;
        let mut told = false;
        loop {
            let refused = match self.lock() {
                Err(error) if Instant::now() < end && self.is_locked()? => error,
                locked => return locked,
            };
            if !std::mem::replace(&mut told, true) {
                let seconds = patience.as_secs();
                tracing::warn!(seconds, "waiting for the data directory: {refused}");
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
    }

    /// Takes the directory for this process. The kernel gives it back when the process ends, however it ends.
    pub(crate) fn lock(&self) -> Result<File, Sentence> {
        let path = self.0.join("lock");
        let because = |error: io::Error| format!("cannot lock {}: {error}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(because)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(because)?;
                return Err(format!(
                    "{} is in use by another omnia process ({}): stop it, choose another database.data_dir, or let this one use \
                     the server of that one, with DATABASE_URL=postgres://{SERVING_ROLE}@localhost/{DATABASE}?host={}&sslmode=disable",
                    self.0.display(),
                    holder.trim(),
                    self.server().display()
                )
                .into());
            }
            Err(TryLockError::Error(error)) => return Err(because(error).into()),
        }
        // For the sentence above, in the process that comes second.
        file.set_len(0)
            .and_then(|()| writeln!(file, "process {}", std::process::id()))
            .map_err(because)?;
        Ok(file)
    }

    /// Whether another process has taken the directory.
    pub(crate) fn is_locked(&self) -> Result<bool, Sentence> {
        let path = self.0.join("lock");
        let because = |error: io::Error| format!("cannot look at {}: {error}", path.display());
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(because(error).into()),
            // A lock that we get is given back when the file is closed, here.
            Ok(file) => match file.try_lock() {
                Ok(()) => Ok(false),
                Err(TryLockError::WouldBlock) => Ok(true),
                Err(TryLockError::Error(error)) => Err(because(error).into()),
            },
        }
    }

    /// Opens the log, and tells how long it was.
    pub(crate) fn open_log(&self) -> io::Result<(File, u64)> {
        let path = self.log();
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LONGEST_LOG) {
            fs::rename(&path, path.with_extension("log.old"))?;
        }
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    fn check_socket_path(&self) -> Result<(), Sentence> {
        let socket = self.server().join(format!(".s.PGSQL.{PORT}"));
        let length = socket.as_os_str().as_bytes().len();
        if length <= LONGEST_SOCKET_PATH {
            return Ok(());
        }
        Err(format!(
            "the path of the database's socket, {}, is {length} bytes long and may be {LONGEST_SOCKET_PATH}: choose a \
             shorter database.data_dir",
            socket.display()
        )
        .into())
    }

    /// Tries to stand in the server's directory as its user: the bits of the directories above are not all that counts.
    fn check_reachable(&self, identity: &Identity) -> Result<(), Sentence> {
        if !identity.is_switched() {
            return Ok(());
        }
        let server = self.server();
        let tried = identity
            .command("/bin/sh".as_ref(), &server)
            .args(["-c", ":"])
            .status();
        let Err(error) = tried else { return Ok(()) };
        let closed = server
            .ancestors()
            .skip(1)
            .find(|dir| fs::metadata(dir).is_ok_and(|m| m.mode() & 0o001 == 0));
        Err(format!(
            "user {}, which runs the database, cannot enter {} ({error}): choose another database.data_dir, or open the \
             way with chmod o+x",
            identity.name(),
            closed.unwrap_or(&server).display()
        )
        .into())
    }
}

/// Where the cluster lives if the settings do not say.
pub(crate) fn default_dir(
    as_root: bool,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, Sentence> {
    if as_root {
        return Ok("/var/lib/omnia".into());
    }
    // The XDG specification: a path that is not absolute is to be ignored.
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("omnia"))
        .ok_or_else(|| "neither HOME nor XDG_DATA_HOME is set: set database.data_dir".into())
}

/// [`default_dir`] of this process.
pub(crate) fn our_default_dir() -> Result<PathBuf, Sentence> {
    default_dir(nix::unistd::geteuid().is_root(), |name| env::var_os(name))
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, path::Path};

    use super::{Home, Identity, default_dir};

    #[test]
    fn the_default_is_the_users_own() {
        let environment = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                let pair = pairs.iter().find(|(n, _)| *n == name)?;
                Some(OsString::from(pair.1))
            }
        };
        let home = environment(&[("HOME", "/home/anna"), ("XDG_DATA_HOME", "")]);
        assert_eq!(
            default_dir(true, home).unwrap(),
            Path::new("/var/lib/omnia")
        );
        assert_eq!(
            default_dir(false, home).unwrap(),
            Path::new("/home/anna/.local/share/omnia")
        );
        let xdg = environment(&[("HOME", "/home/anna"), ("XDG_DATA_HOME", "/dati")]);
        assert_eq!(default_dir(false, xdg).unwrap(), Path::new("/dati/omnia"));
        let error = default_dir(false, environment(&[])).unwrap_err();
        assert!(error.to_string().contains("database.data_dir"));
    }

    #[test]
    fn a_long_path_is_refused_before_the_server_is() {
        let dir = tempfile::tempdir().unwrap();
        let long = dir.path().join("x".repeat(100));
        let error = Home::prepare(&long, &Identity::find().unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("shorter database.data_dir"),
            "{error}"
        );
    }
}
