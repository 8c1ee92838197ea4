//! The pages for people, asked as a browser asks.
//!
//! | promise | test |
//! | --- | --- |
//! | a session is one browser's: its cookie, its forms, its end | [`sessions`] |
//! | a page sees what its user's grant gives, through the same door, and is recorded so | [`door`] |
//! | what is on a page is what the API says, for every profile, and text is text | [`figures`] |
//! | so are the figures over time | [`over_time`] |
//! | a sign-in is of this browser and of this provider, and of nobody else | [`sign_in`] |
//! | what a hostile tester found is mended | [`hostile`] |
//! | every answer says what a browser may do with it; nothing is there that is not served | [`answers`] |
//!
//! A real browser and a real provider are in `tests/browser`.

mod answers;
mod browser;
mod door;
mod figures;
mod hostile;
mod over_time;
mod provider;
mod sessions;
mod sign_in;

use omnia::abilitazione::sign_in::DemoUser;

use self::browser::Browser;
use crate::server::TestServer;

/// A service at which one signs in by choice, as each of these subjects.
async fn service_for(soggetti: &[&str]) -> TestServer {
    service_with(soggetti, |_| ()).await
}

/// The same with other settings too.
async fn service_with(
    soggetti: &[&str],
    change: impl FnOnce(&mut omnia::config::Settings),
) -> TestServer {
    TestServer::start_with(|settings| {
        settings.cruscotto.demo_users = soggetti
            .iter()
            .map(|soggetto| DemoUser {
                issuer: settings.access.issuer.clone(),
                soggetto: (*soggetto).to_owned(),
                name: (*soggetto).to_owned(),
            })
            .collect();
        change(settings);
    })
    .await
}

/// A service with data, and a browser in which somebody with this profile on everything has signed in.
async fn signed_in(profilo: &str) -> (TestServer, Browser) {
    let soggetto = format!("cliente-{profilo}");
    let service = service_for(&[&soggetto]).await;
    service.load(&crate::calls::extract(), "2026-10-31").await;
    service.clients_of(profilo).await;
    let mut browser = Browser::new(service.address);
    browser.sign_in(0).await;
    (service, browser)
}
