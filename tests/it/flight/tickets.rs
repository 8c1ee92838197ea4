//! A ticket gives nothing by itself.

use arrow_flight::FlightDescriptor;
use omnia::contract::proto::{ErrorReason, ExportDecreesRequest, FiltroDecreti};
use prost::Message as _;
use tonic::{Code, Status};

use super::{plain_ticket, take, tickets_of};
use crate::{
    abilitazione::revoke,
    calls::{self, AZIENDA},
    errors::{assert_error, contract_error},
    eventually::eventually,
    model::NORMATIVE,
    server::{CallerClients, TestServer, only_normativa, whole_scope},
};

async fn ticket(cliente: &mut CallerClients, filtro: FiltroDecreti) -> String {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro),
        ..Default::default()
    };
    let descriptor = FlightDescriptor::new_cmd(request.encode_to_vec());
    let info = cliente.flight.get_flight_info(descriptor).await.unwrap();
    tickets_of(&info.into_inner()).pop().unwrap()
}

fn refused(esito: Result<super::TakenFlight, Status>, code: Code, reason: ErrorReason) {
    assert_error(&esito.unwrap_err(), code, reason);
}

#[tokio::test]
async fn of_another_caller_or_changed_it_is_none() {
    let servizio = TestServer::start().await;
    servizio.load(&calls::extract(), "2026-10-31").await;
    let mut uno = servizio.clients_of("mlps-ammortizzatori").await;
    servizio
        .grant_scope("altro", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut altro = servizio.clients_as("altro");
    let buono = ticket(&mut uno, FiltroDecreti::default()).await;
    assert!(
        !take(&mut uno, buono.as_str())
            .await
            .unwrap()
            .rows
            .is_empty()
    );

    let (code, reason) = (Code::InvalidArgument, ErrorReason::PageTokenInvalid);
    refused(take(&mut altro, buono.as_str()).await, code, reason);
    let mut changed = buono.clone().into_bytes();
    let at = changed.len() / 2;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let half = &buono[..at];
    for bad in [
        String::from_utf8(changed).unwrap(),
        half.into(),
        String::new(),
        "x".repeat(9000),
    ] {
        refused(take(&mut uno, bad).await, code, reason);
    }
    // A resume token of ExportDecrees is something else.
    let list = omnia::contract::proto::ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        page_size: 1,
        ..Default::default()
    };
    let page = uno.decreti.list_decrees(list).await.unwrap().into_inner();
    refused(take(&mut uno, page.next_page_token).await, code, reason);
    servizio.stop().await;
}

/// What was allowed when the ticket was made may not be when it is shown.
#[tokio::test]
async fn it_is_decided_on_when_it_is_shown() {
    let servizio = TestServer::start().await;
    servizio.load(&calls::extract(), "2026-10-31").await;
    let id = servizio
        .grant_scope("be", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut be = servizio.clients_as("be");
    let azienda = FiltroDecreti {
        cf_azienda: AZIENDA.into(),
        ..Default::default()
    };
    let per_azienda = ticket(&mut be, azienda).await;
    let tutta = ticket(&mut be, FiltroDecreti::default()).await;
    let altra = plain_ticket(
        "be",
        &ExportDecreesRequest {
            normativa: NORMATIVE[1].into(),
            ..Default::default()
        },
    );
    for good in [&per_azienda, &tutta, &altra] {
        assert!(!take(&mut be, good.as_str()).await.unwrap().rows.is_empty());
    }
    // The same subject, under a grant that gives less.
    revoke(&servizio.db.owner, &servizio.clock, id).await;
    servizio
        .grant_scope("be", "mef-rgs", only_normativa(NORMATIVE[0]))
        .await;
    eventually("the other grant is in force", async || {
        let taken = take(&mut be, per_azienda.as_str()).await;
        taken.is_err_and(|status| contract_error(&status).reason == ErrorReason::FilterDenied)
    })
    .await;
    let denied = Code::PermissionDenied;
    refused(
        take(&mut be, per_azienda).await,
        denied,
        ErrorReason::FilterDenied,
    );
    refused(take(&mut be, altra).await, denied, ErrorReason::ScopeDenied);
    let masked = take(&mut be, tutta).await.unwrap();
    let persons = masked.rows.iter().filter(|r| r.cf_azienda.len() == 16);
    assert!(persons.clone().count() > 0);
    for riga in persons {
        assert_eq!(riga.cf_azienda, crate::model::MASK);
    }
    servizio.stop().await;
}
