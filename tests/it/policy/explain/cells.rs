//! The policy's part: what is explained is what happens, cell by cell.

use omnia::{
    abilitazione::PolicySource,
    contract::{
        proto::{ErrorReason, ExplainAccessRequest, GetMyAccessRequest},
        vocabulary::Vocabulary,
    },
};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{LIST, ask, explain, of_profilo, of_soggetto};
use crate::{
    calls::{self, call_rpc},
    errors::assert_error,
    policy::shipped,
    server::{TestServer, whole_scope},
};

/// The names under which a filter of the tests is decided on.
fn filter_names(filtro: &str) -> Vec<String> {
    let whole = filtro.strip_suffix(".persona_fisica");
    let names = whole.into_iter().chain([filtro]);
    names.filter(|n| !n.is_empty()).map(Into::into).collect()
}

/// Every profile of the policy, every call of the contract, every filter: both are asked, the door and the explanation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_explained_is_what_happens_in_every_cell() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let vocabulary = Vocabulary::of_contract().unwrap();
    let profili: Vec<String> = service
        .policy_table
        .profili()
        .map(|p| p.name().into())
        .collect();
    service
        .grant_scope("controllore", "inps-controllo", whole_scope())
        .await;
    let auditor = service.clients_as("controllore");
    let (mut allowed, mut refused) = (0, 0);
    for nome in &profili {
        let mut client = service.clients_of(nome).await;
        for (rpc, words) in vocabulary.iter() {
            for filtro in words.filtri().iter().map(String::as_str).chain([""]) {
                let happens = match call_rpc(&mut client, rpc, filtro).await {
                    Ok(_) => ErrorReason::Unspecified,
                    Err(status) => {
                        let info = status.get_details_error_info().unwrap();
                        ErrorReason::from_str_name(&info.reason).unwrap()
                    }
                };
                for chi in [
                    of_soggetto(&format!("cliente-{nome}"), rpc),
                    of_profilo(nome, rpc),
                ] {
                    let request = ExplainAccessRequest {
                        filtri: filter_names(filtro),
                        ..chi
                    };
                    let told = explain(&auditor, request).await;
                    let what = format!("{nome} {rpc} {filtro}: {told:?}");
                    assert_eq!(told.motivo(), happens, "{what}");
                    assert_eq!(
                        told.consentito,
                        happens == ErrorReason::Unspecified,
                        "{what}"
                    );
                    assert_eq!(told.consentito, told.messaggio.is_empty(), "{what}");
                    assert_eq!(told.consentito, told.messaggio_it.is_empty(), "{what}");
                    assert_eq!(told.profilo, *nome);
                    // The whole is refused exactly where one of its parts is, and each part has its why.
                    assert_eq!(
                        told.consentito,
                        told.voci.iter().all(|v| v.consentito),
                        "{what}"
                    );
                    for voce in &told.voci {
                        assert_eq!(voce.consentito, voce.manca.is_empty(), "{what}");
                        assert!(!voce.consentito || voce.righe.len() >= 2, "{what}");
                    }
                }
                match happens {
                    ErrorReason::Unspecified => allowed += 1,
                    _ => refused += 1,
                }
            }
        }
    }
    assert!(allowed > 60 && refused > 30, "{allowed} {refused}");
    service.stop().await;
}

/// Columns: what is explained is what each profile is told that it sees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_columns_that_are_explained_are_those_that_are_seen() {
    let service = TestServer::start().await;
    let vocabulary = Vocabulary::of_contract().unwrap();
    let auditor = service.clients_of("inps-controllo").await;
    for nome in ["mef-rgs", "mef-sintesi", "mlps-ammortizzatori"] {
        let mut client = service.clients_of(nome).await;
        let mine = client.access.get_my_access(GetMyAccessRequest {}).await;
        let mine = mine.unwrap().into_inner();
        for (rpc, words) in vocabulary.iter().filter(|(_, w)| !w.colonne().is_empty()) {
            let request = ExplainAccessRequest {
                colonne: words.colonne().iter().cloned().collect(),
                ..of_profilo(nome, rpc)
            };
            let told = explain(&auditor, request).await;
            let call = mine.chiamate.iter().find(|c| c.rpc == rpc);
            // A column that is not seen refuses no call.
            assert_eq!(told.consentito, call.is_some(), "{nome} {rpc}");
            let seen: Vec<&String> = told.voci[1..]
                .iter()
                .filter(|voce| voce.consentito)
                .map(|voce| &voce.nome)
                .collect();
            let expected: Vec<&String> = call.iter().flat_map(|c| &c.colonne).collect();
            assert_eq!(seen, expected, "{nome} {rpc}");
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rows_are_those_of_the_file_and_what_is_missing_is_named() {
    let service = TestServer::start().await;
    let auditor = service.clients_of("inps-controllo").await;
    let policy = PolicySource::embedded().policy;
    let line = |text: &str| {
        let at = policy.lines().position(|line| line == text);
        i32::try_from(at.unwrap_or_else(|| panic!("{text}")) + 1).unwrap()
    };
    let request = ExplainAccessRequest {
        filtri: vec!["periodo".into(), "cf_azienda".into()],
        ..of_profilo("mef-rgs", LIST)
    };
    let told = explain(&auditor, request).await;
    assert_eq!(told.motivo(), ErrorReason::FilterDenied);
    let periodo = "p, decreti, DecreeService/ListDecrees, filtro, periodo, allow";
    let [chiamata, voce, denied] = told.voci.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((&*chiamata.tipo, &*chiamata.nome), ("chiamata", "-"));
    let rows: Vec<(&str, i32, &str)> = voce
        .righe
        .iter()
        .map(|r| (&*r.file, r.riga, &*r.testo))
        .collect();
    let bound = "g, mef-rgs, decreti";
    assert_eq!(
        rows,
        [
            ("policy.csv", line(periodo), periodo),
            ("policy.csv", line(bound), bound)
        ]
    );
    assert!(denied.righe.is_empty());
    let other = line("p, decreti-azienda, DecreeService/ListDecrees, filtro, cf_azienda, allow");
    let missing = format!(
        "no row gives it to a role of `mef-rgs`; these have it: `decreti-azienda` (policy.csv:{other})"
    );
    assert_eq!(denied.manca, missing);

    let unknown = explain(&auditor, of_profilo("mef-altro", LIST)).await;
    assert_eq!(unknown.motivo(), ErrorReason::CallDenied);
    assert_eq!(
        unknown.voci[0].manca,
        "the policy has no profile `mef-altro`"
    );
    // A role is not a profile.
    let role = explain(&auditor, of_profilo("decreti", LIST)).await;
    assert_eq!(role.motivo(), ErrorReason::CallDenied);
    service.stop().await;
}

/// It tells what a grant holds: the ministries may not ask, whatever they ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_ministry_may_ask() {
    let service = TestServer::start().await;
    for nome in [
        "mlps-ammortizzatori",
        "mlps-consultazione",
        "mef-rgs",
        "mef-sintesi",
    ] {
        let client = service.clients_of(nome).await;
        for request in [
            of_soggetto(&format!("cliente-{nome}"), LIST),
            of_profilo(nome, LIST),
            ExplainAccessRequest {
                politica_proposta: shipped("\ng, mef-rgs, spiegazione\n"),
                ..Default::default()
            },
            ExplainAccessRequest::default(),
        ] {
            let status = ask(&client, request).await.unwrap_err();
            let error = assert_error(&status, Code::PermissionDenied, ErrorReason::CallDenied);
            assert_eq!(error.metadata["rpc"], "AccessService/ExplainAccess");
        }
    }
    service.stop().await;
}
