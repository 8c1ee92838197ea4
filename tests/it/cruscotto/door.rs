//! A page goes through the door that every call goes through.

use omnia::abilitazione::{
    authn::EvidenceRequirement,
    grants::{Ente, Finalita, LimitiAa07, Orari, Reti},
};

use super::{Browser, service_for, service_with, signed_in};
use crate::{
    abilitazione::new_request, audit::call_records, calls::PERSONA, model::NORMATIVE,
    server::TestServer,
};

const SUBJECT: &str = "mario.rossi";

/// A service whose one user has a grant with these limits.
async fn limited(limiti: LimitiAa07) -> (TestServer, Browser) {
    let service = service_for(&[SUBJECT]).await;
    let mut request = new_request(SUBJECT, "mef-rgs", "2026-01-01", "2026-12-31");
    request.limiti = limiti;
    service.grant(&request).await;
    let browser = Browser::new(service.address);
    (service, browser)
}

#[tokio::test]
async fn networks_hours_and_purposes_hold() {
    let (_service, mut browser) = limited(LimitiAa07 {
        reti: Reti::parse(&["192.0.2.0/24"]).unwrap(),
        ..LimitiAa07::default()
    })
    .await;
    let refused = browser.choose(0, "/cruscotto").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text.contains("da questo indirizzo di rete"),
        "{}",
        refused.text
    );

    // A purpose is of a voucher: such a grant is a machine's.
    let (_service, mut browser) = limited(LimitiAa07 {
        finalita: Finalita::parse(&["1b361d49-33f4-4f1e-a88b-4e12661f2309"]).unwrap(),
        ..LimitiAa07::default()
    })
    .await;
    let refused = browser.choose(0, "/cruscotto").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text.contains("legata a finalità PDND"),
        "{}",
        refused.text
    );

    // Signed in within the hours; they end while the page is open. The session does not: they begin again.
    let (service, mut browser) = limited(LimitiAa07 {
        orari: Orari::parse(&["lun-ven 08:00-10:10"]).unwrap(),
        ..LimitiAa07::default()
    })
    .await;
    browser.sign_in(0).await;
    service.set_clock("2026-11-23T09:20:00Z");
    let refused = browser.get("/cruscotto/accesso").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text.contains("in questo orario"),
        "{}",
        refused.text
    );
    service.set_clock("2026-11-23T09:05:00Z");
    browser.get("/cruscotto/accesso").await.ok();
}

/// Where the address decides, it is what a trusted proxy says, as for every call.
#[tokio::test]
async fn the_address_is_what_a_trusted_proxy_says() {
    let service = service_with(&[SUBJECT], |settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".to_owned()];
    })
    .await;
    let mut request = new_request(SUBJECT, "mef-rgs", "2026-01-01", "2026-12-31");
    request.limiti.reti = Reti::parse(&["192.0.2.0/24"]).unwrap();
    service.grant(&request).await;
    let mut browser = Browser::new(service.address);
    let token = browser.get("/cruscotto/entra").await.form_token();
    for (address, status) in [("198.51.100.7", 403), ("192.0.2.9", 303)] {
        let form = browser.form("/cruscotto/entra", &[("modulo", &token), ("modo", "0")]);
        let answered = browser.send(form.header("x-forwarded-for", address)).await;
        assert_eq!(answered.status, status, "{address}");
    }
    let records = call_records(&service.db.owner).await;
    assert_eq!(records.last().unwrap()["indirizzo"], "192.0.2.9");
}

/// By setting: whoever has signed in is known to this service as well as an evidence would say.
#[tokio::test]
async fn a_session_is_the_evidence_where_it_is_set_so() {
    for (is_evidence, status) in [(false, 403), (true, 303)] {
        let service = service_with(&[SUBJECT], |settings| {
            settings.access.evidence.per_ente =
                [("MEF".to_owned(), EvidenceRequirement::AuditRest02)].into();
            settings.cruscotto.session_is_evidence = is_evidence;
        })
        .await;
        let request = new_request(SUBJECT, "mef-rgs", "2026-01-01", "2026-12-31");
        service.grant(&request).await;
        let answered = Browser::new(service.address).choose(0, "/cruscotto").await;
        let status = if status == 403 { 401 } else { status };
        assert_eq!(answered.status, status, "{}", answered.text);
    }
}

