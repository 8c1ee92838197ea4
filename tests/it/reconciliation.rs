//! The figures reconcile: for random extracts, filters and both criteri, five ways to the same figures give the same
//! figures, to the cent, on each rilevazione.

use std::{collections::BTreeMap, sync::Mutex};

use omnia::contract::proto::{
    self, CountDecreesRequest, DettaglioDecreto, ExportDecreesRequest, GetReportSinteticoRequest,
    ListDecreesRequest, TotaliControllo, export_decrees_response::Parte,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{
    model::{self, Cents, ModelExtract, ModelFigures, ModelFilter, ModelRow, euro},
    model_messages::{dettaglio, filtro_decreti, filtro_report, periodo, totali},
    server::{CallerClients, TestServer},
    worlds::{self, cases},
};

/// Each filter is asked with one of them: every rilevazione with all.
const PAGE_SIZES: [i32; 3] = [1, 3, 1000];

/// A world: two extracts that follow each other, and filters to ask with.
#[derive(Debug, Clone)]
struct ReconciledWorld {
    extracts: [ModelExtract; 2],
    report: Vec<ModelFilter>,
    decreti: Vec<ModelFilter>,
}

fn world() -> impl Strategy<Value = ReconciledWorld> {
    let extracts = worlds::extract(60)
        .prop_flat_map(|before| (Just(before.clone()), worlds::following(before, 20)));
    (
        extracts,
        prop::collection::vec(worlds::filtro_report(), 6),
        prop::collection::vec(worlds::filtro_decreti(), 6),
    )
        .prop_map(|((before, second), report, decreti)| ReconciledWorld {
            extracts: [before, second],
            report,
            decreti,
        })
}

/// So many worlds are loaded into one database, one after the other: that is a history like another, and a start is dear.
const WORLDS_PER_DATABASE: u32 = 8;

/// A server, and how many extracts it has.
struct ReconciledHistory {
    server: TestServer,
    caller: CallerClients,
    loaded: u32,
}

#[test]
fn five_ways_to_the_same_figures() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: cases(16),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let history = Mutex::new(None);
    TestRunner::new(config)
        .run(&world(), |whole_world| {
            // One that fails does not come back: a smaller world is tried from nothing.
            let last = history.lock().unwrap().take();
            let next = runtime.block_on(check(last, &whole_world));
            *history.lock().unwrap() = next;
            Ok(())
        })
        .unwrap();
    if let Some(last) = history.into_inner().unwrap() {
        runtime.block_on(last.server.stop());
    }
}

impl ReconciledHistory {
    async fn begin() -> Self {
        // Small lotti: every export has several.
        let server = TestServer::start_with(|s| s.export.batch_rows = 7).await;
        Self {
            caller: server.clients_of("mlps-ammortizzatori").await,
            server,
            loaded: 0,
        }
    }

    /// The number of the rilevazione. One that says the same as the one before, at a later date, is a rilevazione too.
    async fn load(&mut self, extract: &ModelExtract) -> i32 {
        self.loaded += 1;
        let date = format!("2026-10-{:02}", self.loaded);
        let numero = self.server.load(extract, &date).await;
        assert_eq!(numero, i32::try_from(self.loaded).unwrap());
        numero
    }
}

async fn check(
    last: Option<ReconciledHistory>,
    whole_world: &ReconciledWorld,
) -> Option<ReconciledHistory> {
    let mut history = match last {
        Some(last) => last,
        None => ReconciledHistory::begin().await,
    };
    let mut numbers = Vec::new();
    for extract in &whole_world.extracts {
        numbers.push(history.load(extract).await);
    }
    for (numero, extract) in numbers.into_iter().zip(&whole_world.extracts) {
        for filtro in &whole_world.report {
            check_report(&mut history.caller, extract, numero, filtro).await;
        }
        for (filtro, page_size) in whole_world
            .decreti
            .iter()
            .zip(PAGE_SIZES.into_iter().cycle())
        {
            check_decreti(&mut history.caller, extract, numero, filtro, page_size).await;
        }
    }
    if history.loaded < 2 * WORLDS_PER_DATABASE {
        return Some(history);
    }
    history.server.stop().await;
    None
}

