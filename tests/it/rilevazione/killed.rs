//! A loader that is killed: nothing of it is visible, and the next one is not held up.

use std::{
    io::Write as _,
    process::{Child, Command, Stdio},
};

use super::*;
use crate::{
    eventually::eventually,
    test_bench::{self, TestDatabase},
};

pub(super) fn load_command(db: &TestDatabase, fonti: &LoadSources) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
    command
        .env_clear()
        .env("OMNIA_DATABASE__URL", &db.serving_url)
        .env("OMNIA_DATABASE__OWNER_URL", &db.owner_url)
        .args([
            "load",
            "--data-riferimento",
            &fonti.data_riferimento.to_string(),
        ]);
    let options = [
        "--decreti",
        "--stanziamenti",
        "--normative",
        "--prestazioni",
    ];
    for (option, path) in options.iter().zip(fonti.files()) {
        command.arg(option).arg(path);
    }
    command
}

fn spawn(db: &TestDatabase, fonti: &LoadSources) -> Child {
    load_command(db, fonti)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until a query of the loader's connection is as wanted, given its text, state and wait event.
async fn until(db: &TestDatabase, wanted: &str) {
    let sql = format!(
        "select exists (select from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid() and {wanted})"
    );
    eventually(wanted, async || {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
            .fetch_one(&db.owner)
            .await
            .unwrap()
    })
    .await;
}

/// SIGKILL, and until the server has noticed.
async fn kill(db: &TestDatabase, mut loader: Child) {
    loader.kill().unwrap();
    loader.wait().unwrap();
    eventually("its lock is free", async || {
        sqlx::query_scalar("select not exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()))")
            .fetch_one(&db.owner)
            .await
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn while_it_reads() {
    let db = test_bench::database().await;
    let before = everything(&db.owner).await;
    let extract = ExtractFiles::of(&[A, B], &[]);
    // A pipe that gives many rows and then nothing more, without ending.
    let mut fonti = extract.fonti.clone();
    fonti.decreti = extract.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&fonti.decreti)
            .status()
            .unwrap()
            .success()
    );
    let loader = spawn(&db, &fonti);
    let pipe = fonti.decreti.clone();
    let pipe = tokio::task::spawn_blocking(move || {
        let mut pipe = fs::OpenOptions::new().write(true).open(pipe).unwrap();
        pipe.write_all(file(DECRETI, &[]).as_bytes()).unwrap();
        for i in 0..20_000 {
            writeln!(pipe, "{}", A.replace("112233", &i.to_string())).unwrap();
        }
        pipe
    })
    .await
    .unwrap();
    until(
        &db,
        "query like 'copy estratto_decreti %' and state = 'active'",
    )
    .await;
    let copied = "exists (select from pg_stat_progress_copy p where p.pid = pg_stat_activity.pid and tuples_processed > 0)";
    until(&db, copied).await;
    kill(&db, loader).await;
    drop(pipe);
    assert_eq!(everything(&db.owner).await, before);
    assert_eq!(extract.must_load(&db.owner).await.rilevazione, 1);
}

/// Kills a loader that has written everything and is about to record the rilevazione, which somebody prevents.
async fn kill_at_the_end(db: &TestDatabase, fonti: &LoadSources) {
    let before = everything(&db.owner).await;
    let mut blocker = db.owner.begin().await.unwrap();
    sqlx::query("lock table rilevazione in share mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let loader = spawn(db, fonti);
    until(
        db,
        "query like 'insert into rilevazione %' and wait_event_type = 'Lock'",
    )
    .await;
    // The server notices by itself: what the statement waits for does not come.
    kill(db, loader).await;
    blocker.rollback().await.unwrap();
    assert_eq!(everything(&db.owner).await, before);
}

#[tokio::test]
async fn while_it_writes() {
    let db = test_bench::database().await;
    let first = ExtractFiles::of(&[A, B], &["DL48-2023-ART30,CIGS,2023,13.00"]);
    kill_at_the_end(&db, &first.fonti).await;
    assert_eq!(first.must_load(&db.owner).await.rilevazione, 1);

    let paid = A.replace(",100.00,1000.00,100.00", ",100.00,1000.00,250.00");
    let second = ExtractFiles::of(&[&paid], &[]).dated("2024-02-29");
    kill_at_the_end(&db, &second.fonti).await;
    assert_eq!(visible(&db.owner, 1).await, [A, B]);
    assert_eq!(visible(&db.owner, 2).await, [A, B]);
    let summary = second.must_load(&db.owner).await;
    assert_eq!(
        (summary.rilevazione, summary.changed, summary.ended),
        (2, 1, 1)
    );
    assert_eq!(visible(&db.owner, 1).await, [A, B]);
    assert_eq!(visible(&db.owner, 2).await, [paid]);
}
