//! What is on a page is what the API says.

use omnia::contract::proto::{
    FiltroReport, GetReportSinteticoRequest, ListDecreesRequest, VoceReport,
};

use super::{Browser, service_for, signed_in};
use crate::{
    calls::{self, PERSONA},
    model::NORMATIVE,
};

/// "1234567.80" as a page has it: written here once more, from the right.
pub(super) fn italian(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", decimal),
    };
    let (whole, cents) = digits.split_once('.').unwrap();
    let mut groups = Vec::new();
    let mut rest = whole;
    while rest.len() > 3 {
        let (left, group) = rest.split_at(rest.len() - 3);
        groups.insert(0, group);
        rest = left;
    }
    groups.insert(0, rest);
    format!("{sign}{},{cents}\u{a0}€", groups.join("."))
}

fn expected(voce: &VoceReport) -> Vec<String> {
    let optional = |value: &Option<String>| value.as_deref().map(italian).unwrap_or_default();
    vec![
        optional(&voce.totale_stanziamenti),
        italian(&voce.importi_autorizzati),
        italian(&voce.importi_erogati),
        optional(&voce.residuo_autorizzato),
        optional(&voce.residuo_pagato),
    ]
}

/// For every profile that has the report, with and without filters.
#[tokio::test]
async fn the_report_on_the_page_is_the_report() {
    for profilo in [
        "mlps-ammortizzatori",
        "mlps-consultazione",
        "mef-rgs",
        "mef-sintesi",
    ] {
        let (service, mut browser) = signed_in(profilo).await;
        let mut client = service.clients_as(&format!("cliente-{profilo}"));
        for normativa in [vec![], vec![NORMATIVE[1]], vec![NORMATIVE[0], NORMATIVE[2]]] {
            let query: Vec<String> = normativa
                .iter()
                .map(|code| format!("normativa={code}"))
                .collect();
            let page = browser
                .get(&format!("/cruscotto?{}", query.join("&")))
                .await
                .ok();
            let filtro = FiltroReport {
                normativa: normativa.iter().map(ToString::to_string).collect(),
                ..FiltroReport::default()
            };
            let request = GetReportSinteticoRequest {
                filtro: Some(filtro),
                rilevazione: 0,
            };
            let report = client
                .report
                .get_report_sintetico(request)
                .await
                .unwrap()
                .into_inner();
            let mut figures: Vec<String> = report.voci.iter().flat_map(expected).collect();
            let totale = report.totale.unwrap();
            figures.extend(expected(&VoceReport {
                totale_stanziamenti: totale.totale_stanziamenti,
                importi_autorizzati: totale.importi_autorizzati,
                importi_erogati: totale.importi_erogati,
                residuo_autorizzato: totale.residuo_autorizzato,
                residuo_pagato: totale.residuo_pagato,
                ..VoceReport::default()
            }));
            assert_eq!(page.figures(), figures, "{profilo} {normativa:?}");
            assert!(page.text.contains("dati al 31\u{a0}ottobre\u{a0}2026"));
            assert_eq!(
                page.text.contains("disabled"),
                normativa.len() != 1 && profilo != "mef-sintesi",
                "{profilo}"
            );
        }
    }
}

/// Each page of the detail, row by row, for every profile: nobody sees a codice fiscale that the API masks.
#[tokio::test]
async fn the_decrees_on_the_pages_are_the_decrees() {
    for profilo in ["mlps-ammortizzatori", "mlps-consultazione", "mef-rgs"] {
        let (service, mut browser) = signed_in(profilo).await;
        let mut client = service.clients_as(&format!("cliente-{profilo}"));
        let request = ListDecreesRequest {
            normativa: NORMATIVE[0].to_owned(),
            ..ListDecreesRequest::default()
        };
        let listed = client
            .decreti
            .list_decrees(request)
            .await
            .unwrap()
            .into_inner();
        let page = browser
            .get(&format!("/cruscotto/dettaglio/{}", NORMATIVE[0]))
            .await
            .ok();
        let figures: Vec<String> = listed
            .decreti
            .iter()
            .flat_map(|row| {
                let hours = italian(&row.ore_decretate).replace("\u{a0}€", "");
                [
                    hours,
                    italian(&row.importi_autorizzati),
                    italian(&row.importi_erogati),
                ]
            })
            .collect();
        assert_eq!(page.figures(), figures, "{profilo}");
        let in_clear = profilo == "mlps-ammortizzatori";
        assert_eq!(page.text.contains(PERSONA), in_clear, "{profilo}");
        assert_eq!(
            page.text.contains("Gli asterischi coprono"),
            !in_clear,
            "{profilo}"
        );
        for row in &listed.decreti {
            assert!(page.text.contains(&row.cf_azienda), "{profilo}");
        }
    }
}

