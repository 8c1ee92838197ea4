//! Every call of the contract by its name, with one filter by its name: for tests that go through all of them.

use futures_util::TryStreamExt as _;
use omnia::contract::proto::{
    ConfrontaRilevazioniRequest, CountDecreesRequest, DettaglioDecreto, DownloadDecreesRequest,
    DownloadDifferenzeRequest, DownloadReportSinteticoRequest, ExplainAccessRequest,
    ExportDecreesRequest, ExportDifferenzeRequest, FiltroDecreti, FiltroMonitoraggio, FiltroReport,
    FormatoFile, GetAndamentoRequest, GetMyAccessRequest, GetProiezioneRequest,
    GetReportSinteticoRequest, GetStoriaRequest, GetTiraggioRequest, Imputazione,
    ListDecreesRequest, ListNormativeRequest, ListPrestazioniRequest, ListRilevazioniRequest,
    Periodo, TotaliControllo, VerificaCapienzaRequest, explain_access_request::Chi,
    export_decrees_response::Parte,
};
use tonic::{Status, Streaming};

use crate::{
    download, flight, management,
    model::{
        CF, CODIFICHE, MATRICOLE, ModelExtract, ModelRow, ModelStanziamento, NORMATIVE, NUMERI,
        PRESTAZIONI,
    },
    server::CallerClients,
};

/// The calls of the ministries.
pub const RPC: [&str; 22] = [
    "AccessService/GetMyAccess",
    "DecreeService/CountDecrees",
    "DecreeService/DownloadDecrees",
    "DecreeService/ExportDecrees",
    "DecreeService/ListDecrees",
    "FlightService/DoGet",
    "FlightService/GetFlightInfo",
    "FlightService/GetSchema",
    "FlightService/ListFlights",
    "MonitoraggioService/ConfrontaRilevazioni",
    "MonitoraggioService/DownloadDifferenze",
    "MonitoraggioService/ExportDifferenze",
    "MonitoraggioService/GetAndamento",
    "MonitoraggioService/GetProiezione",
    "MonitoraggioService/GetStoria",
    "MonitoraggioService/GetTiraggio",
    "MonitoraggioService/VerificaCapienza",
    "ReportService/DownloadReportSintetico",
    "ReportService/GetReportSintetico",
    "ReportService/ListNormative",
    "ReportService/ListPrestazioni",
    "ReportService/ListRilevazioni",
];

/// Every call of the contract, by name.
pub fn every_rpc() -> Vec<&'static str> {
    let auditor = ["AccessService/ExplainAccess"];
    let mut all = [&RPC[..], &management::RPC, &auditor].concat();
    all.sort_unstable();
    all
}

/// The calls that share the selection of the detail.
pub const DETAIL: [&str; 4] = [
    "DecreeService/CountDecrees",
    "DecreeService/DownloadDecrees",
    "DecreeService/ExportDecrees",
    "DecreeService/ListDecrees",
];

/// The calls of Arrow Flight that share it too.
pub const FLIGHT: [&str; 3] = [
    "FlightService/DoGet",
    "FlightService/GetFlightInfo",
    "FlightService/GetSchema",
];

/// The calls that stream their answers.
pub const STREAMS: [&str; 7] = [
    "DecreeService/DownloadDecrees",
    "DecreeService/ExportDecrees",
    "FlightService/DoGet",
    "FlightService/ListFlights",
    "MonitoraggioService/DownloadDifferenze",
    "MonitoraggioService/ExportDifferenze",
    "ReportService/DownloadReportSintetico",
];

/// The company, and the natural person.
pub const AZIENDA: &str = CF[0];
pub const PERSONA: &str = CF[1];

/// Every norm, benefit, employer and decree number, one row each.
pub fn extract() -> ModelExtract {
    let mut righe = Vec::new();
    for normativa in NORMATIVE {
        for prestazione in PRESTAZIONI {
            for cf in CF {
                let i = u32::try_from(righe.len()).unwrap();
                righe.push(ModelRow {
                    normativa,
                    prestazione,
                    codifica: CODIFICHE[0],
                    numero: NUMERI[0],
                    data: i,
                    dal: 100 + i,
                    al: 200 + i,
                    cf,
                    matricola: MATRICOLE[0],
                    ore: 150 + u64::from(i),
                    autorizzati: 10_000 + u64::from(i),
                    erogati: 5_000 + u64::from(i),
                });
            }
        }
    }
    let stanziamenti = NORMATIVE
        .iter()
        .flat_map(|normativa| {
            PRESTAZIONI
                .iter()
                .map(move |prestazione| ModelStanziamento {
                    normativa,
                    prestazione,
                    anno: 2022,
                    importo: 100_000_000,
                    tipo: "",
                })
        })
        .collect();
    ModelExtract {
        rows: righe,
        stanziamenti,
    }
}

fn periodo() -> Option<Periodo> {
    Some(Periodo {
        dal: "2022-01-01".into(),
        al: "2022-12-31".into(),
        criterio: 0,
    })
}