async fn check_report(
    client: &mut CallerClients,
    extract: &ModelExtract,
    numero: i32,
    filtro: &ModelFilter,
) {
    let answer = client
        .report
        .get_report_sintetico(GetReportSinteticoRequest {
            filtro: Some(filtro_report(filtro)),
            rilevazione: numero,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.rilevazione.unwrap().numero, numero);
    let expected = model::report(extract, filtro);
    let given: BTreeMap<_, _> = answer
        .voci
        .iter()
        .map(|v| {
            (
                (v.normativa.as_str(), v.prestazione.as_str()),
                voce_figures(v),
            )
        })
        .collect();
    let texts: BTreeMap<_, _> = expected
        .iter()
        .map(|(pair, figures)| (*pair, figure_texts(figures)))
        .collect();
    assert_eq!(given, texts, "rilevazione {numero}, {filtro:?}");

    let sum = |column: fn(&ModelFigures) -> Option<Cents>| {
        expected
            .values()
            .filter_map(column)
            .reduce(|a, b| a + b)
            .map(euro)
    };
    let totale = answer.totale.unwrap();
    let zero_where_no_voce = |text: Option<String>| text.unwrap_or_else(|| "0.00".into());
    assert_eq!(totale.totale_stanziamenti, sum(|c| c.stanziati));
    assert_eq!(
        totale.importi_autorizzati,
        zero_where_no_voce(sum(|c| Some(c.autorizzati)))
    );
    assert_eq!(
        totale.importi_erogati,
        zero_where_no_voce(sum(|c| Some(c.erogati)))
    );
    assert_eq!(totale.residuo_autorizzato, sum(|c| c.residuo_autorizzato));
    assert_eq!(totale.residuo_pagato, sum(|c| c.residuo_pagato));

    // The decrees behind each voce's norm add up to it, for the same periodo.
    if filtro.prestazioni.is_empty() {
        for normativa in expected
            .keys()
            .map(|(n, _)| n)
            .collect::<std::collections::BTreeSet<_>>()
        {
            let of_norm = expected.iter().filter(|((n, _), _)| n == normativa);
            let (autorizzati, erogati) =
                of_norm.fold((0, 0), |(a, e), (_, c)| (a + c.autorizzati, e + c.erogati));
            let count = client
                .decreti
                .count_decrees(CountDecreesRequest {
                    normativa: (*normativa).into(),
                    filtro: Some(proto::FiltroDecreti {
                        periodo: periodo(filtro),
                        ..Default::default()
                    }),
                    rilevazione: numero,
                })
                .await
                .unwrap()
                .into_inner()
                .totali
                .unwrap();
            assert_eq!(count.importi_autorizzati, euro(autorizzati));
            assert_eq!(count.importi_erogati, euro(erogati));
        }
    }
}

async fn check_decreti(
    client: &mut CallerClients,
    extract: &ModelExtract,
    numero: i32,
    filtro: &ModelFilter,
    page_size: i32,
) {
    let expected: Vec<&ModelRow> = extract.rows.iter().filter(|r| filtro.takes(r)).collect();
    let mut rows: Vec<DettaglioDecreto> = expected.iter().map(|r| dettaglio(r)).collect();
    let totals = totali(&expected);
    let normativa = filtro.normative.first().unwrap().to_string();

    let count = client
        .decreti
        .count_decrees(CountDecreesRequest {
            normativa: normativa.clone(),
            filtro: Some(filtro_decreti(filtro)),
            rilevazione: numero,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(count.totali.unwrap(), totals, "CountDecrees, {filtro:?}");

    let (exported, tokens, closing) =
        export(client, &normativa, filtro, numero, String::new()).await;
    assert_eq!(closing, totals, "chiusura, {filtro:?}");
    let mut sorted = exported.clone();
    for list in [&mut sorted, &mut rows] {
        list.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
    }
    assert_eq!(sorted, rows, "ExportDecrees, {filtro:?}");
    let order = |d: &DettaglioDecreto| (d.data_decreto.clone(), d.numero_decreto.clone());
    assert!(exported.is_sorted_by_key(order), "the promised order");

    let paged = pages(client, &normativa, filtro, numero, page_size).await;
    assert_eq!(paged, exported, "pages of {page_size}, {filtro:?}");
    // Resumed after every lotto: the rest, and the totals of the rest.
    for (seen, token) in tokens {
        let (rest, _, closing) = export(client, &normativa, filtro, numero, token).await;
        assert_eq!(rest, exported[seen..], "resumed after {seen}, {filtro:?}");
        assert_eq!(closing.righe, i64::try_from(rest.len()).unwrap());
    }
}

/// Rows, (rows so far, resume_token) of each lotto, closing totals.
pub async fn export(
    client: &mut CallerClients,
    normativa: &str,
    filtro: &ModelFilter,
    numero: i32,
    resume_token: String,
) -> (Vec<DettaglioDecreto>, Vec<(usize, String)>, TotaliControllo) {
    let mut stream = client
        .decreti
        .export_decrees(ExportDecreesRequest {
            normativa: normativa.into(),
            filtro: Some(filtro_decreti(filtro)),
            rilevazione: numero,
            resume_token,
        })
        .await
        .unwrap()
        .into_inner();
    let (mut rows, mut tokens) = (Vec::new(), Vec::new());
    let first = stream.message().await.unwrap().unwrap().parte.unwrap();
    let Parte::Intestazione(intestazione) = first else {
        panic!("{first:?} comes first");
    };
    assert_eq!(intestazione.rilevazione.unwrap().numero, numero);
    loop {
        match stream.message().await.unwrap().unwrap().parte.unwrap() {
            Parte::Intestazione(_) => panic!("a second intestazione"),
            Parte::Lotto(lotto) => {
                assert!(!lotto.decreti.is_empty(), "an empty lotto");
                rows.extend(lotto.decreti);
                tokens.push((rows.len(), lotto.resume_token));
            }
            Parte::Chiusura(chiusura) => {
                assert!(
                    stream.message().await.unwrap().is_none(),
                    "the last message"
                );
                return (rows, tokens, chiusura.totali.unwrap());
            }
        }
    }
}

async fn pages(
    client: &mut CallerClients,
    normativa: &str,
    filtro: &ModelFilter,
    numero: i32,
    page_size: i32,
) -> Vec<DettaglioDecreto> {
    let mut rows = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = client
            .decreti
            .list_decrees(ListDecreesRequest {
                normativa: normativa.into(),
                filtro: Some(filtro_decreti(filtro)),
                rilevazione: numero,
                page_size,
                page_token,
            })
            .await
            .unwrap()
            .into_inner();
        let last = page.next_page_token.is_empty();
        assert!(last || page.decreti.len() == usize::try_from(page_size).unwrap());
        assert!(last || !page.decreti.is_empty());
        rows.extend(page.decreti);
        if last {
            return rows;
        }
        page_token = page.next_page_token;
    }
}

pub type FigureTexts = (
    Option<String>,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
);

/// The kind of appropriations, as files have it.
pub fn tipo_text(tipo: proto::TipoStanziamento) -> String {
    let name = tipo.as_str_name();
    let name = name.strip_prefix("TIPO_STANZIAMENTO_").unwrap();
    name.strip_prefix("UNSPECIFIED").unwrap_or(name).to_owned()
}

fn voce_figures(voce: &proto::VoceReport) -> FigureTexts {
    (
        voce.totale_stanziamenti.clone(),
        voce.importi_autorizzati.clone(),
        voce.importi_erogati.clone(),
        voce.residuo_autorizzato.clone(),
        voce.residuo_pagato.clone(),
        tipo_text(voce.tipo_stanziamento()),
    )
}

pub fn figure_texts(figures: &ModelFigures) -> FigureTexts {
    (
        figures.stanziati.map(euro),
        euro(figures.autorizzati),
        euro(figures.erogati),
        figures.residuo_autorizzato.map(euro),
        figures.residuo_pagato.map(euro),
        figures.tipo().to_owned(),
    )
}
