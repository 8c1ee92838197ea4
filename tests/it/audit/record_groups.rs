//! Records that were written together: one row, and each as provable as if it had a row of its own.

use futures_util::future::join_all;
use omnia::{
    audit::{
        anchor::write_anchor,
        export::{self, LogDays},
        pruning::{PruningLimit, prune},
    },
    contract::proto::GetMyAccessRequest,
};
use sqlx::PgPool;

use super::{
    intact,
    tampering::{at, places, sql},
};
use crate::server::TestServer;

async fn count(owner: &PgPool, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(owner).await.unwrap()
}

/// A server whose log has a row of at least three records; the number of that row's first.
async fn together() -> (TestServer, i64) {
    let service = TestServer::start().await;
    let client = service.clients_of("mef-sintesi").await;
    let calls = (0..60).map(|_| {
        let mut access = client.access.clone();
        async move { access.get_my_access(GetMyAccessRequest {}).await }
    });
    for answer in join_all(calls).await {
        answer.unwrap();
    }
    let owner = &service.db.owner;
    let first: Option<i64> = sqlx::query_scalar(
        "select numero from audit_registro where octet_length(impronta) >= 96 order by numero limit 1",
    )
    .fetch_optional(owner)
    .await
    .unwrap();
    (
        service,
        first.expect("sixty calls at once, each in a commit of its own"),
    )
}

#[tokio::test]
async fn records_of_one_commit_are_one_row_and_the_view_has_each() {
    let (service, _) = together().await;
    let owner = &service.db.owner;
    assert_eq!(intact(owner).await.records, 61);
    assert_eq!(
        count(owner, "select count(*) from audit_chiamata").await,
        61
    );
    assert!(count(owner, "select count(*) from audit_registro").await < 61);
    // Each with its own number, instant and impronta.
    let wrong = count(
        owner,
        "select count(*) from (
             select *, lag(impronta, 1, decode(repeat('00', 32), 'hex')) over (order by numero) as prima from audit_record
         ) r
         where impronta <> sha256(prima || convert_to(record, 'UTF8')) or (record::json ->> 'numero')::bigint <> numero
               or istante is null or (istante at time zone 'UTC')::date <> (lotto at time zone 'UTC')::date",
    )
    .await;
    assert_eq!(wrong, 0);

    let mut lines = Vec::new();
    let written = export::json_lines(owner, LogDays::default(), &mut lines)
        .await
        .unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!((written, lines.lines().count()), (61, 61));
    for (numero, line) in (1..).zip(lines.lines()) {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["numero"], numero);
    }
    service.stop().await;
}

/// As the table was before rows could hold several.
#[tokio::test]
async fn a_row_for_each_record_is_as_provable() {
    let (service, _) = together().await;
    let owner = &service.db.owner;
    sql(
        owner,
        "create table singoli as select catena, numero, istante, record, impronta from audit_record;
         truncate audit_registro;
         insert into audit_registro select * from singoli",
    )
    .await;
    assert_eq!(intact(owner).await.records, 61);
    assert_eq!(
        count(owner, "select count(*) from audit_chiamata").await,
        61
    );
    // And the chain goes on after them.
    let mut client = service.clients_as("cliente-mef-sintesi");
    client
        .access
        .get_my_access(GetMyAccessRequest {})
        .await
        .unwrap();
    assert_eq!(intact(owner).await.records, 62);
    service.stop().await;
}

#[tokio::test]
async fn tampering_inside_a_row_is_found_at_its_record() {
    let (service, first) = together().await;
    let owner = &service.db.owner;
    sql(owner, "create table copia as table audit_registro").await;
    let second = format!("record {}: ", first + 1);
    let line = "split_part(record, E'\\n', 2)";
    for (set, place) in [
        (
            format!("record = replace(record, {line}, replace({line}, '\"OK\"', '\"KO\"'))"),
            second.clone() + "was changed, or the one before it was",
        ),
        (
            format!("record = replace(record, {line} || E'\\n', '')"),
            second.clone() + "holds catena 1",
        ),
        (
            format!("record = replace(record, {line}, {line} || E'\\n' || {line})"),
            format!("record {}: holds catena 1", first + 2),
        ),
        (
            "impronta = set_byte(impronta, 39, 255 - get_byte(impronta, 39))".to_owned(),
            second.clone() + "was changed, or the one before it was",
        ),
        (
            "impronta = substr(impronta, 33)".to_owned(),
            "its row has more records than improntas, or fewer".to_owned(),
        ),
        (
            "istante = istante + '1 day'".to_owned(),
            second + "its column istante was changed",
        ),
    ] {
        sql(
            owner,
            &format!("update audit_registro set {set} where numero = {first}"),
        )
        .await;
        let found = places(owner, None).await;
        assert!(found.iter().any(|d| d.contains(&place)), "{set}: {found:?}");
        sql(
            owner,
            "truncate audit_registro; insert into audit_registro select * from copia",
        )
        .await;
        intact(owner).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn pruning_counts_records_and_leaves_what_its_anchor_did_not_see() {
    let (service, _) = together().await;
    let owner = &service.db.owner;
    write_anchor(owner, at("2026-11-24T00:00:05Z"))
        .await
        .unwrap();
    let mut client = service.clients_as("cliente-mef-sintesi");
    client
        .access
        .get_my_access(GetMyAccessRequest {})
        .await
        .unwrap();
    let limit = PruningLimit::Day("2026-12-01".parse().unwrap());
    let pruning = prune(owner, limit, at("2027-01-10T00:00:00Z"), "prova")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((pruning.ancora, pruning.righe), (2, 61));
    assert_eq!(intact(owner).await.records, 1);
    service.stop().await;
}
