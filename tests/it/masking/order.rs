//! The order of rows, which every caller sees.

use omnia::contract::proto::ListDecreesRequest;

use super::{MASKED_PROFILES, persons};
use crate::{
    model::{CODIFICHE, MATRICOLE, ModelExtract, ModelRow, NORMATIVE, NUMERI, PRESTAZIONI},
    server::TestServer,
};

/// One decree with a row for each person. `erogati` is the place of the person in the order of the codes: 1, 2, 3…
fn one_decree(load: u64) -> ModelExtract {
    let n = persons().len();
    // In an order of the file that is neither that of the codes nor its reverse: 17 and n have no common factor.
    let righe = (0..n).map(|i| {
        let i = i * 17 % n;
        ModelRow {
            normativa: NORMATIVE[0],
            prestazione: PRESTAZIONI[0],
            codifica: CODIFICHE[0],
            numero: NUMERI[0],
            data: 1,
            dal: 100,
            al: 200,
            cf: persons()[i],
            matricola: MATRICOLE[0],
            ore: 100,
            autorizzati: 1_000_000 + load,
            erogati: i as u64 + 1,
        }
    });
    ModelExtract {
        rows: righe.collect(),
        stanziamenti: Vec::new(),
    }
}

/// The places of the persons, in the order of the answer. Amounts are told apart by callers who see no code.
async fn places_seen(service: &TestServer, profilo: &str) -> Vec<usize> {
    let mut client = service.clients_as(&format!("cliente-{profilo}"));
    let request = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        page_size: 1000,
        ..Default::default()
    };
    let answer = client.decreti.list_decrees(request).await.unwrap();
    let euro = |text: &str| text.replace('.', "").parse::<usize>().unwrap();
    let decreti = answer.into_inner().decreti;
    assert!(decreti.iter().all(|d| d.cf_azienda == crate::model::MASK));
    decreti.iter().map(|d| euro(&d.importi_erogati)).collect()
}

/// Pairs that stand the other way round.
fn inversions(places: &[usize]) -> usize {
    let pairs = (0..places.len()).flat_map(|i| (i + 1..places.len()).map(move |j| (i, j)));
    pairs.filter(|(i, j)| places[*i] > places[*j]).count()
}

#[track_caller]
fn assert_as_random(places: &[usize]) {
    // In a random order there are n(n-1)/4 of them on average, and the variance is n(n-1)(2n+5)/72. Six deviations: once in
    // a thousand million runs.
    let n = places.len();
    let mean = n * (n - 1) / 4;
    let deviation = (n * (n - 1) * (2 * n + 5) / 72).isqrt();
    let found = inversions(places);
    assert!(
        found.abs_diff(mean) <= 6 * deviation,
        "{found} inversions, where chance gives {mean} ± {deviation}: {places:?}"
    );
}

#[tokio::test]
async fn rows_of_a_decree_do_not_stand_in_the_order_of_what_is_masked() {
    let service = TestServer::start().await;
    for profilo in MASKED_PROFILES {
        service.clients_of(profilo).await;
    }
    // The first load, and one that changes every row.
    for (load, giorno) in [(0, "2026-10-31"), (1, "2026-11-01")] {
        let extract = one_decree(load);
        service.load(&extract, giorno).await;
        for profilo in MASKED_PROFILES {
            let places = places_seen(&service, profilo).await;
            let mut all = places.clone();
            all.sort_unstable();
            assert_eq!(all, (1..=persons().len()).collect::<Vec<_>>());
            assert_as_random(&places);
            // Nor in the order of the file, which may be that of the codes.
            let file: Vec<usize> = extract
                .rows
                .iter()
                .map(|r| usize::try_from(r.erogati).unwrap())
                .collect();
            let in_file: Vec<usize> = places
                .iter()
                .map(|p| file.iter().position(|f| f == p).unwrap())
                .collect();
            assert_as_random(&in_file);
        }
    }
    service.stop().await;
}

/// Rows that were loaded in the order of the codes, as they once were, are numbered anew.
#[tokio::test]
async fn what_was_loaded_before_is_put_into_another_order() {
    let service = TestServer::start().await;
    service.clients_of(MASKED_PROFILES[0]).await;
    service.load(&one_decree(0), "2026-10-31").await;
    let owner = &service.db.owner;
    sqlx::raw_sql(
        "alter table dettaglio_decreto alter column id drop identity;
         update dettaglio_decreto d set id = o.n
         from (select id, row_number() over (order by cf_azienda) as n from dettaglio_decreto) o where o.id = d.id;
         alter table dettaglio_decreto alter column id add generated always as identity;",
    )
    .execute(owner)
    .await
    .unwrap();
    assert_eq!(
        inversions(&places_seen(&service, MASKED_PROFILES[0]).await),
        0
    );
    let mut transaction = owner.begin().await.unwrap();
    sqlx::raw_sql(include_str!(
        "../../../migrations/20261125150000_dettaglio_decreto_ordine.sql"
    ))
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    assert_as_random(&places_seen(&service, MASKED_PROFILES[0]).await);
    // What is loaded later has numbers of its own.
    service.load(&one_decree(1), "2026-11-01").await;
    let (rows, ids): (i64, i64) =
        sqlx::query_as("select count(*), count(distinct id) from dettaglio_decreto")
            .fetch_one(owner)
            .await
            .unwrap();
    assert_eq!((rows, ids), (2 * persons().len() as i64, rows));
    service.stop().await;
}
