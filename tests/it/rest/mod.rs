//! The contract in HTTP and JSON.
//!
//! | promise | test |
//! | --- | --- |
//! | each call has a resource; pages follow each other, and a grant lives | [`answers`] |
//! | whatever is asked has the answer, the refusal and the record of its call | [`same`] |
//! | each refusal has its reason and status, with all that is wrong; the record is that of the call | [`refusals`] |
//! | what is no call is refused where calls are, and what is left of a quota is told | [`gate`] |
//! | a step that is asked for twice, with a key, is taken once | [`idempotency`] |
//! | a stream is lines, and one that breaks looks broken | [`streams`] |
//! | a file is that of the download, with ranges, and an answer without rows may be kept | [`files`] |
//! | the OpenAPI documents are the contract, with everything limited and nothing left out | [`openapi`] |
//! | a resource that will go says so, in the document too | [`end_of_life`] |
//! | the examples in them are answers that were given | [`examples`] |
//! | documents, status and a page need no token and stand in no record | [`public`] |
//! | a proof of possession is for the URL; HTTP/1.1 and HTTP/2, in clear and in TLS | [`connection`] |

mod answers;
mod connection;
mod end_of_life;
mod examples;
mod files;
mod gate;
mod idempotency;
mod openapi;
mod public;
mod refusals;
pub(crate) mod same;
mod streams;

use reqwest::{Client, Response, header::HeaderMap};
use serde_json::Value;

use crate::server::TestServer;

/// A caller in HTTP/1.1.
struct RestCaller {
    base: String,
    token: Option<String>,
    client: Client,
}

/// What came back, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

/// A client for what is not in TLS: it does not read the certificates of this machine, which takes a while.
fn in_clear() -> Client {
    Client::builder().tls_certs_only([]).build().unwrap()
}

impl RestCaller {
    /// With a grant of a profile on everything.
    async fn of(service: &TestServer, profilo: &str) -> Self {
        service.clients_of(profilo).await;
        Self::with(service, Some(service.token(&format!("cliente-{profilo}"))))
    }

    fn with(service: &TestServer, token: Option<String>) -> Self {
        Self {
            base: format!("http://{}", service.address),
            token,
            client: in_clear(),
        }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request("POST", path);
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string());
        Answer::of(request.send().await.unwrap()).await
    }
}

impl Answer {
    async fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// An answer that went well.
    #[track_caller]
    fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }

    /// A refusal: status, reason, and the fields that are wrong.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String, Vec<String>) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        for error in &errors {
            assert!(!error["detail"].as_str().unwrap().is_empty());
        }
        let fields = errors
            .iter()
            .map(|e| e["field"].as_str().unwrap().to_owned());
        let reason = problem["reason"].as_str().unwrap();
        let reason = reason.strip_prefix("ERROR_REASON_").unwrap().to_owned();
        (self.status, reason, fields.collect())
    }
}