/// The file that a page offers is that of the resource, byte for byte, and can be asked for in parts.
#[tokio::test]
async fn the_files_of_a_page_are_those_of_the_service() {
    let (service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let token = service.token("cliente-mlps-ammortizzatori");
    let by_token = reqwest::Client::builder()
        .tls_certs_only([])
        .build()
        .unwrap();
    let detail = format!("/cruscotto/dettaglio/{}", NORMATIVE[0]);
    for (page, resource) in [
        (
            "/cruscotto/sintesi/file",
            "/v1/report-sintetico/file".to_owned(),
        ),
        (
            &*format!("{detail}/file"),
            format!("/v1/normative/{}/decreti/file", NORMATIVE[0]),
        ),
    ] {
        for format in ["CSV", "CSV_EXCEL", "XLSX", "PARQUET"] {
            let query = format!("?rilevazione=1&formato=FORMATO_FILE_{format}");
            let url = format!("http://{}{resource}{query}", service.address);
            let asked = by_token.get(url).bearer_auth(&token).send().await.unwrap();
            let tag = asked.headers()["etag"].clone();
            let bytes = asked.bytes().await.unwrap();
            let client = by_token.clone();
            let cookie = format!("__Host-omnia={}", browser.cookies["__Host-omnia"]);
            let url = format!("http://{}{page}{query}", service.address);
            let file = client
                .get(&url)
                .header("cookie", &cookie)
                .send()
                .await
                .unwrap();
            assert_eq!(file.status(), 200);
            let name = file.headers()["content-disposition"]
                .to_str()
                .unwrap()
                .to_owned();
            assert!(name.starts_with("attachment;"), "{name}");
            assert_eq!(file.headers()["etag"], tag);
            assert_eq!(file.bytes().await.unwrap(), bytes, "{page} {format}");
            let half = bytes.len() / 2;
            let range = format!("bytes={half}-");
            let part = client
                .get(&url)
                .header("cookie", &cookie)
                .header("range", range)
                .send()
                .await
                .unwrap();
            assert_eq!(part.status(), 206, "{page} {format}");
            assert_eq!(
                part.bytes().await.unwrap(),
                bytes[half..],
                "{page} {format}"
            );
        }
    }
    // What the resource refuses is told as a page.
    let refused = browser.get("/cruscotto/sintesi/file?formato=X").await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text.starts_with("<!doctype html>"),
        "{}",
        refused.text
    );
}

