//! Streams whose clients do not read: their places are given to others.

use std::time::{Duration, Instant};

use omnia::contract::proto::ErrorReason;
use tokio::time::{sleep, timeout};
use tonic::Code;

use super::{
    RawConnection,
    deadline::{last_token, rows},
    export, server,
};
use crate::{audit::call_records, errors::assert_error, eventually::eventually};

#[tokio::test]
async fn a_stream_that_does_not_move_gives_its_place_back_and_says_where_to_go_on() {
    let service = server(|s| {
        s.export.max_concurrent = 1;
        s.export.stall_seconds = 1;
    })
    .await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let begun = Instant::now();
    let mut stalled = export(&mut raw, &service, "uno", &[], "").await;
    let first = stalled.message().await.unwrap().unwrap();
    eventually("the place is free", async || {
        let status = export(&mut raw, &service, "due", &[], "")
            .await
            .status()
            .await;
        status.code() == Code::Ok
    })
    .await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let (mut messages, status) = stalled.drain().await.unwrap();
    messages.insert(0, first);
    let error = assert_error(&status, Code::DeadlineExceeded, ErrorReason::ExportStalled);
    assert_eq!(error.metadata["resume_token"], last_token(&messages));
    let (rest, status) = export(&mut raw, &service, "uno", &[], &last_token(&messages))
        .await
        .drain()
        .await
        .unwrap();
    assert_eq!(status.code(), Code::Ok);
    assert_eq!(rows(&messages) + rows(&rest), super::ROWS as usize);
    service.stop().await;
}

/// Not even the status is fetched: the stream is reset, and the log says what became of it.
#[tokio::test]
async fn a_stream_that_is_never_read_again_is_reset() {
    let service = server(|s| s.export.stall_seconds = 1).await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let stalled = export(&mut raw, &service, "uno", &[], "").await;
    eventually("the end is recorded", async || {
        let records = call_records(&service.db.owner).await;
        records.iter().any(|record| {
            record["tipo"] == "FINE"
                && record["esito"] == "DEADLINE_EXCEEDED"
                && record["motivo"] == "ERROR_REASON_EXPORT_STALLED"
        })
    })
    .await;
    let error = timeout(Duration::from_secs(5), stalled.drain())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL), "{error}");
    // Other calls on the connection do not notice.
    let next = export(&mut raw, &service, "due", &[], "").await;
    assert_eq!(next.status().await.code(), Code::Ok);
    service.stop().await;
}

/// All told it takes several times as long as a stream may stand still.
#[tokio::test]
async fn who_reads_slowly_is_not_stalled() {
    let service = server(|s| s.export.stall_seconds = 1).await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let mut slow = export(&mut raw, &service, "uno", &[], "").await;
    let begun = Instant::now();
    let mut taken = 0;
    while begun.elapsed() < Duration::from_secs(3) {
        assert!(slow.take().await.unwrap());
        taken += 1;
        sleep(Duration::from_millis(100)).await;
    }
    assert!(taken > 10);
    let (messages, status) = slow.drain().await.unwrap();
    assert_eq!(status.code(), Code::Ok, "{status:?}");
    assert_eq!(rows(&messages), super::ROWS as usize);
    service.stop().await;
}
