//! The lists of GrantService against the same selection made here, and their pages.

use omnia::{
    abilitazione::grants::{self, Azione, Ente, GrantRecord},
    contract::proto::{
        ErrorReason, FiltroAbilitazioni, ListExpiringGrantsRequest, ListGrantsRequest,
        StatoAbilitazione,
    },
};
use tonic::{Code, Status};

use crate::{
    abilitazione::{motivo, new_request, operatore, revoke},
    errors::assert_error,
    server::{CallerClients, TestServer, whole_scope},
};

/// Grants in every state, of two subjects' names and two enti each.
async fn populated() -> (TestServer, CallerClients) {
    let service = TestServer::start().await;
    let (pool, clock) = (service.db.owner.clone(), service.clock.clone());
    let (anna, why) = (operatore("anna"), motivo("prova"));
    let step = async |id, azione| {
        grants::advance(&pool, &clock, id, azione, &anna, &why)
            .await
            .unwrap();
    };
    // The day of the tests is 23 November 2026.
    service.set_clock("2026-01-15T09:00:00Z");
    for (n, (dal, al)) in [
        ("2026-01-01", "2026-10-31"),
        ("2026-01-01", "2026-12-01"),
        ("2026-12-10", "2026-12-20"),
        ("2026-01-01", "2027-12-31"),
    ]
    .into_iter()
    .enumerate()
    {
        for stato in ["richiesta", "attiva", "sospesa", "revocata", "rifiutata"] {
            let mut richiesta = new_request(&format!("{stato}-{}", n % 2), "mef-rgs", dal, al);
            richiesta.soggetto.push_str(&n.to_string());
            if n % 2 == 0 {
                richiesta.ente = Ente::Mlps;
                richiesta.profilo = "mlps-consultazione".to_owned();
            }
            if stato == "richiesta" || stato == "rifiutata" {
                let table = &service.policy_table;
                let id = grants::record_request(&pool, &clock, table, &richiesta, &anna, &why)
                    .await
                    .unwrap();
                if stato == "rifiutata" {
                    step(id, Azione::Revoca).await;
                } else if n > 1 {
                    step(id, Azione::Verifica).await;
                }
                continue;
            }
            let id = service.grant(&richiesta).await;
            match stato {
                "sospesa" => step(id, Azione::Sospensione).await,
                "revocata" => revoke(&pool, &clock, id).await,
                _ => {}
            }
        }
    }
    service.set_clock(crate::server::TODAY);
    service
        .grant_scope("inps", "inps-gestione", whole_scope())
        .await;
    let inps = service.clients_as("inps");
    (service, inps)
}

/// Every page of a selection, of this size.
async fn pages(
    inps: &mut CallerClients,
    filtro: &FiltroAbilitazioni,
    page_size: i32,
) -> Result<Vec<i64>, Status> {
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListGrantsRequest {
            filtro: Some(filtro.clone()),
            page_size,
            page_token,
        };
        let answer = inps.grants.list_grants(request).await?.into_inner();
        assert!(answer.abilitazioni.len() <= usize::try_from(page_size).unwrap());
        ids.extend(answer.abilitazioni.iter().map(|a| a.id));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(ids);
        }
    }
}

#[tokio::test]
async fn lists_are_the_selection_on_whatever_pages() {
    let (service, mut inps) = populated().await;
    let today = service.clock.today();
    let all = grants::list(&service.db.owner).await.unwrap();
    let expect = |keep: &dyn Fn(&GrantRecord) -> bool| -> Vec<i64> {
        let kept = all.iter().filter(|s| keep(s));
        kept.map(|s| s.aa07.id).collect()
    };
    let mut seen = 0;
    for stato in 0..=8 {
        let stato = StatoAbilitazione::try_from(stato).unwrap();
        for ente in ["", "MLPS", "MEF", "INPS"] {
            for (soggetto, profilo) in [
                ("", ""),
                ("attiva-00", ""),
                ("", "mef-rgs"),
                ("attiva-00", "mef-rgs"),
            ] {
                let filtro = FiltroAbilitazioni {
                    soggetto: soggetto.into(),
                    ente: ente.into(),
                    profilo: profilo.into(),
                    stato: stato.into(),
                };
                let name = stato.as_str_name();
                let expected = expect(&|s| {
                    let amounts_to = format!("STATO_ABILITAZIONE_{}", s.effective_stato(today));
                    (stato == StatoAbilitazione::Unspecified || amounts_to == name)
                        && (ente.is_empty() || s.aa07.ente == ente)
                        && (soggetto.is_empty() || s.aa07.soggetto == soggetto)
                        && (profilo.is_empty() || s.aa07.profilo == profilo)
                });
                for size in [1, 7, 100] {
                    let found = pages(&mut inps, &filtro, size).await.unwrap();
                    assert_eq!(found, expected, "{filtro:?} {size}");
                }
                seen += expected.len();
            }
            if ente.is_empty() {
                let filtro = FiltroAbilitazioni {
                    stato: stato.into(),
                    ..Default::default()
                };
                let found = pages(&mut inps, &filtro, 100).await.unwrap();
                assert!(!found.is_empty(), "no grant that is {stato:?}");
            }
        }
    }
    assert!(seen > 50, "{seen}");
    service.stop().await;
}

