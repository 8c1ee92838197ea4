//! The answer of a resource is that of its call, in the JSON form of protobuf with the names of the contract.

use expect_test::expect_file;
use omnia::{
    contract::proto::{
        self, CriterioPeriodo, ExplainAccessRequest, FILE_DESCRIPTOR_SET, FiltroDecreti,
        FiltroMonitoraggio, FiltroReport, GetAndamentoRequest, GetProiezioneRequest, Imputazione,
        PACKAGE, Passo, Periodo,
    },
    rest::RestTable,
};
use proptest::{prelude::*, sample::select};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use super::RestCaller;
use crate::{
    calls,
    model::{CF, CODIFICHE, NORMATIVE, NUMERI, PRESTAZIONI},
    server::TestServer,
    worlds,
};

/// To accept a change: `UPDATE_EXPECT=1 cargo test --test it rest::answers`, and have it reviewed.
#[test]
fn every_call_has_a_resource() {
    let table = RestTable::of_contract(FILE_DESCRIPTOR_SET).unwrap();
    let mut lines: Vec<String> = table
        .resources()
        .map(|resource| format!("{} {}\n", resource.rpc, resource.spelling()))
        .collect();
    lines.sort();
    let calls: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    for rpc in calls::every_rpc() {
        assert!(
            calls.contains(&rpc) || rpc.starts_with("FlightService/"),
            "{rpc}"
        );
    }
    expect_file!["../../rest_resources.txt"].assert_eq(&lines.concat());
}

/// A message as its JSON should be: written here by the descriptors, from the bytes that gRPC gives.
fn spelt<M: Message>(name: &str, message: &M) -> Value {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let of = pool
        .get_message_by_name(&format!("{PACKAGE}.{name}"))
        .unwrap();
    let message = DynamicMessage::decode(of, message.encode_to_vec().as_slice()).unwrap();
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap()
}

/// One question, as a URL or a body and as a message.
async fn same(caller: &RestCaller, path: &str, expected: Value) {
    assert_eq!(caller.get(path).await.ok(), expected, "{path}");
}

