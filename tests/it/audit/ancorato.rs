//! What anchors say of chains that are gone, and of days that cannot be.

use omnia::audit::ancora::ancora;

use super::{
    integro,
    prova::{at, dove, nove, sql},
};
#[tokio::test]
async fn a_chain_removed_whole_is_missed_where_an_anchor_names_it() {
    let servizio = nove().await;
    let owner = &servizio.db.owner;
    ancora(owner, at("2026-11-24T00:00:05Z")).await.unwrap();
    sql(
        owner,
        "delete from audit_registro; delete from audit_catena",
    )
    .await;
    assert_eq!(
        dove(owner, None).await,
        ["catena 1: is missing: anchor 2 of 2026-11-24 saw it at record 10"]
    );
    servizio.ferma().await;
}

#[tokio::test]
async fn a_gap_in_the_numbers_of_chains_is_a_hint() {
    let servizio = nove().await;
    let owner = &servizio.db.owner;
    for _ in 2..=4 {
        sql(
            owner,
            "insert into audit_catena (istanza, aperta_il) values ('prova', now())",
        )
        .await;
    }
    assert_eq!(integro(owner).await.salti, []);
    sql(owner, "delete from audit_catena where catena = 3").await;
    assert_eq!(integro(owner).await.salti, [(3, 3)]);
    sql(owner, "delete from audit_catena where catena > 1").await;
    assert_eq!(integro(owner).await.salti, [(2, 4)]);
    servizio.ferma().await;
}
