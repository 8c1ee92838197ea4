//! Page and resume tokens: bound to their selection and to their rilevazione, over the real server.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use omnia::contract::proto::{
    CriterioPeriodo, DettaglioDecreto, ErrorReason, ExportDecreesRequest, FiltroDecreti,
    ListDecreesRequest, ListDecreesResponse, ListRilevazioniRequest, Periodo,
};
use tonic::{Code, Status};

use crate::{
    calls::{self, drain},
    errors::assert_error,
    model::{CF, CODIFICHE, MATRICOLE, NORMATIVE, NUMERI},
    server::{CallerClients, TestServer},
};

async fn list_page(
    client: &mut CallerClients,
    normativa: &str,
    filtro: &FiltroDecreti,
    rilevazione: i32,
    page_token: &str,
) -> Result<ListDecreesResponse, Status> {
    let request = ListDecreesRequest {
        normativa: normativa.into(),
        filtro: Some(filtro.clone()),
        rilevazione,
        page_size: 1,
        page_token: page_token.into(),
    };
    Ok(client.decreti.list_decrees(request).await?.into_inner())
}

async fn rest_of_export(
    client: &mut CallerClients,
    normativa: &str,
    filtro: &FiltroDecreti,
    rilevazione: i32,
    resume_token: &str,
) -> Result<Vec<DettaglioDecreto>, Status> {
    let request = ExportDecreesRequest {
        normativa: normativa.into(),
        filtro: Some(filtro.clone()),
        rilevazione,
        resume_token: resume_token.into(),
    };
    let stream = client.decreti.export_decrees(request).await?.into_inner();
    let exported = drain(stream).await;
    exported.outcome.map(|_| exported.rows)
}

