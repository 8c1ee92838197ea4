//! The same file again: twice, on another instance, after another load, and from any byte of it.

use omnia::contract::proto::{
    DownloadDecreesRequest, DownloadReportSinteticoRequest, ErrorReason, FormatoFile,
};
use tonic::Code;

use super::{FORMATS, decreti, report};
use crate::{
    errors::assert_error,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{TestServer, channel_to},
};

fn request(formato: FormatoFile, offset: i64) -> DownloadDecreesRequest {
    DownloadDecreesRequest {
        normativa: NORMATIVE[0].into(),
        rilevazione: 1,
        formato: formato.into(),
        offset,
        ..Default::default()
    }
}

#[tokio::test]
async fn the_same_bytes_from_every_offset_on_every_instance() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 500).await;
    // Some 1.2 MB of CSV: three pieces.
    service.load(&many_rows(10_000), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let token = service.token("cliente-mlps-ammortizzatori");
    let other = channel_to(service.another_instance().await);
    let mut elsewhere = service.clients_over(other, Some(&token));
    let mut whole = Vec::new();
    for formato in FORMATS {
        let file = decreti(&mut client, request(formato, 0)).await.unwrap();
        let size = file.bytes.len();
        let piece = omnia::files::PIECE_BYTES;
        // The ends, the bounds of pieces and what lies next to them, and some between.
        let offsets = [0, 1, 2, 777, piece - 1, piece, piece + 1, 2 * piece];
        let ends = [size / 2, size - 1, size];
        for offset in offsets.into_iter().filter(|at| *at < size).chain(ends) {
            let from = i64::try_from(offset).unwrap();
            let rest = decreti(&mut elsewhere, request(formato, from))
                .await
                .unwrap();
            assert!(
                rest.bytes == file.bytes[offset..],
                "{formato:?} from {offset}"
            );
            assert_eq!(rest.chiusura, file.chiusura, "it is about the whole file");
            assert_eq!(rest.intestazione, file.intestazione);
        }
        let beyond = i64::try_from(size + 1).unwrap();
        let status = decreti(&mut client, request(formato, beyond))
            .await
            .unwrap_err();
        let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(error.violations, ["offset"]);
        whole.push(file);
    }
    // After another load the first rilevazione is what it was.
    service.load(&many_rows(9_000), "2026-11-22").await;
    for (formato, file) in FORMATS.into_iter().zip(&whole) {
        let again = decreti(&mut client, request(formato, 0)).await.unwrap();
        assert!(again == *file, "{formato:?}");
        let latest = DownloadDecreesRequest {
            rilevazione: 0,
            ..request(formato, 0)
        };
        let latest = decreti(&mut client, latest).await.unwrap();
        assert_eq!(latest.intestazione.rilevazione.unwrap().numero, 2);
        assert_ne!(latest.chiusura.sha256, file.chiusura.sha256);
    }
    service.stop().await;
}

#[tokio::test]
async fn the_report_too() {
    let service = TestServer::start().await;
    service.load(&crate::calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-sintesi").await;
    for formato in FORMATS {
        let request = |offset| DownloadReportSinteticoRequest {
            rilevazione: 1,
            formato: formato.into(),
            offset,
            ..Default::default()
        };
        let file = report(&mut client, request(0)).await.unwrap();
        for offset in [1, file.bytes.len() / 2, file.bytes.len()] {
            let from = i64::try_from(offset).unwrap();
            let rest = report(&mut client, request(from)).await.unwrap();
            assert!(
                rest.bytes == file.bytes[offset..],
                "{formato:?} from {offset}"
            );
            assert_eq!(rest.chiusura, file.chiusura);
        }
        let beyond = request(file.chiusura.dimensione + 1);
        let status = report(&mut client, beyond).await.unwrap_err();
        let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(error.violations, ["offset"]);
    }
    service.stop().await;
}

/// What a request for a file may not leave open is named, all of it at once.
#[tokio::test]
async fn what_is_wrong_with_a_request() {
    let service = TestServer::start().await;
    service.load(&crate::calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    for (formato, offset, rilevazione, wrong) in [
        (0, 0, 0, &["formato"][..]),
        (5, 0, 0, &["formato"]),
        (1, -1, 1, &["offset"]),
        (1, 1, 0, &["rilevazione"]),
        (-1, -1, -1, &["rilevazione", "formato", "offset"]),
    ] {
        let request = DownloadDecreesRequest {
            normativa: NORMATIVE[0].into(),
            formato,
            offset,
            rilevazione,
            filtro: None,
        };
        let of_decreti = decreti(&mut client, request).await.unwrap_err();
        let request = DownloadReportSinteticoRequest {
            formato,
            offset,
            rilevazione,
            filtro: None,
        };
        let of_report = report(&mut client, request).await.unwrap_err();
        for status in [of_decreti, of_report] {
            let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
            assert_eq!(error.violations, wrong);
        }
    }
    service.stop().await;
}
