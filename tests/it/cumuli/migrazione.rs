//! A database that was loaded before there were sums: the migration gives every rilevazione those that its load would have
//! written.

use proptest::{
    strategy::{Just, Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::{carica_tutti, somme};
use crate::{banco, mondi};

/// The migration that makes the sums.
const SOMME: i64 = 20_261_126_100_000;

#[tokio::test]
async fn what_was_loaded_before_has_its_sums() {
    let db = banco::database().await;
    let mondo = mondi::estratto(80).prop_flat_map(|prima| {
        mondi::seguente(prima.clone(), 40).prop_flat_map(move |seconda| {
            let prima = prima.clone();
            mondi::seguente(seconda.clone(), 10)
                .prop_flat_map(move |terza| Just(vec![prima.clone(), seconda.clone(), terza]))
        })
    });
    let mut runner = TestRunner::deterministic();
    let estratti = mondo.new_tree(&mut runner).unwrap().current();
    carica_tutti(&db.owner, &estratti).await;
    let loaded = somme(&db.owner).await;
    assert!(
        loaded.iter().any(|row| row.ends_with(",2,2)")),
        "{loaded:?}"
    );

    // As it was before.
    sqlx::raw_sql("drop table somma_giorno")
        .execute(&db.owner)
        .await
        .unwrap();
    sqlx::query("delete from _sqlx_migrations where version = $1")
        .bind(SOMME)
        .execute(&db.owner)
        .await
        .unwrap();
    assert_eq!(db.migrate().await, 1);
    assert_eq!(somme(&db.owner).await, loaded);
    // And the next load goes on from there.
    let quarta = &estratti[0];
    let clock = omnia::clock::Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    let n = crate::servizio::carica_in(&db.owner, &clock, quarta, "2026-11-01").await;
    assert_eq!(n, 4);
    let open: i64 =
        sqlx::query_scalar("select count(*) from somma_giorno where al_rilevazione = 2147483647")
            .fetch_one(&db.owner)
            .await
            .unwrap();
    let days: i64 = sqlx::query_scalar(
        "select count(distinct (normativa, prestazione, giorno))
         from dettaglio_decreto, lateral (values (validita_dal), (validita_al)) giorni (giorno)
         where al_rilevazione = 2147483647",
    )
    .fetch_one(&db.owner)
    .await
    .unwrap();
    assert_eq!(open, days);
}
