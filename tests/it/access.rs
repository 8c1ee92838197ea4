//! Who may ask what, over the real server: every profile, every call, every single filter. What is expected stands here by
//! hand, as the design says it, and owes nothing to the policy or to its loader.

use std::collections::BTreeSet;

use omnia::contract::{
    proto::{ErrorReason, GetMyAccessRequest, GetReportSinteticoRequest, ListDecreesRequest},
    vocabulary::Vocabulary,
};
use tonic::Code;

use crate::{
    calls::{self, call_rpc, drain, every_rpc, filtro_decreti, filtro_report},
    errors::assert_error,
    model::{CF, MASK, NORMATIVE},
    server::TestServer,
};

/// In the order of the columns of [`ATTESE`].
const PROFILI: [&str; 6] = [
    "mlps-ammortizzatori",
    "mlps-consultazione",
    "mef-rgs",
    "mef-sintesi",
    "inps-gestione",
    "inps-controllo",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedAnswer {
    Si,
    /// The call is denied.
    Chiamata,
    /// The filter is denied.
    Filtro,
}
use ExpectedAnswer::{Chiamata as C, Filtro as F, Si as S};

/// A filter ("": none) and what each profile gets.
type ExpectedRow = (&'static str, [ExpectedAnswer; 6]);

/// The calls of the detail differ in nothing.
const DECRETI: [ExpectedRow; 7] = [
    ("", [S, S, S, C, C, C]),
    ("codifica_sistema_unico", [S, S, S, C, C, C]),
    ("numero_decreto", [S, S, S, C, C, C]),
    ("periodo", [S, S, S, C, C, C]),
    ("cf_azienda", [S, F, F, C, C, C]),
    ("cf_azienda.persona_fisica", [S, F, F, C, C, C]),
    ("matricola_azienda", [S, F, F, C, C, C]),
];

const REPORT: [ExpectedRow; 4] = [
    ("", [S, S, S, S, C, C]),
    ("normativa", [S, S, S, S, C, C]),
    ("prestazione", [S, S, S, S, C, C]),
    ("periodo", [S, S, S, S, C, C]),
];

const MONITORAGGIO: [ExpectedRow; 3] = [REPORT[0], REPORT[1], REPORT[2]];

/// Rows of the detail, with the filters of the comparison.
const DIFFERENZE: [ExpectedRow; 3] = [
    DECRETI[0],
    ("normativa", DECRETI[0].1),
    ("prestazione", DECRETI[0].1),
];

/// The life cycle of grants is for INPS staff, who see no data for it.
const INPS: [ExpectedAnswer; 6] = [C, C, C, C, S, C];
const MANAGEMENT: [ExpectedRow; 1] = [("", INPS)];

const EXPECTED: [(&str, &[ExpectedRow]); 32] = [
    ("AccessService/ExplainAccess", &[("", [C, C, C, C, C, S])]),
    ("AccessService/GetMyAccess", &[("", [S, S, S, S, S, S])]),
    ("DecreeService/CountDecrees", &DECRETI),
    ("DecreeService/DownloadDecrees", &DECRETI),
    ("DecreeService/ExportDecrees", &DECRETI),
    ("DecreeService/ListDecrees", &DECRETI),
    ("FlightService/DoGet", &DECRETI),
    ("FlightService/GetFlightInfo", &DECRETI),
    ("FlightService/GetSchema", &DECRETI),
    ("FlightService/ListFlights", &[("", [S, S, S, C, C, C])]),
    ("GrantService/ApproveRequest", &MANAGEMENT),
    ("GrantService/GetGrant", &MANAGEMENT),
    ("GrantService/ListExpiringGrants", &MANAGEMENT),
    (
        "GrantService/ListGrants",
        &[
            ("", INPS),
            ("soggetto", INPS),
            ("ente", INPS),
            ("profilo", INPS),
            ("stato", INPS),
        ],
    ),
    ("GrantService/RecordRequest", &MANAGEMENT),
    ("GrantService/ResumeGrant", &MANAGEMENT),
    ("GrantService/RevokeGrant", &MANAGEMENT),
    ("GrantService/SuspendGrant", &MANAGEMENT),
    ("GrantService/VerifyRequest", &MANAGEMENT),
    ("MonitoraggioService/ConfrontaRilevazioni", &MONITORAGGIO),
    ("MonitoraggioService/DownloadDifferenze", &DIFFERENZE),
    ("MonitoraggioService/ExportDifferenze", &DIFFERENZE),
    ("MonitoraggioService/GetAndamento", &MONITORAGGIO),
    ("MonitoraggioService/GetProiezione", &[REPORT[0]]),
    ("MonitoraggioService/GetStoria", &MONITORAGGIO),
    ("MonitoraggioService/GetTiraggio", &[REPORT[0]]),
    ("MonitoraggioService/VerificaCapienza", &[REPORT[0]]),
    ("ReportService/DownloadReportSintetico", &REPORT),
    ("ReportService/GetReportSintetico", &REPORT),
    ("ReportService/ListNormative", &[("", [S, S, S, S, C, C])]),
    ("ReportService/ListPrestazioni", &[("", [S, S, S, S, C, C])]),
    ("ReportService/ListRilevazioni", &[("", [S, S, S, S, C, C])]),
];

/// No call and no filter of the contract is missing in the table.
#[test]
fn the_table_is_whole() {
    let vocabulary = Vocabulary::of_contract().unwrap();
    let of_contract: Vec<(String, BTreeSet<String>)> = vocabulary
        .iter()
        .map(|(rpc, words)| (rpc.to_owned(), words.filtri().clone()))
        .collect();
    let here: Vec<(String, BTreeSet<String>)> = EXPECTED
        .iter()
        .map(|(rpc, righe)| {
            let filtri = righe.iter().map(|(filtro, _)| (*filtro).to_owned());
            (
                (*rpc).to_owned(),
                filtri.filter(|f| !f.is_empty()).collect(),
            )
        })
        .collect();
    assert_eq!(here, of_contract);
    assert_eq!(EXPECTED.map(|(rpc, _)| rpc).to_vec(), every_rpc());
}

#[tokio::test]
async fn every_profile_makes_every_call_with_every_filter() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    for (i, profilo) in PROFILI.iter().enumerate() {
        let mut client = service.clients_of(profilo).await;
        for (rpc, righe) in EXPECTED {
            for (filtro, expected_names) in righe {
                let esito = call_rpc(&mut client, rpc, filtro).await;
                let what = format!("{profilo} {rpc} {filtro}");
                match (expected_names[i], esito) {
                    (S, Ok(found)) => assert!(found > 0, "{what}: nothing found"),
                    (C, Err(status)) => {
                        let error =
                            assert_error(&status, Code::PermissionDenied, ErrorReason::CallDenied);
                        assert_eq!(error.metadata["rpc"], rpc, "{what}");
                        assert_eq!(error.metadata["profilo"], *profilo, "{what}");
                    }
                    (F, Err(status)) => {
                        let error = assert_error(
                            &status,
                            Code::PermissionDenied,
                            ErrorReason::FilterDenied,
                        );
                        assert_eq!(error.metadata["rpc"], rpc, "{what}");
                        assert_eq!(error.metadata["profilo"], *profilo, "{what}");
                        // A natural person is asked for by the filter and by its own name.
                        let filtri = match *filtro {
                            "cf_azienda.persona_fisica" => "cf_azienda,cf_azienda.persona_fisica",
                            other => other,
                        };
                        assert_eq!(error.metadata["filtri"], filtri, "{what}");
                    }
                    (expected, esito) => panic!("{what}: {esito:?} instead of {expected:?}"),
                }
            }
        }
    }
    service.stop().await;
}

/// The refusal of a filter says the same whether or not the value has rows.
#[tokio::test]
async fn a_denied_filter_says_nothing_of_what_there_is() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-rgs").await;
    let mut refused = Vec::new();
    for cf in [CF[0], "15844561009"] {
        let mut filtro = filtro_decreti("");
        filtro.cf_azienda = cf.into();
        let request = ListDecreesRequest {
            normativa: NORMATIVE[0].into(),
            filtro: Some(filtro),
            ..Default::default()
        };
        let status = client.decreti.list_decrees(request).await.unwrap_err();
        refused.push(assert_error(
            &status,
            Code::PermissionDenied,
            ErrorReason::FilterDenied,
        ));
    }
    assert_eq!(refused[0], refused[1]);
    service.stop().await;
}