#[tokio::test]
async fn each_read_gives_what_its_call_gives() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-09-30").await;
    let mut next = calls::extract();
    next.rows.pop();
    service.load(&next, "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let mut client = service.clients_as("cliente-mlps-ammortizzatori");
    let (norm, benefit) = (NORMATIVE[0], PRESTAZIONI[0]);
    let pair = format!("normativa={norm}&prestazione={benefit}");

    let reports = &mut client.report;
    let report = reports.get_report_sintetico(proto::GetReportSinteticoRequest {
        filtro: Some(FiltroReport {
            normativa: vec![norm.into(), NORMATIVE[1].into()],
            prestazione: vec![],
            periodo: Some(Periodo {
                dal: "2022-04-01".into(),
                al: String::new(),
                criterio: CriterioPeriodo::InizioValidita.into(),
            }),
        }),
        rilevazione: 1,
    });
    let report = spelt(
        "GetReportSinteticoResponse",
        report.await.unwrap().get_ref(),
    );
    let path = format!(
        "/v1/report-sintetico?normativa={norm}&normativa={}&dal=2022-04-01&criterio=CRITERIO_PERIODO_INIZIO_VALIDITA&rilevazione=1",
        NORMATIVE[1]
    );
    same(&rest, &path, report).await;
    let list = reports
        .list_normative(proto::ListNormativeRequest::default())
        .await
        .unwrap();
    same(
        &rest,
        "/v1/normative",
        spelt("ListNormativeResponse", list.get_ref()),
    )
    .await;
    let list = reports
        .list_prestazioni(proto::ListPrestazioniRequest::default())
        .await
        .unwrap();
    same(
        &rest,
        "/v1/prestazioni",
        spelt("ListPrestazioniResponse", list.get_ref()),
    )
    .await;
    let list = reports.list_rilevazioni(proto::ListRilevazioniRequest {
        page_size: 1,
        ..Default::default()
    });
    let list = spelt("ListRilevazioniResponse", list.await.unwrap().get_ref());
    same(&rest, "/v1/rilevazioni?page_size=1", list).await;

    let calls = &mut client.monitoraggio;
    let andamento = calls.get_andamento(GetAndamentoRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec![norm.into()],
            prestazione: vec![benefit.into()],
        }),
        imputazione: Imputazione::Competenza.into(),
        passo: Passo::Anno.into(),
        ..Default::default()
    });
    let path = format!("/v1/andamento?{pair}&imputazione=IMPUTAZIONE_COMPETENZA&passo=PASSO_ANNO");
    same(
        &rest,
        &path,
        spelt("GetAndamentoResponse", andamento.await.unwrap().get_ref()),
    )
    .await;
    let storia = calls
        .get_storia(proto::GetStoriaRequest::default())
        .await
        .unwrap();
    same(
        &rest,
        "/v1/storia",
        spelt("GetStoriaResponse", storia.get_ref()),
    )
    .await;
    let confronto = calls.confronta_rilevazioni(proto::ConfrontaRilevazioniRequest {
        da: 1,
        ..Default::default()
    });
    let confronto = spelt(
        "ConfrontaRilevazioniResponse",
        confronto.await.unwrap().get_ref(),
    );
    same(&rest, "/v1/confronto?da=1", confronto).await;
    let tiraggio = calls.get_tiraggio(proto::GetTiraggioRequest {
        normativa: norm.into(),
        prestazione: benefit.into(),
        rilevazione: 0,
    });
    let tiraggio = spelt("GetTiraggioResponse", tiraggio.await.unwrap().get_ref());
    same(&rest, &format!("/v1/tiraggio?{pair}"), tiraggio).await;
    let proiezione = calls.get_proiezione(GetProiezioneRequest {
        normativa: norm.into(),
        prestazione: benefit.into(),
        anno: 2022,
        ..Default::default()
    });
    let proiezione = spelt("GetProiezioneResponse", proiezione.await.unwrap().get_ref());
    same(
        &rest,
        &format!("/v1/proiezione?{pair}&anno=2022"),
        proiezione,
    )
    .await;
    let capienza = calls.verifica_capienza(proto::VerificaCapienzaRequest {
        normativa: norm.into(),
        prestazione: benefit.into(),
        importo: "1.00".into(),
        validita_dal: "2022-12-01".into(),
        validita_al: "2023-01-31".into(),
        rilevazione: 0,
    });
    let capienza = spelt(
        "VerificaCapienzaResponse",
        capienza.await.unwrap().get_ref(),
    );
    let path =
        format!("/v1/capienza?{pair}&importo=1.00&validita_dal=2022-12-01&validita_al=2023-01-31");
    same(&rest, &path, capienza).await;

    let access = client
        .access
        .get_my_access(proto::GetMyAccessRequest {})
        .await
        .unwrap();
    same(
        &rest,
        "/v1/accesso",
        spelt("GetMyAccessResponse", access.get_ref()),
    )
    .await;
    service.stop().await;
}

