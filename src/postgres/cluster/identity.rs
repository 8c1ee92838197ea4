//! Who runs the server processes.
//!
//! PostgreSQL refuses to run as root, and `initdb` wants a user that has a name. So as root the processes run as `postgres`
//! (which Debian's package makes) or `nobody`, and own their files; under any other user they run as ourselves.

use std::{
    env,
    fs::Permissions,
    io,
    os::unix::{fs::PermissionsExt as _, fs::chown, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
};

use nix::unistd::{User, geteuid};

use crate::error::Sentence;

/// The user of the server processes.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    name: String,
    uid: u32,
    /// Set when it is not ourselves: the group to take.
    switch_to_gid: Option<u32>,
}

impl Identity {
    pub(crate) fn find() -> Result<Self, Sentence> {
        let ourselves = geteuid();
        if !ourselves.is_root() {
            let user = User::from_uid(ourselves)?.ok_or_else(|| {
                format!("user id {ourselves} has no name in /etc/passwd, which PostgreSQL needs")
            })?;
            return Ok(Self {
                name: user.name,
                uid: ourselves.as_raw(),
                switch_to_gid: None,
            });
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self {
                    name: user.name,
                    uid: user.uid.as_raw(),
                    switch_to_gid: Some(user.gid.as_raw()),
                });
            }
        }
        Err("PostgreSQL does not run as root, and there is no user postgres or nobody".into())
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    pub(crate) fn is_switched(&self) -> bool {
        self.switch_to_gid.is_some()
    }

    /// Makes a directory that we have just made the user's own, closed to everybody else.
    pub(crate) fn give(&self, dir: &Path) -> io::Result<()> {
        std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        match self.switch_to_gid {
            Some(gid) => chown(dir, Some(self.uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// A command that runs as the user, in `dir` (our own directory may be closed to it), and that the caller's PG*
    /// variables and language do not bend.
    pub(crate) fn command(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).stdin(Stdio::null());
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env_remove("TZ").env("LC_ALL", "C");
        if let Some(gid) = self.switch_to_gid {
            command.uid(self.uid).gid(gid);
        }
        command
    }
}
