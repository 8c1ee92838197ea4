//! The peer: `psql`, which reads and writes files with `\copy`.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use omnia::config::Settings;
use sqlx::postgres::PgConnectOptions;

/// Runs commands one after the other in one session; what they print goes to /dev/null, as the text of an export does.
pub fn run(options: &PgConnectOptions, commands: &[String]) {
    let socket = options.get_socket().unwrap().display();
    let target = format!(
        "host={socket} port={} user={} dbname={} sslmode=disable",
        options.get_port(),
        options.get_username(),
        options.get_database().unwrap()
    );
    let mut psql = Command::new(program());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            psql.env_remove(name);
        }
    }
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &target]);
    for command in commands {
        psql.args(["-c", command]);
    }
    let status = psql
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "psql: {status}");
}

/// The program itself: Debian's /usr/bin/psql is a script that looks for it, and its time would be on the peer's account.
fn program() -> PathBuf {
    if let Some(dir) = Settings::read(None).unwrap().database.bin_dir {
        return dir.join("psql");
    }
    let directories = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut debian: Vec<(u32, PathBuf)> = directories
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            let program = entry.path().join("bin/psql");
            program.is_file().then_some((major, program))
        })
        .collect();
    debian.sort();
    debian
        .pop()
        .map_or_else(|| "psql".into(), |(_, program)| program)
}
