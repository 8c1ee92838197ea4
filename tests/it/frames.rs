//! Bytes that are no request: frames of a caller who does not speak the protocol, or does so on purpose.
//!
//! A gRPC message travels as one byte (is it compressed?), four bytes (how long is it?) and so many bytes.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body as _, Frame};
use omnia::contract::proto::{ErrorReason, ListDecreesRequest};
use prost::Message as _;
use tonic::{Code, Status, body::Body};
use tower::ServiceExt as _;

use crate::{
    calls::{self, DETAIL, RPC, call_rpc},
    errors::assert_error,
    model::NORMATIVE,
    server::TestServer,
};

/// A body of these bytes; then it ends, or stays open for ever.
struct FrameBody {
    bytes: Option<Bytes>,
    endless: bool,
}

impl http_body::Body for FrameBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.bytes.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.endless => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

fn frame(flag: u8, length: usize, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

fn whole(message: &[u8]) -> Vec<u8> {
    frame(0, message.len(), message)
}

/// Sends bytes as they are and gives the status that comes back.
async fn send(
    service: &TestServer,
    rpc: &str,
    headers: &[(&'static str, &str)],
    bytes: Vec<u8>,
    endless: bool,
) -> Status {
    let mut request = Request::post(format!("/{}", omnia::contract::proto::path_of(rpc)))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header(
            "authorization",
            format!("Bearer {}", service.token("valido")),
        );
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let bytes = (!bytes.is_empty()).then(|| bytes.into());
    let request = request
        .body(Body::new(FrameBody { bytes, endless }))
        .unwrap();
    let answer = async {
        let response = service.channel().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let status = match Status::from_header_map(&parts.headers) {
            Some(status) => Some(status),
            None => Status::from_header_map(&trailers(body).await),
        };
        status.unwrap_or_else(|| panic!("no status: {parts:?}"))
    };
    tokio::time::timeout(Duration::from_secs(10), answer)
        .await
        .expect("an answer")
}

async fn trailers(mut body: Body) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(last) = frame.unwrap().into_trailers() {
            trailers = last;
        }
    }
    trailers
}

async fn scene() -> TestServer {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    service
        .grant_scope(
            "valido",
            "mlps-ammortizzatori",
            crate::server::whole_scope(),
        )
        .await;
    service
}

fn good_message() -> Vec<u8> {
    let request = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    whole(&request.encode_to_vec())
}

#[tokio::test]
async fn malformed_messages_are_told_so_by_every_call() {
    let service = scene().await;
    let garbage: [(&str, Vec<u8>); 7] = [
        ("half a header", vec![0, 0, 0]),
        ("a header and no message", frame(0, 10, b"")),
        ("half a message", frame(0, 10, b"\x0a\x05abc")),
        ("a field without its value", whole(b"\x0a")),
        ("a length past the end", whole(b"\x0a\xff\xff\xff\xff\x0f")),
        ("an end of a group that did not begin", whole(b"\x0c")),
        ("a flag that there is not", frame(7, 3, b"abc")),
    ];
    for rpc in RPC {
        for (what, bytes) in &garbage {
            let status = send(&service, rpc, &[], bytes.clone(), false).await;
            let error = assert_error(
                &status,
                Code::InvalidArgument,
                ErrorReason::MessageMalformed,
            );
            assert!(error.metadata.is_empty(), "{rpc} {what}");
        }
    }
    // A field 1 that is no UTF-8, where it is a text.
    for rpc in DETAIL {
        let status = send(&service, rpc, &[], whole(b"\x0a\x02\xff\xfe"), false).await;
        assert_error(
            &status,
            Code::InvalidArgument,
            ErrorReason::MessageMalformed,
        );
    }
    let mut client = service.clients_as("valido");
    assert_eq!(call_rpc(&mut client, DETAIL[0], "").await.unwrap(), 6);
    service.stop().await;
}

#[tokio::test]
async fn what_is_well_formed_and_unusual_is_answered() {
    let service = scene().await;
    let rpc = "DecreeService/ListDecrees";
    let ok = |status: Status| assert_eq!(status.code(), Code::Ok, "{status:?}");
    ok(send(&service, rpc, &[], good_message(), false).await);
    // A field that this version does not know: a later client's.
    let mut later = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    }
    .encode_to_vec();
    later.extend_from_slice(b"\x9a\x06\x03abc");
    ok(send(&service, rpc, &[], whole(&later), false).await);
    ok(send(
        &service,
        rpc,
        &[("grpc-encoding", "identity")],
        good_message(),
        false,
    )
    .await);
    ok(send(
        &service,
        rpc,
        &[("grpc-accept-encoding", "zstd,gzip")],
        good_message(),
        false,
    )
    .await);
    ok(send(
        &service,
        rpc,
        &[("grpc-timeout", "99999999H")],
        good_message(),
        false,
    )
    .await);
    ok(send(
        &service,
        "ReportService/ListNormative",
        &[],
        whole(b""),
        false,
    )
    .await);
    service.stop().await;
}

#[tokio::test]
async fn compressions_that_are_not_supported_or_not_right() {
    let service = scene().await;
    for rpc in RPC {
        for (encoding, code, reason) in [
            (
                "deflate",
                Code::Unimplemented,
                ErrorReason::EncodingUnsupported,
            ),
            (
                "snappy",
                Code::Unimplemented,
                ErrorReason::EncodingUnsupported,
            ),
            // Supported, and these bytes are not it.
            ("gzip", Code::InvalidArgument, ErrorReason::MessageMalformed),
            ("zstd", Code::InvalidArgument, ErrorReason::MessageMalformed),
        ] {
            let headers = [("grpc-encoding", encoding)];
            let status = send(&service, rpc, &headers, frame(1, 3, b"abc"), false).await;
            assert_error(&status, code, reason);
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn messages_that_are_too_large() {
    let service = scene().await;
    let limit = service.settings.server.max_request_bytes;
    for rpc in RPC {
        // All of it, and only the announcement of four gigabytes: the service neither waits for them nor makes room.
        let text = vec![b'A'; limit];
        let mut message = vec![0x0a];
        prost::encoding::encode_varint(text.len() as u64, &mut message);
        message.extend(text);
        let all = send(&service, rpc, &[], whole(&message), false).await;
        let announced = frame(0, u32::MAX as usize, b"\x0a");
        let announced = send(&service, rpc, &[], announced, true).await;
        for status in [all, announced] {
            assert_error(&status, Code::OutOfRange, ErrorReason::MessageTooLarge);
        }
    }
    service.stop().await;
}
