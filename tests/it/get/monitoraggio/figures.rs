//! Figure by figure: the answer of the call, the file, the table.

use omnia::contract::proto::{
    CifreAndamento, CifreStoria, CifreTiraggio, ConfrontaRilevazioniRequest, FiltroMonitoraggio,
    Finestra, GetAndamentoRequest, GetProiezioneRequest, GetStoriaRequest, GetTiraggioRequest,
    Imputazione, Passo, StanziamentoAnno, TipoStanziamento, VerificaCapienzaRequest,
};

use super::{PAIR, SOGGETTO, as_printed, ask, cells, records, scene};
use crate::{
    model::{NORMATIVE, PRESTAZIONI},
    server::TestServer,
};

fn filtro() -> Option<FiltroMonitoraggio> {
    Some(FiltroMonitoraggio {
        normativa: vec![NORMATIVE[0].into()],
        prestazione: vec![PRESTAZIONI[0].into()],
    })
}

/// Asks twice, for a file and for a table: the file's rows are these, and the table's are the file's. What is printed below the table.
async fn told(
    service: &TestServer,
    command: &str,
    options: &[&str],
    expected: &[Vec<String>],
) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut arguments = [&[command], options].concat();
    let (code, out, err) = ask(service, dir.path(), &arguments).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    arguments.extend(["--file", "a.csv"]);
    let (code, _, err) = ask(service, dir.path(), &arguments).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let rows = records(&std::fs::read(dir.path().join("a.csv")).unwrap());
    assert!(!rows.is_empty());
    assert_eq!(rows, expected, "{command}");
    let printed: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| as_printed(cell)).collect())
        .collect();
    let table = cells(&out);
    assert_eq!(table[..rows.len()], printed, "{command}\n{out}");
    let below = out.split_once('└').unwrap().1;
    below.split_once('\n').unwrap().1.to_owned()
}

