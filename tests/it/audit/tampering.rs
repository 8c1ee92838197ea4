//! The log against those who would change it.

use chrono::{DateTime, Utc};
use omnia::{
    audit::{
        ChainDigest,
        anchor::write_anchor,
        pruning::{PruningLimit, prune},
        verify::verify,
    },
    contract::proto::GetMyAccessRequest,
};
use sqlx::{AssertSqlSafe, PgPool};

use super::intact;
use crate::server::TestServer;

pub(super) fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

pub(super) async fn sql(owner: &PgPool, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(owner)
        .await
        .unwrap();
}

/// Places that verification complains of.
pub(super) async fn places(owner: &PgPool, noted: Option<ChainDigest>) -> Vec<String> {
    let found = verify(owner, noted, None).await.unwrap().faults;
    found.into_iter().map(|d| format!("{d}")).collect()
}

/// A server with a chain of an APERTURA and nine calls.
pub(super) async fn nine_records() -> TestServer {
    let service = TestServer::start().await;
    let mut client = service.clients_of("mef-sintesi").await;
    for _ in 0..9 {
        client
            .access
            .get_my_access(GetMyAccessRequest {})
            .await
            .unwrap();
    }
    assert_eq!(intact(&service.db.owner).await.records, 10);
    service
}

/// Recomputes every impronta from the texts, and the head, as somebody would who knows how.
async fn rewrite(owner: &PgPool) {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("select numero, record from audit_registro order by numero")
            .fetch_all(owner)
            .await
            .unwrap();
    let mut impronta = ChainDigest::default();
    for (numero, record) in rows {
        impronta = impronta.followed_by(&record);
        sqlx::query("update audit_registro set impronta = $2 where numero = $1")
            .bind(numero)
            .bind(impronta.0.as_slice())
            .execute(owner)
            .await
            .unwrap();
        sqlx::query("update audit_catena set numero = $1, impronta = $2")
            .bind(numero)
            .bind(impronta.0.as_slice())
            .execute(owner)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn every_tampering_is_found_at_its_place() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    sql(
        owner,
        "create table copia as table audit_registro; create table teste as table audit_catena",
    )
    .await;
    let text = "replace(record, 'cliente-mef-sintesi', 'qualcun-altro')";
    for (tampering, place) in [
        (format!("update audit_registro set record = {text} where numero = 5"), "record 5: was changed"),
        ("update audit_registro set impronta = sha256(record::bytea) where numero = 5".into(), "record 5: was changed"),
        ("update audit_registro set istante = istante + '1 s' where numero = 5".into(), "record 5: its column istante"),
        ("delete from audit_registro where numero = 5".into(), "record 5: is missing, and all up to record 5"),
        ("delete from audit_registro where numero between 4 and 6".into(), "record 4: is missing, and all up to record 6"),
        ("delete from audit_registro where numero = 1".into(), "record 1: is missing"),
        ("delete from audit_registro where numero = 10".into(), "record 10: is missing, and all up to record 10"),
        ("delete from audit_registro".into(), "record 1: is missing, and all up to record 10"),
        (
            "update audit_registro set numero = 99 where numero = 5; update audit_registro set numero = 5 where numero = 6; \
             update audit_registro set numero = 6 where numero = 99".into(),
            "record 5: holds catena 1, record 6",
        ),
        (
            "insert into audit_registro select catena, 11, istante, replace(record, '\"numero\":10', '\"numero\":11'), impronta \
             from audit_registro where numero = 10".into(),
            "record 11: was changed",
        ),
        ("update audit_catena set numero = 9".into(), "record 10: is not the head"),
        ("update audit_registro set record = 'x' where numero = 2".into(), "record 2: was changed: it is not a record"),
    ] {
        sql(owner, &tampering).await;
        let found = places(owner, None).await;
        assert!(
            found.iter().any(|d| d.contains(place)) && found.len() <= 3,
            "{tampering}: {found:?}"
        );
        sql(
            owner,
            "truncate audit_registro; insert into audit_registro select * from copia; \
             update audit_catena a set numero = t.numero, impronta = t.impronta from teste t where t.catena = a.catena",
        )
        .await;
        intact(owner).await;
    }
    service.stop().await;
}

/// A chain that is recomputed whole contradicts its anchor; anchors that are rewritten too contradict the one kept elsewhere.
#[tokio::test]
async fn a_chain_rewritten_from_end_to_end_contradicts_its_anchor() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    // The server has anchored the day already: the next day's.
    let kept = write_anchor(owner, at("2026-11-24T00:00:05Z"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        write_anchor(owner, at("2026-11-24T12:00:00Z"))
            .await
            .unwrap(),
        None
    );
    assert!(places(owner, Some(kept)).await.is_empty());

    let text = "replace(record, 'cliente-mef-sintesi', 'qualcun-altro')";
    sql(
        owner,
        &format!("update audit_registro set record = {text} where numero = 5"),
    )
    .await;
    rewrite(owner).await;
    let found = places(owner, Some(kept)).await;
    assert!(
        found
            .iter()
            .any(|d| d.contains("record 10: is not what anchor 2 saw")),
        "{found:?}"
    );

    sql(owner, "delete from audit_registro where numero > 8").await;
    rewrite(owner).await;
    let found = places(owner, Some(kept)).await;
    assert!(
        found
            .iter()
            .any(|d| d.contains("record 10: is missing: anchor 2 saw it")),
        "{found:?}"
    );

    sql(owner, "delete from audit_ancora").await;
    assert_eq!(
        places(owner, None).await,
        Vec::<String>::new(),
        "without an anchor there is nothing to contradict"
    );
    let found = places(owner, Some(kept)).await;
    assert!(
        found
            .iter()
            .any(|d| d.contains("none has the impronta that was given")),
        "{found:?}"
    );
    service.stop().await;
}

#[tokio::test]
async fn anchors_are_a_chain_of_their_own() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    for day in 24..28 {
        let instant = format!("2026-11-{day}T00:00:05Z");
        assert!(write_anchor(owner, at(&instant)).await.unwrap().is_some());
    }
    assert_eq!(intact(owner).await.anchors, 5);
    sql(owner, "update audit_ancora set ancora = replace(ancora, '\"numero\":3', '\"numero\": 3') where numero = 3").await;
    let found = places(owner, None).await;
    assert!(found[0].contains("ancora 3: was changed"), "{found:?}");
    sql(owner, "delete from audit_ancora where numero = 3").await;
    let found = places(owner, None).await;
    assert!(found[0].contains("ancora 3: is missing"), "{found:?}");
    service.stop().await;
}

