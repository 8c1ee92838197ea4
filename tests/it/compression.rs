//! Answers are compressed where the request was, and as it was; a request cannot grow beyond its limit by being compressed.

use omnia::contract::proto::{
    ErrorReason, ExportDecreesRequest, GetReportSinteticoRequest,
    decree_service_client::DecreeServiceClient,
};
use tonic::{Code, codec::CompressionEncoding};

use crate::{
    calls::drain,
    errors::assert_error,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{CallerChannel, TestServer},
};

fn export_request() -> ExportDecreesRequest {
    ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    }
}

/// Bytes of the answer of the last stream that has ended, as the audit log counts them.
async fn bytes_sent(service: &TestServer) -> i64 {
    for _ in 0..200 {
        let found: Option<i64> = sqlx::query_scalar(
            "select byte from audit_chiamata where tipo = 'FINE' order by numero desc limit 1",
        )
        .fetch_optional(&service.db.owner)
        .await
        .unwrap();
        if let Some(byte) = found {
            sqlx::query("truncate audit_registro")
                .execute(&service.db.owner)
                .await
                .unwrap();
            return byte;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no stream has ended");
}

#[tokio::test]
async fn an_export_is_compressed_as_its_request_was() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 1000).await;
    service.load(&many_rows(3000), "2026-10-31").await;
    let channel = service.clients_of("mlps-ammortizzatori").await.channel;
    let plain = |channel: CallerChannel| DecreeServiceClient::new(channel);
    let mut sizes = Vec::new();
    let mut all = Vec::new();
    for wish in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        // Every client can read all of them; only what it sends says what it wants.
        let mut client = plain(channel.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd);
        if let Some(wish) = wish {
            client = client.send_compressed(wish);
        }
        let answer = client.export_decrees(export_request()).await.unwrap();
        let encoding = answer.metadata().get("grpc-encoding").cloned();
        let expected = wish.map(|w| w.to_string());
        assert_eq!(
            encoding.as_ref().map(|v| v.to_str().unwrap()),
            expected.as_deref()
        );
        let exported = drain(answer.into_inner()).await;
        assert!(exported.outcome.is_ok());
        all.push(exported.rows);
        sizes.push(bytes_sent(&service).await);
    }
    assert_eq!(all[0].len(), 3000);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    assert!(
        sizes[1] * 4 < sizes[0] && sizes[2] * 4 < sizes[0],
        "{sizes:?}"
    );
    service.stop().await;
}

#[tokio::test]
async fn a_request_does_not_grow_beyond_its_limit() {
    let service = TestServer::start().await;
    service.load(&many_rows(10), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut report = omnia::contract::proto::report_service_client::ReportServiceClient::new(
            client.channel.clone(),
        )
        .send_compressed(encoding)
        .accept_compressed(encoding);
        let answer = report
            .get_report_sintetico(GetReportSinteticoRequest::default())
            .await
            .unwrap();
        let used = answer.metadata().get("grpc-encoding").cloned().unwrap();
        assert_eq!(used.to_str().unwrap(), encoding.to_string());
        // A few hundred bytes that become a megabyte.
        let bomb = GetReportSinteticoRequest {
            filtro: Some(omnia::contract::proto::FiltroReport {
                normativa: vec!["A".repeat(1 << 20)],
                ..Default::default()
            }),
            rilevazione: 0,
        };
        let status = report.get_report_sintetico(bomb).await.unwrap_err();
        assert_error(&status, Code::OutOfRange, ErrorReason::MessageTooLarge);
    }
    let answer = client
        .report
        .get_report_sintetico(GetReportSinteticoRequest::default())
        .await;
    assert!(answer.unwrap().metadata().get("grpc-encoding").is_none());
    service.stop().await;
}