/// The filters of the detail with one of them set, by its name in the contract; "" sets none.
pub fn filtro_decreti(nome: &str) -> FiltroDecreti {
    let mut filtro = FiltroDecreti::default();
    match nome {
        "" => {}
        "codifica_sistema_unico" => filtro.codifica_sistema_unico = CODIFICHE[0].into(),
        "numero_decreto" => filtro.numero_decreto = NUMERI[0].into(),
        "periodo" => filtro.periodo = periodo(),
        "cf_azienda" => filtro.cf_azienda = AZIENDA.into(),
        "cf_azienda.persona_fisica" => filtro.cf_azienda = PERSONA.into(),
        "matricola_azienda" => filtro.matricola_azienda = MATRICOLE[0].into(),
        other => panic!("{other} is no filter of the detail"),
    }
    filtro
}

/// The filters of the report with one of them set; "" sets none.
pub fn filtro_report(nome: &str) -> FiltroReport {
    let mut filtro = FiltroReport::default();
    match nome {
        "" => {}
        "normativa" => filtro.normativa = vec![NORMATIVE[0].into()],
        "prestazione" => filtro.prestazione = vec![PRESTAZIONI[0].into()],
        "periodo" => filtro.periodo = periodo(),
        other => panic!("{other} is no filter of the report"),
    }
    filtro
}

/// The filters of the caps over time with one of them set; "" sets none.
pub fn filtro_monitoraggio(nome: &str) -> FiltroMonitoraggio {
    let filtro = filtro_report(nome);
    FiltroMonitoraggio {
        normativa: filtro.normativa,
        prestazione: filtro.prestazione,
    }
}

/// Makes a call with one filter set. How many things the answer holds.
pub async fn call_rpc(
    client: &mut CallerClients,
    rpc: &str,
    filtro: &str,
) -> Result<usize, Status> {
    call_rpc_for(client, rpc, NORMATIVE[0], filtro).await
}

