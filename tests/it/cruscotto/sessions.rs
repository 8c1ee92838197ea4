//! A session is one browser's.

use super::{Browser, service_for, signed_in};
use crate::abilitazione::revoke;

const SESSION: &str = "__Host-omnia";

#[tokio::test]
async fn the_cookie_is_of_this_host_and_for_no_script_and_says_nothing() {
    let service = service_for(&["cliente-mef-rgs"]).await;
    service.clients_of("mef-rgs").await;
    let mut browser = Browser::new(service.address);
    let answered = browser.choose(0, "/cruscotto/accesso").await;
    assert_eq!(answered.location(), "/cruscotto/accesso");
    let cookies: Vec<_> = answered.headers.get_all("set-cookie").iter().collect();
    let session = cookies.iter().map(|cookie| cookie.to_str().unwrap());
    let session = session.filter(|cookie| cookie.starts_with("__Host-omnia="));
    let [session] = session.collect::<Vec<_>>()[..] else {
        panic!("{cookies:?}")
    };
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    // The database has no secret: only its digest.
    let secret = &browser.cookies[SESSION];
    let stored: String = sqlx::query_scalar("select row_to_json(s)::text from sessione s")
        .fetch_one(&service.db.owner)
        .await
        .unwrap();
    let content = secret.split('.').next().unwrap();
    assert!(
        !stored.contains(content) && !stored.contains(&secret[..20]),
        "{stored}"
    );
}

