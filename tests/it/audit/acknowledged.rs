//! A clock that was wrong once: acknowledged with who and why, and told apart from everything else.

use std::process::{Command, Output};

use omnia::audit::{
    acknowledge::acknowledge,
    anchor::write_anchor,
    verify::{VerificationOutcome, verify},
};

use super::tampering::{at, nine_records, places, sql};
use crate::server::TestServer;

/// A log whose second anchor is of the year 2036, and whose third is of the day after the first.
async fn clock_fault() -> TestServer {
    let service = nine_records().await;
    let owner = &service.db.owner;
    for instant in ["2036-05-01T08:00:00Z", "2026-11-24T08:00:00Z"] {
        write_anchor(owner, at(instant)).await.unwrap().unwrap();
    }
    service
}

const FAULT: &str = "ancora 2: is dated 2036-05-01, and the one after it 2026-11-24: a clock was wrong, or it was added";

#[tokio::test]
async fn an_acknowledged_clock_fault_is_told_with_who_and_why_and_is_no_tampering() {
    let service = clock_fault().await;
    let owner = &service.db.owner;
    assert_eq!(places(owner, None).await, [FAULT]);
    let now = at("2026-11-24T09:00:00Z");
    for (who, why) in [
        ("RSSMRA85T10A562S", "x"),
        ("anna", "told by rssmra85t10a562s"),
    ] {
        let error = acknowledge(owner, 2, who, why, now).await.unwrap_err();
        assert!(
            error.to_string().contains("may not hold a codice fiscale"),
            "{error}"
        );
    }
    acknowledge(owner, 2, "anna", "NTP was down", now)
        .await
        .unwrap();
    let found = verify(owner, None, None).await.unwrap();
    assert_eq!(
        (found.outcome(), &found.faults[..]),
        (VerificationOutcome::Acknowledged, &[][..])
    );
    let told: Vec<String> = found.acknowledged.iter().map(ToString::to_string).collect();
    let expected =
        format!("{FAULT}; acknowledged at 2026-11-24T09:00:00.000000Z by anna: NTP was down");
    assert_eq!(told, [expected]);
    // Once, and nothing but a clock fault.
    for (anchor, expected) in [
        (2, "was acknowledged at"),
        (1, "has no clock fault"),
        (9, "has no clock fault"),
    ] {
        let error = acknowledge(owner, anchor, "bruno", "x", now)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    // And what else is wrong is wrong.
    sql(owner, "delete from audit_registro where numero = 5").await;
    let found = verify(owner, None, None).await.unwrap();
    assert_eq!(
        (found.outcome(), found.faults.len()),
        (VerificationOutcome::Tampered, 1)
    );
    service.stop().await;
}

#[tokio::test]
async fn acknowledgements_are_chained_append_only_and_of_one_text() {
    let service = clock_fault().await;
    let owner = &service.db.owner;
    let now = at("2026-11-24T09:00:00Z");
    acknowledge(owner, 2, "anna", "NTP was down", now)
        .await
        .unwrap();
    write_anchor(owner, at("2026-11-25T00:00:01Z"))
        .await
        .unwrap()
        .unwrap();
    for change in [
        "update audit_acknowledgement set testo = ''",
        "delete from audit_acknowledgement",
        "truncate audit_acknowledgement",
    ] {
        let refused = sqlx::query(change).execute(owner).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    sql(
        owner,
        "alter table audit_acknowledgement disable trigger all",
    )
    .await;
    for (change, expected) in [
        (
            "update audit_acknowledgement set testo = replace(testo, 'anna', 'bruno')",
            "acknowledgement 1: was changed, or the one before it was",
        ),
        (
            "update audit_acknowledgement set testo = replace(testo, 'anna', 'bruno');
             update audit_acknowledgement set impronta = sha256(decode(repeat('00', 32), 'hex') || testo::bytea)",
            "acknowledgement 1: is not as anchor 4 saw it, or is missing",
        ),
        (
            "delete from audit_acknowledgement",
            "acknowledgement 1: is not as anchor 4 saw it, or is missing",
        ),
    ] {
        sql(owner, "create table copia as table audit_acknowledgement").await;
        sql(owner, change).await;
        let found = places(owner, None).await;
        assert!(found.iter().any(|d| d == expected), "{change}: {found:?}");
        sql(
            owner,
            "delete from audit_acknowledgement; insert into audit_acknowledgement select * from copia; drop table copia",
        )
        .await;
    }
    // Another anchor under the same number is not the one that was looked at.
    sql(
        owner,
        "delete from audit_ancora where numero > 2;
         insert into audit_ancora select 3, '2026-11-24', replace(replace(ancora, '2036-05-01', '2026-11-24'), 'T08', 'T09'), impronta from audit_ancora where numero = 2;
         update audit_ancora set ancora = replace(ancora, '\"numero\":2,', '\"numero\":3,') where numero = 3;
         update audit_ancora set impronta = sha256((select impronta from audit_ancora where numero = 2) || ancora::bytea) where numero = 3",
    )
    .await;
    assert!(places(owner, None).await.iter().any(|d| d == FAULT));
    service.stop().await;
}

fn audit(service: &TestServer, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg("audit")
        .args(arguments)
        .env_clear()
        .env("OMNIA_DATABASE__URL", &service.db.serving_url)
        .env("OMNIA_DATABASE__OWNER_URL", &service.db.owner_url)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_codes_keep_apart_what_is_whole_acknowledged_tampered_and_not_looked_at() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    let verify = || {
        let output = audit(&service, &["verify"]);
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    assert_eq!(verify().0, 0);
    for instant in ["2036-05-01T08:00:00Z", "2026-11-24T08:00:00Z"] {
        write_anchor(owner, at(instant)).await.unwrap().unwrap();
    }
    let (code, text) = verify();
    assert!(
        code == 4 && text.contains("one thing is not as it was written"),
        "{text}"
    );
    let arguments = [
        "acknowledge",
        "--ancora",
        "2",
        "--operatore",
        "anna",
        "--motivo",
        "NTP was down",
    ];
    let done = audit(&service, &arguments);
    assert!(done.status.success(), "{done:?}");
    let (code, text) = verify();
    assert!(
        code == 3 && text.contains("by anna: NTP was down"),
        "{text}"
    );
    assert_eq!(audit(&service, &arguments).status.code(), Some(1));
    sql(owner, "delete from audit_registro where numero = 5").await;
    let (code, text) = verify();
    assert!(
        code == 4 && text.contains("by anna: NTP was down"),
        "{text}"
    );
    service.db.allow_connections(false).await;
    assert_eq!(verify().0, 75, "nothing could be looked at");
    service.db.allow_connections(true).await;
    service.stop().await;
}
