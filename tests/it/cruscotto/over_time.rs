//! The figures over time on the pages are those of the API, for every profile that has them.

use omnia::contract::proto::{
    CifreAndamento, ConfrontaRilevazioniRequest, FiltroMonitoraggio, GetAndamentoRequest,
    Imputazione, VerificaCapienzaRequest,
};

use super::{Browser, figures::italian, signed_in};
use crate::{
    calls,
    model::{NORMATIVE, PRESTAZIONI},
    server::{CallerClients, TestServer},
};

const PROFILI: [&str; 3] = ["mlps-ammortizzatori", "mlps-consultazione", "mef-rgs"];

/// Two rilevazioni, of which the second has one row less and other amounts.
async fn two(profilo: &str) -> (TestServer, Browser, CallerClients) {
    let (service, browser) = signed_in(profilo).await;
    let mut later = calls::extract();
    later.rows.pop();
    for row in &mut later.rows {
        row.erogati += 1_234_567;
    }
    service.load(&later, "2026-11-20").await;
    let client = service.clients_as(&format!("cliente-{profilo}"));
    (service, browser, client)
}

#[track_caller]
fn shows(page: &str, amount: &str, what: &str) {
    assert!(!amount.is_empty(), "{what} is not seen");
    assert!(
        page.contains(&italian(amount)),
        "{what}: {amount} is not on the page"
    );
}

#[tokio::test]
async fn the_course_of_a_year() {
    for profilo in PROFILI {
        let (_service, mut browser, mut client) = two(profilo).await;
        let request = GetAndamentoRequest {
            filtro: Some(FiltroMonitoraggio {
                normativa: vec![NORMATIVE[0].to_owned()],
                prestazione: vec![PRESTAZIONI[0].to_owned()],
            }),
            imputazione: Imputazione::Competenza.into(),
            ..GetAndamentoRequest::default()
        };
        let course = client
            .monitoraggio
            .get_andamento(request)
            .await
            .unwrap()
            .into_inner();
        let points = course.serie[0]
            .punti
            .iter()
            .filter(|point| point.mese.starts_with("2022"));
        let path = format!(
            "/cruscotto/andamento?normativa={}&prestazione={}&anno=2022",
            NORMATIVE[0], PRESTAZIONI[0]
        );
        let page = browser.get(&path).await.ok().text;
        let mut months = 0;
        for point in points {
            for cifre in [&point.cifre, &point.cumulate] {
                let CifreAndamento {
                    importi_autorizzati,
                    importi_erogati,
                    ..
                } = cifre.as_ref().unwrap();
                shows(&page, importi_autorizzati, &point.mese);
                shows(&page, importi_erogati, &point.mese);
            }
            months += 1;
        }
        assert!(months > 3, "{profilo}: {months} months");
    }
}

#[tokio::test]
async fn whether_an_agreement_fits() {
    for profilo in PROFILI {
        let (_service, mut browser, mut client) = two(profilo).await;
        let request = VerificaCapienzaRequest {
            normativa: NORMATIVE[0].to_owned(),
            prestazione: PRESTAZIONI[0].to_owned(),
            importo: "1234567.80".to_owned(),
            validita_dal: "2022-03-01".to_owned(),
            validita_al: "2022-12-31".to_owned(),
            rilevazione: 0,
        };
        let answer = client
            .monitoraggio
            .verifica_capienza(request)
            .await
            .unwrap()
            .into_inner();
        let path = format!(
            "/cruscotto/capienza?normativa={}&prestazione={}&importo=1.234.567%2C8&validita_dal=2022-03-01&validita_al=2022-12-31",
            NORMATIVE[0], PRESTAZIONI[0]
        );
        let page = browser.get(&path).await.ok().text;
        assert_eq!(answer.anni.len(), 1);
        for year in answer.anni {
            let cifre = year.cifre.unwrap();
            shows(&page, &cifre.competenza_accordo, "competenza_accordo");
            shows(&page, &cifre.competenza_nota, "competenza_nota");
            shows(&page, &cifre.residuo_oggi.unwrap(), "residuo_oggi");
        }
    }
}

#[tokio::test]
async fn what_is_different_between_two_rilevazioni() {
    for profilo in PROFILI {
        let (_service, mut browser, mut client) = two(profilo).await;
        let request = ConfrontaRilevazioniRequest {
            filtro: None,
            da: 1,
            a: 2,
        };
        let answer = client
            .monitoraggio
            .confronta_rilevazioni(request)
            .await
            .unwrap()
            .into_inner();
        let page = browser.get("/cruscotto/confronto?da=1&a=2").await.ok().text;
        for voce in answer.voci.iter().chain(&answer.totale) {
            for cifre in [&voce.prima, &voce.movimento, &voce.dopo] {
                let cifre = cifre.as_ref().unwrap();
                for amount in [&cifre.importi_autorizzati, &cifre.importi_erogati] {
                    shows(&page, amount, &voce.normativa);
                }
            }
        }
        // The rows that moved it: all but one as they were and as they are.
        let rows = browser
            .get("/cruscotto/confronto/righe?da=1&a=2")
            .await
            .ok()
            .text;
        assert!(rows.contains("<del") && rows.contains("<ins"), "{rows}");
        let in_clear = profilo == "mlps-ammortizzatori";
        assert_eq!(rows.contains(calls::PERSONA), in_clear, "{profilo}");
    }
}
