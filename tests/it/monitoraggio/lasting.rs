//! An answer for a rilevazione is the same for ever: whatever is loaded and withdrawn after it, and on an instance that has nothing in memory.

use futures_util::TryStreamExt as _;
use omnia::contract::proto::{
    ConfrontaRilevazioniRequest, ExportDifferenzeRequest, GetAndamentoRequest,
    GetProiezioneRequest, GetStoriaRequest, GetTiraggioRequest, Imputazione,
    VerificaCapienzaRequest,
};

use super::confronto::world;
use crate::{
    model::{ModelExtract, NORMATIVE, PRESTAZIONI},
    server::{CallerClients, TestServer, channel_to},
    withdrawn::take_away,
    worlds,
};

#[test]
fn what_comes_after_changes_no_answer() {
    worlds::each(3, &world(), check);
}

async fn check(extracts: Vec<ModelExtract>) {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    let [first, second, third, fourth] = extracts.try_into().unwrap();
    for (extract, day) in [(first, "2026-01-31"), (second, "2026-02-28")] {
        server.load(&extract, day).await;
    }
    let before = answers(&mut client).await;
    assert!(before.iter().all(|answer| !answer.is_empty()));
    server.load(&third, "2026-03-31").await;
    take_away(&server, 3).await;
    server.load(&fourth, "2026-04-30").await;
    take_away(&server, 4).await;
    // The very ones that are asked for.
    take_away(&server, 2).await;
    let other = server.another_instance().await;
    let token = server.token("cliente-mlps-ammortizzatori");
    let mut other = server.clients_over(channel_to(other), Some(&token));
    assert_eq!(answers(&mut client).await, before);
    assert_eq!(answers(&mut other).await, before);
    server.stop().await;
}

/// Every call for the first two rilevazioni, as texts.
async fn answers(client: &mut CallerClients) -> Vec<String> {
    let (normativa, prestazione) = (NORMATIVE[0].to_owned(), PRESTAZIONI[0].to_owned());
    let calls = &mut client.monitoraggio;
    let mut answers = Vec::new();
    for rilevazione in [1, 2] {
        for imputazione in [
            Imputazione::DataDecreto,
            Imputazione::InizioValidita,
            Imputazione::Competenza,
        ] {
            let request = GetAndamentoRequest {
                rilevazione,
                imputazione: imputazione.into(),
                ..Default::default()
            };
            answers.push(text(calls.get_andamento(request).await.unwrap().get_ref()));
        }
        let request = GetStoriaRequest {
            rilevazione,
            ..Default::default()
        };
        answers.push(text(calls.get_storia(request).await.unwrap().get_ref()));
        let request = GetTiraggioRequest {
            normativa: normativa.clone(),
            prestazione: prestazione.clone(),
            rilevazione,
        };
        answers.push(text(calls.get_tiraggio(request).await.unwrap().get_ref()));
        let request = GetProiezioneRequest {
            normativa: normativa.clone(),
            prestazione: prestazione.clone(),
            anno: 2023,
            rilevazione,
            ..Default::default()
        };
        answers.push(text(calls.get_proiezione(request).await.unwrap().get_ref()));
        let request = VerificaCapienzaRequest {
            normativa: normativa.clone(),
            prestazione: prestazione.clone(),
            importo: "1000.00".into(),
            validita_dal: "2022-12-15".into(),
            validita_al: "2023-02-15".into(),
            rilevazione,
        };
        answers.push(text(
            calls.verifica_capienza(request).await.unwrap().get_ref(),
        ));
        let (da, a) = (rilevazione, 3 - rilevazione);
        let request = ConfrontaRilevazioniRequest {
            da,
            a,
            filtro: None,
        };
        answers.push(text(
            calls
                .confronta_rilevazioni(request)
                .await
                .unwrap()
                .get_ref(),
        ));
        let request = ExportDifferenzeRequest {
            da,
            a,
            ..Default::default()
        };
        let stream = calls.export_differenze(request).await.unwrap();
        let messages: Vec<_> = stream.into_inner().try_collect().await.unwrap();
        answers.push(messages.iter().map(text).collect());
    }
    answers
}

/// An answer without what it says of withdrawals.
fn text(answer: &impl std::fmt::Debug) -> String {
    let text = format!("{answer:?}");
    let mut parts = text.split("ritirata_il: ");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // `None` or `Some(Timestamp { … })`.
        let end = part
            .strip_prefix("Some")
            .map_or(Some(4), |rest| rest.find(')').map(|at| at + 5));
        kept.push_str(&part[end.unwrap()..]);
    }
    kept
}
