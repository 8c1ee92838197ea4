//! Rilevazioni that are taken out of the way.

use std::process::Command;

use omnia::{
    abilitazione::grants::{MotivoAa07, Operatore},
    app,
    audit::verify::verify,
    crypto::key::AuditKey,
    rilevazione::{WithdrawError, withdraw},
};

use super::{killed::load_command, *};
use crate::{
    server::AUDIT_KEY,
    test_bench::{self, TestDatabase},
};

/// By this role. The number of the latest from then on.
async fn take_away_as(
    pool: &PgPool,
    db: &TestDatabase,
    numero: i32,
) -> Result<Option<i32>, WithdrawError> {
    let operatore = Operatore::parse("anna", None).unwrap();
    let motivo = MotivoAa07::parse("a day too late").unwrap();
    let audit = app::audit(&db.connections, AuditKey::new(&AUDIT_KEY), clock());
    let audit = audit.await.unwrap();
    let latest = withdraw(pool, &audit, &clock(), numero, &operatore, &motivo).await;
    audit.close().await;
    Ok(latest?.map(|latest| latest.numero))
}

/// By the owner.
pub(super) async fn take_away(
    db: &TestDatabase,
    numero: i32,
) -> Result<Option<i32>, WithdrawError> {
    take_away_as(&db.owner, db, numero).await
}

#[tokio::test]
async fn an_earlier_day_can_be_loaded_then() {
    let db = test_bench::database().await;
    let paid = A.replace(",100.00,1000.00,100.00", ",100.00,1000.00,250.00");
    let c = B.replace("145/2023", "146/2023");
    ExtractFiles::of(&[A, B], &["DL48-2023-ART30,CIGS,2023,13.00"])
        .must_load(&db.owner)
        .await;
    let late = ExtractFiles::of(&[&paid, &c], &[]).dated("2026-11-20");
    late.must_load(&db.owner).await;
    let before = everything(&db.owner).await;
    let right =
        ExtractFiles::of(&[&paid, B], &["DL48-2023-ART30,CIGS,2023,13.00"]).dated("2024-02-29");
    let (esito, _) = right.load(&db.owner).await;
    assert!(
        matches!(esito, Err(LoadError::OutOfOrder { numero: 2, .. })),
        "{esito:?}"
    );

    assert_eq!(take_away(&db, 2).await.unwrap(), Some(1));
    assert_eq!(
        everything(&db.owner).await,
        before,
        "nothing of it is taken back"
    );
    // In comparison with the first: the second does not matter any more.
    assert_eq!(
        right.must_load(&db.owner).await,
        LoadSummary {
            rilevazione: 3,
            rows: 2,
            added: 0,
            changed: 1,
            ended: 0,
            stanziamenti: 1,
            warnings: 0
        }
    );
    assert_eq!(visible(&db.owner, 1).await, [A, B]);
    assert_eq!(
        visible(&db.owner, 2).await,
        sorted(vec![paid.clone(), c.clone()])
    );
    assert_eq!(visible(&db.owner, 3).await, [&*paid, B]);
    assert_eq!(visible_stanziamenti(&db.owner, 2).await, [""; 0]);
    assert_eq!(
        visible_stanziamenti(&db.owner, 3).await,
        ["DL48-2023-ART30,CIGS,2023,13.00"]
    );
    // What was withdrawn may be loaded again when its day has come.
    assert_eq!(late.must_load(&db.owner).await.rilevazione, 4);
    assert_eq!(late.must_be_known(&db.owner).await, 4);
}

#[tokio::test]
async fn the_latest_first_and_each_once() {
    let db = test_bench::database().await;
    for (n, day) in ["2024-01-31", "2024-02-29", "2024-03-31"]
        .iter()
        .enumerate()
    {
        let row = A.replace("112233", &n.to_string());
        ExtractFiles::of(&[&row], &[])
            .dated(day)
            .must_load(&db.owner)
            .await;
    }
    let refused = async |numero| take_away(&db, numero).await.unwrap_err().to_string();
    assert_eq!(refused(4).await, "there is no rilevazione 4");
    assert_eq!(refused(0).await, "there is no rilevazione 0");
    assert_eq!(
        refused(2).await,
        "rilevazione 2 is not the latest, 3 is: the latest is withdrawn first"
    );
    assert_eq!(take_away(&db, 3).await.unwrap(), Some(2));
    assert_eq!(refused(3).await, "rilevazione 3 is withdrawn already");
    assert_eq!(take_away(&db, 2).await.unwrap(), Some(1));
    assert_eq!(take_away(&db, 1).await.unwrap(), None);
    // The first one of all again: everything is new, and the numbers go on.
    let again = ExtractFiles::of(&[A, B], &[]).dated("2024-01-01");
    let summary = again.must_load(&db.owner).await;
    assert_eq!(
        (
            summary.rilevazione,
            summary.added,
            summary.changed,
            summary.ended
        ),
        (4, 2, 0, 0)
    );
    assert_eq!(visible(&db.owner, 4).await, [A, B]);
    assert_eq!(refused(3).await, "rilevazione 3 is withdrawn already");
}

