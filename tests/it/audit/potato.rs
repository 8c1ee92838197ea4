//! Prunings: shown, judged by the retention, and covered by the anchors after them.

use omnia::audit::{
    ancora::ancora,
    potatura::{Fino, pota},
    verifica::{Verifica, verifica},
};
use sqlx::PgPool;

use super::prova::{at, nove, sql};
use crate::servizio::Servizio;

/// A server of nine calls with an anchor of 2026-11-24, pruned up to it on 2027-01-10.
async fn potato(fino: Fino) -> Servizio {
    let servizio = nove().await;
    let owner = &servizio.db.owner;
    ancora(owner, at("2026-11-24T00:00:05Z")).await.unwrap();
    let oggi = at("2027-01-10T00:00:00Z");
    let potatura = pota(owner, fino, oggi, "anna").await.unwrap().unwrap();
    assert_eq!((potatura.ancora, potatura.righe), (2, 10));
    servizio
}

async fn letta(owner: &PgPool, conservazione: Option<u32>) -> (Vec<String>, Verifica) {
    let verifica = verifica(owner, None, conservazione).await.unwrap();
    let difformita = verifica.difformita.iter().map(ToString::to_string);
    (difformita.collect(), verifica)
}

fn giorno() -> Fino {
    Fino::Giorno("2026-11-24".parse().unwrap())
}

#[tokio::test]
async fn every_pruning_is_shown() {
    let servizio = potato(Fino::Conservazione(30)).await;
    let owner = &servizio.db.owner;
    let (difformita, verifica) = letta(owner, Some(365)).await;
    assert_eq!(difformita, [""; 0], "the retention of that day allowed it");
    let [potata] = &verifica.potature[..] else {
        panic!("{:?}", verifica.potature)
    };
    assert_eq!(
        potata.to_string(),
        "10 records up to anchor 2 of 2026-11-24, at 2027-01-10T00:00:00.000000Z by anna, retention 30 days; \
         in no anchor yet"
    );
    ancora(owner, at("2027-01-11T00:00:05Z")).await.unwrap();
    let (_, verifica) = letta(owner, None).await;
    assert!(verifica.potature[0].to_string().ends_with("; in anchor 3"));
    servizio.ferma().await;
}

#[tokio::test]
async fn a_pruning_younger_than_the_retention_is_flagged_and_found_where_nobody_asked_for_it() {
    let servizio = potato(giorno()).await;
    let owner = &servizio.db.owner;
    // Asked for by its day: flagged, and as it should be.
    let (difformita, verifica) = letta(owner, Some(365)).await;
    assert_eq!(difformita, [""; 0]);
    assert!(verifica.potature[0].presto);
    let text = verifica.potature[0].to_string();
    assert!(text.contains("--prima-di 2026-11-24"), "{text}");
    assert!(text.contains("YOUNGER than the retention"), "{text}");
    assert!(!letta(owner, Some(30)).await.1.potature[0].presto);
    assert!(!letta(owner, None).await.1.potature[0].presto);

    let young = "potatura of 2027-01-10T00:00:00.000000Z: removed records younger than the retention of 365 days";
    for forged in ["prima_di = null", "prima_di = null, conservazione = 365"] {
        sql(owner, &format!("update audit_potatura set {forged}")).await;
        assert_eq!(letta(owner, Some(365)).await.0, [young], "{forged}");
    }
    servizio.ferma().await;
}

#[tokio::test]
async fn a_pruning_that_an_anchor_names_can_neither_be_changed_nor_removed() {
    let servizio = potato(giorno()).await;
    let owner = &servizio.db.owner;
    let kept = ancora(owner, at("2027-01-11T00:00:05Z")).await.unwrap();
    ancora(owner, at("2027-01-12T00:00:05Z")).await.unwrap();
    let before = verifica(owner, kept, None).await.unwrap();
    assert_eq!(before.difformita, []);
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
        let found = letta(owner, None).await.0;
        assert!(found.iter().any(|d| d == place), "{change}: {found:?}");
        sql(
            owner,
            "truncate audit_potatura; insert into audit_potatura select * from copia",
        )
        .await;
    }
    servizio.ferma().await;
}

/// Anchors of before prunings were in them stand as they are.
#[tokio::test]
async fn an_anchor_without_prunings_is_still_proved() {
    let servizio = potato(giorno()).await;
    let owner = &servizio.db.owner;
    sql(
        owner,
        r#"update audit_ancora set ancora = replace(ancora, ',"potature":[]', '');
           update audit_ancora set impronta = sha256(decode(repeat('00', 32), 'hex') || ancora::bytea) where numero = 1;
           update audit_ancora set impronta = sha256((select impronta from audit_ancora where numero = 1) || ancora::bytea)
           where numero = 2"#,
    )
    .await;
    ancora(owner, at("2027-01-11T00:00:05Z")).await.unwrap();
    let (difformita, verifica) = letta(owner, None).await;
    assert_eq!((difformita, verifica.ancore), (vec![], 3));
    servizio.ferma().await;
}
