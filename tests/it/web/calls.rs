//! Calls by gRPC-Web, beside the same calls by gRPC.

use std::{io::Write as _, time::Duration};

use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use omnia::contract::proto::{
    ErrorReason as R, ExportDecreesRequest, ExportDecreesResponse, FiltroDecreti,
    GetReportSinteticoRequest, GetReportSinteticoResponse, ListDecreesRequest,
    export_decrees_response::Parte, path_of,
};
use prost::Message as _;
use serde_json::{Value, json};
use tonic::{Code, body::Body};
use tower::ServiceExt as _;

use super::{BINARY, PAGE, WebAnswer, WebCall, scene, scene_with};
use crate::{
    audit::call_records, calls::AZIENDA, errors::assert_error, export_stream::many_rows,
    model::NORMATIVE, server::TestServer,
};

const REPORT: &str = "ReportService/GetReportSintetico";
const EXPORT: &str = "DecreeService/ExportDecrees";
const LIST: &str = "DecreeService/ListDecrees";
const BE: &str = "cliente-mlps-ammortizzatori";

fn export() -> ExportDecreesRequest {
    ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_report_is_that_of_grpc_and_recorded_with_the_way_it_came() {
    let service = scene().await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let asked = GetReportSinteticoRequest::default();
    let by_grpc = client.report.get_report_sintetico(asked.clone()).await;
    let by_grpc = by_grpc.unwrap().into_inner();
    for text in [false, true] {
        let call = WebCall::new(&service, REPORT, BE).message(&asked);
        let call = if text { call.in_text() } else { call };
        let answer = call.send().await;
        let [told]: [GetReportSinteticoResponse; 1] = answer.ok().try_into().unwrap();
        assert_eq!(told, by_grpc);
        assert!(!answer.headers.contains_key("content-length"), "{answer:?}");
    }
    // By HTTP/2, from a program, which names no origin; and parameters of the media type say nothing.
    let by_http_2 = over_http_2(&service, &asked).await;
    let [told]: [GetReportSinteticoResponse; 1] = by_http_2.ok().try_into().unwrap();
    assert_eq!(told, by_grpc);
    let records = call_records(&service.db.owner).await;
    let ways: Vec<&Value> = records.iter().map(|record| &record["via"]).collect();
    let web = json!("GRPC_WEB");
    assert_eq!(ways, [&Value::Null, &web, &web, &web]);
    for member in ["rpc", "soggetto", "profilo", "rilevazione", "righe", "byte"] {
        assert!(
            records.iter().all(|one| one[member] == records[0][member]),
            "{member}"
        );
    }
    service.stop().await;
}

async fn over_http_2(service: &TestServer, asked: &GetReportSinteticoRequest) -> WebAnswer {
    let message = asked.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let framed = [&[0][..], &length, &message].concat();
    let request = Request::post(format!("/{}", path_of(REPORT)))
        .header("authorization", format!("Bearer {}", service.token(BE)))
        .header("content-type", "application/grpc-web; charset=utf-8")
        .body(Body::new(Full::new(Bytes::from(framed))));
    let response = service.channel().oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    // They are in the body, and nowhere else.
    assert!(body.trailers().is_none());
    WebAnswer::new(parts.status.as_u16(), parts.headers, &body.to_bytes())
}

#[tokio::test]
async fn a_stream_is_that_of_grpc_and_ends_with_its_trailers() {
    let service = scene_with(|s| s.export.batch_rows = 1).await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let mut stream = client.decreti.export_decrees(export()).await.unwrap();
    let mut by_grpc = Vec::new();
    while let Some(message) = stream.get_mut().message().await.unwrap() {
        by_grpc.push(message);
    }
    assert!(by_grpc.len() > 3);
    for text in [false, true] {
        let call = WebCall::new(&service, EXPORT, BE).message(&export());
        let call = if text { call.in_text() } else { call };
        let answer = call.send().await;
        assert!(!answer.headers.contains_key("grpc-status"));
        assert_eq!(answer.ok::<ExportDecreesResponse>(), by_grpc);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_stream_that_breaks_says_so_in_its_last_frame() {
    let service = scene_with(|s| {
        s.export.batch_rows = 50;
        s.export.deadline_seconds = 1;
    })
    .await;
    service.load(&many_rows(40_000), "2026-11-15").await;
    service.clients_of("mlps-ammortizzatori").await;
    let call = WebCall::new(&service, EXPORT, BE).message(&export());
    let mut response = call.ready().send().await.unwrap();
    let (http, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = response.chunk().await.unwrap().unwrap().to_vec();
    // It takes nothing until the deadline is over.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    while let Some(bytes) = response.chunk().await.unwrap() {
        body.extend_from_slice(&bytes);
    }
    let answer = WebAnswer::new(http, headers, &body);
    let error = assert_error(&answer.status(), Code::DeadlineExceeded, R::ExportDeadline);
    let token = &error.metadata["resume_token"];
    let last = answer.frames.last().unwrap();
    let last = ExportDecreesResponse::decode(&last.1[..]).unwrap();
    let Some(Parte::Lotto(lotto)) = last.parte else {
        panic!("a stream that broke has a chiusura: {last:?}");
    };
    assert_eq!(&lotto.resume_token, token);
    service.stop().await;
}

#[tokio::test]
async fn a_refusal_has_its_reason_and_details() {
    let service = scene().await;
    service.clients_of("mef-rgs").await;
    let filter = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(FiltroDecreti {
            cf_azienda: AZIENDA.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let denied = || WebCall::new(&service, LIST, "cliente-mef-rgs").message(&filter);
    for call in [denied(), denied().in_text()] {
        let answer = call.send().await;
        assert_eq!((answer.http, answer.frames.len()), (200, 0));
        assert_error(&answer.status(), Code::PermissionDenied, R::FilterDenied);
    }
    let nobody = WebCall::new(&service, LIST, "nobody").message(&filter);
    let answer = nobody.send().await;
    assert_error(&answer.status(), Code::PermissionDenied, R::GrantMissing);
    let unknown = WebCall::new(&service, "DecreeService/NoSuchCall", "cliente-mef-rgs");
    let answer = unknown.message(&filter).send().await;
    assert_error(&answer.status(), Code::Unimplemented, R::CallUnknown);
    service.stop().await;
}

/// What gRPC asks of a request is asked here too, and a body is no base64 because it says so.
#[tokio::test]
async fn requests_are_read_as_those_of_grpc() {
    let service = scene_with(|s| s.server.max_request_bytes = 1024).await;
    service.clients_of("mlps-ammortizzatori").await;
    let asked = GetReportSinteticoRequest::default();
    let call = || WebCall::new(&service, REPORT, BE);
    let long = ListDecreesRequest {
        normativa: "x".repeat(2000),
        ..Default::default()
    };
    let half = {
        let mut half = call().frame(0, &[8, 1]);
        half.body.pop();
        half
    };
    let bad = |text: &'static str| {
        let request = call().request.header("content-type", super::TEXT);
        request.body(text)
    };
    for (what, request, code, reason) in [
        ("none", call().ready(), Code::Unimplemented, R::MessageCount),
        (
            "two",
            call().message(&asked).message(&asked).ready(),
            Code::Unimplemented,
            R::MessageCount,
        ),
        (
            "half",
            half.ready(),
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
        (
            "too large",
            call().message(&long).ready(),
            Code::OutOfRange,
            R::MessageTooLarge,
        ),
        (
            "too large, in base64",
            call().message(&long).in_text().ready(),
            Code::OutOfRange,
            R::MessageTooLarge,
        ),
        (
            "compressed, in no way that is named",
            call().frame(1, b"abc").ready(),
            Code::Internal,
            R::CompressedFlagInvalid,
        ),
        (
            "an encoding that is not read",
            call().message(&asked).header("grpc-encoding", "br").ready(),
            Code::Unimplemented,
            R::EncodingUnsupported,
        ),
        (
            "over at once",
            call().message(&asked).header("grpc-timeout", "1n").ready(),
            Code::DeadlineExceeded,
            R::CallDeadline,
        ),
        (
            "no time",
            call()
                .message(&asked)
                .header("grpc-timeout", "soon")
                .ready(),
            Code::InvalidArgument,
            R::InvalidRequest,
        ),
        (
            "no base64",
            bad("AAAAAAA!"),
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
        (
            "base64 that breaks off",
            bad("AAAAAAA"),
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
        (
            "a message, and then no base64",
            bad("AAAAAAA=!!!!"),
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
    ] {
        let response = request.send().await.unwrap();
        let (http, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = WebAnswer::new(http, headers, &response.bytes().await.unwrap());
        let error = assert_error(&answer.status(), code, reason);
        assert_eq!(answer.frames.len(), 0, "{what} {error:?}");
    }
    // A message that came in two pieces of base64, each with its padding.
    let pieces = bad("AA==AAAAAA==");
    let response = pieces.send().await.unwrap();
    let headers = response.headers().clone();
    let answer = WebAnswer::new(200, headers, &response.bytes().await.unwrap());
    assert_eq!(answer.ok::<GetReportSinteticoResponse>().len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn an_answer_is_compressed_as_its_request_was() {
    let service = scene().await;
    service.clients_of("mlps-ammortizzatori").await;
    let asked = GetReportSinteticoRequest::default();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&asked.encode_to_vec()).unwrap();
    let plain = WebCall::new(&service, REPORT, BE).message(&asked);
    let plain: Vec<GetReportSinteticoResponse> = plain.send().await.ok();
    let zipped = WebCall::new(&service, REPORT, BE)
        .frame(1, &gzip.finish().unwrap())
        .header("grpc-encoding", "gzip")
        .send()
        .await;
    assert_eq!(zipped.status().code(), Code::Ok);
    assert_eq!(zipped.headers["grpc-encoding"], "gzip");
    let [(1, message)] = &zipped.frames[..] else {
        panic!("{zipped:?}");
    };
    let mut unzipped = Vec::new();
    std::io::copy(&mut GzDecoder::new(&message[..]), &mut unzipped).unwrap();
    let told = GetReportSinteticoResponse::decode(&unzipped[..]).unwrap();
    assert_eq!([told], plain[..]);
    service.stop().await;
}

/// Health and reflection need no token, here too.
#[tokio::test]
async fn what_is_public_is_public() {
    let service = scene().await;
    let url = format!("http://{}/grpc.health.v1.Health/Check", service.address);
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", BINARY)
        .header("origin", PAGE);
    let response = request.body(vec![0; 5]).send().await.unwrap();
    let headers = response.headers().clone();
    let answer = WebAnswer::new(200, headers, &response.bytes().await.unwrap());
    assert_eq!(answer.status().code(), Code::Ok);
    assert_eq!(answer.frames.len(), 1);
    assert_eq!(call_records(&service.db.owner).await, [Value::Null; 0]);
    service.stop().await;
}
