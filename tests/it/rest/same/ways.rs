//! Requests in HTTP/1.1 and in HTTP/2, and what comes back.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use tonic::{body::Body, transport::Channel};
use tower::ServiceExt as _;

use super::{
    super::{Answer, in_clear},
    question::Sender,
    spelling::SpeltQuestion,
};
use crate::server::TestServer;

/// What came back.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// The two versions of HTTP, to one service.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) channel: Channel,
    client: reqwest::Client,
    base: String,
}

impl Ways {
    /// To this service.
    pub(crate) fn to(service: &TestServer) -> Self {
        Self {
            channel: service.channel(),
            client: in_clear(),
            base: format!("http://{}", service.address),
        }
    }
}

impl SpeltQuestion {
    /// By HTTP/2, or by HTTP/1.1.
    pub(crate) async fn send(&self, ways: &Ways, sender: &Sender<'_>, http_2: bool) -> HttpAnswer {
        let mut headers = sender.headers();
        if self.body.is_some() {
            headers.insert("content-type", "application/json".parse().unwrap());
        }
        if self.from > 0 {
            let range = format!("bytes={}-", self.from);
            headers.insert("range", range.parse().unwrap());
        }
        let method = self.spelling.method.as_str();
        if http_2 {
            let mut request = Request::builder()
                .method(method)
                .uri(&self.target)
                .body(Body::new(Full::from(self.body.clone().unwrap_or_default())))
                .unwrap();
            request.headers_mut().extend(headers);
            let response = ways.channel.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            return HttpAnswer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                bytes: body.collect().await.unwrap().to_bytes(),
            };
        }
        let url = format!("{}{}", ways.base, self.target);
        let mut request = ways.client.request(method.parse().unwrap(), url);
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let response = request.headers(headers).send().await.unwrap();
        HttpAnswer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap(),
        }
    }
}

impl HttpAnswer {
    /// As text.
    pub(crate) fn text(&self) -> Answer {
        Answer {
            status: self.status,
            headers: self.headers.clone(),
            text: String::from_utf8(self.bytes.to_vec()).unwrap(),
        }
    }
}