#[tokio::test]
async fn natural_persons_are_masked_for_those_who_may_not_know_them() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    for (profilo, clear) in [
        ("mlps-ammortizzatori", true),
        ("mlps-consultazione", false),
        ("mef-rgs", false),
    ] {
        let mut client = service.clients_of(profilo).await;
        let listed = client
            .decreti
            .list_decrees(ListDecreesRequest {
                normativa: NORMATIVE[0].into(),
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let exported = client
            .decreti
            .export_decrees(omnia::contract::proto::ExportDecreesRequest {
                normativa: NORMATIVE[0].into(),
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner();
        let exported = drain(exported).await;
        assert!(exported.outcome.is_ok());
        assert_eq!(listed.decreti, exported.rows, "{profilo}");
        let seen: Vec<&str> = listed
            .decreti
            .iter()
            .map(|d| d.cf_azienda.as_str())
            .collect();
        let persona = |cf: &'static str| if clear { cf } else { MASK };
        // Two benefits, each with the three employers in turn.
        let expected = [CF[0], persona(CF[1]), persona(CF[2])].repeat(2);
        assert_eq!(seen, expected, "{profilo}");
        assert!(
            listed
                .decreti
                .iter()
                .all(|d| !d.matricola_azienda.is_empty()),
            "{profilo}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn access_to_the_detail_is_offered_to_those_who_have_it() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    for profilo in PROFILI.into_iter().filter(|p| !p.starts_with("inps-")) {
        let mut client = service.clients_of(profilo).await;
        for filtro in ["", "normativa", "prestazione", "periodo"] {
            let answer = client
                .report
                .get_report_sintetico(GetReportSinteticoRequest {
                    filtro: Some(filtro_report(filtro)),
                    rilevazione: 0,
                })
                .await
                .unwrap()
                .into_inner();
            let offered = answer.accesso_dettaglio;
            let expected = filtro == "normativa" && profilo != "mef-sintesi";
            assert_eq!(offered.is_some(), expected, "{profilo} {filtro}");
            if let Some(access) = offered {
                assert_eq!(access.normativa, NORMATIVE[0]);
                assert_eq!(access.rilevazione, 1);
            }
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn my_access_tells_exactly_what_is_allowed() {
    let service = TestServer::start().await;
    for (i, profilo) in PROFILI.iter().enumerate() {
        let mut client = service.clients_of(profilo).await;
        let answer = client
            .access
            .get_my_access(GetMyAccessRequest {})
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.profilo, *profilo);
        assert_eq!(answer.soggetto, format!("cliente-{profilo}"));
        assert_eq!(
            (&*answer.valida_dal, &*answer.valida_al),
            ("2026-01-01", "2026-12-31")
        );
        let told: Vec<(&str, BTreeSet<&str>)> = answer
            .chiamate
            .iter()
            .map(|c| {
                (
                    c.rpc.as_str(),
                    c.filtri.iter().map(String::as_str).collect(),
                )
            })
            .collect();
        let expected: Vec<(&str, BTreeSet<&str>)> = EXPECTED
            .iter()
            .filter(|(_, righe)| righe[0].1[i] == S)
            .map(|(rpc, righe)| {
                let allowed = righe
                    .iter()
                    .filter(|(_, expected_names)| expected_names[i] == S);
                (
                    *rpc,
                    allowed.map(|(f, _)| *f).filter(|f| !f.is_empty()).collect(),
                )
            })
            .collect();
        assert_eq!(told, expected, "{profilo}");
        for chiamata in &answer.chiamate {
            let rows = [
                "DecreeService/ListDecrees",
                "DecreeService/ExportDecrees",
                "DecreeService/DownloadDecrees",
                "MonitoraggioService/DownloadDifferenze",
                "MonitoraggioService/ExportDifferenze",
            ];
            let sees = |colonna: &str| chiamata.colonne.iter().any(|c| c == colonna);
            let has_rows =
                rows.contains(&&*chiamata.rpc) || chiamata.rpc.starts_with("FlightService/");
            assert_eq!(sees("cf_azienda"), has_rows, "{profilo}");
            assert_eq!(
                sees("cf_azienda.persona_fisica"),
                has_rows && *profilo == "mlps-ammortizzatori"
            );
        }
    }
    service.stop().await;
}