/// Likewise; the calls of the detail on this norm.
pub async fn call_rpc_for(
    client: &mut CallerClients,
    rpc: &str,
    normativa: &str,
    filtro: &str,
) -> Result<usize, Status> {
    let normativa = normativa.to_owned();
    let (report, decreti) = (&mut client.report, &mut client.decreti);
    Ok(match rpc {
        "AccessService/GetMyAccess" => {
            let answer = client.access.get_my_access(GetMyAccessRequest {}).await?;
            answer.into_inner().chiamate.len()
        }
        "AccessService/ExplainAccess" => {
            let request = ExplainAccessRequest {
                chi: Some(Chi::Profilo("mef-rgs".into())),
                rpc: "DecreeService/ListDecrees".into(),
                ..Default::default()
            };
            let answer = client.access.explain_access(request).await?;
            answer.into_inner().spiegazione.unwrap().voci.len()
        }
        "ReportService/GetReportSintetico" => {
            let request = GetReportSinteticoRequest {
                filtro: Some(filtro_report(filtro)),
                rilevazione: 0,
            };
            let answer = report.get_report_sintetico(request).await?;
            answer.into_inner().voci.len()
        }
        "MonitoraggioService/GetAndamento" => {
            let request = GetAndamentoRequest {
                filtro: Some(filtro_monitoraggio(filtro)),
                imputazione: Imputazione::Competenza.into(),
                ..Default::default()
            };
            let answer = client.monitoraggio.get_andamento(request).await?;
            let series = answer.into_inner().serie.into_iter();
            series.map(|serie| serie.punti.len()).sum()
        }
        "MonitoraggioService/GetStoria" => {
            let request = GetStoriaRequest {
                filtro: Some(filtro_monitoraggio(filtro)),
                rilevazione: 0,
            };
            let answer = client.monitoraggio.get_storia(request).await?;
            let series = answer.into_inner().serie.into_iter();
            series.map(|serie| serie.punti.len()).sum()
        }
        "MonitoraggioService/ConfrontaRilevazioni" => {
            let request = ConfrontaRilevazioniRequest {
                filtro: Some(filtro_monitoraggio(filtro)),
                da: 1,
                a: 0,
            };
            let answer = client.monitoraggio.confronta_rilevazioni(request).await?;
            answer.into_inner().voci.len()
        }
        "MonitoraggioService/DownloadDifferenze" => {
            let request = DownloadDifferenzeRequest {
                filtro: Some(filtro_monitoraggio(filtro)),
                da: 1,
                formato: FormatoFile::Csv.into(),
                ..Default::default()
            };
            let file = download::differenze(client, request).await?;
            // The header at least.
            file.bytes.len()
        }
        "MonitoraggioService/ExportDifferenze" => {
            let request = ExportDifferenzeRequest {
                filtro: Some(filtro_monitoraggio(filtro)),
                da: 1,
                ..Default::default()
            };
            let stream = client.monitoraggio.export_differenze(request).await?;
            let messages: Vec<_> = stream.into_inner().try_collect().await?;
            messages.len()
        }
        "MonitoraggioService/GetProiezione" => {
            let request = GetProiezioneRequest {
                normativa,
                prestazione: PRESTAZIONI[0].into(),
                anno: 2022,
                ..Default::default()
            };
            let answer = client.monitoraggio.get_proiezione(request).await?;
            answer.into_inner().mesi.len()
        }
        "MonitoraggioService/VerificaCapienza" => {
            let request = VerificaCapienzaRequest {
                normativa,
                prestazione: PRESTAZIONI[0].into(),
                importo: "1.00".into(),
                validita_dal: "2022-12-01".into(),
                validita_al: "2023-01-31".into(),
                rilevazione: 0,
            };
            let answer = client.monitoraggio.verifica_capienza(request).await?;
            answer.into_inner().anni.len()
        }
        "MonitoraggioService/GetTiraggio" => {
            let request = GetTiraggioRequest {
                normativa,
                prestazione: PRESTAZIONI[0].into(),
                rilevazione: 0,
            };
            let answer = client.monitoraggio.get_tiraggio(request).await?;
            answer.into_inner().coorti.len()
        }
        "ReportService/DownloadReportSintetico" => {
            let request = DownloadReportSinteticoRequest {
                filtro: Some(filtro_report(filtro)),
                formato: FormatoFile::Csv.into(),
                ..Default::default()
            };
            let file = download::report(client, request).await?;
            usize::try_from(file.chiusura.righe).unwrap()
        }
        "ReportService/ListNormative" => {
            let answer = report.list_normative(ListNormativeRequest {}).await?;
            answer.into_inner().normative.len()
        }
        "ReportService/ListPrestazioni" => {
            let answer = report.list_prestazioni(ListPrestazioniRequest {}).await?;
            answer.into_inner().prestazioni.len()
        }
        "ReportService/ListRilevazioni" => {
            let request = ListRilevazioniRequest::default();
            let answer = report.list_rilevazioni(request).await?;
            answer.into_inner().rilevazioni.len()
        }
        "DecreeService/ListDecrees" => {
            let request = ListDecreesRequest {
                normativa,
                filtro: Some(filtro_decreti(filtro)),
                ..Default::default()
            };
            decreti
                .list_decrees(request)
                .await?
                .into_inner()
                .decreti
                .len()
        }
        "DecreeService/CountDecrees" => {
            let request = CountDecreesRequest {
                normativa,
                filtro: Some(filtro_decreti(filtro)),
                rilevazione: 0,
            };
            let answer = decreti.count_decrees(request).await?.into_inner();
            usize::try_from(answer.totali.unwrap().righe).unwrap()
        }
        "DecreeService/DownloadDecrees" => {
            let request = DownloadDecreesRequest {
                normativa,
                filtro: Some(filtro_decreti(filtro)),
                formato: FormatoFile::Csv.into(),
                ..Default::default()
            };
            let file = download::decreti(client, request).await?;
            usize::try_from(file.chiusura.totali.unwrap().righe).unwrap()
        }
        "DecreeService/ExportDecrees" => {
            let request = ExportDecreesRequest {
                normativa,
                filtro: Some(filtro_decreti(filtro)),
                ..Default::default()
            };
            let stream = decreti.export_decrees(request).await?.into_inner();
            let exported = drain(stream).await;
            exported.outcome.map(|_| exported.rows.len())?
        }
        rpc if rpc.starts_with("FlightService/") => {
            flight::call_rpc(client, rpc, &normativa, filtro_decreti(filtro)).await?
        }
        other => management::call_rpc(client, other, filtro).await?,
    })
}

/// What a stream gave until it ended.
#[derive(Debug)]
pub struct DrainedExport {
    pub rows: Vec<DettaglioDecreto>,
    pub batches: usize,
    /// Of the last lotto.
    pub resume_token: String,
    /// The chiusura, or the error that the stream ended with.
    pub outcome: Result<TotaliControllo, Status>,
}

/// Reads a stream to its end. One that ends well without a chiusura, or with rows that its totals do not count, fails the
/// test: that is the short answer that looks whole.
pub async fn drain(
    mut stream: Streaming<omnia::contract::proto::ExportDecreesResponse>,
) -> DrainedExport {
    let (mut righe, mut lotti, mut resume_token, mut totali) =
        (Vec::new(), 0, String::new(), None::<TotaliControllo>);
    let esito = loop {
        match stream.message().await {
            Err(status) => {
                assert!(totali.is_none(), "an error after the chiusura: {status:?}");
                break Err(status);
            }
            Ok(None) => break Ok(totali.expect("the stream ended well without a chiusura")),
            Ok(Some(message)) => {
                assert!(totali.is_none(), "a message after the chiusura");
                match message.parte.unwrap() {
                    Parte::Intestazione(_) => assert_eq!(lotti, 0, "the intestazione comes first"),
                    Parte::Lotto(lotto) => {
                        lotti += 1;
                        righe.extend(lotto.decreti);
                        resume_token = lotto.resume_token;
                    }
                    Parte::Chiusura(chiusura) => totali = chiusura.totali,
                }
            }
        }
    };
    if let Ok(totali) = &esito {
        assert_eq!(totali.righe, i64::try_from(righe.len()).unwrap());
    }
    DrainedExport {
        rows: righe,
        batches: lotti,
        resume_token,
        outcome: esito,
    }
}
