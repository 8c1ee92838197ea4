//! New calls.

use std::time::Duration;

use omnia::abilitazione::{Ambito, AmbitoCodes, grants::Azione};

use super::{ACCESS, outcome, step, wait_until_it_is};
use crate::{
    abilitazione::new_request,
    calls::call_rpc,
    model::NORMATIVE,
    server::{CallerClients, TestServer, channel_to},
};

const ONE_SECOND: Duration = Duration::from_secs(1);

/// The same caller on two instances.
async fn two_instances(service: &TestServer, soggetto: &str) -> [CallerClients; 2] {
    let token = service.token(soggetto);
    let other = service.another_instance().await;
    [
        service.clients_as(soggetto),
        service.clients_over(channel_to(other), Some(&token)),
    ]
}

/// Suspends, resumes and revokes; each bites on both instances within a second.
async fn bites(service: &TestServer) {
    let id = service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let [mut one, mut other] = two_instances(service, "be").await;
    // A grant that was just given works on the first call, everywhere.
    assert_eq!(outcome(&call_rpc(&mut one, ACCESS, "").await), "OK");
    assert_eq!(outcome(&call_rpc(&mut other, ACCESS, "").await), "OK");
    let mut before = "OK";
    for (azione, then) in [
        (Azione::Sospensione, "ERROR_REASON_GRANT_SUSPENDED"),
        (Azione::Riattivazione, "OK"),
        (Azione::Revoca, "ERROR_REASON_GRANT_REVOKED"),
    ] {
        step(service, id, azione).await;
        let (a, b) = tokio::join!(
            wait_until_it_is(&mut one, before, then),
            wait_until_it_is(&mut other, before, then)
        );
        assert!(a < ONE_SECOND && b < ONE_SECOND, "{azione}: {a:?}, {b:?}");
        before = then;
    }
}

#[tokio::test]
async fn a_step_bites_on_every_instance_within_a_second() {
    bites(&TestServer::start().await).await;
}

#[tokio::test]
async fn a_step_that_nobody_announces_bites_too() {
    let service = TestServer::start().await;
    sqlx::query("alter table abilitazione_evento disable trigger abilitazione_evento_annuncio")
        .execute(&service.db.owner)
        .await
        .unwrap();
    bites(&service).await;
}

#[tokio::test]
async fn a_connection_that_listens_may_be_lost() {
    let service = TestServer::start().await;
    let id = service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut client = service.clients_as("be");
    wait_until_it_is(&mut client, "OK", "OK").await;
    service.db.detach().await;
    step(&service, id, Azione::Revoca).await;
    // Calls that meet the loss itself are told to try again.
    let begin = tokio::time::Instant::now();
    loop {
        let asked = begin.elapsed();
        let answer = call_rpc(&mut client, ACCESS, "").await;
        match outcome(&answer) {
            "ERROR_REASON_GRANT_REVOKED" => break,
            "OK" => assert!(asked < ONE_SECOND, "still allowed"),
            "ERROR_REASON_AUDIT_UNAVAILABLE" | "ERROR_REASON_DATABASE_UNAVAILABLE" => {}
            other => panic!("{other}"),
        }
        assert!(asked < ONE_SECOND * 60);
    }
}

#[tokio::test]
async fn a_changed_scope_is_another_grant_that_takes_over_in_one_moment() {
    let service = TestServer::start().await;
    let codes = [omnia::valori::CodiceNormativa::parse(NORMATIVE[0]).unwrap()];
    service.load(&crate::calls::extract(), "2026-10-31").await;
    let id = service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let [mut one, mut other] = two_instances(&service, "be").await;
    for client in [&mut one, &mut other] {
        assert!(has_all_norms(client).await);
    }
    let mut richiesta = new_request("be", "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.ambito = Ambito::new(AmbitoCodes::only(codes).unwrap(), AmbitoCodes::All);
    richiesta.sostituisce = Some(id);
    service.grant(&richiesta).await;
    let begin = tokio::time::Instant::now();
    for client in [&mut one, &mut other] {
        // Never an error on the way: no moment has no grant.
        loop {
            let asked = begin.elapsed();
            if !has_all_norms(client).await {
                break;
            }
            assert!(asked < ONE_SECOND, "the old scope still holds");
        }
    }
}

/// Whether the caller has all norms.
async fn has_all_norms(client: &mut CallerClients) -> bool {
    let access = client
        .access
        .get_my_access(omnia::contract::proto::GetMyAccessRequest {});
    let access = access.await.unwrap().into_inner();
    access.ambito.unwrap().tutte_le_normative
}

#[tokio::test]
async fn it_expires_by_itself_at_romes_midnight() {
    let service = TestServer::start().await;
    service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut client = service.clients_as("be");
    // The token of the tests lives twelve hours.
    service.set_clock("2026-12-31T22:59:00Z");
    let token = service.token("be");
    let mut last_client = service.clients_with(Some(&token));
    assert_eq!(outcome(&call_rpc(&mut last_client, ACCESS, "").await), "OK");
    service.set_clock("2026-12-31T23:00:00Z");
    assert_eq!(
        outcome(&call_rpc(&mut last_client, ACCESS, "").await),
        "ERROR_REASON_GRANT_NOT_VALID"
    );
    assert_eq!(
        outcome(&call_rpc(&mut client, ACCESS, "").await),
        "ERROR_REASON_TOKEN_EXPIRED"
    );
}