fn cap(stanziamento: Option<StanziamentoAnno>) -> [String; 2] {
    let Some(stanziamento) = stanziamento else {
        return Default::default();
    };
    let tipo = match stanziamento.tipo_stanziamento() {
        TipoStanziamento::Limite => "LIMITE",
        TipoStanziamento::Previsione => "PREVISIONE",
        other => panic!("{other:?}"),
    };
    [stanziamento.totale_stanziamenti, tipo.into()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_course() {
    let service = scene().await;
    let mut client = service.clients_as(SOGGETTO);
    let request = GetAndamentoRequest {
        filtro: filtro(),
        rilevazione: 5,
        imputazione: Imputazione::Competenza.into(),
        passo: Passo::Trimestre.into(),
        finestra: Some(Finestra {
            dal_mese: "2022-10".into(),
            al_mese: "2023-12".into(),
        }),
    };
    let answer = client.monitoraggio.get_andamento(request).await.unwrap();
    let [serie] = answer.into_inner().serie.try_into().unwrap();
    let expected: Vec<Vec<String>> = serie
        .punti
        .into_iter()
        .map(|point| {
            let CifreAndamento {
                righe,
                ore_decretate,
                importi_autorizzati,
                importi_erogati,
            } = point.cifre.unwrap();
            let cumulated = point.cumulate.unwrap();
            let mut row = vec![
                serie.normativa.clone(),
                serie.prestazione.clone(),
                point.mese,
                righe.to_string(),
                ore_decretate,
                importi_autorizzati,
                importi_erogati,
                cumulated.importi_autorizzati,
                cumulated.importi_erogati,
            ];
            row.extend(cap(point.stanziamento));
            row
        })
        .collect();
    assert_eq!(expected.len(), 5);
    let options = [
        &PAIR[..],
        &["--imputazione", "competenza", "--passo", "trimestre"],
        &["--dal-mese", "2022-10", "--al-mese", "2023-12"],
        &["--rilevazione", "5"],
    ]
    .concat();
    let below = told(&service, "andamento", &options, &expected).await;
    assert_eq!(
        below,
        "rilevazione 5 as of 2023-07-31, loaded 2026-11-23T09:00:00Z, euro and hours\n"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_stand_below_the_table_and_in_no_file() {
    let service = scene().await;
    let mut client = service.clients_as(SOGGETTO);
    let request = GetAndamentoRequest {
        imputazione: Imputazione::DataDecreto.into(),
        passo: Passo::Anno.into(),
        ..Default::default()
    };
    let answer = client.monitoraggio.get_andamento(request).await.unwrap();
    let total = answer.into_inner().totale.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let course = [
        "andamento",
        "--imputazione",
        "data-decreto",
        "--passo",
        "anno",
    ];
    let (_, out, _) = ask(&service, dir.path(), &course).await;
    let table = cells(&out);
    assert_eq!(table.len(), 6, "{out}");
    for (row, point) in table[4..].iter().zip(&total.punti) {
        let cifre = point.cifre.as_ref().unwrap();
        assert_eq!(row[..3], ["totale", "", &point.mese]);
        assert_eq!(row[5], as_printed(&cifre.importi_autorizzati));
    }
    let to_stdout = [&course[..], &["--file", "-", "--formato", "csv"]].concat();
    let (code, out, err) = ask(&service, dir.path(), &to_stdout).await;
    assert_eq!(code, Some(0));
    assert_eq!(records(out.as_bytes()).len(), 4);
    assert!(err.starts_with("-: 4 rows, "), "{err}");
    service.stop().await;
}

fn report_figures(cifre: CifreStoria) -> Vec<String> {
    vec![
        cifre.totale_stanziamenti.unwrap_or_default(),
        cifre.importi_autorizzati,
        cifre.importi_erogati,
        cifre.residuo_autorizzato.unwrap_or_default(),
        cifre.residuo_pagato.unwrap_or_default(),
        cifre.ore_decretate,
        cifre.righe.to_string(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_and_two_rilevazioni_compared() {
    let service = scene().await;
    let mut client = service.clients_as(SOGGETTO);
    let request = GetStoriaRequest {
        filtro: filtro(),
        rilevazione: 4,
    };
    let answer = client.monitoraggio.get_storia(request).await.unwrap();
    let [serie] = answer.into_inner().serie.try_into().unwrap();
    let expected: Vec<Vec<String>> = serie
        .punti
        .into_iter()
        .map(|point| {
            let mut row = vec![
                serie.normativa.clone(),
                serie.prestazione.clone(),
                point.rilevazione.to_string(),
                point.data_riferimento,
            ];
            row.extend(report_figures(point.cifre.unwrap()));
            row
        })
        .collect();
    assert_eq!(expected.len(), 4);
    let options = [&PAIR[..], &["--rilevazione", "4"]].concat();
    told(&service, "storia", &options, &expected).await;

    let request = ConfrontaRilevazioniRequest {
        filtro: None,
        da: 2,
        a: 0,
    };
    let answer = client.monitoraggio.confronta_rilevazioni(request).await;
    let answer = answer.unwrap().into_inner();
    let mut expected = Vec::new();
    for voce in answer.voci {
        let rows = voce.differenze.unwrap();
        assert_eq!(rows.nuove, 4);
        for (moment, cifre) in [
            ("prima", voce.prima),
            ("dopo", voce.dopo),
            ("movimento", voce.movimento),
        ] {
            let mut row = vec![
                voce.normativa.clone(),
                voce.prestazione.clone(),
                moment.into(),
            ];
            row.extend(report_figures(cifre.unwrap()));
            row.extend(match moment {
                "movimento" => [rows.nuove, rows.variate, rows.cessate].map(|n| n.to_string()),
                _ => Default::default(),
            });
            expected.push(row);
        }
    }
    let below = told(&service, "confronto", &["--da", "2"], &expected).await;
    assert_eq!(
        below,
        "rilevazione 2 as of 2023-04-30, loaded 2026-11-23T09:00:00Z; then rilevazione 6 as of 2023-08-31, loaded \
         2026-11-23T09:00:00Z, euro and hours\n"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_triangle() {
    let service = scene().await;
    let mut client = service.clients_as(SOGGETTO);
    let request = GetTiraggioRequest {
        normativa: NORMATIVE[0].into(),
        prestazione: PRESTAZIONI[0].into(),
        rilevazione: 0,
    };
    let answer = client.monitoraggio.get_tiraggio(request).await.unwrap();
    let answer = answer.into_inner();
    let mut expected = Vec::new();
    for cohort in answer.coorti {
        for cell in cohort.celle {
            let factors = answer.fattori.iter();
            let factor = factors.clone().find(|f| f.da_eta == cell.eta);
            let CifreTiraggio {
                importi_autorizzati,
                importi_erogati,
                tiraggio,
            } = cell.cifre.unwrap();
            expected.push(vec![
                cohort.mese.clone(),
                cell.eta.to_string(),
                cell.rilevazione.to_string(),
                importi_autorizzati,
                importi_erogati,
                tiraggio.unwrap_or_default(),
                factor
                    .and_then(|f| f.cifre.as_ref()?.fattore.clone())
                    .unwrap_or_default(),
                factor.map(|f| f.coorti.to_string()).unwrap_or_default(),
            ]);
        }
    }
    assert!(expected.iter().any(|row| row[6] == "1.000000"));
    told(&service, "tiraggio", &PAIR, &expected).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_projection() {
    let service = scene().await;
    let mut client = service.clients_as(SOGGETTO);
    let request = GetProiezioneRequest {
        normativa: NORMATIVE[0].into(),
        prestazione: PRESTAZIONI[0].into(),
        anno: 2023,
        ..Default::default()
    };
    let answer = client.monitoraggio.get_proiezione(request).await.unwrap();
    let answer = answer.into_inner();
    let followed = answer.stime.iter().find(|s| s.metodo == answer.metodo);
    let followed = followed.unwrap();
    let method = answer.metodo().as_str_name();
    let method = method.strip_prefix("METODO_PROIEZIONE_").unwrap();
    let expected: Vec<Vec<String>> = answer
        .mesi
        .iter()
        .zip(&followed.mesi)
        .map(|(month, point)| {
            let (known, cumulated) = (
                month.cifre.clone().unwrap(),
                month.cumulate.clone().unwrap(),
            );
            let point = point.cifre.clone().unwrap();
            let mut row = vec![
                month.mese.clone(),
                known.importi_autorizzati,
                known.importi_erogati,
                cumulated.importi_autorizzati,
                cumulated.importi_erogati,
                point.competenza_attesa,
                point.competenza_prevista,
                point.erogazione_prevista.unwrap_or_default(),
                method.to_owned(),
            ];
            row.extend(cap(answer.stanziamento.clone()));
            row
        })
        .collect();
    assert_eq!(expected.len(), 12);
    let options = [&PAIR[..], &["--anno", "2023"]].concat();
    let below = told(&service, "proiezione", &options, &expected).await;
    let cifre = followed.cifre.clone().unwrap();
    let error = as_printed(&cifre.errore_medio.unwrap());
    assert!(
        below.contains(&format!("errore medio di {error} euro in 5 verifiche")),
        "{below}"
    );
    assert!(
        below.contains("lo stanziamento del 2023 (previsione di spesa, 140.000,00 euro)"),
        "{below}"
    );
    assert!(!below.contains("####"), "no terminal, no curve: {below}");

    let options = [&["proiezione"], &options[..], &["--grafico", "sempre"]].concat();
    let dir = tempfile::tempdir().unwrap();
    let (_, out, _) = ask(&service, dir.path(), &options).await;
    let curve = out.split_once("Competenza cumulata del 2023").unwrap().1;
    assert!(
        curve.contains("#### contabilizzato   :::: atteso   ════ stanziamento 140.000,00\n"),
        "{out}"
    );
    for line in curve.lines().filter(|line| line.contains('│')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement() {
    let service = scene().await;
    let mut client = service.clients_as(SOGGETTO);
    let request = VerificaCapienzaRequest {
        normativa: NORMATIVE[0].into(),
        prestazione: PRESTAZIONI[0].into(),
        importo: "90000.00".into(),
        validita_dal: "2023-11-01".into(),
        validita_al: "2024-01-31".into(),
        rilevazione: 0,
    };
    let answer = client.monitoraggio.verifica_capienza(request).await;
    let answer = answer.unwrap().into_inner();
    let expected: Vec<Vec<String>> = answer
        .anni
        .into_iter()
        .map(|anno| {
            let esito = anno.esito.unwrap().esito().as_str_name();
            let method = anno.metodo().as_str_name();
            let method = method.strip_prefix("METODO_PROIEZIONE_").unwrap();
            let cifre = anno.cifre.unwrap();
            let mut row = vec![
                anno.anno.to_string(),
                esito.strip_prefix("ESITO_CAPIENZA_").unwrap().to_owned(),
            ];
            row.extend(cap(anno.stanziamento));
            row.extend([
                cifre.competenza_accordo,
                cifre.competenza_nota,
                cifre.residuo_oggi.unwrap_or_default(),
                cifre.competenza_attesa.unwrap_or_default(),
                cifre.residuo_in_prospettiva.unwrap_or_default(),
                method.to_owned(),
            ]);
            row
        })
        .collect();
    assert_eq!(expected.len(), 2);
    assert_eq!(expected[0][1], "NON_CAPIENTE");
    let missing = as_printed(expected[0][6].strip_prefix('-').unwrap());
    let options = [
        &PAIR[..],
        &["--importo", "90000.00", "--dal", "2023-11-01"],
        &["--al", "2024-01-31"],
    ]
    .concat();
    let below = told(&service, "capienza", &options, &expected).await;
    let sentence = format!("L'accordo non è capiente nel 2023 (mancano {missing} euro).\n");
    assert!(below.starts_with(&sentence), "{below}");
    service.stop().await;
}
