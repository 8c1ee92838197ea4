//! Calls that are not let in: the first have a record each, the rest are counted, and nothing is lost.

use std::{
    convert::Infallible,
    future::{Future as _, pending},
    io::{self, Write},
    num::NonZeroU32,
    sync::{Arc, Mutex},
    task::{Context, Waker},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use http::{Request, Response};
use omnia::{
    app,
    audit::{AuditLayer, RefusalLimits, Refusals, export},
    config::Settings,
    crypto::key::AuditKey,
    grpc::observe::ObserveLayer,
};
use serde_json::Value;
use sqlx::PgPool;
use tonic::body::Body;
use tower::{Layer as _, Service as _, service_fn};
use tracing::subscriber::DefaultGuard;

use super::intact;
use crate::{
    abilitazione::{NOW, PACKAGE, clock},
    calls::call_rpc,
    eventually::eventually,
    policy::health,
    server::{AUDIT_KEY, CallerClients, TestServer},
    test_bench,
};

const RPC: &str = "AccessService/GetMyAccess";

/// All records of refused calls: those of one call each, and those of counts.
pub async fn refusals(owner: &PgPool) -> (Vec<Value>, Vec<Value>) {
    let all: Vec<String> =
        sqlx::query_scalar("select record from audit_record order by catena, numero")
            .fetch_all(owner)
            .await
            .unwrap();
    all.iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap())
        .filter(|record| record["decisione"] == "NEGATA")
        .partition(|record| record["tipo"] != "RIFIUTI")
}

/// How many calls these counts stand for.
pub fn counted(counts: &[Value]) -> u64 {
    counts
        .iter()
        .map(|count| count["quante"].as_u64().unwrap())
        .sum()
}

