//! A sign-in at a provider, and what is made of one that is not what it seems.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use super::{
    browser::{Browser, Shown},
    provider::{CLIENT, FakeProvider, SECRET},
};
use crate::server::TestServer;

const SOGGETTO: &str = "mario.rossi@mef";
const SESSION: &str = "__Host-omnia";

struct SignInScene {
    service: TestServer,
    /// The first is used, the second is there to be mixed up with it.
    providers: [FakeProvider; 2],
    _dir: tempfile::TempDir,
}

impl SignInScene {
    async fn start() -> Self {
        let providers = [FakeProvider::start().await, FakeProvider::start().await];
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        fs::write(&file, format!("{SECRET}\n")).unwrap();
        let service = TestServer::start_with(|settings| {
            settings.cruscotto.public_url = Some("https://omnia.example".to_owned());
            settings.cruscotto.contact = Some("abilitazioni@inps.example".to_owned());
            settings.cruscotto.providers = vec![
                providers[0].settings(Some(&file)),
                providers[1].settings(None),
            ];
        })
        .await;
        service
            .grant(&crate::abilitazione::new_request(
                SOGGETTO,
                "mef-rgs",
                "2026-01-01",
                "2026-12-31",
            ))
            .await;
        Self {
            service,
            providers,
            _dir: dir,
        }
    }

    fn now(&self) -> i64 {
        self.service.clock.now().timestamp()
    }

    /// Goes to the first provider; what its URL asks.
    async fn begin(&self, browser: &mut Browser) -> BTreeMap<String, String> {
        let sent = browser.choose(0, "/cruscotto/accesso").await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let (endpoint, query) = sent.location().split_once('?').unwrap();
        assert_eq!(endpoint, format!("{}/auth", self.providers[0].issuer));
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }

    /// Comes back as the provider sends it, but for what is changed.
    async fn come_back(
        &self,
        browser: &mut Browser,
        asked: &BTreeMap<String, String>,
        changed: &[(&str, Option<&str>)],
    ) -> Shown {
        let mut answer = BTreeMap::from([
            ("state", asked["state"].as_str()),
            ("iss", &self.providers[0].issuer),
            ("code", "the code"),
        ]);
        for (name, value) in changed {
            match value {
                Some(value) => answer.insert(name, value),
                None => answer.remove(name),
            };
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(answer)
            .finish();
        browser
            .get(&format!("/cruscotto/entra/ritorno?{query}"))
            .await
    }

    fn provider_says(&self, claims: Value) {
        self.providers[0].says.lock().unwrap().claims = claims;
    }
}

#[tokio::test]
async fn who_signs_in_has_a_session_and_the_browser_no_token() {
    let scene = SignInScene::start().await;
    let mut browser = Browser::new(scene.service.address);
    let asked = scene.begin(&mut browser).await;
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        (
            "redirect_uri",
            "https://omnia.example/cruscotto/entra/ritorno",
        ),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value);
    }
    scene.provider_says(scene.providers[0].good(SOGGETTO, &asked["nonce"], scene.now()));
    let back = scene.come_back(&mut browser, &asked, &[]).await;
    assert_eq!(
        (back.status, back.location()),
        (303, "/cruscotto/accesso"),
        "{}",
        back.text
    );
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [SESSION]);
    let page = browser.get("/cruscotto/accesso").await.ok();
    assert!(page.text.contains(SOGGETTO) && page.text.contains("mef-rgs"));
    assert!(!page.text.contains("eyJ"), "a token is in the page");

    // What the provider was asked: the code, by who has the verifier and knows the secret.
    let token_request = scene.providers[0].asked.lock().unwrap()[0].clone();
    let (head, body) = token_request.split_once("\r\n\r\n").unwrap();
    let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(form["code"], "the code");
    assert_eq!(form["grant_type"], "authorization_code");
    let digest = crate::voucher::keys::sha256(&form["code_verifier"]);
    assert_eq!(crate::voucher::keys::b64(digest), asked["code_challenge"]);
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("{CLIENT}:{encoded}");
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, basic);
    assert!(head.contains(&format!("Basic {basic}")), "{head}");

    // The way out leads to the provider, with nothing that says who it was.
    let out = browser.sign_out().await;
    assert_eq!(
        out.location(),
        format!(
            "{}/end?client_id={CLIENT}&post_logout_redirect_uri=https%3A%2F%2Fomnia.example%2Fcruscotto%2Fentra",
            scene.providers[0].issuer
        )
    );
    assert_eq!(browser.get("/cruscotto").await.status, 303);
}

/// Each in one place wrong: no session, and the provider is not asked for anything more.
#[tokio::test]
async fn an_answer_that_is_not_this_browsers_is_refused() {
    let scene = SignInScene::start().await;
    let mut browser = Browser::new(scene.service.address);
    let asked = scene.begin(&mut browser).await;
    scene.provider_says(scene.providers[0].good(SOGGETTO, &asked["nonce"], scene.now()));
    let other = scene.providers[1].issuer.clone();
    let wrong: [(&str, Option<&str>); 6] = [
        ("state", Some("x")),
        ("state", None),
        // Mix-up: another provider answers, or one that does not say who it is.
        ("iss", Some(&other)),
        ("iss", None),
        ("code", None),
        ("error", Some("access_denied")),
    ];
    for changed in wrong {
        let mut once = browser.clone();
        let refused = scene.come_back(&mut once, &asked, &[changed]).await;
        let status = if changed.0 == "error" { 403 } else { 400 };
        assert_eq!(refused.status, status, "{changed:?}: {}", refused.text);
        assert!(!once.cookies.contains_key(SESSION), "{changed:?}");
    }
    // A victim's browser that is sent to the attacker's answer.
    let mut victim = Browser::new(scene.service.address);
    assert_eq!(scene.come_back(&mut victim, &asked, &[]).await.status, 400);
    scene.begin(&mut victim).await;
    assert_eq!(scene.come_back(&mut victim, &asked, &[]).await.status, 400);
    assert!(scene.providers[0].asked.lock().unwrap().is_empty());
    // A quarter of an hour is enough for a password.
    scene.service.set_clock("2026-11-23T09:15:02Z");
    assert_eq!(scene.come_back(&mut browser, &asked, &[]).await.status, 400);
}

