//! The sums against the independent model: every rilevazione, after each load, on the days on which something begins or ends
//! and on those beside them.

use std::collections::{BTreeMap, BTreeSet};

use omnia::report::{
    query,
    sintesi::{ReportFigures, sintesi},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{full_access, load_all, permesso, sums};
use crate::{
    model::{self, Day, ModelCriterio, ModelExtract, ModelFilter, NORMATIVE, PRESTAZIONI},
    model_messages::filtro_report,
    reconciliation::{FigureTexts, figure_texts},
    worlds,
};

/// Extracts that follow each other: the second changes the first, the third has nothing of one norm and the fourth
/// nothing of one benefit, the fifth is the first again. One whose rows are all gone is left out: it would be refused.
fn extracts() -> impl Strategy<Value = Vec<ModelExtract>> {
    worlds::extract(30)
        .prop_flat_map(|prima| (Just(prima.clone()), worlds::following(prima, 15)))
        .prop_map(|(prima, seconda)| {
            let senza = |gone: &dyn Fn(&model::ModelRow) -> bool| {
                let mut estratto = seconda.clone();
                estratto.rows.retain(|riga| !gone(riga));
                estratto
            };
            let terza = senza(&|riga| riga.normativa == NORMATIVE[0]);
            let quarta = senza(&|riga| riga.prestazione == PRESTAZIONI[1]);
            let mut estratti = vec![prima.clone(), seconda.clone(), terza, quarta, prima];
            estratti.retain(|estratto| !estratto.rows.is_empty());
            estratti
        })
}

/// Every periodo between the days that matter to some rows, open ends too, by both criteri; and none.
fn filters(estratto: &ModelExtract) -> Vec<ModelFilter> {
    let mut giorni = BTreeSet::new();
    for riga in estratto.rows.iter().take(3) {
        let beside = |g: Day| [g.saturating_sub(1), g, g + 1];
        giorni.extend(beside(riga.dal).into_iter().chain(beside(riga.al)));
    }
    let ends: Vec<Option<Day>> = [None]
        .into_iter()
        .chain(giorni.into_iter().map(Some))
        .collect();
    let mut filtri = vec![ModelFilter::default()];
    for dal in &ends {
        for al in &ends {
            if matches!((dal, al), (Some(dal), Some(al)) if al < dal) {
                continue;
            }
            for criterio in [
                ModelCriterio::Sovrapposizione,
                ModelCriterio::InizioValidita,
            ] {
                filtri.push(ModelFilter {
                    periodo: Some((*dal, *al, criterio)),
                    ..ModelFilter::default()
                });
            }
        }
    }
    // And the codes, some of the time.
    for (i, filtro) in filtri.iter_mut().enumerate() {
        if i % 3 == 1 {
            filtro.normative.insert(NORMATIVE[i % 2]);
        }
        if i % 5 == 2 {
            filtro.prestazioni.insert(PRESTAZIONI[i % 2]);
        }
    }
    filtri
}

#[test]
fn every_rilevazione_has_the_figures_of_its_extract() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: worlds::cases(10),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&extracts(), |estratti| {
            runtime.block_on(check(&estratti));
            Ok(())
        })
        .unwrap();
}

async fn check(estratti: &[ModelExtract]) {
    let (scena, chi) = full_access().await;
    load_all(&scena.db.owner, estratti).await;
    for (n, estratto) in (1..).zip(estratti) {
        let any = permesso(&chi, filtro_report(&ModelFilter::default()));
        let cumuli = query::prefix_sums(&scena.db.serving, &any, n)
            .await
            .unwrap();
        for filtro in filters(estratto) {
            let sintesi = sintesi(&cumuli, permesso(&chi, filtro_report(&filtro)));
            let given: BTreeMap<_, _> = sintesi
                .voci
                .iter()
                .map(|v| {
                    let pair = (v.normativa.as_deref(), v.prestazione.as_deref());
                    ((pair.0.unwrap(), pair.1.unwrap()), as_told(&v.figures))
                })
                .collect();
            let expected: BTreeMap<_, _> = model::report(estratto, &filtro)
                .iter()
                .map(|(pair, cifre)| (*pair, figure_texts(cifre)))
                .collect();
            assert_eq!(given, expected, "rilevazione {n}, {filtro:?}");
            let pairs: Vec<_> = sintesi
                .voci
                .iter()
                .map(|v| (&v.normativa, &v.prestazione))
                .collect();
            assert!(pairs.is_sorted(), "{pairs:?}");
        }
    }
    // What does not change is written once.
    let before = sums(&scena.db.owner).await;
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from somma_giorno prima join somma_giorno poi
             using (normativa, prestazione, giorno, iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati,
                    finiscono_erogati)
         where poi.dal_rilevazione - 1 = prima.al_rilevazione",
    )
    .fetch_one(&scena.db.owner)
    .await
    .unwrap();
    assert!(twice == 0 && !before.is_empty());
}

fn as_told(cifre: &ReportFigures) -> FigureTexts {
    let text = |importo: Option<omnia::valori::Importo>| importo.map(|i| i.to_string());
    (
        text(cifre.totale_stanziamenti),
        text(cifre.importi_autorizzati).unwrap(),
        text(cifre.importi_erogati).unwrap(),
        text(cifre.residuo_autorizzato),
        text(cifre.residuo_pagato),
    )
}