/// It is searched by in the session; the address and the links have a number, and it is good for this session alone.
#[tokio::test]
async fn a_codice_fiscale_is_in_no_address() {
    let (service, mut browser) = signed_in("mlps-ammortizzatori").await;
    let path = format!("/cruscotto/dettaglio/{}", NORMATIVE[0]);
    let token = browser.get(&path).await.ok().form_token();
    let fields = [
        ("modulo", &*token),
        ("cf_azienda", PERSONA),
        ("dal", "2022-01-01"),
        ("rilevazione", "1"),
    ];
    let kept = browser.post(&format!("{path}/ricerca"), &fields).await;
    assert_eq!(kept.status, 303, "{}", kept.text);
    let place = kept.location().to_owned();
    assert_eq!(
        place,
        format!("{path}?dal=2022-01-01&rilevazione=1&ricerca=1")
    );
    let page = browser.get(&place).await.ok();
    let links = page.text.split("href=\"").skip(1);
    for link in links {
        assert!(!link.split('"').next().unwrap().contains(PERSONA));
    }
    // One row for each benefit, of this person alone.
    assert_eq!(page.figures().len(), 2 * 3, "{}", page.text);
    let query = place.split_once('?').unwrap().1;
    let file = browser
        .get(&format!("{path}/file?{query}&formato=FORMATO_FILE_CSV"))
        .await;
    assert_eq!(file.status, 200, "{}", file.text);
    assert_eq!(file.text.lines().count(), 1 + 2, "{}", file.text);
    // In an address it is refused, and not used.
    let refused = browser.get(&format!("{path}?cf_azienda={PERSONA}")).await;
    assert_eq!(refused.status, 400);
    assert!(
        !refused.text.contains(PERSONA) && refused.text.contains("non può stare in un indirizzo")
    );
    // The number is nothing to somebody else.
    let mut other = Browser::new(service.address);
    other.sign_in(0).await;
    let refused = other.get(&place).await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    assert!(!refused.text.contains(PERSONA));
    // Nor to the log.
    let records = crate::audit::call_records(&service.db.owner).await;
    for record in records {
        assert!(!record.to_string().contains(PERSONA), "{record}");
    }
}

/// A text is shown as text, whoever wrote it: the law, an issuer, the address.
#[tokio::test]
async fn texts_are_text() {
    let evil = "<script>alert(1)</script>\"'&";
    let escaped = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;";
    let subject = "cliente-<b>";
    let service = service_for(&[subject]).await;
    service.load(&calls::extract(), "2026-10-31").await;
    sqlx::query("update normativa set descrizione = $1 where normativa = $2")
        .bind(evil)
        .bind(NORMATIVE[0])
        .execute(&service.db.owner)
        .await
        .unwrap();
    service
        .grant_scope(
            subject,
            "mlps-ammortizzatori",
            crate::abilitazione::everything(),
        )
        .await;
    let mut browser = Browser::new(service.address);
    browser.sign_in(0).await;
    let encoded: String = form_urlencoded::byte_serialize(evil.as_bytes()).collect();
    let detail = format!("/cruscotto/dettaglio/{}", NORMATIVE[0]);
    for path in [
        "/cruscotto".to_owned(),
        detail.clone(),
        "/cruscotto/accesso".to_owned(),
        format!("/cruscotto?normativa={encoded}&dal={encoded}&ordina={encoded}&x={encoded}"),
        format!("{detail}?numero_decreto={encoded}&rilevazione={encoded}&pagina={encoded}"),
        format!("/cruscotto/dettaglio/{encoded}"),
        format!("/cruscotto/entra?dopo={encoded}"),
        format!("/cruscotto/{encoded}"),
    ] {
        let page = browser.get(&path).await;
        assert!(!page.text.contains("<script>"), "{path}: {}", page.text);
        assert!(!page.text.contains("cliente-<b>"), "{path}");
        assert!(!page.text.contains("alert(1)</script>"), "{path}");
    }
    let page = browser.get("/cruscotto").await.ok();
    assert!(page.text.contains(escaped), "{}", page.text);
}

/// By each column, up and down; what is absent comes last.
#[tokio::test]
async fn the_report_is_sorted_as_the_address_says() {
    let (_service, mut browser) = signed_in("mef-rgs").await;
    let column = async |browser: &mut Browser, query: &str| {
        let page = browser
            .get(&format!("/cruscotto?ordina=importi_autorizzati{query}"))
            .await
            .ok();
        let figures = page.figures();
        let mut rows: Vec<String> = figures.chunks(5).map(|row| row[1].clone()).collect();
        rows.pop();
        rows
    };
    let up = column(&mut browser, "").await;
    let mut down = column(&mut browser, "&verso=desc").await;
    assert!(up.len() > 3 && up.is_sorted(), "{up:?}");
    down.reverse();
    assert_eq!(up, down);
}
