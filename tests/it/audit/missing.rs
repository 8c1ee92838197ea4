//! Chains that are gone before an anchor saw them; and those whose service was killed, which are no ground for suspicion.

use omnia::{
    audit::{
        AuditLog, ChainDigest,
        verify::{VerificationOutcome, verify},
    },
    clock::Clock,
    crypto::key::AuditKey,
};
use sqlx::PgPool;

use super::{
    intact,
    tampering::{places, sql},
};
use crate::{
    server::AUDIT_KEY,
    test_bench::{self, TestDatabase},
};

/// The chain of a service that is killed: it is opened and never closed.
async fn killed(db: &TestDatabase) {
    let clock = Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    let database = db.connections.clone();
    let audit = AuditLog::open(database, AuditKey::new(&AUDIT_KEY), "prova:1".into(), clock)
        .await
        .unwrap();
    drop(audit);
}

async fn days_work() -> TestDatabase {
    let db = test_bench::database().await;
    for _ in 0..4 {
        killed(&db).await;
    }
    db
}

async fn opening(owner: &PgPool, catena: i64) -> serde_json::Value {
    let text: String =
        sqlx::query_scalar("select record from audit_record where catena = $1 and numero = 1")
            .bind(catena)
            .fetch_one(owner)
            .await
            .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn an_opening_cites_the_heads_that_moved_since_the_one_before() {
    let db = days_work().await;
    assert_eq!(opening(&db.owner, 1).await["teste"], serde_json::json!([]));
    for catena in 2..=4 {
        let cited = &opening(&db.owner, catena).await["teste"];
        let head: Vec<u8> =
            sqlx::query_scalar("select impronta from audit_catena where catena = $1")
                .bind(catena - 1)
                .fetch_one(&db.owner)
                .await
                .unwrap();
        let head = ChainDigest::from_slice(&head).unwrap().to_string();
        let expected = serde_json::json!([{"catena": catena - 1, "numero": 1, "impronta": head}]);
        assert_eq!(*cited, expected, "of catena {catena}");
    }
    // Four services were killed, and nothing is said of it.
    let verifica = intact(&db.owner).await;
    assert_eq!(
        (verifica.outcome(), verifica.gaps.len()),
        (VerificationOutcome::Intact, 0)
    );
}

#[tokio::test]
async fn a_chain_of_today_removed_whole_is_missed() {
    let db = days_work().await;
    let owner = &db.owner;
    let remove = |catena: i64| {
        format!(
            "delete from audit_registro where catena = {catena};
             delete from audit_catena where catena = {catena};"
        )
    };
    sql(owner, &remove(2)).await;
    assert_eq!(
        places(owner, None).await,
        ["catena 2: is missing: the opening of catena 3 saw it at record 1"]
    );
    // The newest, which no opening saw: its number was given out.
    sql(owner, &remove(4)).await;
    assert_eq!(
        places(owner, None).await[1..],
        ["catena 4: is missing: it was opened, as 4 in all, and no number is left out"]
    );
    sql(owner, "update audit_chain_number set last = 1").await;
    let found = places(owner, None).await;
    assert!(
        found
            .iter()
            .any(|d| d.starts_with("catena 3: was added, or the counter")),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_chain_of_today_emptied_or_cut_short_is_missed() {
    let db = days_work().await;
    let owner = &db.owner;
    let zero = "decode(repeat('00', 32), 'hex')";
    for (catena, expected) in [
        (
            2,
            "catena 2, record 1: is missing: the opening of catena 3 saw it",
        ),
        (
            4,
            "catena 4, record 1: is missing: no chain is without its opening",
        ),
    ] {
        sql(
            owner,
            &format!(
                "delete from audit_registro where catena = {catena};
                 update audit_catena set numero = 0, impronta = {zero} where catena = {catena}"
            ),
        )
        .await;
        let found = places(owner, None).await;
        assert!(found.iter().any(|d| d == expected), "{found:?}");
    }
}

/// A recomputed chain contradicts the opening of the next.
#[tokio::test]
async fn a_chain_of_today_rewritten_is_missed() {
    let db = days_work().await;
    let owner = &db.owner;
    sql(
        owner,
        "update audit_registro set record = replace(record, 'prova:1', 'altra:1') where catena = 2;
         update audit_registro set impronta = sha256(decode(repeat('00', 32), 'hex') || record::bytea) where catena = 2;
         update audit_catena c set impronta = r.impronta from audit_registro r where r.catena = c.catena and c.catena = 2",
    )
    .await;
    assert_eq!(
        places(owner, None).await,
        [
            "catena 2, record 1: is not what the opening of catena 3 saw: the chain was rewritten up to here"
        ]
    );
}

/// As a log was before openings cited anything: its gaps are hints, its chains need no opening of the new kind.
#[tokio::test]
async fn chains_from_before_stand_as_they_are() {
    let db = test_bench::database().await;
    let owner = &db.owner;
    sql(
        owner,
        r#"insert into audit_catena (catena, istanza, aperta_il) select n, 'prima', now() from generate_series(1, 5) as n where n <> 3;
           insert into audit_registro
           select catena, 1, '2026-11-23T09:00:00Z', format('{"catena":%s,"numero":1,"istante":"2026-11-23T09:00:00.000000Z","tipo":"APERTURA"}', catena), sha256('')
           from audit_catena where catena < 5;
           update audit_registro set impronta = sha256(decode(repeat('00', 32), 'hex') || record::bytea);
           update audit_catena c set numero = 1, impronta = r.impronta from audit_registro r where r.catena = c.catena;
           update audit_chain_number set last = 5, gapless_after = 5"#,
    )
    .await;
    let verifica = intact(owner).await;
    assert_eq!((verifica.chains, &verifica.gaps[..]), (4, &[(3, 3)][..]));
    // The next opening cites them all, once.
    killed(&db).await;
    killed(&db).await;
    let cited = |value: serde_json::Value| value["teste"].as_array().unwrap().len();
    assert_eq!(cited(opening(owner, 6).await), 3);
    assert_eq!(cited(opening(owner, 7).await), 1);
    intact(owner).await;
}

#[tokio::test]
async fn an_opening_that_fails_leaves_no_gap_and_the_serving_role_chooses_no_number() {
    let db = days_work().await;
    sql(
        &db.owner,
        "revoke insert on audit_registro from omnia_servizio",
    )
    .await;
    let clock = Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    let database = db.connections.clone();
    AuditLog::open(database, AuditKey::new(&AUDIT_KEY), "prova:2".into(), clock)
        .await
        .unwrap_err();
    sql(
        &db.owner,
        "grant insert on audit_registro to omnia_servizio",
    )
    .await;
    killed(&db).await;
    assert_eq!(intact(&db.owner).await.chains, 5);
    for statement in [
        "insert into audit_catena (catena, istanza, aperta_il) values (99, 'x', now())",
        "update audit_chain_number set last = 0",
        "delete from audit_cited",
    ] {
        let mut tx = db.serving.begin_with("begin read write").await.unwrap();
        let refused = sqlx::query(statement).execute(&mut *tx).await.unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{refused}"
        );
    }
    assert_eq!(verify(&db.owner, None, None).await.unwrap().chains, 5);
}