#[tokio::test]
async fn an_id_token_that_is_not_right_is_refused() {
    let scene = SignInScene::start().await;
    let now = scene.now();
    let other = scene.providers[1].issuer.clone();
    let wrong: [(&str, Value); 13] = [
        ("iss", json!(other)),
        ("iss", json!(format!("{}/", scene.providers[0].issuer))),
        ("aud", json!("another client")),
        ("aud", json!([])),
        ("aud", json!([CLIENT, "another client"])),
        ("azp", json!("another client")),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("exp", json!(now - 31)),
        ("nbf", json!(now + 60)),
        ("sub", json!("")),
        ("sub", json!("with\nlines")),
        ("sub", Value::Null),
    ];
    for (claim, value) in wrong {
        let mut browser = Browser::new(scene.service.address);
        let asked = scene.begin(&mut browser).await;
        let mut claims = scene.providers[0].good(SOGGETTO, &asked["nonce"], now);
        match value.is_null() {
            true => drop(claims.as_object_mut().unwrap().remove(claim)),
            false => claims[claim] = value.clone(),
        }
        scene.provider_says(claims);
        let refused = scene.come_back(&mut browser, &asked, &[]).await;
        assert_eq!(refused.status, 502, "{claim} {value}: {}", refused.text);
        assert!(!browser.cookies.contains_key(SESSION), "{claim} {value}");
    }
    for header in [
        json!({"alg": "none", "kid": "1"}),
        json!({"alg": "HS256", "kid": "1"}),
        json!({"alg": "RS256", "kid": "2"}),
        json!({"alg": "RS256"}),
    ] {
        let mut browser = Browser::new(scene.service.address);
        let asked = scene.begin(&mut browser).await;
        let claims = scene.providers[0].good(SOGGETTO, &asked["nonce"], now);
        scene.provider_says(claims);
        scene.providers[0].says.lock().unwrap().header = header.clone();
        let refused = scene.come_back(&mut browser, &asked, &[]).await;
        assert_eq!(refused.status, 502, "{header}: {}", refused.text);
    }
}

/// No entry, and the page says whom to write to.
#[tokio::test]
async fn who_has_no_grant_does_not_come_in() {
    let scene = SignInScene::start().await;
    let inps = {
        let mut request =
            crate::abilitazione::new_request("anna", "inps-gestione", "2026-01-01", "2026-12-31");
        request.ente = omnia::abilitazione::grants::Ente::Inps;
        request
    };
    scene.service.grant(&inps).await;
    // Nobody knows the first; the second is of an ente whose people this provider does not name.
    for soggetto in ["nessuno", "anna"] {
        let mut browser = Browser::new(scene.service.address);
        let asked = scene.begin(&mut browser).await;
        scene.provider_says(scene.providers[0].good(soggetto, &asked["nonce"], scene.now()));
        let refused = scene.come_back(&mut browser, &asked, &[]).await;
        assert_eq!(refused.status, 403, "{soggetto}: {}", refused.text);
        assert!(
            refused.text.contains("abilitazioni@inps.example") && refused.text.contains("AA07")
        );
        assert!(!browser.cookies.contains_key(SESSION));
        assert_eq!(browser.get("/cruscotto").await.status, 303);
    }
}

/// It would send people's browsers, and the service itself, elsewhere.
#[tokio::test]
async fn a_provider_that_names_other_endpoints_is_not_used() {
    let scene = SignInScene::start().await;
    for (n, (member, value)) in [
        ("issuer", json!("https://another.example")),
        (
            "authorization_endpoint",
            json!("http://another.example/auth"),
        ),
        ("token_endpoint", json!("ftp://another.example/token")),
        ("jwks_uri", json!("javascript:alert(1)")),
    ]
    .into_iter()
    .enumerate()
    {
        // One that has just failed is left alone for five seconds.
        scene
            .service
            .set_clock(&format!("2026-11-23T09:00:{:02}Z", 6 * n));
        scene.providers[0].says.lock().unwrap().metadata = json!({member: value});
        let refused = Browser::new(scene.service.address)
            .choose(0, "/cruscotto")
            .await;
        assert_eq!(refused.status, 502, "{member}: {}", refused.text);
    }
}

#[tokio::test]
async fn the_way_on_stays_here() {
    let scene = SignInScene::start().await;
    for bad in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/cruscotto/../../evil",
    ] {
        let mut browser = Browser::new(scene.service.address);
        let sent = browser.choose(0, bad).await;
        let query = sent.location().split_once('?').unwrap().1;
        let asked: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        scene.provider_says(scene.providers[0].good(SOGGETTO, &asked["nonce"], scene.now()));
        let back = scene.come_back(&mut browser, &asked, &[]).await;
        assert!(
            back.location().starts_with("/cruscotto"),
            "{bad}: {}",
            back.location()
        );
        let page = browser
            .get(&format!("/cruscotto/entra?dopo={bad}"))
            .await
            .ok();
        assert!(!page.text.contains("evil.example"), "{bad}");
    }
}
