//! One selection, several ways to read it: blocks as they are, blocks filtered, rows. All give the same.

use omnia::contract::proto::{ExportDecreesResponse, FiltroDecreti, ListDecreesRequest};
use proptest::{
    strategy::Strategy as _,
    test_runner::{Config, TestRunner},
};

use super::{esporta, lotti, tutta};
use crate::{
    flusso::molte,
    modello::{CODIFICHE, Estratto, Filtro, NORMATIVE},
    mondi,
    riconciliazione::filtro_decreti,
    servizio::{Cliente, Servizio},
};

/// From here on the service reads rows: there are no blocks of its size.
async fn senza_blocchi(servizio: &Servizio) {
    let done = sqlx::query("update serie set righe_per_blocco = righe_per_blocco + 1")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0);
}

/// From here on the service cannot read a row.
async fn senza_righe(servizio: &Servizio) {
    sqlx::query("revoke select on dettaglio_decreto from omnia_servizio")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
}

fn periodo(dal: &str, al: &str) -> FiltroDecreti {
    FiltroDecreti {
        periodo: Some(omnia::contract::proto::Periodo {
            dal: dal.into(),
            al: al.into(),
            criterio: 0,
        }),
        ..Default::default()
    }
}

/// Rows and totals; where the lotti end is the source's own affair where there are filters.
fn contenuto(
    messages: &[ExportDecreesResponse],
) -> (
    Vec<omnia::contract::proto::DettaglioDecreto>,
    ExportDecreesResponse,
) {
    let righe = lotti(messages).into_iter().flat_map(|l| l.decreti.clone());
    (righe.collect(), messages.last().unwrap().clone())
}

#[test]
fn every_way_gives_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 6,
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    };
    let mondo = mondi::estratto(60).prop_flat_map(|prima| {
        let seconda = mondi::seguente(prima.clone(), 30);
        let filtri = proptest::collection::vec(mondi::filtro_decreti(), 8);
        (proptest::strategy::Just(prima), seconda, filtri)
    });
    TestRunner::new(config)
        .run(&mondo, |(prima, seconda, filtri)| {
            runtime.block_on(check([prima, seconda], &filtri));
            Ok(())
        })
        .unwrap();
}

async fn check(estratti: [Estratto; 2], filtri: &[Filtro]) {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 5).await;
    servizio.carica(&estratti[0], "2026-09-30").await;
    servizio.carica(&estratti[1], "2026-10-31").await;
    let mut clienti = [
        servizio.cliente("mlps-ammortizzatori").await,
        servizio.cliente("mef-rgs").await,
    ];
    let blocchi = tutti(&mut clienti, filtri).await;
    senza_blocchi(&servizio).await;
    let righe = tutti(&mut clienti, filtri).await;
    assert_eq!(blocchi.len(), righe.len());
    for ((what, blocks), (_, rows)) in blocchi.iter().zip(&righe) {
        assert_eq!(contenuto(blocks), contenuto(rows), "{what}");
        for lotto in lotti(blocks) {
            assert!((1..=5).contains(&lotto.decreti.len()), "{what}");
        }
        if what.ends_with("whole") {
            // Message by message: lotti and resume tokens too.
            assert_eq!(blocks, rows, "{what}");
        }
    }
    servizio.ferma().await;
}

/// Every norm whole, and every filter that the caller may use, on both rilevazioni.
async fn tutti(
    clienti: &mut [Cliente; 2],
    filtri: &[Filtro],
) -> Vec<(String, Vec<ExportDecreesResponse>)> {
    let mut all = Vec::new();
    for (chi, cliente) in clienti.iter_mut().enumerate() {
        for n in [1, 2] {
            for norm in NORMATIVE {
                let messages = esporta(cliente, norm, FiltroDecreti::default(), n, "").await;
                all.push((format!("{chi} {n} {norm} whole"), messages.unwrap()));
            }
            for filtro in filtri {
                let norm = *filtro.normative.first().unwrap();
                let mut sent = filtro_decreti(filtro);
                if chi == 1 {
                    sent.cf_azienda.clear();
                    sent.matricola_azienda.clear();
                }
                let messages = esporta(cliente, norm, sent.clone(), n, "").await.unwrap();
                all.push((format!("{chi} {n} {norm} {sent:?}"), messages));
            }
        }
    }
    all
}

