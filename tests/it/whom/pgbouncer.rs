//! Debian's pgbouncer before a test's database, in a process and a directory that do not outlive the test.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{test_bench::TestDatabase, throw_away::throw_away_dir};

const PORT: u16 = 6432;

/// A pooler at work.
pub struct PgBouncer {
    dir: PathBuf,
    child: Child,
    _watchdog: ChildStdin,
}

impl PgBouncer {
    /// Before the server of `db`, with these settings besides.
    pub fn before(db: &TestDatabase, settings: &str) -> Self {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .expect("pgbouncer is not installed: run deploy/need.sh pgbouncer");
        let (root, watchdog) = throw_away_dir();
        let dir = root.join("pgbouncer");
        fs::create_dir(&dir).unwrap();
        let server = query(&db.owner_url, "host");
        let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
        write("users.txt", "\"omnia\" \"\"\n\"omnia_servizio\" \"\"\n");
        write(
            "pgbouncer.ini",
            &format!(
                "[databases]\n* = host={server} port=5432\n\
                 [pgbouncer]\nlisten_addr =\nlisten_port = {PORT}\nunix_socket_dir = {dir}\n\
                 auth_type = trust\nauth_file = {dir}/users.txt\n{settings}\n",
                dir = dir.display()
            ),
        );
        let mut command = Command::new(program);
        command
            .args(["-q", "pgbouncer.ini"])
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(root.join("pgbouncer.log")).unwrap());
        // It refuses to run as root, and runs as the user who can reach the server's socket.
        if nix::unistd::geteuid().is_root() {
            use std::os::unix::fs::MetadataExt as _;
            let server = fs::metadata(&server).unwrap();
            chown(&dir, Some(server.uid()), Some(server.gid())).unwrap();
            command.uid(server.uid()).gid(server.gid());
        }
        let child = command.spawn().unwrap();
        let pgbouncer = Self {
            dir,
            child,
            _watchdog: watchdog,
        };
        pgbouncer.wait();
        pgbouncer
    }

    /// The same URL, through the pooler.
    pub fn url(&self, url: &str) -> String {
        url.replace("@localhost/", &format!("@localhost:{PORT}/"))
            .replace(&query(url, "host"), self.dir.to_str().unwrap())
    }

    fn wait(&self) {
        let socket = self.dir.join(format!(".s.PGSQL.{PORT}"));
        let end = Instant::now() + Duration::from_secs(10);
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < end, "pgbouncer does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A parameter of a URL.
fn query(url: &str, name: &str) -> String {
    let (_, parameters) = url.split_once('?').unwrap();
    parameters
        .split('&')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
        .unwrap()
        .to_owned()
}