/// Whoever had put a session under the browser does not share the one that begins.
#[tokio::test]
async fn a_sign_in_has_a_secret_of_its_own() {
    let (_service, mut browser) = signed_in("mef-rgs").await;
    let mut before = browser.clone();
    browser.sign_in(0).await;
    assert_ne!(before.cookies[SESSION], browser.cookies[SESSION]);
    browser.get("/cruscotto").await.ok();
    let gone = before.get("/cruscotto").await;
    assert_eq!(gone.status, 303, "the session that was there before ended");
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_after_a_working_day() {
    let (service, mut browser) = signed_in("mef-rgs").await;
    for instant in ["2026-11-23T09:29:59Z", "2026-11-23T09:59:00Z"] {
        service.set_clock(instant);
        browser.get("/cruscotto").await.ok();
    }
    let mut idle = browser.clone();
    service.set_clock("2026-11-23T10:29:00Z");
    let gone = idle.get("/cruscotto?normativa=A%26B").await;
    assert_eq!(gone.status, 303);
    let back = "/cruscotto/entra?dopo=%2Fcruscotto%3Fnormativa%3DA%2526B&scaduta=1";
    assert_eq!(gone.location(), back);
    assert!(!idle.cookies.contains_key(SESSION));
    let page = idle.get(back).await.ok();
    assert!(
        page.text.contains("La sessione è terminata"),
        "{}",
        page.text
    );

    service.set_clock("2026-11-23T11:00:00Z");
    let mut busy = Browser::new(service.address);
    busy.sign_in(0).await;
    for minutes in (20..480).step_by(20) {
        let (hour, minute) = (11 + minutes / 60, minutes % 60);
        service.set_clock(&format!("2026-11-23T{hour:02}:{minute:02}:00Z"));
        busy.get("/cruscotto").await.ok();
    }
    service.set_clock("2026-11-23T19:00:00Z");
    assert_eq!(
        busy.get("/cruscotto").await.status,
        303,
        "eight hours are over"
    );
    // Those that are over are removed by the next that begins.
    Browser::new(service.address).sign_in(0).await;
    let left: i64 = sqlx::query_scalar("select count(*) from sessione")
        .fetch_one(&service.db.owner)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_session_ends_with_a_sign_out_on_every_instance() {
    let (service, mut browser) = signed_in("mef-rgs").await;
    let mut elsewhere = browser.at(service.another_instance().await);
    elsewhere.get("/cruscotto").await.ok();
    let answered = browser.sign_out().await;
    assert_eq!(
        (answered.status, answered.location()),
        (303, "/cruscotto/entra")
    );
    assert!(!browser.cookies.contains_key(SESSION));
    assert_eq!(elsewhere.get("/cruscotto").await.status, 303);
}

/// The page that is open says why; the next one asks to sign in, and there is no way back in.
#[tokio::test]
async fn a_session_ends_with_its_grant() {
    let soggetto = "cliente-mef-rgs";
    let service = service_for(&[soggetto]).await;
    let grant = service
        .grant_scope(soggetto, "mef-rgs", crate::abilitazione::everything())
        .await;
    let mut browser = Browser::new(service.address);
    browser.sign_in(0).await;
    revoke(&service.db.owner, &service.clock, grant).await;
    let mut told = browser.get("/cruscotto/accesso").await;
    for _ in 0..50 {
        if told.status == 403 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        told = browser.get("/cruscotto/accesso").await;
    }
    assert_eq!(told.status, 403, "{}", told.text);
    assert!(told.text.contains("è stata revocata") && told.text.contains("modulo AA07"));
    assert!(!browser.cookies.contains_key(SESSION));
    let refused = browser.choose(0, "/cruscotto").await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(!browser.cookies.contains_key(SESSION));
}

/// A page of another site has neither the token of the form nor our origin.
#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let (service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let token = browser.get("/cruscotto").await.ok().form_token();
    let search = "/cruscotto/dettaglio/DL109-2018-ART44/ricerca";
    let mut other = Browser::new(service.address);
    other.sign_in(0).await;
    let others = other.get("/cruscotto").await.form_token();
    for path in ["/cruscotto/esci", search] {
        for wrong in ["", "x", &token[1..], &others] {
            let refused = browser
                .post(path, &[("modulo", wrong), ("cf_azienda", "1")])
                .await;
            assert_eq!(refused.status, 403, "{path} {wrong}: {}", refused.text);
        }
        for site in ["cross-site", "same-site"] {
            let form = browser.form(path, &[("modulo", &token)]);
            let refused = browser.send(form.header("sec-fetch-site", site)).await;
            assert_eq!(refused.status, 403, "{path} {site}");
        }
        let got = browser.get(path).await;
        assert_eq!(got.status, 405, "{path}");
    }
    let form = browser.form("/cruscotto/esci", &[("modulo", &token)]);
    let plain = browser
        .send(form.header("content-type", "text/plain"))
        .await;
    assert_eq!(plain.status, 415, "two media types");
    let long = "x".repeat(17 * 1024);
    let too_long = browser.post("/cruscotto/esci", &[("modulo", &long)]).await;
    assert_eq!(too_long.status, 413);
    // None of that has ended the session.
    browser.get("/cruscotto").await.ok();
}

/// Somebody who is made to sign in as somebody else would tell that account what they look for.
#[tokio::test]
async fn a_sign_in_that_another_site_sends_is_refused() {
    let service = service_for(&["cliente-mef-rgs"]).await;
    service.clients_of("mef-rgs").await;
    let mut attacker = Browser::new(service.address);
    let token = attacker.get("/cruscotto/entra").await.form_token();
    let mut victim = Browser::new(service.address);
    let fields = [("modulo", &*token), ("modo", "0")];
    assert_eq!(victim.post("/cruscotto/entra", &fields).await.status, 403);
    victim.get("/cruscotto/entra").await.ok();
    assert_eq!(victim.post("/cruscotto/entra", &fields).await.status, 403);
    assert!(!victim.cookies.contains_key(SESSION));
}

#[tokio::test]
async fn a_cookie_that_was_made_up_is_none() {
    let (service, browser) = signed_in("mef-rgs").await;
    let good = browser.cookies[SESSION].clone();
    let (secret, tag) = good.split_once('.').unwrap();
    for bad in [
        String::new(),
        secret.to_owned(),
        format!("{secret}."),
        format!("A{}.{tag}", &secret[1..]),
        format!("{secret}.A{}", &tag[1..]),
        format!("{tag}.{secret}"),
        "x".repeat(5000),
    ] {
        let mut forger = Browser::new(service.address);
        forger.cookies.insert(SESSION.to_owned(), bad.clone());
        assert_eq!(forger.get("/cruscotto").await.status, 303, "{bad}");
    }
}

/// What was typed is not sent, and the person is told so.
#[tokio::test]
async fn a_session_that_ends_in_mid_form_says_so() {
    let (service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let path = format!("/cruscotto/dettaglio/{}", crate::model::NORMATIVE[0]);
    let token = browser.get(&path).await.ok().form_token();
    service.set_clock("2026-11-23T10:00:00Z");
    let fields = [("modulo", &*token), ("cf_azienda", "00743110157")];
    let told = browser.post(&format!("{path}/ricerca"), &fields).await;
    assert_eq!(told.status, 401, "{}", told.text);
    assert!(
        told.text
            .contains("La sessione è terminata e il modulo non è stato inviato")
    );
    assert!(!told.text.contains("00743110157"));
}
