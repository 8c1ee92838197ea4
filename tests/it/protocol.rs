//! Requests that are no gRPC calls, or not quite: by the documents of gRPC (HTTP/2, compression, status codes).

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use omnia::contract::proto::{ErrorReason as R, ListDecreesRequest};
use prost::Message as _;
use tonic::{Code, Status, body::Body};
use tower::ServiceExt as _;

use crate::{
    audit,
    calls::{self, RPC},
    errors::assert_error,
    model::NORMATIVE,
    server::TestServer,
};

const LIST: &str = "/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/// What came back.
struct ProtocolAnswer {
    http: StatusCode,
    headers: HeaderMap,
    data: usize,
    status: Status,
}

struct SentCall<'a> {
    method: Method,
    path: &'a str,
    headers: Vec<(&'static str, &'a str)>,
    frames: Vec<Vec<u8>>,
}

impl<'a> SentCall<'a> {
    /// A call as it should be, with one empty message.
    fn to(path: &'a str) -> Self {
        Self {
            method: Method::POST,
            path,
            headers: vec![("content-type", "application/grpc")],
            frames: vec![message(b"")],
        }
    }

    fn with(mut self, name: &'static str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With these content types, and no other.
    fn content_types(mut self, values: &[&'a str]) -> Self {
        self.headers = values
            .iter()
            .map(|value| ("content-type", *value))
            .collect();
        self
    }

    fn frames(mut self, frames: &[Vec<u8>]) -> Self {
        self.frames = frames.to_vec();
        self
    }

    fn request(&self, service: &TestServer) -> http::request::Builder {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.path)
            .header("te", "trailers")
            .header("authorization", format!("Bearer {}", service.token("be")));
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        request
    }

    async fn answer(self, service: &TestServer) -> ProtocolAnswer {
        let frames = self.frames.clone().into_iter().map(Bytes::from);
        let frames = frames.map(|bytes| Ok::<_, Status>(Frame::data(bytes)));
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        let request = self.request(service).body(body).unwrap();
        let answer = async {
            let response = service.channel().oneshot(request).await.unwrap();
            let (parts, mut body) = response.into_parts();
            let mut status = Status::from_header_map(&parts.headers);
            let mut data = 0;
            // A watch that is answered has no end.
            let watched = self.path == WATCH && status.is_none();
            while !watched && let Some(frame) = body.frame().await {
                match frame.unwrap().into_data() {
                    Ok(bytes) => data += bytes.len(),
                    Err(frame) => {
                        status = Status::from_header_map(&frame.into_trailers().unwrap());
                    }
                }
            }
            ProtocolAnswer {
                http: parts.status,
                headers: parts.headers,
                data,
                status: status.unwrap_or_else(|| Status::ok("")),
            }
        };
        tokio::time::timeout(Duration::from_secs(10), answer)
            .await
            .unwrap()
    }
}

fn framed(flag: u8, length: usize, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).unwrap().to_be_bytes();
    [&[flag][..], &length, bytes].concat()
}

fn message(bytes: &[u8]) -> Vec<u8> {
    framed(0, bytes.len(), bytes)
}

fn list() -> Vec<u8> {
    let request = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    message(&request.encode_to_vec())
}

async fn scene() -> TestServer {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    service
        .grant_scope("be", "mlps-ammortizzatori", crate::server::whole_scope())
        .await;
    service
}

#[tokio::test]
async fn only_a_post_of_grpc_is_a_call() {
    let service = scene().await;
    for good in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc;charset=utf-8",
        "APPLICATION/GRPC",
    ] {
        let sent = SentCall::to(LIST).content_types(&[good]).frames(&[list()]);
        let answer = sent.answer(&service).await;
        assert_eq!(
            (answer.http, answer.status.code()),
            (StatusCode::OK, Code::Ok)
        );
        assert!(answer.data > 5, "{good}");
    }
    for path in [LIST, CHECK, WATCH, REFLECTION, "/no.such.Service/Call", "/"] {
        for bad in [
            &[][..],
            &[""],
            &["application/grpc+json"],
            &["application/grpc-web+proto"],
            &["application/json"],
            &["application/grpcx"],
            &["application/grpc", "application/json"],
        ] {
            let sent = SentCall::to(path).content_types(bad);
            let answer = sent.answer(&service).await;
            let http = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            assert_eq!(answer.http, http, "{path} {bad:?} {:?}", answer.status);
            assert_error(&answer.status, Code::InvalidArgument, R::NotGrpc);
            assert_eq!(answer.data, 0);
        }
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "PURGE"] {
            let mut sent = SentCall::to(path);
            sent.method = method.parse().unwrap();
            let answer = sent.answer(&service).await;
            let http = StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(answer.http, http, "{path} {method} {:?}", answer.status);
            assert_eq!(answer.headers["allow"], "POST");
            assert_error(&answer.status, Code::InvalidArgument, R::NotGrpc);
        }
    }
    // The refusals of what would have been calls are recorded like all others.
    let records = audit::call_records(&service.db.owner).await;
    let refused = records.iter().filter(|record| {
        record["rpc"] == "DecreeService/ListDecrees"
            && record["motivo"] == "ERROR_REASON_NOT_GRPC"
            && record["esito"] == "INVALID_ARGUMENT"
    });
    assert_eq!(refused.count(), 13);
    service.stop().await;
}

