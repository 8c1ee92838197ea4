//! A database that was loaded before there were sums, or control totals: the migrations give every rilevazione those that its load
//! would have written.

use omnia::{
    monitoraggio::{DerivedAccruals, DerivedMonths},
    report::day_sums::DerivedDays,
    rilevazione::derived::{Derivation, DerivedTotals, verify},
};
use proptest::{
    strategy::{Just, Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::{load_all, sums};
use crate::{test_bench, worlds};

/// The migration that makes the sums, that of what is noted of them, and that of the sums by month.
const SUMS: i64 = 20_261_126_100_000;
const TOTALS: i64 = 20_261_128_120_000;
const MONTHS: i64 = 20_261_129_061_000;

/// The control totals, whole, and the seals.
async fn totals(owner: &sqlx::PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select t::text from totale_controllo t union all select (numero, totali)::text from rilevazione order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_was_loaded_before_has_its_sums() {
    let db = test_bench::database().await;
    let world = worlds::extract(80).prop_flat_map(|before| {
        worlds::following(before.clone(), 40).prop_flat_map(move |second| {
            let before = before.clone();
            worlds::following(second.clone(), 10)
                .prop_flat_map(move |third| Just(vec![before.clone(), second.clone(), third]))
        })
    });
    let mut runner = TestRunner::deterministic();
    let extracts = world.new_tree(&mut runner).unwrap().current();
    load_all(&db.owner, &extracts).await;
    let loaded = sums(&db.owner).await;
    assert!(
        loaded.iter().any(|row| row.ends_with(",2,2)")),
        "{loaded:?}"
    );

    let noted = totals(&db.owner).await;
    assert!(noted.len() > 10, "{noted:?}");
    // As it was before.
    sqlx::raw_sql(
        "drop table somma_giorno, totale_controllo, somma_mese, competenza_mese;
         alter table rilevazione drop column totali;
         alter table serie drop column checksum;
         alter table blocco drop column checksum",
    )
    .execute(&db.owner)
    .await
    .unwrap();
    sqlx::query("delete from _sqlx_migrations where version = any($1)")
        .bind([SUMS, TOTALS, MONTHS])
        .execute(&db.owner)
        .await
        .unwrap();
    assert_eq!(db.migrate().await, 3);
    assert_eq!(sums(&db.owner).await, loaded);
    // The digests of the sums by month and of the shares too: the two say the same of every odd cent and every leap day.
    assert_eq!(totals(&db.owner).await, noted);
    let derivations: Vec<Box<dyn Derivation>> = vec![
        Box::new(DerivedDays),
        Box::new(DerivedMonths),
        Box::new(DerivedAccruals),
        Box::new(DerivedTotals),
    ];
    let defects = verify(&db.owner, &derivations, |_, _, _| ()).await.unwrap();
    assert_eq!(defects, []);
    // And the next load goes on from there.
    let fourth = &extracts[0];
    let clock = omnia::clock::Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    let n = crate::server::load_into(&db.owner, &clock, fourth, "2026-11-01").await;
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
