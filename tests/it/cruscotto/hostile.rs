//! What a hostile tester found, each once more.

use futures_util::future::join_all;

use super::{Browser, service_for, signed_in};
use crate::{
    calls::{AZIENDA, PERSONA},
    model::{NORMATIVE, NUMERI},
};

fn detail() -> String {
    format!("/cruscotto/dettaglio/{}", NORMATIVE[0])
}

/// A number of the address that no page has: the page is the same, and no connection breaks.
#[tokio::test]
async fn numbers_without_end_break_nothing() {
    let (_service, mut browser) = signed_in("mlps-ammortizzatori").await;
    for n in [
        "9223372036854775807",
        "-9223372036854775808",
        "0",
        "-5",
        "x",
        "1e9",
    ] {
        let shown = browser.get(&format!("{}?dalla_riga={n}", detail())).await;
        assert_eq!(shown.status, 200, "{n}: {}", shown.text);
        let empty = format!("{}?numero_decreto=nessuno&dalla_riga={n}", detail());
        assert_eq!(browser.get(&empty).await.status, 200, "{n}");
        for path in [
            format!("/cruscotto/confronto/righe?da=1&a=1&salta={n}&dalla_riga={n}"),
            format!("/cruscotto/andamento?normativa={}&anno={n}", NORMATIVE[0]),
            format!("{}?rilevazione={n}", detail()),
        ] {
            assert!(browser.get(&path).await.status < 500, "{path}");
        }
    }
}

/// A cookie of another page of the domain, with bytes that are no text: the session is found all the same.
#[tokio::test]
async fn a_cookie_of_elsewhere_does_not_sign_out() {
    let (_service, browser) = signed_in("mef-rgs").await;
    let session = &browser.cookies["__Host-omnia"];
    let cookies = [b"x=caff\xe8; __Host-omnia=", session.as_bytes()].concat();
    let cookies = reqwest::header::HeaderValue::from_bytes(&cookies).unwrap();
    let request = browser.request("/cruscotto").header("cookie", cookies);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn files_are_not_left_behind() {
    let (_service, mut browser) = signed_in("mlps-ammortizzatori").await;
    for path in ["/cruscotto/sintesi".to_owned(), detail()] {
        let file = format!("{path}/file?rilevazione=1&formato=FORMATO_FILE_CSV");
        let answer = browser.get(&file).await.ok();
        assert_eq!(answer.headers["cache-control"], "no-store", "{file}");
        // One that asks for what lies beyond the end is told where the end is.
        let request = browser.request(&file).header("range", "bytes=99999999-");
        let beyond = browser.send(request).await;
        assert_eq!(beyond.status, 416);
        let length = answer.text.len();
        assert_eq!(beyond.headers["content-range"], format!("bytes */{length}"));
    }
}

/// What is refused, or is no codice fiscale, is not even kept.
#[tokio::test]
async fn a_search_that_is_refused_is_not_kept() {
    let (service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let token = browser.get(&detail()).await.ok().form_token();
    let search = format!("{}/ricerca", detail());
    for bad in ["\0", "x", "00743110158", &"A".repeat(9000)] {
        let refused = browser
            .post(&search, &[("modulo", &token), ("cf_azienda", bad)])
            .await;
        assert_eq!(refused.status, 400, "{bad:?}: {}", refused.text);
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from sessione_ricerca")
        .fetch_one(&service.db.owner)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

/// Several tabs of one session at once: each has its number.
#[tokio::test]
async fn searches_at_once_have_numbers_of_their_own() {
    let (_service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let token = browser.get(&detail()).await.ok().form_token();
    let search = format!("{}/ricerca", detail());
    let tabs = (0..12).map(|_| {
        let (mut tab, token, search) = (browser.clone(), token.clone(), search.clone());
        async move {
            let fields = [("modulo", &*token), ("cf_azienda", AZIENDA)];
            let kept = tab.post(&search, &fields).await;
            assert_eq!(kept.status, 303, "{}", kept.text);
            kept.location().to_owned()
        }
    });
    let mut places = join_all(tabs).await;
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 12);
}

/// A filter that there is not is refused by the page as by the API, and never left out without a word.
#[tokio::test]
async fn what_a_filter_may_not_be_is_told() {
    let (_service, mut browser) = signed_in("mlps-ammortizzatori").await;
    for path in ["/cruscotto".to_owned(), detail()] {
        let shown = browser
            .get(&format!("{path}?dal=2022-01-01&criterio=ZZZ"))
            .await
            .ok();
        assert!(shown.text.contains("id=\"errori\""), "{}", shown.text);
        assert!(shown.figures().is_empty(), "{path}");
    }
    // What an address says besides is in no link of the page.
    let shown = browser
        .get(&format!("/cruscotto?utm_source=x&cf_azienda={PERSONA}"))
        .await
        .ok();
    assert!(!shown.text.contains("utm_source") && !shown.text.contains(PERSONA));
}

/// Twice the same filter: page and file read the same one.
#[tokio::test]
async fn a_filter_that_is_there_twice_is_one() {
    let (_service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let token = browser.get(&detail()).await.ok().form_token();
    let fields = [("modulo", &*token), ("cf_azienda", PERSONA)];
    let kept = browser
        .post(&format!("{}/ricerca", detail()), &fields)
        .await;
    let query = kept.location().split_once('?').unwrap().1.to_owned();
    let doubled = format!(
        "{query}&numero_decreto={}&numero_decreto=nessuno",
        NUMERI[0]
    );
    let page = browser.get(&format!("{}?{doubled}", detail())).await.ok();
    let rows = page.figures().len() / 3;
    let file = format!("{}/file?{doubled}&formato=FORMATO_FILE_CSV", detail());
    let file = browser.get(&file).await.ok();
    assert_eq!(file.text.lines().count(), 1 + rows);
    assert!(rows > 0);
}

/// A browser has tabs, and each may have the page of the way in.
#[tokio::test]
async fn one_tab_does_not_shut_the_other_out() {
    let service = service_for(&["cliente-mef-rgs"]).await;
    service.clients_of("mef-rgs").await;
    let mut browser = Browser::new(service.address);
    let first = browser.get("/cruscotto/entra").await.form_token();
    browser.get("/cruscotto/entra").await.ok();
    let fields = [("modulo", &*first), ("modo", "0")];
    assert_eq!(browser.post("/cruscotto/entra", &fields).await.status, 303);
}