#[tokio::test]
async fn nothing_follows_the_method_in_a_path() {
    let service = scene().await;
    for path in [LIST, CHECK, WATCH, REFLECTION] {
        for more in ["?", "?a=b", "?/", "?normativa=DL109-2018-ART44"] {
            let path = format!("{path}{more}");
            let answer = SentCall::to(&path).frames(&[list()]).answer(&service).await;
            assert_error(&answer.status, Code::Unimplemented, R::CallUnknown);
            assert_eq!(answer.data, 0, "{path}");
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_told_with_what_can() {
    let service = scene().await;
    let gzip = framed(1, 20, b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
    let flight = "/arrow.flight.protocol.FlightService/ListFlights";
    for path in [LIST, CHECK, WATCH, REFLECTION, flight] {
        for encoding in ["deflate", "br", "GZIP", "gzip,zstd", "", "x\u{e8}"] {
            let sent = SentCall::to(path).with("grpc-encoding", encoding);
            let answer = sent.answer(&service).await;
            let error = assert_error(&answer.status, Code::Unimplemented, R::EncodingUnsupported);
            let listed = &answer.headers["grpc-accept-encoding"];
            assert_eq!(listed, "identity,gzip,zstd", "{path} {encoding}");
            assert!(error.message.contains("gzip and zstd are"));
            assert!(!error.message.contains("no such call"));
        }
        let twice = SentCall::to(path)
            .with("grpc-encoding", "gzip")
            .with("grpc-encoding", "br");
        let answer = twice.answer(&service).await;
        assert_error(&answer.status, Code::Unimplemented, R::EncodingUnsupported);
    }
    // What is listed is read, everywhere.
    for path in [CHECK, flight] {
        let sent = SentCall::to(path).with("grpc-encoding", "gzip");
        let answer = sent
            .frames(std::slice::from_ref(&gzip))
            .answer(&service)
            .await;
        assert_eq!(answer.status.code(), Code::Ok, "{path} {:?}", answer.status);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_call_takes_one_message() {
    let service = scene().await;
    let paths = RPC
        .iter()
        .map(|rpc| format!("/{}", omnia::contract::proto::path_of(rpc)));
    let health = [CHECK, WATCH].map(str::to_owned);
    let twice = [message(b""), message(b"")].concat();
    let table: Vec<(&str, Vec<Vec<u8>>, Code, R)> = vec![
        ("none", vec![], Code::Unimplemented, R::MessageCount),
        (
            "an empty frame",
            vec![vec![]],
            Code::Unimplemented,
            R::MessageCount,
        ),
        (
            "two, one frame",
            vec![twice],
            Code::Unimplemented,
            R::MessageCount,
        ),
        (
            "two, two frames",
            vec![message(b""), message(b"")],
            Code::Unimplemented,
            R::MessageCount,
        ),
        (
            "a byte too many",
            vec![framed(0, 0, b"x")],
            Code::Unimplemented,
            R::MessageCount,
        ),
        (
            "half a prefix",
            vec![vec![0, 0]],
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
        (
            "half a message",
            vec![framed(0, 10, b"\x0a\x01")],
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
        (
            "compressed, in no way that is named",
            vec![framed(1, 3, b"abc")],
            Code::Internal,
            R::CompressedFlagInvalid,
        ),
        (
            "a flag that there is not",
            vec![framed(2, 0, b"")],
            Code::InvalidArgument,
            R::MessageMalformed,
        ),
    ];
    for path in paths.chain(health) {
        for (what, frames, code, reason) in &table {
            let answer = SentCall::to(&path).frames(frames).answer(&service).await;
            assert_error(&answer.status, *code, *reason);
            assert_eq!(answer.data, 0, "{path} {what}");
        }
    }
    // Cut into frames as one likes, one message is one message.
    let bytes: Vec<_> = list().iter().map(|byte| vec![*byte]).collect();
    let answer = SentCall::to(LIST).frames(&bytes).answer(&service).await;
    assert_eq!(answer.status.code(), Code::Ok);
    service.stop().await;
}

/// Headers, and the half of a message: then the client thinks better of it.
#[tokio::test]
async fn a_body_that_its_client_gave_up_is_recorded_as_cancelled() {
    let service = scene().await;
    let (count, mut asked) = (4, Vec::new());
    for n in 0..count {
        let half = stream::iter([Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x10ab")))]);
        let body = half.chain(stream::pending::<Result<Frame<Bytes>, Status>>());
        let request = SentCall::to(LIST)
            .request(&service)
            .body(Body::new(StreamBody::new(body)))
            .unwrap();
        let channel = service.channel();
        let call = tokio::spawn(channel.oneshot(request));
        // It is let in, and waits for its message, once its subject was decided on.
        tokio::time::sleep(Duration::from_millis(if n == 0 { 500 } else { 100 })).await;
        asked.push(call);
    }
    for call in asked {
        // The stream is reset (CANCEL), and the connection closed.
        call.abort();
    }
    let recorded = async {
        loop {
            let records = audit::call_records(&service.db.owner).await;
            if records.len() >= count {
                return records;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let records = tokio::time::timeout(Duration::from_secs(8), recorded)
        .await
        .unwrap();
    for record in records {
        assert_eq!(record["esito"], "CANCELLED", "{record}");
        assert_eq!(record["motivo"], serde_json::Value::Null, "{record}");
        assert_eq!(record["soggetto"], "be", "{record}");
    }
    service.stop().await;
}