#[test]
fn a_search_finds_what_the_call_finds_by_query_and_by_body() {
    let filters = (
        select(&NORMATIVE[..]),
        prop::option::of(select(&CODIFICHE[..])),
        prop::option::of(select(&NUMERI[..])),
        prop::option::of(select(&CF[..])),
        prop::option::of(select(&["2022-04-20", "2022-07-15"][..])),
    );
    worlds::each(24, &filters, async |(norm, codifica, numero, cf, dal)| {
        let (service, rest) = scene().await;
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let filtro = FiltroDecreti {
            codifica_sistema_unico: text(codifica),
            numero_decreto: text(numero),
            cf_azienda: text(cf),
            periodo: dal.map(|dal| Periodo {
                dal: dal.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut client = service.clients_as("cliente-mlps-ammortizzatori");
        let count = client.decreti.count_decrees(proto::CountDecreesRequest {
            normativa: norm.into(),
            filtro: Some(filtro.clone()),
            rilevazione: 0,
        });
        let count = spelt("CountDecreesResponse", count.await.unwrap().get_ref());
        let list = client.decreti.list_decrees(proto::ListDecreesRequest {
            normativa: norm.into(),
            filtro: Some(filtro.clone()),
            page_size: 2,
            ..Default::default()
        });
        let list = spelt("ListDecreesResponse", list.await.unwrap().get_ref());

        let base = format!("/v1/normative/{norm}/decreti");
        let filtro = spelt("FiltroDecreti", &filtro);
        let body = json!({ "filtro": filtro });
        let found = rest.post(&format!("{base}/ricerca/totali"), &body).await;
        assert_eq!(found.ok(), count);
        let mut body = body;
        body["page_size"] = json!(2);
        let found = rest.post(&format!("{base}/ricerca"), &body).await.ok();
        // A token is made anew for each answer, and is good for either.
        assert_eq!(found, list);
        if cf.is_none() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in [
                ("codifica_sistema_unico", codifica),
                ("numero_decreto", numero),
                ("dal", dal),
            ] {
                if let Some(value) = value {
                    query.append_pair(name, value);
                }
            }
            let query = query.finish();
            assert_eq!(
                rest.get(&format!("{base}/totali?{query}")).await.ok(),
                count
            );
            let found = rest.get(&format!("{base}?page_size=2&{query}")).await;
            assert_eq!(found.ok(), list);
        }
        service.stop().await;
    });
}

async fn scene() -> (TestServer, RestCaller) {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    (service, rest)
}

/// A page after the other, each by its token.
#[tokio::test]
async fn pages_follow_each_other() {
    let (service, rest) = scene().await;
    let base = format!("/v1/normative/{}/decreti", NORMATIVE[0]);
    let (mut rows, mut token) = (Vec::new(), String::new());
    loop {
        let page = rest
            .get(&format!("{base}?page_size=4&page_token={token}"))
            .await
            .ok();
        rows.extend(page["decreti"].as_array().unwrap().clone());
        token = page["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    let all = rest.get(&base).await.ok();
    assert_eq!(&Value::from(rows), &all["decreti"]);
    // Amounts are decimal texts, whole numbers of 64 bits texts too, and what is zero is there.
    assert_eq!(all["decreti"][0]["importi_autorizzati"], "100.00");
    let totals = rest
        .get(&format!("{base}/totali?numero_decreto=none-of-that"))
        .await
        .ok();
    assert_eq!(totals["totali"]["righe"], "0");
    assert_eq!(totals["totali"]["importi_erogati"], "0.00");
    service.stop().await;
}

/// An answer of control staff, and a grant from its request to its end: writes are as the calls are.
#[tokio::test]
async fn who_explains_and_who_grants_does_so_by_http_too() {
    let service = TestServer::start().await;
    service.clients_of("mef-sintesi").await;
    let auditor = RestCaller::of(&service, "inps-controllo").await;
    let mut client = service.clients_as("cliente-inps-controllo");
    let question = ExplainAccessRequest {
        rpc: "DecreeService/ListDecrees".into(),
        chi: Some(proto::explain_access_request::Chi::Profilo(
            "mef-sintesi".into(),
        )),
        ..Default::default()
    };
    let expected = client
        .access
        .explain_access(question.clone())
        .await
        .unwrap();
    let expected = spelt("ExplainAccessResponse", expected.get_ref());
    let body = json!({"rpc": question.rpc, "profilo": "mef-sintesi"});
    assert_eq!(
        auditor.post("/v1/accesso/spiegazione", &body).await.ok(),
        expected
    );

    let staff = RestCaller::of(&service, "inps-gestione").await;
    let request = json!({
        "protocollo_pec": "INPS.0000.01/01/2026.0000001",
        "impronta_modulo": "a".repeat(64),
        "soggetto": "nuovo",
        "ente": "MEF",
        "profilo": "mef-rgs",
        "ambito": {"tutte_le_normative": true, "tutte_le_prestazioni": true},
        "valida_dal": "2026-11-23",
        "valida_al": "2026-12-31",
        "motivo": "prova",
    });
    let recorded = staff.post("/v1/abilitazioni", &request).await.ok();
    let id = recorded["abilitazione"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        recorded["abilitazione"]["stato"],
        "STATO_ABILITAZIONE_RICHIESTA"
    );
    let grant = staff.get(&format!("/v1/abilitazioni/{id}")).await.ok();
    assert_eq!(grant["abilitazione"], recorded["abilitazione"]);
    let verified = staff
        .post(
            &format!("/v1/abilitazioni/{id}/verifica"),
            &json!({"motivo": "ok"}),
        )
        .await;
    assert_eq!(
        verified.ok()["abilitazione"]["stato"],
        "STATO_ABILITAZIONE_VERIFICATA"
    );
    // Who recorded it approves nothing.
    let approval = staff
        .post(
            &format!("/v1/abilitazioni/{id}/approvazione"),
            &json!({"motivo": "ok"}),
        )
        .await;
    assert_eq!(approval.problem(), (403, "FOUR_EYES".to_owned(), vec![]));
    // A part of the path before a field of the same place.
    let expiring = staff
        .get("/v1/abilitazioni/in-scadenza?giorni=30")
        .await
        .ok();
    assert!(expiring["abilitazioni"].is_array(), "{expiring}");
    service.stop().await;
}