/// An export needs no row where there are blocks: whole, by periodo, by a codifica that is not rare.
#[tokio::test]
async fn blocks_are_used() {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 50).await;
    servizio.carica(&molte(1000), "2026-10-31").await;
    let mut cliente = servizio.cliente("mlps-consultazione").await;
    let codifica = FiltroDecreti {
        codifica_sistema_unico: CODIFICHE[0].into(),
        ..Default::default()
    };
    let filtri = [
        FiltroDecreti::default(),
        periodo("2022-03-01", "2022-06-30"),
        codifica,
    ];
    let mut prima = Vec::new();
    for filtro in &filtri {
        prima.push(
            esporta(&mut cliente, NORMATIVE[0], filtro.clone(), 0, "")
                .await
                .unwrap(),
        );
    }
    senza_righe(&servizio).await;
    for (filtro, prima) in filtri.iter().zip(&prima) {
        let ora = esporta(&mut cliente, NORMATIVE[0], filtro.clone(), 0, "")
            .await
            .unwrap();
        assert_eq!(&ora, prima);
        // Resumed after each of its lotti, from blocks too.
        let mut viste = 0;
        let tutte = contenuto(prima).0;
        assert!(tutte.len() > 100);
        for lotto in lotti(prima) {
            viste += lotto.decreti.len();
            let resto = esporta(
                &mut cliente,
                NORMATIVE[0],
                filtro.clone(),
                0,
                &lotto.resume_token,
            )
            .await
            .unwrap();
            assert_eq!(contenuto(&resto).0, tutte[viste..]);
        }
    }
    // A filter by decree is its index's business, and there are no rows any more.
    let numero = FiltroDecreti {
        numero_decreto: "1".into(),
        ..Default::default()
    };
    assert!(
        esporta(&mut cliente, NORMATIVE[0], numero, 0, "")
            .await
            .is_err()
    );
    servizio.ferma().await;
}

/// A position that is no block's end: that of a page.
#[tokio::test]
async fn an_export_goes_on_from_a_page() {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 50).await;
    servizio.carica(&molte(300), "2026-10-31").await;
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    let tutte = contenuto(&tutta(&mut cliente).await.unwrap()).0;
    let page = cliente
        .decreti
        .list_decrees(ListDecreesRequest {
            normativa: NORMATIVE[0].into(),
            page_size: 33,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    let resto = esporta(
        &mut cliente,
        NORMATIVE[0],
        FiltroDecreti::default(),
        0,
        &page.next_page_token,
    )
    .await
    .unwrap();
    assert_eq!(contenuto(&resto).0, tutte[33..]);
    servizio.ferma().await;
}

/// Only the norms that a load changed get new blocks; and those who see natural persons masked read no list of them.
#[tokio::test]
async fn what_a_load_did_not_change_stays() {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 10).await;
    let mut estratto = molte(100);
    let mut altra = molte(100);
    for riga in &mut altra.righe {
        riga.normativa = NORMATIVE[1];
        riga.numero = "9/9";
    }
    estratto.righe.extend(altra.righe);
    servizio.carica(&estratto, "2026-09-30").await;
    estratto.righe[0].erogati += 1;
    servizio.carica(&estratto, "2026-10-31").await;
    let serie: Vec<(String, i32, i32, i32)> = sqlx::query_as(
        "select normativa, dal_rilevazione, al_rilevazione, blocchi from serie order by 1, 2",
    )
    .fetch_all(&servizio.db.owner)
    .await
    .unwrap();
    let open = i32::MAX;
    let expected = [
        (NORMATIVE[0], 1, 1, 10),
        (NORMATIVE[0], 2, open, 10),
        (NORMATIVE[1], 1, open, 10),
    ];
    assert_eq!(
        serie,
        expected.map(|(n, dal, al, b)| (n.to_owned(), dal, al, b))
    );

    sqlx::raw_sql(
        "create policy senza_persone on pezzo to omnia_servizio using (cosa not like '%persone');
         alter table pezzo enable row level security",
    )
    .execute(&servizio.db.owner)
    .await
    .unwrap();
    let mut masked = servizio.cliente("mef-rgs").await;
    let righe = contenuto(&tutta(&mut masked).await.unwrap()).0;
    assert!(
        righe
            .iter()
            .any(|riga| riga.cf_azienda == crate::modello::MASCHERA)
    );
    let mut clear = servizio.cliente("mlps-ammortizzatori").await;
    assert!(tutta(&mut clear).await.is_err());
    servizio.ferma().await;
}
