//! What is recorded, when, and what happens when it cannot be.

use std::time::Duration;

use omnia::{
    audit::{ChainDigest, export, tracing_report},
    contract::proto::{
        ErrorReason, ExportDecreesRequest, GetMyAccessRequest, GetReportSinteticoRequest,
        ListDecreesRequest,
    },
    crypto::key::AuditKey,
};
use tonic::{Code, Request};

use super::{call_records, intact};
use crate::{
    calls::{self as all_of_them, PERSONA, RPC, STREAMS, call_rpc, drain, filtro_decreti},
    errors::assert_error,
    model::NORMATIVE,
    server::{AUDIT_KEY, TestServer},
};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// The record is there as soon as the answer is, for every call and for every way to be refused.
#[tokio::test]
async fn every_call_has_its_record_when_its_answer_comes() {
    let service = TestServer::start().await;
    service.load(&all_of_them::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let mut expected = 0;
    for rpc in RPC {
        let streams = STREAMS.contains(&rpc);
        call_rpc(&mut client, rpc, "").await.unwrap();
        expected += 1;
        if streams {
            // The end of a stream is queued, not waited for: the next record comes after it.
            call_rpc(&mut client, RPC[0], "").await.unwrap();
            expected += 2;
        }
        let records = call_records(&service.db.owner).await;
        assert_eq!(records.len(), expected, "{rpc}");
        let record = &records[records.len() - if streams { 3 } else { 1 }];
        assert_eq!(record["rpc"], rpc);
        assert_eq!(record["tipo"], if streams { "INIZIO" } else { "CHIAMATA" });
        assert_eq!(record["soggetto"], "cliente-mlps-ammortizzatori");
        assert_eq!(record["ente"], "MLPS");
        assert_eq!(record["profilo"], "mlps-ammortizzatori");
        assert_eq!(record["decisione"], "CONSENTITA");
        assert_eq!(record["istante"], "2026-11-23T09:00:00.000000Z");
        assert!(
            record["abilitazione"].is_i64() && record["politica"].is_string(),
            "{record}"
        );
        if !streams {
            assert_eq!(record["esito"], "OK", "{record}");
            assert!(record["byte"].as_u64().unwrap() > 0, "{record}");
        }
    }

    let before = call_records(&service.db.owner).await.len();
    for (i, rpc) in RPC.iter().enumerate() {
        for (j, (mut refused, reason)) in [
            (service.clients_with(None), "ERROR_REASON_TOKEN_MISSING"),
            (service.clients_as("nessuno"), "ERROR_REASON_GRANT_MISSING"),
        ]
        .into_iter()
        .enumerate()
        {
            call_rpc(&mut refused, rpc, "").await.unwrap_err();
            let records = call_records(&service.db.owner).await;
            assert_eq!(records.len(), before + 2 * i + j + 1, "{rpc}");
            let record = records.last().unwrap();
            assert_eq!(
                (record["rpc"].as_str(), record["motivo"].as_str()),
                (Some(*rpc), Some(reason))
            );
            assert_eq!(record["decisione"], "NEGATA");
        }
    }
    intact(&service.db.owner).await;
    service.stop().await;
}

#[tokio::test]
async fn a_record_tells_what_was_selected_and_hides_persons() {
    let service = TestServer::start().await;
    service.load(&all_of_them::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let mut filtro = filtro_decreti("periodo");
    filtro.cf_azienda = PERSONA.into();
    let mut request = Request::new(ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro.clone()),
        ..Default::default()
    });
    request
        .metadata_mut()
        .insert("traceparent", TRACEPARENT.parse().unwrap());
    let found = client
        .decreti
        .list_decrees(request)
        .await
        .unwrap()
        .into_inner();
    let record = call_records(&service.db.owner).await.pop().unwrap();
    assert_eq!(record["selezione"]["normativa"], NORMATIVE[0]);
    assert_eq!(
        record["selezione"]["periodo"],
        "2022-01-01/2022-12-31 SOVRAPPOSIZIONE"
    );
    assert_eq!(
        record["selezione"]["cf_azienda"],
        AuditKey::new(&AUDIT_KEY).keyed_hash(PERSONA)
    );
    assert_eq!(record["rilevazione"], 1);
    assert_eq!(record["righe"], found.decreti.len());
    assert_eq!(record["traccia"], "4bf92f3577b34da6a3ce929d0e0e4736");

    // What is asked for in vain is recorded too, and hidden too.
    let mut rgs = service.clients_of("mef-rgs").await;
    let request = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro),
        ..Default::default()
    };
    let status = rgs.decreti.list_decrees(request).await.unwrap_err();
    assert_error(&status, Code::PermissionDenied, ErrorReason::FilterDenied);
    let record = call_records(&service.db.owner).await.pop().unwrap();
    assert_eq!(record["motivo"], "ERROR_REASON_FILTER_DENIED");
    assert_eq!(
        record["selezione"]["cf_azienda"],
        AuditKey::new(&AUDIT_KEY).keyed_hash(PERSONA)
    );
    let all: String = sqlx::query_scalar("select string_agg(record, '') from audit_record")
        .fetch_one(&service.db.owner)
        .await
        .unwrap();
    assert!(!all.contains(PERSONA), "a natural person in clear");
    service.stop().await;
}

