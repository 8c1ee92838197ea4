//! Pages in browsers: gRPC-Web, and what browsers are told of who may read an answer (CORS).
//!
//! | promise | test |
//! | --- | --- |
//! | a call by gRPC-Web is the call by gRPC: answer, stream, refusal with its details, limits, record | [`calls`] |
//! | browsers are told what pages of the listed origins may do, and of no other; without origins nothing is told | [`pages`] |

mod calls;
mod pages;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use omnia::contract::proto::path_of;
use prost::Message;
use reqwest::{
    Client, RequestBuilder,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tonic::Status;

use crate::server::TestServer;

const PAGE: &str = "https://cruscotto.example";
const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text";

async fn scene() -> TestServer {
    scene_with(|_| ()).await
}

/// A server that pages of [`PAGE`] may call.
async fn scene_with(change: impl FnOnce(&mut omnia::config::Settings)) -> TestServer {
    let service = TestServer::start_with(|settings| {
        settings.web.origins = vec![PAGE.to_owned(), "http://localhost:5173".to_owned()];
        change(settings);
    })
    .await;
    service.load(&crate::calls::extract(), "2026-10-31").await;
    service
}

/// A call by gRPC-Web over HTTP/1.1, framed by hand.
struct WebCall {
    request: RequestBuilder,
    content_type: &'static str,
    body: Vec<u8>,
}

impl WebCall {
    /// With the token of this subject, from [`PAGE`].
    fn new(service: &TestServer, rpc: &str, soggetto: &str) -> Self {
        let url = format!("http://{}/{}", service.address, path_of(rpc));
        Self {
            request: Client::new()
                .post(url)
                .bearer_auth(service.token(soggetto))
                .header("origin", PAGE),
            content_type: BINARY,
            body: Vec::new(),
        }
    }

    fn message(self, message: &impl Message) -> Self {
        self.frame(0, &message.encode_to_vec())
    }

    fn frame(mut self, flag: u8, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        self.body.push(flag);
        self.body.extend(length);
        self.body.extend(bytes);
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// In base64, both ways.
    fn in_text(mut self) -> Self {
        self.content_type = TEXT;
        self
    }

    /// The request as it is sent.
    fn ready(self) -> RequestBuilder {
        let body = match self.content_type {
            TEXT => STANDARD.encode(&self.body).into_bytes(),
            _ => self.body,
        };
        let request = self.request.header("content-type", self.content_type);
        request.body(body)
    }

    async fn send(self) -> WebAnswer {
        let response = self.ready().send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        WebAnswer::new(status, headers, &response.bytes().await.unwrap())
    }
}

/// What came back, read to its end.
#[derive(Debug)]
struct WebAnswer {
    http: u16,
    headers: HeaderMap,
    /// Flag and message.
    frames: Vec<(u8, Vec<u8>)>,
    /// Those of the frame that ends it, or the headers' own.
    trailers: HeaderMap,
}

impl WebAnswer {
    #[track_caller]
    fn new(http: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let content_type = headers["content-type"].to_str().unwrap();
        let body = match content_type {
            "application/grpc-web+proto" => body.to_vec(),
            "application/grpc-web-text+proto" => from_base64(body),
            other => panic!("{other}"),
        };
        let mut rest = &body[..];
        let mut frames = Vec::new();
        while let Some(([flag, length @ ..], after)) = rest.split_first_chunk::<5>() {
            let (message, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            frames.push((*flag, message.to_vec()));
            rest = after;
        }
        assert_eq!(rest, b"");
        let trailers = match frames.last() {
            Some((128, text)) => trailers(text),
            _ => HeaderMap::new(),
        };
        if !trailers.is_empty() {
            frames.pop();
        }
        Self {
            http,
            trailers: match headers.contains_key("grpc-status") {
                true => headers.clone(),
                false => trailers,
            },
            headers,
            frames,
        }
    }

    fn status(&self) -> Status {
        Status::from_header_map(&self.trailers).expect("it ends with a status")
    }

    /// The messages of an answer that went well.
    #[track_caller]
    fn ok<M: Message + Default>(&self) -> Vec<M> {
        assert_eq!(self.status().code(), tonic::Code::Ok, "{self:?}");
        assert_eq!(self.http, 200);
        let messages = self.frames.iter().map(|(flag, message)| {
            assert_eq!(*flag, 0);
            M::decode(&message[..]).unwrap()
        });
        messages.collect()
    }
}

/// Pieces that were encoded each by itself.
#[track_caller]
fn from_base64(text: &[u8]) -> Vec<u8> {
    let (quads, rest) = text.as_chunks::<4>();
    assert_eq!(rest, b"");
    let bytes = quads.iter().map(|quad| STANDARD.decode(quad).unwrap());
    bytes.flatten().collect()
}

fn trailers(text: &[u8]) -> HeaderMap {
    let text = std::str::from_utf8(text).unwrap();
    let lines = text.strip_suffix("\r\n").unwrap().split("\r\n");
    let pairs = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        (name, HeaderValue::from_str(value.trim()).unwrap())
    });
    pairs.collect()
}
