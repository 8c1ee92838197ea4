//! Prunings: shown, judged by the retention, and covered by the anchors after them.

use omnia::audit::{
    anchor::write_anchor,
    pruning::{PruningLimit, prune},
    verify::{Verification, verify},
};
use sqlx::PgPool;

use super::tampering::{at, nine_records, sql};
use crate::server::TestServer;

/// A server of nine calls with an anchor of 2026-11-24, pruned up to it on 2027-01-10.
async fn pruned(limit: PruningLimit) -> TestServer {
    let service = nine_records().await;
    let owner = &service.db.owner;
    write_anchor(owner, at("2026-11-24T00:00:05Z"))
        .await
        .unwrap();
    let oggi = at("2027-01-10T00:00:00Z");
    let pruning = prune(owner, limit, oggi, "anna").await.unwrap().unwrap();
    assert_eq!((pruning.ancora, pruning.righe), (2, 10));
    service
}

async fn verified(owner: &PgPool, conservazione: Option<u32>) -> (Vec<String>, Verification) {
    let verification = verify(owner, None, conservazione).await.unwrap();
    let discrepancies = verification.faults.iter().map(ToString::to_string);
    (discrepancies.collect(), verification)
}

fn one_day() -> PruningLimit {
    PruningLimit::Day("2026-11-24".parse().unwrap())
}

#[tokio::test]
async fn every_pruning_is_shown() {
    let service = pruned(PruningLimit::Retention(30)).await;
    let owner = &service.db.owner;
    let (discrepancies, verification) = verified(owner, Some(365)).await;
    assert_eq!(
        discrepancies, [""; 0],
        "the retention of that day allowed it"
    );
    let [pruned_row] = &verification.prunings[..] else {
        panic!("{:?}", verification.prunings)
    };
    assert_eq!(
        pruned_row.to_string(),
        "10 records up to anchor 2 of 2026-11-24, at 2027-01-10T00:00:00.000000Z by anna, retention 30 days; \
         in no anchor yet"
    );
    write_anchor(owner, at("2027-01-11T00:00:05Z"))
        .await
        .unwrap();
    let (_, verification) = verified(owner, None).await;
    assert!(
        verification.prunings[0]
            .to_string()
            .ends_with("; in anchor 3")
    );
    service.stop().await;
}

#[tokio::test]
async fn a_pruning_younger_than_the_retention_is_flagged_and_found_where_nobody_asked_for_it() {
    let service = pruned(one_day()).await;
    let owner = &service.db.owner;
    // Asked for by its day: flagged, and as it should be.
    let (discrepancies, verification) = verified(owner, Some(365)).await;
    assert_eq!(discrepancies, [""; 0]);
    assert!(verification.prunings[0].too_early);
    let text = verification.prunings[0].to_string();
    assert!(text.contains("--prima-di 2026-11-24"), "{text}");
    assert!(text.contains("YOUNGER than the retention"), "{text}");
    assert!(!verified(owner, Some(30)).await.1.prunings[0].too_early);
    assert!(!verified(owner, None).await.1.prunings[0].too_early);

    let young = "potatura of 2027-01-10T00:00:00.000000Z: removed records younger than the retention of 365 days";
    for forged in ["prima_di = null", "prima_di = null, conservazione = 365"] {
        sql(owner, &format!("update audit_potatura set {forged}")).await;
        assert_eq!(verified(owner, Some(365)).await.0, [young], "{forged}");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_pruning_that_an_anchor_names_can_neither_be_changed_nor_removed() {
    let service = pruned(one_day()).await;
    let owner = &service.db.owner;
    let kept = write_anchor(owner, at("2027-01-11T00:00:05Z"))
        .await
        .unwrap();
    write_anchor(owner, at("2027-01-12T00:00:05Z"))
        .await
        .unwrap();
    let before = verify(owner, kept, None).await.unwrap();
    assert_eq!(before.faults, []);
    let place = "potatura of 2027-01-10T00:00:00.000000Z: is not as anchor 3 saw it, or is missing";
    for change in [
        "update audit_potatura set chi = 'bruno'",
        "update audit_potatura set righe = 9",
        "update audit_potatura set prima_di = '2020-01-01'",
        "delete from audit_potatura",
    ] {
        sql(
            owner,
            "drop table if exists copia; create table copia as table audit_potatura",
        )
        .await;
        sql(owner, change).await;
        let found = verified(owner, None).await.0;
        assert!(found.iter().any(|d| d == place), "{change}: {found:?}");
        sql(
            owner,
            "truncate audit_potatura; insert into audit_potatura select * from copia",
        )
        .await;
    }
    service.stop().await;
}

/// Anchors of before prunings were in them stand as they are.
#[tokio::test]
async fn an_anchor_without_prunings_is_still_proved() {
    let service = pruned(one_day()).await;
    let owner = &service.db.owner;
    sql(
        owner,
        r#"update audit_ancora set ancora = replace(ancora, ',"potature":[]', '');
           update audit_ancora set impronta = sha256(decode(repeat('00', 32), 'hex') || ancora::bytea) where numero = 1;
           update audit_ancora set impronta = sha256((select impronta from audit_ancora where numero = 1) || ancora::bytea)
           where numero = 2"#,
    )
    .await;
    write_anchor(owner, at("2027-01-11T00:00:05Z"))
        .await
        .unwrap();
    let (discrepancies, verification) = verified(owner, None).await;
    assert_eq!((discrepancies, verification.anchors), (vec![], 3));
    service.stop().await;
}
