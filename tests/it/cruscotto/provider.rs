//! A provider that answers whatever a test wants: right by default, and wrong in one place.

use std::sync::{Arc, Mutex};

use omnia::abilitazione::sign_in::ProviderSettings;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

use crate::voucher::keys::PDND;

pub(super) const CLIENT: &str = "omnia-cruscotto";
pub(super) const SECRET: &str = "not quite secret: +&%";

/// What the provider says.
#[derive(Clone)]
pub(super) struct Says {
    /// The header of the ID token.
    pub(super) header: Value,
    /// Its claims.
    pub(super) claims: Value,
    /// What the discovery document says besides, or instead.
    pub(super) metadata: Value,
    /// The status of the token endpoint.
    pub(super) status: u16,
}

/// A provider at work.
pub(super) struct FakeProvider {
    pub(super) issuer: String,
    pub(super) says: Arc<Mutex<Says>>,
    /// What was asked of the token endpoint: head and body.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    _server: AbortOnDropHandle<()>,
}

impl FakeProvider {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Arc::new(Mutex::new(Says {
            header: json!({"alg": "RS256", "kid": "1", "typ": "JWT"}),
            claims: json!({}),
            metadata: json!({}),
            status: 200,
        }));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn({
            let (issuer, says, asked) = (issuer.clone(), Arc::clone(&says), Arc::clone(&asked));
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    answer(stream, &issuer, &says, &asked).await;
                }
            }
        });
        Self {
            issuer,
            says,
            asked,
            _server: AbortOnDropHandle::new(server),
        }
    }

    /// As a service knows it.
    pub(super) fn settings(&self, secret_file: Option<&std::path::Path>) -> ProviderSettings {
        ProviderSettings {
            issuer: self.issuer.clone(),
            name: format!("Provider {}", self.issuer),
            client_id: CLIENT.to_owned(),
            client_secret_file: secret_file.map(Into::into),
            enti: vec!["MEF".to_owned(), "MLPS".to_owned()],
            subject_claim: None,
            scopes: vec!["profile".to_owned()],
        }
    }

    /// The claims of an ID token that is right, at this second.
    pub(super) fn good(&self, soggetto: &str, nonce: &str, now: i64) -> Value {
        json!({
            "iss": self.issuer, "aud": CLIENT, "sub": soggetto, "nonce": nonce,
            "iat": now, "exp": now + 300,
        })
    }
}

async fn answer(
    mut stream: TcpStream,
    issuer: &str,
    says: &Mutex<Says>,
    asked: &Mutex<Vec<String>>,
) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let says = says.lock().unwrap().clone();
    let (status, body) = match path {
        "/.well-known/openid-configuration" => {
            let mut metadata = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/auth"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "end_session_endpoint": format!("{issuer}/end"),
                "authorization_response_iss_parameter_supported": true,
            });
            for (name, value) in says.metadata.as_object().unwrap() {
                metadata[name] = value.clone();
            }
            (200, metadata)
        }
        "/jwks" => (200, json!({"keys": [PDND.with_kid("1")]})),
        "/token" => {
            asked.lock().unwrap().push(request.clone());
            let id_token = PDND.sign(&says.header, &says.claims);
            let token = json!({"access_token": "x", "token_type": "Bearer", "id_token": id_token});
            (says.status, token)
        }
        _ => (404, json!({})),
    };
    let body = body.to_string();
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    // Whoever gives up early is no concern of the test's.
    let _ = stream.write_all(text.as_bytes()).await;
}

/// Whether head and body are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