/// Selections that all find the rows of the first norm, each with one thing that the others do not have.
fn filters() -> Vec<FiltroDecreti> {
    let periodo = |dal: &str, al: &str, criterio: CriterioPeriodo| FiltroDecreti {
        periodo: Some(Periodo {
            dal: dal.into(),
            al: al.into(),
            criterio: criterio.into(),
        }),
        ..Default::default()
    };
    let overlaps = CriterioPeriodo::Sovrapposizione;
    vec![
        FiltroDecreti::default(),
        FiltroDecreti {
            codifica_sistema_unico: CODIFICHE[0].into(),
            ..Default::default()
        },
        FiltroDecreti {
            numero_decreto: NUMERI[0].into(),
            ..Default::default()
        },
        FiltroDecreti {
            cf_azienda: CF[0].into(),
            ..Default::default()
        },
        FiltroDecreti {
            matricola_azienda: MATRICOLE[0].into(),
            ..Default::default()
        },
        periodo("2022-01-01", "", overlaps),
        periodo("2022-01-02", "", overlaps),
        periodo("", "2024-01-01", overlaps),
        periodo("2022-01-01", "", CriterioPeriodo::InizioValidita),
    ]
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(esito: Result<T, Status>) {
    assert_error(
        &esito.unwrap_err(),
        Code::InvalidArgument,
        ErrorReason::PageTokenInvalid,
    );
}

async fn scene() -> (TestServer, CallerClients) {
    let service = TestServer::start_with(|s| s.export.batch_rows = 1).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let client = service.clients_of("mlps-ammortizzatori").await;
    (service, client)
}

#[tokio::test]
async fn a_token_of_another_selection_is_refused() {
    let (service, mut client) = scene().await;
    // The same extract at a later date: another rilevazione with the same rows.
    service.load(&calls::extract(), "2026-11-01").await;
    let [before, other, _] = NORMATIVE;
    for (i, its_token) in filters().iter().enumerate() {
        let page = list_page(&mut client, before, its_token, 1, "")
            .await
            .unwrap();
        let token = page.next_page_token;
        assert!(!token.is_empty(), "{its_token:?} has more than a page");
        for (j, another) in filters().iter().enumerate() {
            let page = list_page(&mut client, before, another, 0, &token).await;
            let rest = rest_of_export(&mut client, before, another, 0, &token).await;
            if i == j {
                assert_eq!(page.unwrap().rilevazione.unwrap().numero, 1);
                assert!(!rest.unwrap().is_empty());
            } else {
                assert_refused(page);
                assert_refused(rest);
            }
        }
        assert!(
            list_page(&mut client, before, its_token, 1, &token)
                .await
                .is_ok()
        );
        assert_refused(list_page(&mut client, before, its_token, 2, &token).await);
        assert_refused(rest_of_export(&mut client, before, its_token, 2, &token).await);
        assert_refused(list_page(&mut client, other, its_token, 0, &token).await);
        assert_refused(rest_of_export(&mut client, other, its_token, 0, &token).await);
    }
    service.stop().await;
}

/// What somebody may make of a token: each character another one, each part of it, something before and after it.
fn changed(token: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for at in 0..token.len() {
        let (before, after) = (&token[..at], &token[at + 1..]);
        for other in ["A", "B", "Z", "a", "z", "0", "9", "-", "_", "=", "+", " "] {
            texts.push(format!("{before}{other}{after}"));
        }
        texts.push(before.to_owned());
        texts.push(format!("{before}{after}"));
    }
    for more in ["A", "=", "AAAA", " ", "\n", token] {
        texts.push(format!("{token}{more}"));
        texts.push(format!("{more}{token}"));
    }
    texts.push("A".repeat(4000));
    // Of another form of the same bytes, one character may be as it was; no text is the first page.
    texts.retain(|text| !text.is_empty() && text != token);
    texts
}

/// Any change at any place: a position that the service did not give would give rows twice, or leave some out, without a word.
#[tokio::test]
async fn a_token_that_somebody_changed_is_refused() {
    let (service, mut client) = scene().await;
    service.load(&calls::extract(), "2026-11-01").await;
    let filtro = FiltroDecreti {
        cf_azienda: CF[0].into(),
        ..Default::default()
    };
    let page = list_page(&mut client, NORMATIVE[0], &filtro, 1, "")
        .await
        .unwrap();
    let token = page.next_page_token;
    // It can be shown to anyone: no employer is in it.
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(CF.iter().all(|cf| !text.contains(cf)), "{text}");
    let mut accepted = Vec::new();
    for text in changed(&token) {
        let page = list_page(&mut client, NORMATIVE[0], &filtro, 0, &text).await;
        let rest = rest_of_export(&mut client, NORMATIVE[0], &filtro, 0, &text).await;
        if page.is_ok() || rest.is_ok() {
            accepted.push(text);
            continue;
        }
        assert_refused(page);
        assert_refused(rest);
    }
    assert!(
        accepted.is_empty(),
        "{} accepted: {accepted:?}",
        accepted.len()
    );

    let list = |page_token: String| ListRilevazioniRequest {
        page_size: 1,
        page_token,
    };
    let first = client.report.list_rilevazioni(list(String::new())).await;
    for text in changed(&first.unwrap().into_inner().next_page_token) {
        assert_refused(client.report.list_rilevazioni(list(text)).await);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_token_of_another_list() {
    let (service, mut client) = scene().await;
    service.load(&calls::extract(), "2026-11-01").await;
    let rilevazioni = |page_token: String| ListRilevazioniRequest {
        page_size: 1,
        page_token,
    };
    let first = client
        .report
        .list_rilevazioni(rilevazioni(String::new()))
        .await;
    let first = first.unwrap().into_inner();
    assert_eq!(first.rilevazioni[0].numero, 2);
    let second = client
        .report
        .list_rilevazioni(rilevazioni(first.next_page_token.clone()))
        .await;
    let second = second.unwrap().into_inner();
    assert_eq!(second.rilevazioni[0].numero, 1);
    assert_eq!(second.next_page_token, "", "the last page");

    let none = FiltroDecreti::default();
    let token = list_page(&mut client, NORMATIVE[0], &none, 0, "")
        .await
        .unwrap()
        .next_page_token;
    assert_refused(client.report.list_rilevazioni(rilevazioni(token)).await);
    let token = first.next_page_token;
    assert_refused(list_page(&mut client, NORMATIVE[0], &none, 0, &token).await);
    assert_refused(rest_of_export(&mut client, NORMATIVE[0], &none, 0, &token).await);
    // With something behind it that was not there.
    let longer = [&URL_SAFE_NO_PAD.decode(&token).unwrap()[..], b"x"].concat();
    let longer = URL_SAFE_NO_PAD.encode(longer);
    assert_refused(client.report.list_rilevazioni(rilevazioni(longer)).await);
    service.stop().await;
}

/// A load that commits between two pages changes nothing for their reader.
#[tokio::test]
async fn a_token_keeps_its_rilevazione() {
    let (service, mut client) = scene().await;
    let none = FiltroDecreti::default();
    let before = rest_of_export(&mut client, NORMATIVE[0], &none, 0, "")
        .await
        .unwrap();
    let first = list_page(&mut client, NORMATIVE[0], &none, 0, "")
        .await
        .unwrap();
    let token = first.next_page_token;
    // One row gone, every other one changed, one that is new and would come first.
    let mut extract = calls::extract();
    let mut fresh = extract.rows.remove(1);
    fresh.numero = "0";
    for riga in &mut extract.rows {
        riga.erogati += 1;
    }
    extract.rows.push(fresh);
    assert_eq!(service.load(&extract, "2026-11-01").await, 2);

    let mut pages = first.decreti;
    let mut page_token = token.clone();
    while !page_token.is_empty() {
        let page = list_page(&mut client, NORMATIVE[0], &none, 0, &page_token)
            .await
            .unwrap();
        assert_eq!(page.rilevazione.unwrap().numero, 1);
        pages.extend(page.decreti);
        page_token = page.next_page_token;
    }
    assert_eq!(pages, before);
    let rest = rest_of_export(&mut client, NORMATIVE[0], &none, 0, &token)
        .await
        .unwrap();
    assert_eq!(rest, before[1..]);
    // Who begins now reads the new one.
    let now = rest_of_export(&mut client, NORMATIVE[0], &none, 0, "")
        .await
        .unwrap();
    assert!(now.len() == before.len() && now.iter().all(|d| !before.contains(d)));
    service.stop().await;
}
