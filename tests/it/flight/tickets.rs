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

async fn ticket(client: &mut CallerClients, filtro: FiltroDecreti) -> String {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro),
        ..Default::default()
    };
    let descriptor = FlightDescriptor::new_cmd(request.encode_to_vec());
    let info = client.flight.get_flight_info(descriptor).await.unwrap();
    tickets_of(&info.into_inner()).pop().unwrap()
}

fn refused(esito: Result<super::TakenFlight, Status>, code: Code, reason: ErrorReason) {
    assert_error(&esito.unwrap_err(), code, reason);
}

#[tokio::test]
async fn of_another_caller_or_changed_it_is_none() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut one = service.clients_of("mlps-ammortizzatori").await;
    service
        .grant_scope("altro", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut other = service.clients_as("altro");
    let good = ticket(&mut one, FiltroDecreti::default()).await;
    assert!(!take(&mut one, good.as_str()).await.unwrap().rows.is_empty());

    let (code, reason) = (Code::InvalidArgument, ErrorReason::PageTokenInvalid);
    refused(take(&mut other, good.as_str()).await, code, reason);
    let mut changed = good.clone().into_bytes();
    let at = changed.len() / 2;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let half = &good[..at];
    for bad in [
        String::from_utf8(changed).unwrap(),
        half.into(),
        String::new(),
        "x".repeat(9000),
    ] {
        refused(take(&mut one, bad).await, code, reason);
    }
    // A resume token of ExportDecrees is something else.
    let list = omnia::contract::proto::ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        page_size: 1,
        ..Default::default()
    };
    let page = one.decreti.list_decrees(list).await.unwrap().into_inner();
    refused(take(&mut one, page.next_page_token).await, code, reason);
    service.stop().await;
}

/// What was allowed when the ticket was made may not be when it is shown.
#[tokio::test]
async fn it_is_decided_on_when_it_is_shown() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let id = service
        .grant_scope("be", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut be = service.clients_as("be");
    let azienda = FiltroDecreti {
        cf_azienda: AZIENDA.into(),
        ..Default::default()
    };
    let by_employer = ticket(&mut be, azienda).await;
    let whole = ticket(&mut be, FiltroDecreti::default()).await;
    let other = plain_ticket(
        "be",
        &ExportDecreesRequest {
            normativa: NORMATIVE[1].into(),
            ..Default::default()
        },
    );
    for good in [&by_employer, &whole, &other] {
        assert!(!take(&mut be, good.as_str()).await.unwrap().rows.is_empty());
    }
    // The same subject, under a grant that gives less.
    revoke(&service.db.owner, &service.clock, id).await;
    service
        .grant_scope("be", "mef-rgs", only_normativa(NORMATIVE[0]))
        .await;
    eventually("the other grant is in force", async || {
        let taken = take(&mut be, by_employer.as_str()).await;
        taken.is_err_and(|status| contract_error(&status).reason == ErrorReason::FilterDenied)
    })
    .await;
    let denied = Code::PermissionDenied;
    refused(
        take(&mut be, by_employer).await,
        denied,
        ErrorReason::FilterDenied,
    );
    refused(take(&mut be, other).await, denied, ErrorReason::ScopeDenied);
    let masked = take(&mut be, whole).await.unwrap();
    let persons = masked.rows.iter().filter(|r| r.cf_azienda.len() == 16);
    assert!(persons.clone().count() > 0);
    for riga in persons {
        assert_eq!(riga.cf_azienda, crate::model::MASK);
    }
    service.stop().await;
}