/// A stream has an end in the log, no matter which side ends it.
#[tokio::test]
async fn streams_are_recorded_at_both_ends() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 1).await;
    service
        .load(&crate::export_stream::many_rows(3000), "2026-10-31")
        .await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let request = || ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let whole = drain(
        client
            .decreti
            .export_decrees(request())
            .await
            .unwrap()
            .into_inner(),
    )
    .await;
    let records = records_with_end(&service, 1).await;
    let (inizio, end) = (&records[0], &records[1]);
    assert!(
        inizio.get("esito").is_none() && inizio.get("righe").is_none(),
        "{inizio}"
    );
    assert_eq!(
        (&end["tipo"], &end["inizio"]),
        (&"FINE".into(), &inizio["numero"])
    );
    assert_eq!(end["esito"], "OK");
    assert_eq!(end["righe"], whole.rows.len());
    assert!(end["byte"].as_u64().unwrap() > 3000, "{end}");

    let mut stream = client
        .decreti
        .export_decrees(request())
        .await
        .unwrap()
        .into_inner();
    stream.message().await.unwrap();
    drop(stream);
    let records = records_with_end(&service, 2).await;
    let end = records.last().unwrap();
    assert_eq!(end["esito"], "CANCELLED");
    assert!(end["righe"].as_u64().unwrap_or(0) < 3000, "{end}");
    intact(&service.db.owner).await;
    service.stop().await;
}

async fn records_with_end(service: &TestServer, ends: usize) -> Vec<serde_json::Value> {
    for _ in 0..500 {
        let records = call_records(&service.db.owner).await;
        if records.iter().filter(|r| r["tipo"] == "FINE").count() == ends {
            return records;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the stream has no end in the log");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let service = TestServer::start().await;
    service.load(&all_of_them::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let execute = |sql: &'static str| {
        let owner = service.db.owner.clone();
        async move { sqlx::query(sql).execute(&owner).await.unwrap() }
    };
    client
        .access
        .get_my_access(GetMyAccessRequest {})
        .await
        .unwrap();
    let before = call_records(&service.db.owner).await.len();
    execute("revoke insert on audit_registro from omnia_servizio").await;
    for rpc in RPC {
        let status = call_rpc(&mut client, rpc, "").await.unwrap_err();
        assert_error(&status, Code::Unavailable, ErrorReason::AuditUnavailable);
    }
    execute("grant insert on audit_registro to omnia_servizio").await;
    assert_eq!(call_records(&service.db.owner).await.len(), before);
    // A connection that is cut is made again.
    service.db.detach().await;
    let mut answered = 0;
    for _ in 0..100 {
        let answer = client
            .report
            .get_report_sintetico(GetReportSinteticoRequest::default())
            .await;
        answered += usize::from(answer.is_ok());
        if answered == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(answered, 3);
    assert!(call_records(&service.db.owner).await.len() >= before + 3);
    intact(&service.db.owner).await;
    service.stop().await;
}

/// Many at once: one chain, a record each, none twice.
#[tokio::test]
async fn calls_at_once_make_one_chain() {
    let service = TestServer::start().await;
    let client = service.clients_of("mef-sintesi").await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    client
                        .access
                        .get_my_access(GetMyAccessRequest {})
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(call_records(&service.db.owner).await.len(), 320);
    let owner = service.db.owner.clone();
    assert_eq!(intact(&owner).await.records, 321);

    // The exported lines can be checked with nothing but SHA-256.
    let mut lines = Vec::new();
    export::json_lines(&owner, export::LogDays::default(), &mut lines)
        .await
        .unwrap();
    let text = String::from_utf8(lines).unwrap();
    let last = text
        .lines()
        .fold(ChainDigest::default(), ChainDigest::followed_by);
    let head: Vec<u8> = sqlx::query_scalar("select impronta from audit_catena")
        .fetch_one(&owner)
        .await
        .unwrap();
    assert_eq!(Some(last), ChainDigest::from_slice(&head));
    let db = service.stop().await;
    let last: String =
        sqlx::query_scalar("select record from audit_record order by numero desc limit 1")
            .fetch_one(&db.owner)
            .await
            .unwrap();
    assert!(last.contains("CHIUSURA"), "{last}");
}

/// Calls by purpose, as PDND counts them.
#[tokio::test]
async fn pdnd_gets_its_counts() {
    let db = crate::test_bench::database().await;
    for (numero, record) in (1..).zip([
        r#"{"tipo":"CHIAMATA","finalita":"p1","jti":"j1","esito":"OK"}"#,
        r#"{"tipo":"CHIAMATA","finalita":"p1","jti":"j1","esito":"OK"}"#,
        r#"{"tipo":"CHIAMATA","finalita":"p1","jti":"j1","esito":"PERMISSION_DENIED"}"#,
        r#"{"tipo":"INIZIO","finalita":"p1","jti":"j2"}"#,
        r#"{"tipo":"FINE","finalita":"p1","jti":"j2","esito":"OK"}"#,
        r#"{"tipo":"CHIAMATA","esito":"OK"}"#,
    ]) {
        sqlx::query(
            "with c as (insert into audit_catena (catena, istanza, aperta_il) values ($1, 'x', now()) returning catena)
             insert into audit_registro select catena, $1, '2026-11-25T23:59:59Z', $2, decode(repeat('00', 32), 'hex') from c",
        )
        .bind(numero)
        .bind(record)
        .execute(&db.owner)
        .await
        .unwrap();
    }
    let mut csv = Vec::new();
    let giorno = "2026-11-25".parse().ok();
    let giorni = export::LogDays {
        dal: giorno,
        al: giorno,
    };
    tracing_report::csv(&db.owner, giorni, &mut csv)
        .await
        .unwrap();
    assert_eq!(
        String::from_utf8(csv).unwrap(),
        "date,purpose_id,token_id,status,requests_count\n\
         2026-11-25,p1,j1,200,2\n2026-11-25,p1,j1,403,1\n2026-11-25,p1,j2,200,1\n"
    );
}