#[tokio::test]
async fn a_token_is_of_its_selection() {
    let (service, mut inps) = populated().await;
    let ask = async |inps: &mut CallerClients, soggetto: &str, profilo: &str, token: &str| {
        let request = ListGrantsRequest {
            filtro: Some(FiltroAbilitazioni {
                soggetto: soggetto.into(),
                profilo: profilo.into(),
                ..Default::default()
            }),
            page_size: 1,
            page_token: token.to_owned(),
        };
        inps.grants.list_grants(request).await
    };
    let first = ask(&mut inps, "", "mef-rgs", "")
        .await
        .unwrap()
        .into_inner();
    let token = first.next_page_token;
    assert!(!token.is_empty());
    assert!(ask(&mut inps, "", "mef-rgs", &token).await.is_ok());
    let expiring = async |inps: &mut CallerClients, giorni, token: &str| {
        let request = ListExpiringGrantsRequest {
            giorni,
            page_size: 1,
            page_token: token.to_owned(),
        };
        inps.grants.list_expiring_grants(request).await
    };
    let first = expiring(&mut inps, 60, "").await.unwrap().into_inner();
    let other = first.next_page_token;
    assert!(!other.is_empty());
    let refused = [
        ask(&mut inps, "", "", &token).await.unwrap_err(),
        ask(&mut inps, "mef-rgs", "", &token).await.unwrap_err(),
        ask(&mut inps, "", "mef-rgs", &other).await.unwrap_err(),
        ask(&mut inps, "", "mef-rgs", "garbage").await.unwrap_err(),
        expiring(&mut inps, 61, &other).await.unwrap_err(),
        expiring(&mut inps, 60, &token).await.unwrap_err(),
    ];
    for at in 1..token.len() {
        let (grants, days) = (&token[..at], &other[..at.min(other.len() - 1)]);
        for end in ["", "A", "_"] {
            let cut = ask(&mut inps, "", "mef-rgs", &format!("{grants}{end}")).await;
            assert!(
                cut.is_err() || format!("{grants}{end}") == token,
                "{at} {end}"
            );
            let cut = expiring(&mut inps, 60, &format!("{days}{end}")).await;
            assert!(
                cut.is_err() || format!("{days}{end}") == other,
                "{at} {end}"
            );
        }
    }
    for status in refused {
        let invalid = ErrorReason::PageTokenInvalid;
        assert_error(&status, Code::InvalidArgument, invalid);
    }
    let bad = ListGrantsRequest {
        filtro: Some(FiltroAbilitazioni {
            soggetto: "\0".into(),
            ente: "X".into(),
            profilo: " ".into(),
            stato: 77,
        }),
        page_size: 1001,
        page_token: String::new(),
    };
    let status = inps.grants.list_grants(bad).await.unwrap_err();
    let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let mut fields = error.violations;
    fields.sort();
    assert_eq!(
        fields,
        [
            "filtro.ente",
            "filtro.profilo",
            "filtro.soggetto",
            "filtro.stato",
            "page_size"
        ]
    );
    for giorni in [-1, 3661] {
        let status = expiring(&mut inps, giorni, "").await.unwrap_err();
        let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(error.violations, ["giorni"]);
    }
    service.stop().await;
}

#[tokio::test]
async fn what_expires_soon_is_listed_by_its_last_day() {
    let (service, mut inps) = populated().await;
    for (giorni, expected) in [
        (7, ""),
        (8, "attiva-11 sospesa-11"),
        (26, "attiva-11 sospesa-11"),
        // 0 is 30.
        (0, "attiva-11 sospesa-11 attiva-02 sospesa-02"),
        // The asking caller's own grant expires too, on 31 December.
        (38, "attiva-11 sospesa-11 attiva-02 sospesa-02 inps"),
        (
            3660,
            "attiva-11 sospesa-11 attiva-02 sospesa-02 inps attiva-13 sospesa-13",
        ),
    ] {
        for page_size in [1, 3, 100] {
            let (mut found, mut page_token) = (Vec::new(), String::new());
            loop {
                let request = ListExpiringGrantsRequest {
                    giorni,
                    page_size,
                    page_token,
                };
                let answer = inps.grants.list_expiring_grants(request).await;
                let answer = answer.unwrap().into_inner();
                found.extend(answer.abilitazioni.into_iter().map(|a| a.soggetto));
                page_token = answer.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(found.join(" "), expected, "{giorni} {page_size}");
        }
    }
    service.stop().await;
}