#[tokio::test]
async fn a_page_is_recorded_as_its_calls_by_its_user() {
    let (service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let before = call_records(&service.db.owner).await.len();
    browser.get("/cruscotto").await.ok();
    let records = call_records(&service.db.owner).await;
    let of_page = &records[before..];
    let rpcs: Vec<_> = of_page
        .iter()
        .map(|record| record["rpc"].as_str().unwrap())
        .collect();
    assert_eq!(
        rpcs,
        [
            "AccessService/GetMyAccess",
            "ReportService/ListNormative",
            "ReportService/ListPrestazioni",
            "ReportService/ListRilevazioni",
            "ReportService/GetReportSintetico",
        ]
    );
    for record in of_page {
        assert_eq!(record["via"], "CRUSCOTTO");
        assert_eq!(record["soggetto"], "cliente-mlps-ammortizzatori");
        assert_eq!(record["utente"], "cliente-mlps-ammortizzatori");
        assert_eq!(record["emittente"], service.settings.access.issuer);
        assert_eq!(record["decisione"], "CONSENTITA");
        assert!(record.get("jti").is_none(), "{record}");
    }
}

/// A person may be called by their codice fiscale. The log has it as a keyed hash, as everywhere.
#[tokio::test]
async fn a_user_who_is_called_by_a_codice_fiscale_is_hidden_in_the_log() {
    let service = service_for(&[PERSONA]).await;
    let mut request = new_request(PERSONA, "mef-rgs", "2026-01-01", "2026-12-31");
    request.ente = Ente::Mef;
    service.grant(&request).await;
    let mut browser = Browser::new(service.address);
    browser.sign_in(0).await;
    let records = call_records(&service.db.owner).await;
    let record = records.last().unwrap();
    for field in ["soggetto", "utente"] {
        assert!(
            record[field].as_str().unwrap().starts_with("hmac-sha256:"),
            "{record}"
        );
    }
}

/// The pages of a profile are those of its calls; what it may not do is not offered, and refused if asked.
#[tokio::test]
async fn what_a_profile_lacks_is_not_offered_and_refused() {
    let detail = format!("/cruscotto/dettaglio/{}", NORMATIVE[0]);
    for (profilo, sees_detail, by_company) in [
        ("mlps-ammortizzatori", true, true),
        ("mlps-consultazione", true, false),
        ("mef-rgs", true, false),
        ("mef-sintesi", false, false),
    ] {
        let (_service, mut browser) = signed_in(profilo).await;
        let one = browser
            .get(&format!("/cruscotto?normativa={}", NORMATIVE[0]))
            .await
            .ok();
        assert_eq!(
            one.text.contains("Accedi al dettaglio"),
            sees_detail,
            "{profilo}"
        );
        assert_eq!(
            one.text.contains(&format!("{detail}?rilevazione=1")),
            sees_detail,
            "{profilo}"
        );
        let shown = browser.get(&detail).await;
        assert_eq!(
            shown.status,
            if sees_detail { 200 } else { 403 },
            "{profilo}"
        );
        assert_eq!(
            shown.text.contains("name=\"cf_azienda\""),
            by_company,
            "{profilo}"
        );
        let token = one.form_token();
        let fields = [("modulo", &*token), ("cf_azienda", "00743110157")];
        let searched = browser.post(&format!("{detail}/ricerca"), &fields).await;
        let status = if by_company { 303 } else { 403 };
        assert_eq!(searched.status, status, "{profilo}: {}", searched.text);
        let told = "non consente di usare uno o più dei filtri";
        assert_eq!(
            searched.text.contains(told),
            sees_detail && !by_company,
            "{profilo}"
        );
        let file = browser
            .get(&format!(
                "{detail}/file?formato=FORMATO_FILE_CSV&rilevazione=1"
            ))
            .await;
        assert_eq!(
            file.status,
            if sees_detail { 200 } else { 403 },
            "{profilo}"
        );
    }
    // Staff of INPS has no report: its first page says what it has.
    let soggetto = "anna";
    let service = service_for(&[soggetto]).await;
    let mut request = new_request(soggetto, "inps-gestione", "2026-01-01", "2026-12-31");
    request.ente = Ente::Inps;
    service.grant(&request).await;
    let mut browser = Browser::new(service.address);
    browser.sign_in(0).await;
    assert_eq!(
        browser.get("/cruscotto").await.location(),
        "/cruscotto/accesso"
    );
    browser.get("/cruscotto/accesso").await.ok();
}
