//! What every answer says to a browser, and what is not there.

use super::{Browser, service_for, signed_in};
use crate::{model::NORMATIVE, server::TestServer};

const PAGES: [&str; 5] = [
    "/cruscotto",
    "/cruscotto/entra",
    "/cruscotto/guida",
    "/cruscotto/accessibilita",
    "/cruscotto/nulla",
];

#[tokio::test]
async fn every_answer_has_the_policy_and_is_not_kept() {
    let (_service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let detail = format!("/cruscotto/dettaglio/{}", NORMATIVE[0]);
    let all = PAGES.into_iter().chain([&*detail, "/cruscotto/accesso"]);
    for path in all {
        let shown = browser.get(path).await;
        let policy = shown.headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(shown.headers["cache-control"], "no-store", "{path}");
        assert_eq!(shown.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(shown.headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(shown.headers["referrer-policy"], "same-origin", "{path}");
        // Nothing that the policy would stop, and nothing of elsewhere.
        for bad in [
            "<script>",
            " style=",
            " onclick=",
            "javascript:",
            "src=\"http",
            "src=\"//",
        ] {
            assert!(!shown.text.contains(bad), "{path}: {bad}");
        }
        assert!(
            shown
                .text
                .starts_with("<!doctype html>\n<html lang=\"it\">"),
            "{path}"
        );
        assert_eq!(shown.text.matches("<h1").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn what_pages_are_made_of_is_kept_for_ever_and_by_its_version() {
    let service = service_for(&["nessuno"]).await;
    let mut browser = Browser::new(service.address);
    let page = browser.get("/cruscotto/entra").await.ok();
    let links = page
        .text
        .split('"')
        .filter(|part| part.starts_with("/cruscotto/risorse/"));
    let links: Vec<String> = links.map(str::to_owned).collect();
    assert!(links.len() >= 6, "{links:?}");
    for link in links {
        let file = browser.get(&link).await;
        assert_eq!(file.status, 200, "{link}");
        let kept = file.headers["cache-control"].to_str().unwrap();
        assert!(kept.contains("immutable"), "{link}: {kept}");
        let (folder, name) = link.rsplit_once('/').unwrap();
        let old = folder.rsplit_once('/').unwrap().0;
        for gone in [
            format!("{old}/0/{name}"),
            format!("{folder}/x"),
            format!("{folder}/../{name}x"),
        ] {
            assert_eq!(browser.get(&gone).await.status, 404, "{gone}");
        }
    }
}

/// Without a way to sign in there are no pages, and what is asked for is what it was: no call.
#[tokio::test]
async fn without_a_way_in_there_are_no_pages() {
    let service = TestServer::start().await;
    let mut browser = Browser::new(service.address);
    for path in PAGES {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn a_method_that_a_page_does_not_have_is_refused() {
    let (_service, mut browser) = signed_in("mef-rgs").await;
    for path in ["/cruscotto", "/cruscotto/guida", "/cruscotto/accesso"] {
        let answer = browser.post(path, &[]).await;
        assert_eq!(answer.status, 405, "{path}");
    }
}

/// A page of another site could try what it guesses of a secret in ours, and listen to how long the answer is.
#[tokio::test]
async fn only_what_no_other_site_has_asked_for_is_compressed() {
    let (_service, browser) = signed_in("mef-rgs").await;
    for (site, zipped) in [
        (Some("none"), true),
        (Some("same-origin"), true),
        (Some("same-site"), false),
        (Some("cross-site"), false),
        (None, false),
    ] {
        let request = browser
            .request("/cruscotto")
            .header("accept-encoding", "gzip");
        let request = match site {
            Some(site) => request.header("sec-fetch-site", site),
            None => request,
        };
        let shown = browser.send_for_bytes(request).await;
        assert_eq!(shown.starts_with(&[0x1f, 0x8b]), zipped, "{site:?}");
    }
}

/// Before the first load there is nothing to show, and the page says so; what needs no data is there.
#[tokio::test]
async fn without_data_the_pages_say_so() {
    let service = service_for(&["cliente-mef-rgs"]).await;
    service.clients_of("mef-rgs").await;
    let mut browser = Browser::new(service.address);
    browser.sign_in(0).await;
    for path in ["/cruscotto", "/cruscotto/dettaglio/DL109-2018-ART44"] {
        let shown = browser.get(path).await;
        assert!(matches!(shown.status, 404 | 409), "{path}: {}", shown.text);
        assert!(
            shown.text.contains("Che cosa puoi fare"),
            "{path}: {}",
            shown.text
        );
    }
    let shown = browser.get("/cruscotto/confronto").await;
    assert!(shown.status < 500, "{}", shown.text);
    browser.get("/cruscotto/accesso").await.ok();
}