#[tokio::test]
async fn who_and_why_stays_and_only_the_owner_writes_it() {
    let db = test_bench::database().await;
    ExtractFiles::of(&[A], &[]).must_load(&db.owner).await;
    assert!(take_away_as(&db.serving, &db, 1).await.is_err());
    take_away(&db, 1).await.unwrap();
    let kept: (i32, String, String, String) =
        sqlx::query_as("select rilevazione, istante::text, operatore, motivo from ritiro")
            .fetch_one(&db.owner)
            .await
            .unwrap();
    let expected = (1, "2026-11-23 11:00:00+00", "anna", "a day too late");
    assert_eq!((kept.0, &*kept.1, &*kept.2, &*kept.3), expected);
    for statement in [
        "delete from ritiro",
        "update ritiro set motivo = 'x'",
        "truncate ritiro",
    ] {
        let error = sqlx::query(statement).execute(&db.owner).await.unwrap_err();
        assert!(
            error.to_string().contains("ritiro is append-only"),
            "{error}"
        );
    }
    // In the audit log too, which is whole.
    let records: Vec<String> = sqlx::query_scalar(
        "select record from audit_record where record::json ->> 'tipo' = 'RITIRO'",
    )
    .fetch_all(&db.owner)
    .await
    .unwrap();
    assert_eq!(records.len(), 1, "one refused, one done: {records:?}");
    let end = r#""tipo":"RITIRO","rilevazione":1,"operatore":"anna","motivo":"a day too late"}"#;
    assert!(records[0].ends_with(end), "{records:?}");
    assert_eq!(verify(&db.owner, None, None).await.unwrap().faults, []);
    // Those who serve see that and when.
    assert!(
        sqlx::query("select rilevazione, istante from ritiro")
            .fetch_one(&db.serving)
            .await
            .is_ok()
    );
    for column in ["operatore", "motivo"] {
        let sql = sqlx::AssertSqlSafe(format!("select {column} from ritiro"));
        let error = sqlx::query(sql).fetch_one(&db.serving).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}

#[tokio::test]
async fn as_an_operator_does_it() {
    let db = test_bench::database().await;
    let extract = ExtractFiles::of(&[A], &[]);
    extract.must_load(&db.owner).await;
    let key = extract.path("audit.key");
    fs::write(&key, "07".repeat(32)).unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_omnia"))
            .env_clear()
            .env("OMNIA_DATABASE__URL", &db.serving_url)
            .env("OMNIA_DATABASE__OWNER_URL", &db.owner_url)
            .env("OMNIA_AUDIT__KEY_FILE", &key)
            .args(["load", "withdraw"])
            .args(args)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    // Who and why are not guessed.
    for (args, missing) in [
        (&["1", "--motivo", "x"][..], "--operatore"),
        (&["1", "--operatore", "anna"], "--motivo"),
        (&["1", "--operatore", "anna", "--motivo", " "], "--motivo"),
        (
            &["1", "--operatore", "a\u{1b}[2J", "--motivo", "x"],
            "--operatore",
        ),
        (&["--operatore", "anna", "--motivo", "x"], "NUMERO"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(missing) && !err.contains('\u{1b}'), "{err}");
    }
    let full = ["1", "--operatore", "anna", "--motivo", "a day too late"];
    let done = "rilevazione 1 is withdrawn; there is no other\n";
    let (code, out, err) = run(&full);
    assert_eq!((code, out.as_str()), (Some(0), done));
    // It has a chain of the audit log, whose impronta is told as that of the service's is.
    let opened = |line: &str| line.contains("audit log chain opened");
    assert!(err.lines().count() == 1 && err.lines().all(opened), "{err}");
    let (code, out, err) = run(&full);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let said = err.lines().find(|line| !opened(line));
    assert_eq!(said, Some("omnia: rilevazione 1 is withdrawn already"));
    // The extract itself is loaded as before, and nothing is to be given beside the subcommand.
    let output = load_command(&db, &extract.fonti).output().unwrap();
    assert!(output.stdout.starts_with(b"rilevazione 2 is loaded"));
    let mut both = load_command(&db, &extract.fonti);
    assert_eq!(
        both.args(["withdraw"])
            .args(full)
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    let mut none = Command::new(env!("CARGO_BIN_EXE_omnia"));
    let output = none.env_clear().arg("load").output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    for missing in ["--decreti", "--stanziamenti", "--data-riferimento"] {
        assert!(err.contains(missing), "{err}");
    }
}
