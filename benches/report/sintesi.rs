//! The page Sintesi over a database of each size: how long a view of everything takes, for one person with a browser.
//!
//! The time is that of a client on this machine, one view after the other, so the time of the server is less. The page is asserted first: its
//! totals are the sums over the rows.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use omnia::{
    abilitazione::{
        authn::Enti,
        sessions::{CookieKey, Sessions, SignedIn},
    },
    clock::Clock,
    crypto::key::AuditKey,
};
use reqwest::Client;
use sqlx::PgPool;

use super::stage::SUBJECT;

const ISSUER: &str = "https://idp.bench.example";
/// Views that are timed; a few before them are not.
const VIEWS: usize = 200;
const WARM_UP: usize = 20;

/// The settings of a service with pages: nobody signs in at the provider, since the session is there already.
pub fn settings_file(dir: &Path) -> PathBuf {
    let file = dir.join("omnia.toml");
    let provider = format!(
        "[cruscotto]\npublic_url = \"https://omnia.bench.example\"\n\n\
         [[cruscotto.providers]]\nissuer = \"{ISSUER}\"\nname = \"bench\"\nclient_id = \"bench\"\nenti = [\"MLPS\"]\n"
    );
    fs::write(&file, provider).unwrap();
    file
}

/// Median and 99th percentile of a view.
pub async fn views(address: &str, owner: &PgPool, dir: &Path) -> [Duration; 2] {
    let cookie = session(owner, dir).await;
    let client = Client::builder().tls_certs_only([]).build().unwrap();
    let view = async || {
        let request = client.get(format!("http://{address}/cruscotto"));
        let begin = Instant::now();
        let response = request.header("cookie", &cookie).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let page = response.text().await.unwrap();
        (page, begin.elapsed())
    };
    let (page, _) = view().await;
    let total: String =
        sqlx::query_scalar("select sum(importi_autorizzati)::text from dettaglio_decreto")
            .fetch_one(owner)
            .await
            .unwrap();
    let digits: String = total.chars().filter(char::is_ascii_digit).collect();
    let shown = page.split("<tfoot>").nth(1).unwrap();
    let shown: String = shown.chars().filter(char::is_ascii_digit).collect();
    assert!(shown.contains(&digits), "{total} is not in the totals");
    let mut times = Vec::new();
    for n in 0..WARM_UP + VIEWS {
        let (_, time) = view().await;
        if n >= WARM_UP {
            times.push(time);
        }
    }
    times.sort_unstable();
    [times[VIEWS / 2], times[VIEWS * 99 / 100]]
}

/// The cookie of a session that begins now.
async fn session(owner: &PgPool, dir: &Path) -> String {
    let key = AuditKey::from_file(&dir.join("audit.key")).unwrap();
    let key = CookieKey::new(&key.derived(CookieKey::PURPOSE));
    let issuers = BTreeMap::from([(ISSUER.to_owned(), Enti::only(["MLPS"]))]);
    let sessions = Sessions::new(owner.clone(), Clock::system(), key, issuers, false);
    let signed_in = SignedIn {
        issuer: ISSUER.to_owned(),
        soggetto: SUBJECT.to_owned(),
    };
    format!("__Host-omnia={}", sessions.begin(&signed_in).await.unwrap())
}
