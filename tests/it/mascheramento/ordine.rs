//! The order of rows, which every caller sees.

use omnia::contract::proto::ListDecreesRequest;

use super::{MASCHERATI, persone};
use crate::{
    modello::{CODIFICHE, Estratto, MATRICOLE, NORMATIVE, NUMERI, PRESTAZIONI, Riga},
    servizio::Servizio,
};

/// One decree with a row for each person. `erogati` is the place of the person in the order of the codes: 1, 2, 3…
fn un_decreto(carico: u64) -> Estratto {
    let n = persone().len();
    // In an order of the file that is neither that of the codes nor its reverse: 17 and n have no common factor.
    let righe = (0..n).map(|i| {
        let i = i * 17 % n;
        Riga {
            normativa: NORMATIVE[0],
            prestazione: PRESTAZIONI[0],
            codifica: CODIFICHE[0],
            numero: NUMERI[0],
            data: 1,
            dal: 100,
            al: 200,
            cf: persone()[i],
            matricola: MATRICOLE[0],
            ore: 100,
            autorizzati: 1_000_000 + carico,
            erogati: i as u64 + 1,
        }
    });
    Estratto {
        righe: righe.collect(),
        stanziamenti: Vec::new(),
    }
}

/// The places of the persons, in the order of the answer. Amounts are told apart by callers who see no code.
async fn visti(servizio: &Servizio, profilo: &str) -> Vec<usize> {
    let mut cliente = servizio.come(&format!("cliente-{profilo}"));
    let request = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        page_size: 1000,
        ..Default::default()
    };
    let answer = cliente.decreti.list_decrees(request).await.unwrap();
    let euro = |text: &str| text.replace('.', "").parse::<usize>().unwrap();
    let decreti = answer.into_inner().decreti;
    assert!(
        decreti
            .iter()
            .all(|d| d.cf_azienda == crate::modello::MASCHERA)
    );
    decreti.iter().map(|d| euro(&d.importi_erogati)).collect()
}

/// Pairs that stand the other way round.
fn inversioni(places: &[usize]) -> usize {
    let pairs = (0..places.len()).flat_map(|i| (i + 1..places.len()).map(move |j| (i, j)));
    pairs.filter(|(i, j)| places[*i] > places[*j]).count()
}

#[track_caller]
fn assert_come_a_caso(places: &[usize]) {
    // In a random order there are n(n-1)/4 of them on average, and the variance is n(n-1)(2n+5)/72. Six deviations: once in
    // a thousand million runs.
    let n = places.len();
    let mean = n * (n - 1) / 4;
    let deviation = (n * (n - 1) * (2 * n + 5) / 72).isqrt();
    let found = inversioni(places);
    assert!(
        found.abs_diff(mean) <= 6 * deviation,
        "{found} inversions, where chance gives {mean} ± {deviation}: {places:?}"
    );
}

#[tokio::test]
async fn rows_of_a_decree_do_not_stand_in_the_order_of_what_is_masked() {
    let servizio = Servizio::avvia().await;
    for profilo in MASCHERATI {
        servizio.cliente(profilo).await;
    }
    // The first load, and one that changes every row.
    for (carico, giorno) in [(0, "2026-10-31"), (1, "2026-11-01")] {
        let estratto = un_decreto(carico);
        servizio.carica(&estratto, giorno).await;
        for profilo in MASCHERATI {
            let places = visti(&servizio, profilo).await;
            let mut all = places.clone();
            all.sort_unstable();
            assert_eq!(all, (1..=persone().len()).collect::<Vec<_>>());
            assert_come_a_caso(&places);
            // Nor in the order of the file, which may be that of the codes.
            let file: Vec<usize> = estratto
                .righe
                .iter()
                .map(|r| usize::try_from(r.erogati).unwrap())
                .collect();
            let in_file: Vec<usize> = places
                .iter()
                .map(|p| file.iter().position(|f| f == p).unwrap())
                .collect();
            assert_come_a_caso(&in_file);
        }
    }
    servizio.ferma().await;
}

/// Rows that were loaded in the order of the codes, as they once were, are numbered anew.
#[tokio::test]
async fn what_was_loaded_before_is_put_into_another_order() {
    let servizio = Servizio::avvia().await;
    servizio.cliente(MASCHERATI[0]).await;
    servizio.carica(&un_decreto(0), "2026-10-31").await;
    let owner = &servizio.db.owner;
    sqlx::raw_sql(
        "alter table dettaglio_decreto alter column id drop identity;
         update dettaglio_decreto d set id = o.n
         from (select id, row_number() over (order by cf_azienda) as n from dettaglio_decreto) o where o.id = d.id;
         alter table dettaglio_decreto alter column id add generated always as identity;",
    )
    .execute(owner)
    .await
    .unwrap();
    assert_eq!(inversioni(&visti(&servizio, MASCHERATI[0]).await), 0);
    let mut transaction = owner.begin().await.unwrap();
    sqlx::raw_sql(include_str!(
        "../../../migrations/20261125150000_dettaglio_decreto_ordine.sql"
    ))
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    assert_come_a_caso(&visti(&servizio, MASCHERATI[0]).await);
    // What is loaded later has numbers of its own.
    servizio.carica(&un_decreto(1), "2026-11-01").await;
    let (rows, ids): (i64, i64) =
        sqlx::query_as("select count(*), count(distinct id) from dettaglio_decreto")
            .fetch_one(owner)
            .await
            .unwrap();
    assert_eq!((rows, ids), (2 * persone().len() as i64, rows));
    servizio.ferma().await;
}
