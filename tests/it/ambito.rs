//! The scope of a grant, over the real server: norms and benefits outside it are not there, and asking for them is refused
//! in the same words whether or not they exist.

use std::collections::BTreeSet;

use omnia::{
    abilitazione::{Ambito, AmbitoCodes},
    contract::proto::{
        ErrorReason, FiltroReport, GetMyAccessRequest, GetReportSinteticoRequest,
        GetReportSinteticoResponse, ListDecreesRequest, ListNormativeRequest,
        ListPrestazioniRequest,
    },
    valori::{CodiceNormativa, CodicePrestazione},
};
use tonic::{Code, Status};

use crate::{
    calls::{self, DETAIL, call_rpc_for},
    errors::{ContractError, assert_error},
    model::{self, Cents, NORMATIVE, PRESTAZIONI, euro},
    server::{CallerClients, TestServer},
};

fn one_norm() -> Ambito {
    let norm = CodiceNormativa::parse(NORMATIVE[0]).unwrap();
    Ambito::new(AmbitoCodes::only([norm]).unwrap(), AmbitoCodes::All)
}

fn one_benefit() -> Ambito {
    let prestazione = CodicePrestazione::parse(PRESTAZIONI[0]).unwrap();
    Ambito::new(AmbitoCodes::All, AmbitoCodes::only([prestazione]).unwrap())
}

async fn scene(ambito: Ambito) -> (TestServer, CallerClients) {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    // The profile gives everything: what is missing is the scope's doing.
    service
        .grant_scope("ristretto", "mlps-ammortizzatori", ambito)
        .await;
    let client = service.clients_as("ristretto");
    (service, client)
}

async fn report(
    client: &mut CallerClients,
    normativa: &[&str],
    prestazione: &[&str],
) -> Result<GetReportSinteticoResponse, Status> {
    let texts = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect();
    let request = GetReportSinteticoRequest {
        filtro: Some(FiltroReport {
            normativa: texts(normativa),
            prestazione: texts(prestazione),
            periodo: None,
        }),
        rilevazione: 0,
    };
    let answer = client.report.get_report_sintetico(request).await?;
    Ok(answer.into_inner())
}

fn outside(esito: Result<impl std::fmt::Debug, Status>, valori: &str) -> ContractError {
    let mut error = assert_error(
        &esito.unwrap_err(),
        Code::PermissionDenied,
        ErrorReason::ScopeDenied,
    );
    // The one thing that may differ: what the caller said itself.
    assert_eq!(error.metadata.remove("valori").unwrap(), valori);
    error
}

/// The pairs that a report holds, and whether its totals are theirs alone.
fn pairs_of(report: &GetReportSinteticoResponse) -> BTreeSet<(&str, &str)> {
    let pairs: BTreeSet<(&str, &str)> = report
        .voci
        .iter()
        .map(|v| (v.normativa.as_str(), v.prestazione.as_str()))
        .collect();
    let extract = calls::extract();
    let figures = model::report(&extract, &model::ModelFilter::default());
    let sum = |column: fn(&model::ModelFigures) -> Cents| {
        let of_pair = |pair| figures.get(pair).map(column);
        euro(pairs.iter().filter_map(of_pair).sum())
    };
    let totale = report.totale.clone().unwrap();
    assert_eq!(totale.importi_autorizzati, sum(|c| c.autorizzati));
    assert_eq!(totale.importi_erogati, sum(|c| c.erogati));
    assert_eq!(
        totale.totale_stanziamenti.unwrap(),
        sum(|c| c.stanziati.unwrap())
    );
    pairs
}

