//! To ask by a natural person is to know who it is.

use omnia::contract::proto::{
    CountDecreesRequest, ErrorReason, ExportDecreesRequest, FiltroDecreti, ListDecreesRequest,
};
use tonic::{Code, Status};

use super::{MASKED_PROFILES, persons};
use crate::{
    calls::{self, PERSONA, filtro_decreti},
    errors::{ContractError, assert_error, contract_error},
    model::{CF, NORMATIVE},
    server::{CallerClients, TestServer},
};

/// The three calls of the detail with this filter.
async fn all_refusals(
    client: &mut CallerClients,
    filtro: &FiltroDecreti,
    token: &str,
) -> Vec<Status> {
    let normativa = NORMATIVE[0].to_owned();
    let filtro = Some(filtro.clone());
    let list = ListDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        page_token: token.to_owned(),
        ..Default::default()
    };
    let export = ExportDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        resume_token: token.to_owned(),
        ..Default::default()
    };
    let count = CountDecreesRequest {
        normativa,
        filtro,
        rilevazione: 0,
    };
    let decreti = &mut client.decreti;
    vec![
        decreti.list_decrees(list).await.map(drop).unwrap_err(),
        decreti.export_decrees(export).await.map(drop).unwrap_err(),
        decreti.count_decrees(count).await.map(drop).unwrap_err(),
    ]
}

/// Who is in the data, who is not, who is in those of another norm only: the answers are the same in every part, with any
/// other filter beside, and with a token that belongs to somebody who may ask.
#[tokio::test]
async fn a_person_who_is_there_is_refused_like_one_who_is_not() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut altri = service.clients_of("mlps-ammortizzatori").await;
    let asked = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro_decreti("cf_azienda.persona_fisica")),
        page_size: 1,
        ..Default::default()
    };
    let page = altri.decreti.list_decrees(asked).await.unwrap();
    let token = page.into_inner().next_page_token;
    assert!(!token.is_empty());
    for profilo in MASKED_PROFILES {
        let mut client = service.clients_of(profilo).await;
        for beside in ["", "codifica_sistema_unico", "numero_decreto", "periodo"] {
            for token in ["", &token, "garbage"] {
                let mut refused: Vec<Vec<ContractError>> = Vec::new();
                for cf in [PERSONA, CF[2], persons()[0], persons()[1]] {
                    let mut filtro = filtro_decreti(beside);
                    filtro.cf_azienda = cf.to_owned();
                    let statuses = all_refusals(&mut client, &filtro, token).await;
                    for status in &statuses {
                        assert_error(status, Code::PermissionDenied, ErrorReason::FilterDenied);
                        assert!(!format!("{status:?}").contains(cf), "{status:?}");
                    }
                    // Read, since the order of a map on the wire is chance.
                    refused.push(statuses.iter().map(contract_error).collect());
                }
                refused.dedup();
                assert_eq!(refused.len(), 1, "{profilo} {beside} {token}");
            }
        }
    }
    service.stop().await;
}

/// The token of a selection by a person opens nothing for who may not make that selection.
#[tokio::test]
async fn somebody_elses_token_opens_nothing() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut altri = service.clients_of("mlps-ammortizzatori").await;
    let asked = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro_decreti("cf_azienda.persona_fisica")),
        page_size: 1,
        ..Default::default()
    };
    let page = altri.decreti.list_decrees(asked).await.unwrap();
    let page_token = page.into_inner().next_page_token;
    for profilo in MASKED_PROFILES {
        let mut client = service.clients_of(profilo).await;
        for filtro in ["", "codifica_sistema_unico", "numero_decreto", "periodo"] {
            let request = ListDecreesRequest {
                normativa: NORMATIVE[0].into(),
                filtro: Some(filtro_decreti(filtro)),
                page_token: page_token.clone(),
                ..Default::default()
            };
            let status = client.decreti.list_decrees(request).await.unwrap_err();
            assert_error(
                &status,
                Code::InvalidArgument,
                ErrorReason::PageTokenInvalid,
            );
        }
    }
    service.stop().await;
}
