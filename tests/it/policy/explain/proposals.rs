//! A proposed policy is only talked about; one that was refused is told of.

use std::fs;

use omnia::contract::proto::{ErrorReason, ExplainAccessRequest};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{LIST, ask, of_profilo, of_soggetto};
use crate::{
    calls::{self, call_rpc},
    errors::assert_error,
    eventually::eventually,
    policy::{DECRETI_TOO, policy_dir, replace_by_rename, shipped},
    server::TestServer,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposed_policy_is_compared_and_never_in_force() {
    let (_root, dir) = policy_dir();
    let service = TestServer::start_with(|s| s.access.policy_dir = Some(dir.clone())).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let auditor = service.clients_of("inps-controllo").await;
    let mut sintesi = service.clients_of("mef-sintesi").await;
    let count = "p, catalogo, ReportService/ListNormative, colonna, descrizione, allow\n";
    let proposta = shipped("g, mef-sintesi, decreti\n").replace(count, "")
        + count.replace("catalogo", "nuovo").as_str()
        + "g, mlps-ammortizzatori, nuovo\n";
    let request = ExplainAccessRequest {
        politica_proposta: proposta.clone(),
        ..of_profilo("mef-sintesi", LIST)
    };
    let before = service.policy_table.version();
    let answer = ask(&auditor, request.clone()).await.unwrap();
    assert!(!answer.spiegazione.unwrap().consentito);
    let stato = answer.politica.unwrap();
    assert_eq!((&*stato.versione, stato.errori.len()), (before, 0));
    let told = answer.proposta.unwrap();
    assert_ne!(told.versione, before);
    assert!(told.spiegazione.unwrap().consentito);
    let (gained, lost): (Vec<_>, Vec<_>) = told.differenze.iter().partition(|d| d.aggiunta);
    assert!(gained.iter().all(|d| d.profilo == "mef-sintesi"
        && (["Decree", "Flight"].iter().any(|s| d.rpc.starts_with(s))
                // What a comparison is made of, row by row, and the figures over time of the same rows.
                || d.rpc.ends_with("Differenze")
                || ["righe", "ore_decretate", "nuove", "variate", "cessate"].contains(&&*d.nome))));
    let cell = |rpc: &str, tipo: &str, nome: &str| {
        gained
            .iter()
            .any(|d| (&*d.rpc, &*d.tipo, &*d.nome) == (rpc, tipo, nome))
    };
    assert!(cell(LIST, "chiamata", "-") && cell(LIST, "colonna", "cf_azienda"));
    assert!(!cell(LIST, "filtro", "cf_azienda"));
    let lost: Vec<(&str, &str)> = lost.iter().map(|d| (&*d.profilo, &*d.nome)).collect();
    let expected = ["mef-rgs", "mef-sintesi", "mlps-consultazione"];
    assert_eq!(lost, expected.map(|profilo| (profilo, "descrizione")));

    // Asked for without a question too, and to itself it is no change.
    let same = ExplainAccessRequest {
        politica_proposta: shipped(""),
        ..Default::default()
    };
    let same = ask(&auditor, same).await.unwrap();
    assert!(same.spiegazione.is_none());
    let same = same.proposta.unwrap();
    assert_eq!((same.versione.as_str(), same.differenze.len()), (before, 0));

    // Many times, and nothing has changed for any caller.
    for _ in 0..3 {
        ask(&auditor, request.clone()).await.unwrap();
    }
    let status = call_rpc(&mut sintesi, LIST, "").await.unwrap_err();
    assert_error(&status, Code::PermissionDenied, ErrorReason::CallDenied);
    assert_eq!(
        fs::read_to_string(dir.join("policy.csv")).unwrap(),
        shipped("")
    );

    // What was proposed does what was said, once an operator puts it there.
    replace_by_rename(&dir, &proposta);
    eventually("the proposed policy is in force", async || {
        call_rpc(&mut sintesi, LIST, "").await.is_ok()
    })
    .await;
    let now = ask(&auditor, of_profilo("mef-sintesi", LIST))
        .await
        .unwrap();
    assert_eq!(now.politica.unwrap().versione, told.versione);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_question_or_a_proposal_is_told_at_once() {
    let service = TestServer::start_with(|s| s.server.max_request_bytes = 1 << 20).await;
    let auditor = service.clients_of("inps-controllo").await;
    let text = shipped("p, decreti, DecreeService/ListDecrees, filtro, iban, allow\nx\n");
    let lines = text.lines().count();
    let proposed = |politica_proposta: String| ExplainAccessRequest {
        politica_proposta,
        ..Default::default()
    };
    let many = (0..65).map(|i| format!("g, profilo-{i}, accesso\n"));
    let expected = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    for (request, fields) in [
        (ExplainAccessRequest::default(), expected(&["rpc"])),
        (of_profilo("mef-rgs", ""), expected(&["rpc"])),
        (
            ExplainAccessRequest {
                chi: None,
                ..of_profilo("", LIST)
            },
            expected(&["chi"]),
        ),
        (of_soggetto(" a", "no/such"), expected(&["rpc", "soggetto"])),
        (
            ExplainAccessRequest {
                filtri: vec!["periodo".into(), "iban".into()],
                colonne: vec!["normativa".into()],
                normative: vec!["A".into()],
                prestazioni: vec!["B".into()],
                istante: "domani".into(),
                indirizzo: "192.0.2.0/24".into(),
                ..of_profilo("Mef", LIST)
            },
            expected(&[
                "filtri[1]",
                "colonne[0]",
                "normative",
                "prestazioni",
                "istante",
                "indirizzo",
                "istante",
                "indirizzo",
                "profilo",
            ]),
        ),
        (
            ExplainAccessRequest {
                istante: "2026-01-01T00:00:00Z".into(),
                ..proposed(shipped(""))
            },
            expected(&["istante"]),
        ),
        (
            ExplainAccessRequest {
                filtri: vec!["periodo".into(); 101],
                ..of_profilo("a", LIST)
            },
            expected(&["filtri"]),
        ),
        (
            proposed(text),
            vec![
                format!("politica_proposta:{}:48", lines - 1),
                format!("politica_proposta:{lines}:1"),
            ],
        ),
        (
            proposed("#".repeat(64 * 1024 + 1)),
            expected(&["politica_proposta"]),
        ),
        (
            proposed(shipped(&many.collect::<String>())),
            expected(&["politica_proposta"]),
        ),
    ] {
        let status = ask(&auditor, request).await.unwrap_err();
        let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(error.violations, fields, "{status:?}");
    }
    // A hundred errors, and one that repeats what was sent: a client can still take the answer.
    let long = format!("p, {}\nx", "y".repeat(60_000));
    for (text, first) in [
        (
            "x".to_owned(),
            "the type of a row must be `p` or `g`, not `x`",
        ),
        (
            long,
            "a `p` row has 6 columns, not 2: p, ruolo, rpc, tipo, nome, effect",
        ),
        (
            "z".repeat(60_000),
            "the type of a row must be `p` or `g`, not `zz",
        ),
    ] {
        let status = ask(&auditor, proposed(text)).await.unwrap_err();
        let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(error.violations[0], "politica_proposta:1:1");
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert!(
            violations[0].description.starts_with(first),
            "{violations:?}"
        );
        let last = &violations.last().unwrap().description;
        assert!(last.ends_with("fields are, from this one on"), "{last}");
    }
    service.stop().await;
}

/// Besides the health check: what was refused, and why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_policy_is_told_with_its_errors() {
    let (_root, dir) = policy_dir();
    let service = TestServer::start_with(|s| s.access.policy_dir = Some(dir.clone())).await;
    let auditor = service.clients_of("inps-controllo").await;
    let stato = async || {
        let answer = ask(&auditor, of_profilo("mef-rgs", LIST)).await;
        answer.unwrap().politica.unwrap()
    };
    assert_eq!(stato().await.rifiutata_il, "");
    let bad = shipped("p, decreti, DecreeService/ListDecrees, filtro, iban, allow\n");
    replace_by_rename(&dir, &bad);
    eventually("the refusal is told", async || {
        !stato().await.errori.is_empty()
    })
    .await;
    let told = stato().await;
    assert_eq!(told.rifiutata_il, "2026-11-23T09:00:00Z");
    assert_eq!(told.versione, service.policy_table.version());
    let [error] = told.errori.as_slice() else {
        panic!("{told:?}")
    };
    let line = i32::try_from(bad.lines().count()).unwrap();
    assert_eq!(
        (&*error.file, error.riga, error.colonna),
        ("policy.csv", line, 48)
    );
    assert_eq!(
        error.motivo,
        "`DecreeService/ListDecrees` has no filter `iban`"
    );
    replace_by_rename(&dir, &shipped(DECRETI_TOO));
    eventually("the good one is told", async || {
        stato().await.errori.is_empty()
    })
    .await;
    service.stop().await;
}