#[tokio::test]
async fn a_scope_of_one_norm() {
    let (service, mut client) = scene(one_norm()).await;
    for rpc in DETAIL {
        assert_eq!(
            call_rpc_for(&mut client, rpc, NORMATIVE[0], "")
                .await
                .unwrap(),
            6
        );
        // One that is there, one that does not exist.
        let there = call_rpc_for(&mut client, rpc, NORMATIVE[1], "").await;
        let nowhere = call_rpc_for(&mut client, rpc, "NO-SUCH-NORM", "").await;
        assert_eq!(
            outside(there, NORMATIVE[1]),
            outside(nowhere, "NO-SUCH-NORM")
        );
    }
    let there = report(&mut client, &[NORMATIVE[0], NORMATIVE[1]], &[]).await;
    let nowhere = report(&mut client, &[NORMATIVE[0], "NO-SUCH-NORM"], &[]).await;
    assert_eq!(
        outside(there, NORMATIVE[1]),
        outside(nowhere, "NO-SUCH-NORM")
    );

    let in_scope = BTreeSet::from(PRESTAZIONI.map(|p| (NORMATIVE[0], p)));
    let answer = report(&mut client, &[], &[]).await.unwrap();
    assert_eq!(pairs_of(&answer), in_scope);
    // The filters select nothing, even if one norm is all that there is to select.
    assert_eq!(answer.accesso_dettaglio, None);
    let answer = report(&mut client, &[NORMATIVE[0]], &[]).await.unwrap();
    assert_eq!(pairs_of(&answer), in_scope);
    assert_eq!(answer.accesso_dettaglio.unwrap().normativa, NORMATIVE[0]);

    let listed = client.report.list_normative(ListNormativeRequest {}).await;
    let listed = listed.unwrap().into_inner().normative;
    let codes: Vec<_> = listed.iter().map(|n| n.normativa.as_str()).collect();
    assert_eq!(codes, [NORMATIVE[0]]);
    let told = client.access.get_my_access(GetMyAccessRequest {}).await;
    let told = told.unwrap().into_inner().ambito.unwrap();
    assert_eq!(told.normative, [NORMATIVE[0]]);
    assert!(!told.tutte_le_normative && told.tutte_le_prestazioni);
    service.stop().await;
}

#[tokio::test]
async fn a_scope_of_one_benefit() {
    let (service, mut client) = scene(one_benefit()).await;
    for normativa in NORMATIVE {
        for rpc in DETAIL {
            for filtro in ["", "periodo", "matricola_azienda"] {
                let found = call_rpc_for(&mut client, rpc, normativa, filtro).await;
                assert_eq!(found.unwrap(), 3, "{rpc} {filtro}");
            }
        }
        let request = ListDecreesRequest {
            normativa: normativa.into(),
            ..Default::default()
        };
        let rows = client
            .decreti
            .list_decrees(request)
            .await
            .unwrap()
            .into_inner();
        assert!(rows.decreti.iter().all(|d| d.prestazione == PRESTAZIONI[0]));
    }
    let there = report(&mut client, &[], &[PRESTAZIONI[1]]).await;
    let nowhere = report(&mut client, &[], &["NO-SUCH"]).await;
    assert_eq!(outside(there, PRESTAZIONI[1]), outside(nowhere, "NO-SUCH"));

    let in_scope = BTreeSet::from(NORMATIVE.map(|n| (n, PRESTAZIONI[0])));
    let answer = report(&mut client, &[], &[]).await.unwrap();
    assert_eq!(pairs_of(&answer), in_scope);
    let answer = report(&mut client, &[NORMATIVE[1]], &[]).await.unwrap();
    assert_eq!(
        pairs_of(&answer),
        BTreeSet::from([(NORMATIVE[1], PRESTAZIONI[0])])
    );
    let listed = client
        .report
        .list_prestazioni(ListPrestazioniRequest {})
        .await;
    let listed = listed.unwrap().into_inner().prestazioni;
    let codes: Vec<_> = listed.iter().map(|p| p.prestazione.as_str()).collect();
    assert_eq!(codes, [PRESTAZIONI[0]]);
    service.stop().await;
}

/// A page token of somebody who sees more gives nothing more to somebody who sees less.
#[tokio::test]
async fn a_page_token_carries_no_rights() {
    let (service, mut narrowed) = scene(one_benefit()).await;
    let mut wide = service.clients_of("mlps-ammortizzatori").await;
    let request = |page_token: String| ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        page_size: 1,
        page_token,
        ..Default::default()
    };
    let first = wide.decreti.list_decrees(request(String::new())).await;
    let mut page_token = first.unwrap().into_inner().next_page_token;
    assert!(!page_token.is_empty());
    let mut seen = 0;
    while !page_token.is_empty() {
        let page = narrowed.decreti.list_decrees(request(page_token)).await;
        let page = page.unwrap().into_inner();
        assert!(page.decreti.iter().all(|d| d.prestazione == PRESTAZIONI[0]));
        seen += page.decreti.len();
        page_token = page.next_page_token;
    }
    assert_eq!(
        seen, 2,
        "the three of the benefit, less the one that came first"
    );
    service.stop().await;
}
