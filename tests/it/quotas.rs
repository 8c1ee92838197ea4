//! Quotas: what is used up is refused with the time to wait, and other callers do not notice.

use std::{num::NonZeroU32, time::Duration};

use omnia::{
    abilitazione::ProfiloQuotaSettings,
    abilitazione::grants::Quote,
    contract::proto::{ErrorReason, ExportDecreesRequest},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{
    abilitazione::new_request,
    calls::call_rpc,
    errors::assert_error,
    eventually::eventually,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{TestServer, channel_to, whole_scope},
};

const ACCESS: &str = "AccessService/GetMyAccess";

/// Gives a grant with quotas of its own.
async fn grant(service: &TestServer, soggetto: &str, quote: Quote) {
    let mut richiesta = new_request(soggetto, "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.limiti.quote = quote;
    service.grant(&richiesta).await;
}

fn n(n: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(n)
}

/// Checks that a quota is used up, and gives the time to wait.
#[track_caller]
fn assert_exhausted(status: &Status, quota: &str, soggetto: &str, descrizione: &str) -> Duration {
    let error = assert_error(status, Code::ResourceExhausted, ErrorReason::QuotaExceeded);
    assert_eq!(error.metadata.get("quota").map(String::as_str), Some(quota));
    let failure = status.get_details_quota_failure().unwrap();
    let [violation] = failure.violations.as_slice() else {
        panic!("{failure:?}")
    };
    assert_eq!(violation.subject, format!("soggetto:{soggetto}"));
    assert_eq!(violation.description, descrizione);
    error.retry.unwrap()
}

#[tokio::test]
async fn calls_a_second_are_the_profiles_unless_the_grant_has_its_own() {
    let service = TestServer::start_with(|s| {
        let rgs = ProfiloQuotaSettings {
            al_secondo: n(1),
            ..ProfiloQuotaSettings::default()
        };
        s.quota.profilo.insert("mef-rgs".to_owned(), rgs);
    })
    .await;
    grant(&service, "poche", Quote::default()).await;
    let many = Quote {
        al_secondo: n(100_000),
        ..Quote::default()
    };
    grant(&service, "molte", many).await;
    let mut few = service.clients_as("poche");
    let mut many = service.clients_as("molte");
    for _ in 0..20 {
        call_rpc(&mut many, ACCESS, "").await.unwrap();
    }
    // Two within a second: on a slow day it takes a few.
    let refused = loop {
        if let Err(status) = call_rpc(&mut few, ACCESS, "").await {
            break status;
        }
    };
    let retry = assert_exhausted(&refused, "al_secondo", "poche", "1 calls a second");
    assert!(retry <= Duration::from_secs(1));
    // After the time that it was told, it is let in.
    tokio::time::sleep(retry).await;
    call_rpc(&mut few, ACCESS, "").await.unwrap();
}

#[tokio::test]
async fn streams_at_the_same_time_free_their_place_when_they_end() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    service.load(&many_rows(8_000), "2026-10-31").await;
    let one = Quote {
        esportazioni: n(1),
        ..Quote::default()
    };
    grant(&service, "una", one).await;
    grant(&service, "altra", Quote::default()).await;
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let mut client = service.slow_clients("una");
    let stream = client
        .decreti
        .export_decrees(request.clone())
        .await
        .unwrap();
    let status = client
        .decreti
        .export_decrees(request.clone())
        .await
        .unwrap_err();
    assert_exhausted(&status, "esportazioni", "una", "1 streams at the same time");
    // Other calls and other subjects do not need the place.
    call_rpc(&mut client, ACCESS, "").await.unwrap();
    let mut other = service.clients_as("altra");
    drop(other.decreti.export_decrees(request.clone()).await.unwrap());
    // A call that is refused for another reason does not keep a place.
    drop(stream);
    eventually("the place is free", async || {
        client.decreti.export_decrees(request.clone()).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn calls_a_day_are_counted_for_all_instances_and_end_at_romes_midnight() {
    let service = TestServer::start().await;
    let five = Quote {
        al_giorno: n(5),
        ..Quote::default()
    };
    grant(&service, "be", five).await;
    let other = service.another_instance().await;
    let token = service.token("be");
    let mut clients = [
        service.clients_as("be"),
        service.clients_over(channel_to(other), Some(&token)),
    ];
    let mut allowed = 0;
    for i in 0..12 {
        match call_rpc(&mut clients[i % 2], ACCESS, "").await {
            Ok(_) => allowed += 1,
            Err(status) => {
                let retry = assert_exhausted(&status, "al_giorno", "be", "5 calls a day");
                // It is ten in the morning in Rome.
                assert_eq!(retry, Duration::from_secs(14 * 3600));
            }
        }
    }
    assert_eq!((allowed, count(&service).await), (5, 5));
    // In Rome it is another day an hour before midnight in Greenwich.
    service.set_clock("2026-11-23T23:00:00Z");
    let mut tomorrow = service.clients_as("be");
    call_rpc(&mut tomorrow, ACCESS, "").await.unwrap();
}

async fn count(service: &TestServer) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(chiamate), 0)::bigint from consumo where soggetto = 'be'",
    )
    .fetch_one(&service.db.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_orderly_stop_gives_back_what_was_not_used() {
    let service = TestServer::start().await;
    let quote = Quote {
        al_giorno: n(50_000),
        ..Quote::default()
    };
    grant(&service, "be", quote).await;
    let mut client = service.clients_as("be");
    for _ in 0..3 {
        call_rpc(&mut client, ACCESS, "").await.unwrap();
    }
    assert_eq!(
        count(&service).await,
        50,
        "a thousandth of the quota at a time"
    );
    let db = service.stop().await;
    let left: i64 = sqlx::query_scalar("select chiamate from consumo")
        .fetch_one(&db.owner)
        .await
        .unwrap();
    assert_eq!(left, 3);
}

#[tokio::test]
async fn a_quota_of_a_profile_that_is_not_there_stops_the_start() {
    let service = TestServer::start().await;
    let mut settings = service.settings.clone();
    settings
        .quota
        .profilo
        .insert("mef-rsg".to_owned(), ProfiloQuotaSettings::default());
    let access = omnia::app::access(&settings, &service.db.connections, service.clock.clone());
    let error = access.await.unwrap_err().to_string();
    assert!(error.contains("quota.profilo.mef-rsg"), "{error}");
    service.grant_scope("x", "mef-rgs", whole_scope()).await;
}
