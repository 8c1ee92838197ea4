//! A withdrawn rilevazione, as callers see it: never the latest, answered by its number, marked in every answer.

use arrow_flight::FlightDescriptor;
use omnia::{
    abilitazione::grants::{MotivoAa07, Operatore},
    app,
    contract::proto::{
        CountDecreesRequest, DownloadDecreesRequest, DownloadReportSinteticoRequest,
        ExportDecreesRequest, FormatoFile, GetReportSinteticoRequest, ListDecreesRequest,
        ListRilevazioniRequest, Rilevazione, export_decrees_response::Parte,
    },
    crypto::key::AuditKey,
    rilevazione::withdraw,
};
use prost::Message as _;

use crate::{
    calls::extract,
    download,
    model::NORMATIVE,
    server::{AUDIT_KEY, CallerClients, TestServer, channel_to},
};

pub async fn take_away(service: &TestServer, numero: i32) {
    let operatore = Operatore::parse("anna", None).unwrap();
    let motivo = MotivoAa07::parse("a day too late").unwrap();
    let owner = &service.db.owner;
    let audit = app::audit(
        &service.db.connections,
        AuditKey::new(&AUDIT_KEY),
        service.clock.clone(),
    )
    .await
    .unwrap();
    withdraw(owner, &audit, &service.clock, numero, &operatore, &motivo)
        .await
        .unwrap();
    audit.close().await;
}

/// The rilevazione that each call answers with.
async fn all_answers(
    client: &mut CallerClients,
    rilevazione: i32,
) -> Vec<(&'static str, Rilevazione)> {
    let normativa = NORMATIVE[0].to_owned();
    let mut answers = Vec::new();
    let report = client
        .report
        .get_report_sintetico(GetReportSinteticoRequest {
            rilevazione,
            ..Default::default()
        });
    answers.push(("report", report.await.unwrap().into_inner().rilevazione));
    let list = client.decreti.list_decrees(ListDecreesRequest {
        normativa: normativa.clone(),
        rilevazione,
        ..Default::default()
    });
    answers.push(("list", list.await.unwrap().into_inner().rilevazione));
    let count = client.decreti.count_decrees(CountDecreesRequest {
        normativa: normativa.clone(),
        rilevazione,
        ..Default::default()
    });
    answers.push(("count", count.await.unwrap().into_inner().rilevazione));
    let export = ExportDecreesRequest {
        normativa: normativa.clone(),
        rilevazione,
        ..Default::default()
    };
    let stream = client.decreti.export_decrees(export).await.unwrap();
    let first = stream.into_inner().message().await.unwrap().unwrap().parte;
    let Some(Parte::Intestazione(header)) = first else {
        panic!("{first:?}");
    };
    answers.push(("export", header.rilevazione));
    let file = DownloadDecreesRequest {
        normativa,
        rilevazione,
        formato: FormatoFile::Csv.into(),
        ..Default::default()
    };
    let file = download::decreti(client, file).await.unwrap();
    answers.push(("decrees", file.intestazione.rilevazione));
    let file = DownloadReportSinteticoRequest {
        rilevazione,
        formato: FormatoFile::Csv.into(),
        ..Default::default()
    };
    let file = download::report(client, file).await.unwrap();
    answers.push(("report file", file.intestazione.rilevazione));
    let listed = client
        .report
        .list_rilevazioni(ListRilevazioniRequest::default());
    let listed = listed.await.unwrap().into_inner().rilevazioni;
    let wanted =
        |r: &Rilevazione| r.numero == rilevazione || rilevazione == 0 && r.ritirata_il.is_none();
    answers.push(("ListRilevazioni", listed.into_iter().find(wanted)));
    answers
        .into_iter()
        .map(|(call, r)| (call, r.unwrap()))
        .collect()
}

/// Where a stored mark is said in a flight and in a file.
async fn metadata(client: &mut CallerClients, rilevazione: i32) -> (Option<String>, String) {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        rilevazione,
        ..Default::default()
    };
    let descriptor = FlightDescriptor::new_cmd(request.encode_to_vec());
    let schema = client
        .flight
        .get_schema(descriptor)
        .await
        .unwrap()
        .into_inner();
    let schema = arrow_schema::Schema::try_from(schema).unwrap();
    let file = DownloadDecreesRequest {
        normativa: NORMATIVE[0].into(),
        rilevazione,
        formato: FormatoFile::Parquet.into(),
        ..Default::default()
    };
    let file = download::decreti(client, file).await.unwrap();
    let text = String::from_utf8_lossy(&file.bytes).into_owned();
    (schema.metadata.get("ritirata_il").cloned(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marked_in_every_answer_of_every_instance() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-09-30").await;
    let mut late = extract();
    late.rows[0].autorizzati += 1;
    service.load(&late, "2026-10-31").await;
    let mut a = service.clients_of("mlps-ammortizzatori").await;
    let other = channel_to(service.another_instance().await);
    let token = service.token("cliente-mlps-ammortizzatori");
    let mut b = service.clients_over(other, Some(&token));
    // Both know it as the latest, and by its number.
    for client in [&mut a, &mut b] {
        for asked in [0, 2] {
            for (call, r) in all_answers(client, asked).await {
                assert_eq!((r.numero, r.ritirata_il), (2, None), "{call}");
            }
        }
        let (mark, file) = metadata(client, 2).await;
        assert!(mark.is_none() && !file.contains("ritirata_il"));
    }
    take_away(&service, 2).await;
    // The next call of each.
    for client in [&mut a, &mut b] {
        for (call, r) in all_answers(client, 0).await {
            assert_eq!((r.numero, r.ritirata_il), (1, None), "{call}");
        }
        for (call, r) in all_answers(client, 2).await {
            assert_eq!(r.numero, 2, "{call}");
            assert!(r.ritirata_il.is_some(), "{call}");
            assert_eq!(r.data_riferimento, "2026-10-31");
        }
        for (call, r) in all_answers(client, 1).await {
            assert_eq!((r.numero, r.ritirata_il), (1, None), "{call}");
        }
        let (mark, file) = metadata(client, 2).await;
        assert!(mark.is_some() && file.contains("omnia.rilevazione.ritirata_il"));
        // Who and why does not show there.
        assert!(!file.contains("anna") && !file.contains("too late"));
        let (mark, file) = metadata(client, 1).await;
        assert!(mark.is_none() && !file.contains("ritirata_il"));
    }
    // What comes after it has a number of its own, and the figures of the withdrawn one stay.
    let before = report(&mut a, 2).await;
    service.load(&extract(), "2026-10-01").await;
    for client in [&mut a, &mut b] {
        for (call, r) in all_answers(client, 0).await {
            assert_eq!((r.numero, r.ritirata_il), (3, None), "{call}");
        }
        assert_eq!(report(client, 2).await, before);
        assert_eq!(report(client, 3).await, report(client, 1).await);
        assert_ne!(report(client, 3).await, before);
    }
    service.stop().await;
}

async fn report(client: &mut CallerClients, rilevazione: i32) -> Vec<String> {
    let request = GetReportSinteticoRequest {
        rilevazione,
        ..Default::default()
    };
    let answer = client.report.get_report_sintetico(request).await.unwrap();
    let voci = answer.into_inner().voci;
    voci.iter().map(|voce| format!("{voce:?}")).collect()
}