#[tokio::test]
async fn what_is_left_after_pruning_is_still_proved() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    let oggi = at("2027-01-10T00:00:00Z");
    assert_eq!(
        prune(
            owner,
            PruningLimit::Day("2026-11-22".parse().unwrap()),
            oggi,
            "prova"
        )
        .await
        .unwrap(),
        None
    );
    write_anchor(owner, at("2026-11-24T00:00:05Z"))
        .await
        .unwrap();
    let mut client = service.clients_as("cliente-mef-sintesi");
    client
        .access
        .get_my_access(GetMyAccessRequest {})
        .await
        .unwrap();
    // Pruning by hand is removal.
    sql(owner, "create table copia as table audit_registro").await;
    sql(owner, "delete from audit_registro where numero <= 10").await;
    assert!(places(owner, None).await[0].contains("record 1: is missing, and all up to record 10"));
    sql(
        owner,
        "truncate audit_registro; insert into audit_registro select * from copia",
    )
    .await;

    let pruning = prune(
        owner,
        PruningLimit::Day("2026-12-01".parse().unwrap()),
        oggi,
        "prova",
    )
    .await
    .unwrap()
    .unwrap();
    assert_eq!((pruning.ancora, pruning.righe), (2, 10));
    assert_eq!(intact(owner).await.records, 1);
    // The chain goes on, and its new beginning cannot be moved further.
    client
        .access
        .get_my_access(GetMyAccessRequest {})
        .await
        .unwrap();
    assert_eq!(intact(owner).await.records, 2);
    sql(owner, "delete from audit_registro where numero = 11").await;
    let found = places(owner, None).await;
    assert!(found[0].contains("record 11: is missing"), "{found:?}");
    service.stop().await;
}
