//! Keys from an endpoint: how often it is asked, and what happens when it does not answer.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use omnia::{abilitazione::authn::KeyLocation, contract::proto::ErrorReason as R};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::sleep,
};
use tokio_util::task::AbortOnDropHandle;
use tonic::Code;

use super::{
    Presentation,
    TokenPart::{Claims, Header},
    VoucherScene,
    keys::{EVIL, PDND, TokenKey},
};

use crate::eventually::eventually;

/// An endpoint that answers what it is told to, and counts.
pub(super) struct KeyEndpoint {
    pub(super) url: String,
    answer: Arc<Mutex<(u16, String)>>,
    count: Arc<AtomicUsize>,
    _server: AbortOnDropHandle<()>,
}

impl KeyEndpoint {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((200, keys(&[PDND.with_kid("pdnd-1")]))));
        let count = Arc::new(AtomicUsize::new(0));
        let server = tokio::spawn({
            let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
            async move {
                loop {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => request.push(byte),
                            Err(_) => break,
                        }
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                    // Long enough for a storm to arrive meanwhile.
                    sleep(Duration::from_millis(50)).await;
                    let (status, body) = answer.lock().unwrap().clone();
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nlocation: /jwks.json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    // A client that gives up early is no concern of the test's.
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        Self {
            url,
            answer,
            count,
            _server: AbortOnDropHandle::new(server),
        }
    }

    pub(super) fn says(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// A server whose keys are here.
    async fn scene(&self, cache_seconds: u32) -> VoucherScene {
        VoucherScene::start_with(|settings| {
            settings.access.issuers[0].jwks = KeyLocation::try_from(self.url.clone()).unwrap();
            settings.access.keys.cache_seconds = cache_seconds;
            settings.access.keys.min_refetch_seconds = 30;
            settings.access.keys.stale_seconds = 3600;
        })
        .await
    }
}

pub(super) fn keys(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

const UNAVAILABLE: (Code, R) = (Code::Unavailable, R::KeysUnavailable);
const INVALID: (Code, R) = (Code::Unauthenticated, R::TokenInvalid);

async fn storm(scene: &VoucherScene, kid: &str) {
    let unknown = (0..40).map(|i| {
        let voucher = scene.voucher_with(Header, "kid", json!(format!("{kid}-{i}")));
        async move { scene.call(&Presentation::bearer(&voucher)).await }
    });
    for outcome in futures_util::future::join_all(unknown).await {
        assert_eq!(outcome, Err(INVALID));
    }
}

#[tokio::test]
async fn a_storm_of_unknown_kids_is_one_fetch() {
    let endpoint = KeyEndpoint::start().await;
    let scene = endpoint.scene(86_400).await;
    assert_eq!(endpoint.count(), 1, "at the start");
    storm(&scene, "a").await;
    assert_eq!(endpoint.count(), 1, "it was asked a moment ago");
    scene.service.set_clock("2026-11-23T09:00:30Z");
    storm(&scene, "b").await;
    storm(&scene, "c").await;
    assert_eq!(endpoint.count(), 2);

    // A key that is new is found, by all who wait for it.
    endpoint.says(
        200,
        &keys(&[PDND.with_kid("pdnd-1"), EVIL.with_kid("pdnd-2")]),
    );
    scene.service.set_clock("2026-11-23T09:01:00Z");
    let (mut header, claims) = scene.voucher_parts();
    header["kid"] = json!("pdnd-2");
    let rotated = Presentation::bearer(&EVIL.sign(&header, &claims));
    let waiting = (0..10).map(|_| scene.call(&rotated));
    for outcome in futures_util::future::join_all(waiting).await {
        assert_eq!(outcome, Ok(()));
    }
    assert_eq!(endpoint.count(), 3);
}

#[tokio::test]
async fn known_keys_stay_until_the_limit_when_the_endpoint_is_down() {
    let endpoint = KeyEndpoint::start().await;
    let scene = endpoint.scene(86_400).await;
    let voucher = |jti: &str| Presentation::bearer(&scene.voucher_with(Claims, "jti", json!(jti)));
    let seen = voucher("a");
    assert_eq!(scene.call(&seen).await, Ok(()));
    let long = format!("{{\"keys\":[],\"pad\":\"{}\"}}", "x".repeat(300_000));
    for (minute, status, body) in [
        (20, 503, "down"),
        (30, 302, ""),
        (40, 200, "rubbish"),
        (50, 200, &long),
        (59, 404, ""),
    ] {
        endpoint.says(status, body);
        let asked = endpoint.count();
        scene
            .service
            .set_clock(&format!("2026-11-23T09:{minute}:59Z"));
        // An unknown kid asks for them, in vain.
        storm(&scene, "x").await;
        assert_eq!(
            endpoint.count(),
            asked + 1,
            "{status}: asked once, and no redirect followed"
        );
        assert_eq!(scene.call(&seen).await, Ok(()), "{status}");
        assert_eq!(
            scene.call(&voucher(&format!("b{minute}"))).await,
            Ok(()),
            "{status}"
        );
    }
    scene.service.set_clock("2026-11-23T10:00:00Z");
    assert_eq!(scene.call(&seen).await, Ok(()));
    scene.service.set_clock("2026-11-23T10:00:01Z");
    assert_eq!(scene.call(&seen).await, Err(UNAVAILABLE), "seen before");
    assert_eq!(scene.call(&voucher("c")).await, Err(UNAVAILABLE));
    // It is back, and the next call finds out.
    endpoint.says(200, &keys(&[PDND.with_kid("pdnd-1")]));
    scene.service.set_clock("2026-11-23T10:01:00Z");
    assert_eq!(scene.call(&seen).await, Ok(()));
    assert_eq!(scene.call(&voucher("c")).await, Ok(()));
}

#[tokio::test]
async fn without_keys_from_the_start_nobody_gets_in_until_there_are() {
    let endpoint = KeyEndpoint::start().await;
    endpoint.says(500, "");
    let scene = endpoint.scene(86_400).await;
    let voucher = Presentation::bearer(&scene.voucher(None, None));
    assert_eq!(scene.call(&voucher).await, Err(UNAVAILABLE));
    endpoint.says(200, &keys(&[PDND.with_kid("pdnd-1")]));
    scene.service.set_clock("2026-11-23T09:00:30Z");
    assert_eq!(scene.call(&voucher).await, Ok(()));
}

/// No call waits for the refresh, and a key that was withdrawn takes with it what it had verified.
#[tokio::test]
async fn keys_are_refreshed_ahead_in_the_background() {
    let endpoint = KeyEndpoint::start().await;
    let scene = endpoint.scene(1).await;
    let voucher = Presentation::bearer(&scene.voucher(None, None));
    assert_eq!(scene.call(&voucher).await, Ok(()));
    let asked = endpoint.count();
    endpoint.says(200, &keys(&[EVIL.with_kid("pdnd-2")]));
    eventually("the keys are refreshed", async || {
        endpoint.count() >= asked + 2
    })
    .await;
    assert_eq!(scene.call(&voucher).await, Err(INVALID));
}

/// A key that is unsound is its own trouble; a set with a secret in it has no keys that count.
#[tokio::test]
async fn one_unsound_key_does_not_freeze_the_others() {
    let endpoint = KeyEndpoint::start().await;
    let scene = endpoint.scene(86_400).await;
    let old = Presentation::bearer(&scene.voucher(None, None));
    assert_eq!(scene.call(&old).await, Ok(()));
    let mut unsound = PDND.with_kid("unsound");
    unsound["e"] = json!("AQ");
    let twice = [EVIL.with_kid("twice"), PDND.with_kid("twice")];
    let [one, other] = twice.clone();
    let strange = json!({"kid": "strange"});
    endpoint.says(
        200,
        &keys(&[one, unsound, EVIL.with_kid("pdnd-2"), other, strange]),
    );
    scene.service.set_clock("2026-11-23T09:01:00Z");
    let signed = |key: &TokenKey, kid: &str| {
        let (mut header, claims) = scene.voucher_parts();
        header["kid"] = json!(kid);
        Presentation::bearer(&key.sign(&header, &claims))
    };
    assert_eq!(scene.call(&signed(&EVIL, "pdnd-2")).await, Ok(()));
    assert_eq!(scene.call(&old).await, Err(INVALID), "it was withdrawn");
    for (key, kid) in [
        (&EVIL, "twice"),
        (&PDND, "twice"),
        (&PDND, "unsound"),
        (&PDND, "strange"),
    ] {
        assert_eq!(scene.call(&signed(key, kid)).await, Err(INVALID), "{kid}");
    }

    let mut leaked = EVIL.with_kid("leaked");
    leaked["d"] = json!("AAAA");
    endpoint.says(200, &keys(&[leaked, PDND.with_kid("pdnd-3")]));
    scene.service.set_clock("2026-11-23T09:02:00Z");
    assert_eq!(scene.call(&signed(&PDND, "pdnd-3")).await, Err(INVALID));
    assert_eq!(
        scene.call(&signed(&EVIL, "pdnd-2")).await,
        Ok(()),
        "those known are kept"
    );
}
