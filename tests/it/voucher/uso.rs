//! What may be used once, what again, and what is required of whom.

use std::collections::BTreeMap;

use omnia::{
    abilitazione::{
        authn::{FonteChiavi, Requisito, TipoEmittente},
        grants::Finalita,
    },
    config::Issuer,
    contract::proto::ErrorReason as R,
};
use serde_json::json;
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};

use super::{
    CLIENT, FINALITA, Presenta, Scena,
    chiavi::{CLIENT_EC, CLIENT_RSA, CONSUMER, PDND},
    write_jwks,
};
use crate::abilitazione::nuova;

const UNAUTHENTICATED: Code = Code::Unauthenticated;

/// Another instance on the same database.
async fn second(scena: &Scena) -> Channel {
    let address = scena.servizio.altra_istanza().await;
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

#[tokio::test]
async fn a_proof_is_taken_once_by_whichever_instance() {
    let scena = Scena::avvia().await;
    let other = second(&scena).await;
    let voucher = scena.voucher(Some(&CLIENT_EC), None);
    let proof = |jti| Presenta::dpop(&voucher, &scena.proof(&CLIENT_EC, &voucher, jti));
    let replayed = Err((UNAUTHENTICATED, R::ProofReplayed));

    assert_eq!(scena.chiama(&proof("a")).await, Ok(()));
    assert_eq!(scena.chiama(&proof("a")).await, replayed);
    assert_eq!(proof("a").chiama(other.clone()).await, replayed);
    assert_eq!(proof("b").chiama(other.clone()).await, Ok(()));
    assert_eq!(scena.chiama(&proof("b")).await, replayed);
    // A jti is its key's: nobody uses up another's.
    let theirs = scena.voucher(Some(&CLIENT_RSA), None);
    let theirs = Presenta::dpop(&theirs, &scena.proof(&CLIENT_RSA, &theirs, "a"));
    assert_eq!(scena.chiama(&theirs).await, Ok(()));

    // Of many at once, one is the first.
    let tries = (0..16).map(|i| {
        let (presenta, channel) = (
            proof("c"),
            if i % 2 == 0 {
                other.clone()
            } else {
                scena.servizio.canale()
            },
        );
        async move { presenta.chiama(channel).await }
    });
    let outcomes = futures_util::future::join_all(tries).await;
    let first = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(first, 1, "{outcomes:?}");
    assert!(
        outcomes.iter().all(|o| o.is_ok() || *o == replayed),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_proof_that_cannot_be_noted_is_refused() {
    let scena = Scena::avvia().await;
    let voucher = scena.voucher(Some(&CLIENT_EC), None);
    let proof = |jti| Presenta::dpop(&voucher, &scena.proof(&CLIENT_EC, &voucher, jti));
    assert_eq!(scena.chiama(&proof("a")).await, Ok(()));
    sqlx::query("revoke insert on prova_usata from omnia_servizio")
        .execute(&scena.servizio.db.owner)
        .await
        .unwrap();
    assert_eq!(
        scena.chiama(&proof("b")).await,
        Err((Code::Internal, R::Internal))
    );
    sqlx::query("grant insert on prova_usata to omnia_servizio")
        .execute(&scena.servizio.db.owner)
        .await
        .unwrap();
    assert_eq!(scena.chiama(&proof("b")).await, Ok(()));
}

/// The serving role remembers; what could still be taken again, it cannot forget.
#[tokio::test]
async fn only_what_is_too_old_is_forgotten() {
    let scena = Scena::avvia().await;
    let voucher = scena.voucher(Some(&CLIENT_EC), None);
    let proof = Presenta::dpop(&voucher, &scena.proof(&CLIENT_EC, &voucher, "a"));
    assert_eq!(scena.chiama(&proof).await, Ok(()));
    let db = &scena.servizio.db;
    let kept: bool = sqlx::query_scalar(
        "select scade > now() + interval '60 seconds' and scade < now() + interval '80 seconds' from prova_usata",
    )
    .fetch_one(&db.owner)
    .await
    .unwrap();
    assert!(kept, "as long as it could be taken");
    let prune = || async {
        let mut tx = db.servizio.begin_with("begin read write").await.unwrap();
        let gone: i64 = sqlx::query_scalar("select prova_usata_pota()")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        gone
    };
    assert_eq!(prune().await, 0);
    sqlx::query("update prova_usata set scade = now() - interval '61 seconds'")
        .execute(&db.owner)
        .await
        .unwrap();
    assert_eq!(prune().await, 1);
}

#[tokio::test]
async fn an_evidence_is_used_with_its_voucher_or_once() {
    let scena = Scena::avvia().await;
    let invalid = Err((UNAUTHENTICATED, R::EvidenceInvalid));
    // AUDIT_REST_02: the voucher names it, and both live together.
    let evidence = scena.evidence("a");
    let tied = Presenta::bearer(&scena.voucher(None, Some(&evidence))).evidenza(&evidence);
    assert_eq!(scena.chiama(&tied).await, Ok(()));
    assert_eq!(scena.chiama(&tied).await, Ok(()));
    // AUDIT_REST_01: nothing ties them.
    let other = second(&scena).await;
    let free = Presenta::bearer(&scena.voucher(None, None));
    let evidence = scena.evidence("b");
    assert_eq!(
        scena.chiama(&free.clone().evidenza(&evidence)).await,
        Ok(())
    );
    assert_eq!(
        scena.chiama(&free.clone().evidenza(&evidence)).await,
        invalid
    );
    assert_eq!(
        free.clone().evidenza(&evidence).chiama(other).await,
        invalid
    );
    let again = scena.evidence("c");
    assert_eq!(scena.chiama(&free.clone().evidenza(&again)).await, Ok(()));
    assert_eq!(scena.chiama(&free).await, Ok(()), "nothing is required");
}

#[tokio::test]
async fn the_evidence_is_required_by_ente() {
    let scena = Scena::avvia_con(|settings| {
        settings.access.evidence.default = Requisito::AuditRest01;
        settings.access.evidence.per_ente =
            BTreeMap::from([("MLPS".to_owned(), Requisito::AuditRest02)]);
    })
    .await;
    let invalid = Err((UNAUTHENTICATED, R::EvidenceInvalid));
    let evidence = scena.evidence("a");
    let free = Presenta::bearer(&scena.voucher(None, None));
    let tied = Presenta::bearer(&scena.voucher(None, Some(&evidence)));
    assert_eq!(scena.chiama(&free).await, invalid);
    assert_eq!(scena.chiama(&tied).await, invalid, "named, and not there");
    assert_eq!(
        scena
            .chiama(&free.clone().evidenza(&scena.evidence("b")))
            .await,
        invalid,
        "01 is not 02"
    );
    assert_eq!(scena.chiama(&tied.evidenza(&evidence)).await, Ok(()));

    // A client of the other ministry: 01 is enough, and nothing is not.
    let mef = nuova("mef", "mef-rgs", "2026-01-01", "2026-12-31");
    scena.servizio.concedi(&mef).await;
    let (header, mut claims) = scena.voucher_parts();
    claims["sub"] = json!("mef");
    claims["client_id"] = json!("mef");
    let free = Presenta::bearer(&PDND.firma(&header, &claims));
    assert_eq!(scena.chiama(&free).await, invalid);
    let theirs = scena.evidence_with(super::Part::Claims, "iss", json!("mef"));
    assert_eq!(scena.chiama(&free.evidenza(&theirs)).await, Ok(()));
}

/// A voucher is good for the purposes that its client's grant lists.
#[tokio::test]
async fn the_purpose_must_be_one_of_the_grants() {
    let scena = Scena::avvia().await;
    for (client, purpose, outcome) in [
        ("stesso", FINALITA.to_owned(), Ok(())),
        (
            "altro",
            FINALITA.replace('0', "1"),
            Err((Code::PermissionDenied, R::PurposeDenied)),
        ),
    ] {
        let mut richiesta = nuova(client, "mef-rgs", "2026-01-01", "2026-12-31");
        richiesta.limiti.finalita = Finalita::parse(&[purpose]).unwrap();
        scena.servizio.concedi(&richiesta).await;
        let (header, mut claims) = scena.voucher_parts();
        claims["sub"] = json!(client);
        claims["client_id"] = json!(client);
        let voucher = Presenta::bearer(&PDND.firma(&header, &claims));
        assert_eq!(scena.chiama(&voucher).await, outcome, "{client}");
    }
    // A token without a purpose is not for any of them.
    let mut richiesta = nuova("senza", "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.limiti.finalita = Finalita::parse(&[FINALITA]).unwrap();
    scena.servizio.concedi(&richiesta).await;
    let plain = Presenta::bearer(&scena.servizio.token("senza"));
    let denied = Err((Code::PermissionDenied, R::PurposeDenied));
    assert_eq!(scena.chiama(&plain).await, denied);
}

/// Another provider beside PDND, by the same code: its own subject, no nbf, and nothing that a voucher has.
#[tokio::test]
async fn a_generic_issuer_is_settings_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let jwks = dir.path().join("idp.json");
    write_jwks(&jwks, &[CLIENT_EC.con_kid("idp-1")]);
    let scena = Scena::avvia_con(|settings| {
        settings.access.issuers.push(Issuer {
            kind: TipoEmittente::Oidc,
            issuer: "https://idp.example".to_owned(),
            audience: vec!["omnia".to_owned()],
            jwks: FonteChiavi::File(jwks),
            enti: vec!["MLPS".to_owned()],
            subject_claim: Some("azp".to_owned()),
            algorithms: None,
            nbf_required: None,
        });
    })
    .await;
    let claims = json!({
        "iss": "https://idp.example", "aud": "omnia", "sub": "somebody", "azp": CLIENT, "exp": scena.now() + 60,
    });
    let header = |kid| json!({"alg": "ES256", "typ": "JWT", "kid": kid});
    let token = |kid| Presenta::bearer(&CLIENT_EC.firma(&header(kid), &claims));
    assert_eq!(scena.chiama(&token("idp-1")).await, Ok(()));
    // Each issuer has its own keys: what PDND's sign is no token of this one, nor the other way round.
    let invalid = Err((UNAUTHENTICATED, R::TokenInvalid));
    assert_eq!(scena.chiama(&token("pdnd-1")).await, invalid);
    let (mut header, claims) = scena.voucher_parts();
    header["alg"] = json!("ES256");
    header["kid"] = json!("idp-1");
    let forged = Presenta::bearer(&CLIENT_EC.firma(&header, &claims));
    assert_eq!(scena.chiama(&forged).await, invalid);
}

/// Who, for which purpose, with which voucher: in the record of the call.
#[tokio::test]
async fn the_audit_knows_who_asked() {
    let scena = Scena::avvia().await;
    let (header, mut claims) = scena.evidence_parts("a");
    claims["userID"] = json!("matricola 4711");
    let evidence = CONSUMER.firma(&header, &claims);
    let tied = Presenta::bearer(&scena.voucher(None, Some(&evidence))).evidenza(&evidence);
    assert_eq!(scena.chiama(&tied).await, Ok(()));
    let row: (String, String, String, String) = sqlx::query_as(
        "select soggetto, utente, finalita, jti from audit_chiamata where rpc like '%GetMyAccess' and utente is not null",
    )
    .fetch_one(&scena.servizio.db.owner)
    .await
    .unwrap();
    let expected = (CLIENT, "matricola 4711", FINALITA, "voucher-1");
    assert_eq!((&*row.0, &*row.1, &*row.2, &*row.3), expected);
}

/// What is kept of a voucher does not outlive it.
#[tokio::test]
async fn a_voucher_that_was_seen_ends_when_it_ends() {
    let scena = Scena::avvia().await;
    let now = scena.now();
    let voucher =
        Presenta::bearer(&scena.voucher_with(super::Part::Claims, "exp", json!(now + 60)));
    for (instant, outcome) in [
        ("2026-11-23T09:00:00Z", Ok(())),
        ("2026-11-23T09:01:29Z", Ok(())),
        (
            "2026-11-23T09:01:30Z",
            Err((UNAUTHENTICATED, R::TokenExpired)),
        ),
        ("2026-11-23T09:00:00Z", Ok(())),
        (
            "2026-11-23T08:59:29Z",
            Err((UNAUTHENTICATED, R::TokenNotYetValid)),
        ),
    ] {
        scena.servizio.orologio(instant);
        assert_eq!(scena.chiama(&voucher).await, outcome, "{instant}");
    }
}