/// So many calls at once, each refused for this reason.
async fn refused(client: &CallerClients, calls: usize, reason: &str) {
    let calls = (0..calls).map(|_| {
        let mut client = client.clone();
        async move { call_rpc(&mut client, RPC, "").await }
    });
    for outcome in join_all(calls).await {
        let status = outcome.unwrap_err();
        assert_eq!(
            crate::errors::contract_error(&status).reason.as_str_name(),
            reason,
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn a_flood_of_refused_calls_is_counted_and_none_is_lost() {
    let service = TestServer::start().await;
    let mut good = service.clients_of("mef-sintesi").await;
    let stranger = service.clients_with(None);
    let begun = Instant::now();
    for _ in 0..5 {
        refused(&stranger, 100, "ERROR_REASON_TOKEN_MISSING").await;
        // A neighbour with a good token at the same address notices nothing.
        call_rpc(&mut good, RPC, "").await.unwrap();
    }
    // Sixty at once, and one more for each second.
    let most = 61 + begun.elapsed().as_secs();
    let db = service.stop().await;
    let (single, counts) = refusals(&db.owner).await;
    println!(
        "{} records of 500 refused calls",
        single.len() + counts.len()
    );
    let records = single.len() as u64;
    assert_eq!(records + counted(&counts), 500);
    assert!((60..=most).contains(&records), "{records}, at most {most}");
    intact(&db.owner).await;
    let mut lines = Vec::new();
    export::json_lines(&db.owner, Default::default(), &mut lines)
        .await
        .unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(lines.contains(r#""tipo":"RIFIUTI""#), "the export has them");
}

/// So many records for each caller.
fn each(calls: u32) -> impl FnOnce(&mut Settings) {
    move |settings| {
        settings.audit.refused_per_caller_per_minute = NonZeroU32::new(calls).unwrap();
    }
}

#[tokio::test]
async fn a_network_is_one_caller_and_headers_of_strangers_count_for_nothing() {
    let trusted = TestServer::start_with(|settings| {
        each(3)(settings);
        settings.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    })
    .await;
    for n in 0..10 {
        for network in ["2001:db8:1:1", "2001:db8:1:2"] {
            let stranger = trusted.clients_from(&format!("{network}::{n}"), None);
            refused(&stranger, 1, "ERROR_REASON_TOKEN_MISSING").await;
        }
        refused(
            &trusted.clients_from("192.0.2.1", Some("e30.e30.e30")),
            1,
            "ERROR_REASON_TOKEN_INVALID",
        )
        .await;
        refused(
            &trusted.clients_from("unknown", None),
            1,
            "ERROR_REASON_TOKEN_MISSING",
        )
        .await;
    }
    let db = trusted.stop().await;
    let (single, counts) = refusals(&db.owner).await;
    assert_eq!((single.len(), counted(&counts)), (12, 28));
    let mut lines: Vec<_> = counts
        .iter()
        .map(|count| {
            let text = |name: &str| count[name].as_str().unwrap_or_default().to_owned();
            assert_eq!(count["esito"], "UNAUTHENTICATED", "{count}");
            assert_eq!(count["dal"], "2026-11-23T09:00:00.000000Z");
            (
                text("indirizzo"),
                text("motivo"),
                count["quante"].as_u64().unwrap(),
            )
        })
        .collect();
    lines.sort();
    let missing = |address: &str| {
        (
            address.to_owned(),
            "ERROR_REASON_TOKEN_MISSING".to_owned(),
            7,
        )
    };
    let invalid = (
        "192.0.2.1".to_owned(),
        "ERROR_REASON_TOKEN_INVALID".to_owned(),
        7,
    );
    assert_eq!(
        lines,
        [
            missing(""),
            invalid,
            missing("2001:db8:1:1::/64"),
            missing("2001:db8:1:2::/64")
        ]
    );
    intact(&db.owner).await;

    let direct = TestServer::start_with(each(3)).await;
    for n in 0..10 {
        let forged = direct.clients_from(&format!("198.51.100.{n}"), None);
        refused(&forged, 1, "ERROR_REASON_TOKEN_MISSING").await;
    }
    let (single, counts) = refusals(&direct.stop().await.owner).await;
    assert_eq!((single.len(), counts.len()), (3, 1));
    assert_eq!(counts[0]["indirizzo"], "127.0.0.1");
}

/// What a caller without a grant does leaves the records of others alone; an auditor adds them all up in the view.
#[tokio::test]
async fn each_subject_has_its_own_and_counts_are_written_while_it_runs() {
    let service = TestServer::start_with(|settings| {
        each(2)(settings);
        settings.audit.refused_counts_seconds = 1;
    })
    .await;
    refused(&service.clients_with(None), 5, "ERROR_REASON_TOKEN_MISSING").await;
    refused(&service.clients_as("uno"), 5, "ERROR_REASON_GRANT_MISSING").await;
    refused(&service.clients_as("due"), 1, "ERROR_REASON_GRANT_MISSING").await;
    let by_subject = "select coalesce(soggetto, ''), count(*) filter (where tipo = 'CHIAMATA'), sum(quante)::bigint
        from audit_chiamata where decisione = 'NEGATA' group by 1 order by 1";
    let expected = [("", 2, 5), ("due", 1, 1), ("uno", 2, 5)];
    let expected = expected.map(|(who, records, calls)| (who.to_owned(), records, calls));
    eventually("the counts are written", async || {
        let found: Vec<(String, i64, i64)> = sqlx::query_as(by_subject)
            .fetch_all(&service.db.owner)
            .await
            .unwrap();
        found == expected
    })
    .await;
    intact(&service.stop().await.owner).await;
}

/// Headers that are taken back at once, again and again, write no more than calls that wait for their answer.
#[tokio::test]
async fn calls_that_are_given_up_at_once_are_counted_too() {
    let db = test_bench::database().await;
    let audit = app::audit(&db.connections, AuditKey::new(&AUDIT_KEY), clock(NOW))
        .await
        .unwrap();
    let limits = RefusalLimits {
        per_caller: NonZeroU32::new(3).unwrap(),
        all: NonZeroU32::new(100).unwrap(),
        interval: Duration::from_secs(30),
    };
    let refusals_of = Refusals::new(audit.clone(), limits);
    let never = service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
    let recorded =
        AuditLayer::new(audit.clone(), refusals_of.clone(), Default::default()).layer(never);
    let mut service = ObserveLayer.layer(recorded);
    let log = RefusalLog::default();
    let listening = log.listen();
    // A line of code that another test's thread came by first is taken for one without a listener.
    tracing::callsite::rebuild_interest_cache();
    for n in 0..20 {
        let request = Request::get(format!("{PACKAGE}{RPC}?{n}")).body(Body::empty());
        let mut call = Box::pin(service.call(request.unwrap()));
        let waiting = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(waiting.is_pending());
    }
    drop(listening);
    assert_eq!(log.lines(": call ended"), 3);
    refusals_of.close();
    audit.close().await;
    let (single, counts) = refusals(&db.owner).await;
    assert_eq!((single.len(), counted(&counts)), (3, 17));
    assert_eq!(counts[0]["esito"], "CANCELLED");
    assert!(counts[0].get("motivo").is_none());
    intact(&db.owner).await;
}

#[derive(Clone, Default)]
struct RefusalLog(Arc<Mutex<Vec<u8>>>);

impl RefusalLog {
    /// Gets what this thread logs.
    fn listen(&self) -> DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// How many lines hold this.
    fn lines(&self, part: &str) -> usize {
        let text = self.text();
        text.lines().filter(|line| line.contains(part)).count()
    }
}

impl Write for RefusalLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A refusal with a record has its two lines, one that is counted has none; who asks how we are writes none either.
#[tokio::test]
async fn lines_of_the_log_are_as_few_as_records() {
    let log = RefusalLog::default();
    let listening = log.listen();
    let service = TestServer::start_with(each(2)).await;
    let id = service
        .grant_scope("be", "mef-sintesi", crate::server::whole_scope())
        .await;
    let good = service.token("be");
    // A line of code that another test's thread came by first is taken for one without a listener.
    refused(&service.clients_with(None), 1, "ERROR_REASON_TOKEN_MISSING").await;
    tracing::callsite::rebuild_interest_cache();
    log.0.lock().unwrap().clear();

    let garbage = "e30.e30.e30";
    refused(
        &service.clients_with(Some(garbage)),
        40,
        "ERROR_REASON_TOKEN_INVALID",
    )
    .await;
    let mut be = service.clients_as("be");
    call_rpc(&mut be, "DecreeService/ListDecrees", "")
        .await
        .unwrap_err();
    be.call_any(&format!("{PACKAGE}RSSMRA85T10A562S"))
        .await
        .unwrap_err();
    for _ in 0..20 {
        health(&service.channel(), "").await;
    }
    service.stop().await;
    drop(listening);

    let text = log.text();
    let who = r#"soggetto="be" ente="MLPS" profilo="mef-sintesi""#;
    for (line, times) in [
        (r#"access denied soggetto="" ente="" profilo="" rpc="AccessService/GetMyAccess" reason="ERROR_REASON_TOKEN_INVALID""#.to_owned(), 1),
        (format!(r#"access denied {who} rpc="DecreeService/ListDecrees" reason="ERROR_REASON_CALL_DENIED""#), 1),
        (format!(r#"access denied {who} rpc="unknown" reason="ERROR_REASON_CALL_UNKNOWN""#), 1),
        // One of the two of its address was used before.
        (": call ended".to_owned(), 3),
        (r#"reason="ERROR_REASON_TOKEN_INVALID" calls=39"#.to_owned(), 1),
    ] {
        assert_eq!(log.lines(&line), times, "{line} in {text}");
    }
    assert!(id > 0);
    for secret in [good.as_str(), garbage, "RSSMRA85T10A562S", "Bearer"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
