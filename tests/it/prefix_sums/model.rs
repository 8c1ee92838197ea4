//! The sums against the independent model: every rilevazione, after each load, on the days on which something begins or ends
//! and on those beside them.

use std::collections::{BTreeMap, BTreeSet};

use omnia::{
    report::{
        query,
        sintesi::{SintesiRow, sintesi},
    },
    valori::TipiStanziamento,
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
        .prop_flat_map(|before| (Just(before.clone()), worlds::following(before, 15)))
        .prop_map(|(before, second)| {
            let without = |gone: &dyn Fn(&model::ModelRow) -> bool| {
                let mut extract = second.clone();
                extract.rows.retain(|riga| !gone(riga));
                extract
            };
            let third = without(&|riga| riga.normativa == NORMATIVE[0]);
            let fourth = without(&|riga| riga.prestazione == PRESTAZIONI[1]);
            let mut model_extracts = vec![before.clone(), second.clone(), third, fourth, before];
            model_extracts.retain(|extract| !extract.rows.is_empty());
            model_extracts
        })
}

/// Every periodo between the days that matter to some rows, open ends too, by both criteri; and none.
fn filters(extract: &ModelExtract) -> Vec<ModelFilter> {
    let mut giorni = BTreeSet::new();
    for riga in extract.rows.iter().take(3) {
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
        .run(&extracts(), |model_extracts| {
            runtime.block_on(check(&model_extracts));
            Ok(())
        })
        .unwrap();
}

async fn check(model_extracts: &[ModelExtract]) {
    let (scene, chi) = full_access().await;
    load_all(&scene.db.owner, model_extracts).await;
    for (n, extract) in (1..).zip(model_extracts) {
        let any = permesso(&chi, filtro_report(&ModelFilter::default()));
        let prefix_sums = query::prefix_sums(&scene.db.serving, &any, n)
            .await
            .unwrap();
        for filtro in filters(extract) {
            let sintesi = sintesi(&prefix_sums, permesso(&chi, filtro_report(&filtro)));
            let given: BTreeMap<_, _> = sintesi
                .voci
                .iter()
                .map(|v| {
                    let pair = (v.normativa.as_deref(), v.prestazione.as_deref());
                    ((pair.0.unwrap(), pair.1.unwrap()), as_told(v))
                })
                .collect();
            let expected: BTreeMap<_, _> = model::report(extract, &filtro)
                .iter()
                .map(|(pair, figures)| (*pair, figure_texts(figures)))
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
    let before = sums(&scene.db.owner).await;
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from somma_giorno prima join somma_giorno poi
             using (normativa, prestazione, giorno, iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati,
                    finiscono_erogati)
         where poi.dal_rilevazione - 1 = prima.al_rilevazione",
    )
    .fetch_one(&scene.db.owner)
    .await
    .unwrap();
    assert!(twice == 0 && !before.is_empty());
}

fn as_told(voce: &SintesiRow) -> FigureTexts {
    let figures = &voce.figures;
    let text = |importo: Option<omnia::valori::Importo>| importo.map(|i| i.to_string());
    (
        text(figures.totale_stanziamenti),
        text(figures.importi_autorizzati).unwrap(),
        text(figures.importi_erogati).unwrap(),
        text(figures.residuo_autorizzato),
        text(figures.residuo_pagato),
        voce.tipo_stanziamento
            .map_or("", TipiStanziamento::as_str)
            .to_owned(),
    )
}
