//! The history: the report of each rilevazione, as it was seen then, and for ever.

use omnia::contract::proto::{CifreStoria, GetReportSinteticoRequest, GetStoriaResponse};
use proptest::{
    strategy::{Just, Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::storia;
use crate::{
    model::ModelExtract,
    server::{CallerClients, TestServer},
    withdrawn::take_away,
    worlds,
};

/// Extracts that follow each other.
fn extracts() -> Vec<ModelExtract> {
    let world = worlds::extract(60).prop_flat_map(|before| {
        worlds::following(before.clone(), 30).prop_flat_map(move |second| {
            let before = before.clone();
            worlds::following(second.clone(), 10)
                .prop_flat_map(move |third| Just(vec![before.clone(), second.clone(), third]))
        })
    });
    let mut runner = TestRunner::deterministic();
    world.new_tree(&mut runner).unwrap().current()
}

fn numbers(answer: &GetStoriaResponse) -> Vec<i32> {
    let points = &answer.totale.as_ref().unwrap().punti;
    points.iter().map(|point| point.rilevazione).collect()
}

#[tokio::test]
async fn each_point_is_the_report_of_its_rilevazione_and_stays_so() {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    let extracts = extracts();
    server.load(&extracts[0], "2026-08-31").await;
    server.load(&extracts[1], "2026-09-30").await;
    let [one, two] = [1, 2].map(|n| (n, Vec::from_iter(1..=n)));
    for (n, seen) in [one, two] {
        let answer = storia(&mut client, n).await.unwrap();
        assert_eq!(numbers(&answer), seen);
        check(&mut client, &answer).await;
    }
    let before = storia(&mut client, 2).await.unwrap();

    // Withdrawn after 2 was loaded: 2 still sees itself, and what comes after it does not.
    take_away(&server, 2).await;
    assert_eq!(server.load(&extracts[2], "2026-09-30").await, 3);
    assert_eq!(server.load(&extracts[0], "2026-10-31").await, 4);
    let mut after = storia(&mut client, 2).await.unwrap();
    assert!(after.rilevazione.as_ref().unwrap().ritirata_il.is_some());
    after.rilevazione = before.rilevazione.clone();
    assert_eq!(after, before);
    for (n, seen) in [(3, vec![1, 3]), (4, vec![1, 3, 4]), (0, vec![1, 3, 4])] {
        let answer = storia(&mut client, n).await.unwrap();
        assert_eq!(numbers(&answer), seen);
        check(&mut client, &answer).await;
    }

    // Withdrawn after 4 was loaded: 4 and 3 see what they saw, on every instance.
    let [third, fourth] = [
        storia(&mut client, 3).await.unwrap(),
        storia(&mut client, 4).await.unwrap(),
    ];
    take_away(&server, 4).await;
    take_away(&server, 3).await;
    let other = server.another_instance().await;
    let token = server.token("cliente-mlps-ammortizzatori");
    let mut other = server.clients_over(crate::server::channel_to(other), Some(&token));
    for client in [&mut client, &mut other] {
        for (n, was) in [(3, &third), (4, &fourth)] {
            let mut is = storia(client, n).await.unwrap();
            is.rilevazione = was.rilevazione.clone();
            assert_eq!(is, *was);
        }
    }
    server.stop().await;
}

/// Every figure of the answer is that of the report of its rilevazione.
async fn check(client: &mut CallerClients, answer: &GetStoriaResponse) {
    let total = answer.totale.as_ref().unwrap();
    for (at, point) in total.punti.iter().enumerate() {
        let report = client
            .report
            .get_report_sintetico(GetReportSinteticoRequest {
                rilevazione: point.rilevazione,
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let rilevazione = report.rilevazione.unwrap();
        assert_eq!(point.data_riferimento, rilevazione.data_riferimento);
        assert_eq!(point.caricata_il, rilevazione.caricata_il);
        let told: Vec<_> = answer
            .serie
            .iter()
            .filter_map(|serie| {
                let figures = figures(serie.punti[at].cifre.as_ref()?);
                Some((serie.normativa.clone(), serie.prestazione.clone(), figures))
            })
            .collect();
        let expected: Vec<_> = report
            .voci
            .into_iter()
            .map(|v| {
                let figures = [
                    v.totale_stanziamenti.unwrap_or_default(),
                    v.importi_autorizzati,
                    v.importi_erogati,
                    v.residuo_autorizzato.unwrap_or_default(),
                    v.residuo_pagato.unwrap_or_default(),
                ];
                (v.normativa, v.prestazione, figures)
            })
            .collect();
        assert_eq!(told, expected, "{}", point.rilevazione);
        let all = report.totale.unwrap();
        let cifre = point.cifre.as_ref().unwrap();
        assert_eq!(
            figures(cifre),
            [
                all.totale_stanziamenti.unwrap_or_default(),
                all.importi_autorizzati,
                all.importi_erogati,
                all.residuo_autorizzato.unwrap_or_default(),
                all.residuo_pagato.unwrap_or_default(),
            ]
        );
        let rows = answer
            .serie
            .iter()
            .filter_map(|s| s.punti[at].cifre.as_ref());
        assert_eq!(cifre.righe, rows.map(|cifre| cifre.righe).sum::<i64>());
        assert!(cifre.righe > 0);
    }
}

fn figures(cifre: &CifreStoria) -> [String; 5] {
    [
        cifre.totale_stanziamenti.clone().unwrap_or_default(),
        cifre.importi_autorizzati.clone(),
        cifre.importi_erogati.clone(),
        cifre.residuo_autorizzato.clone().unwrap_or_default(),
        cifre.residuo_pagato.clone().unwrap_or_default(),
    ]
}
