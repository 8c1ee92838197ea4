//! What may be used once, what again, and what is required of whom.

use std::collections::BTreeMap;

use omnia::{
    abilitazione::authn::IssuerSettings,
    abilitazione::{
        authn::{EvidenceRequirement, IssuerKind, KeyLocation},
        grants::Finalita,
    },
    contract::proto::ErrorReason as R,
};
use serde_json::json;
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};

use super::{
    CLIENT, FINALITA, Presentation, VoucherScene,
    keys::{CLIENT_EC, CLIENT_RSA, CONSUMER, PDND},
    write_jwks,
};
use crate::abilitazione::new_request;

const UNAUTHENTICATED: Code = Code::Unauthenticated;

/// Another instance on the same database.
async fn second(scene: &VoucherScene) -> Channel {
    let address = scene.service.another_instance().await;
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

#[tokio::test]
async fn a_proof_is_taken_once_by_whichever_instance() {
    let scene = VoucherScene::start().await;
    let other = second(&scene).await;
    let voucher = scene.voucher(Some(&CLIENT_EC), None);
    let proof = |jti| Presentation::dpop(&voucher, &scene.proof(&CLIENT_EC, &voucher, jti));
    let replayed = Err((UNAUTHENTICATED, R::ProofReplayed));

    assert_eq!(scene.call(&proof("a")).await, Ok(()));
    assert_eq!(scene.call(&proof("a")).await, replayed);
    assert_eq!(proof("a").call(other.clone()).await, replayed);
    assert_eq!(proof("b").call(other.clone()).await, Ok(()));
    assert_eq!(scene.call(&proof("b")).await, replayed);
    // A jti is its key's: no key uses up another's.
    let theirs = scene.voucher(Some(&CLIENT_RSA), None);
    let theirs = Presentation::dpop(&theirs, &scene.proof(&CLIENT_RSA, &theirs, "a"));
    assert_eq!(scene.call(&theirs).await, Ok(()));

    // Of many at once, one is the first.
    let tries = (0..16).map(|i| {
        let (present, channel) = (
            proof("c"),
            if i % 2 == 0 {
                other.clone()
            } else {
                scene.service.channel()
            },
        );
        async move { present.call(channel).await }
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
    let scene = VoucherScene::start().await;
    let voucher = scene.voucher(Some(&CLIENT_EC), None);
    let proof = |jti| Presentation::dpop(&voucher, &scene.proof(&CLIENT_EC, &voucher, jti));
    assert_eq!(scene.call(&proof("a")).await, Ok(()));
    sqlx::query("revoke insert on prova_usata from omnia_servizio")
        .execute(&scene.service.db.owner)
        .await
        .unwrap();
    assert_eq!(
        scene.call(&proof("b")).await,
        Err((Code::Internal, R::Internal))
    );
    sqlx::query("grant insert on prova_usata to omnia_servizio")
        .execute(&scene.service.db.owner)
        .await
        .unwrap();
    assert_eq!(scene.call(&proof("b")).await, Ok(()));
}

/// The serving role remembers; what could still be taken again, it cannot forget.
#[tokio::test]
async fn only_what_is_too_old_is_forgotten() {
    let scene = VoucherScene::start().await;
    let voucher = scene.voucher(Some(&CLIENT_EC), None);
    let proof = Presentation::dpop(&voucher, &scene.proof(&CLIENT_EC, &voucher, "a"));
    assert_eq!(scene.call(&proof).await, Ok(()));
    let db = &scene.service.db;
    let kept: bool = sqlx::query_scalar(
        "select scade > now() + interval '60 seconds' and scade < now() + interval '80 seconds' from prova_usata",
    )
    .fetch_one(&db.owner)
    .await
    .unwrap();
    assert!(kept, "as long as it could be taken");
    let prune = || async {
        let mut tx = db.serving.begin_with("begin read write").await.unwrap();
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
    let scene = VoucherScene::start().await;
    let invalid = Err((UNAUTHENTICATED, R::EvidenceInvalid));
    // AUDIT_REST_02: the voucher names it, and both live together.
    let evidence = scene.evidence("a");
    let tied = Presentation::bearer(&scene.voucher(None, Some(&evidence))).evidence(&evidence);
    assert_eq!(scene.call(&tied).await, Ok(()));
    assert_eq!(scene.call(&tied).await, Ok(()));
    // AUDIT_REST_01: nothing ties them.
    let other = second(&scene).await;
    let free = Presentation::bearer(&scene.voucher(None, None));
    let evidence = scene.evidence("b");
    assert_eq!(scene.call(&free.clone().evidence(&evidence)).await, Ok(()));
    assert_eq!(scene.call(&free.clone().evidence(&evidence)).await, invalid);
    assert_eq!(free.clone().evidence(&evidence).call(other).await, invalid);
    let again = scene.evidence("c");
    assert_eq!(scene.call(&free.clone().evidence(&again)).await, Ok(()));
    assert_eq!(scene.call(&free).await, Ok(()), "nothing is required");
}

#[tokio::test]
async fn the_evidence_is_required_by_ente() {
    let scene = VoucherScene::start_with(|settings| {
        settings.access.evidence.default = EvidenceRequirement::AuditRest01;
        settings.access.evidence.per_ente =
            BTreeMap::from([("MLPS".to_owned(), EvidenceRequirement::AuditRest02)]);
    })
    .await;
    let invalid = Err((UNAUTHENTICATED, R::EvidenceInvalid));
    let evidence = scene.evidence("a");
    let free = Presentation::bearer(&scene.voucher(None, None));
    let tied = Presentation::bearer(&scene.voucher(None, Some(&evidence)));
    assert_eq!(scene.call(&free).await, invalid);
    assert_eq!(scene.call(&tied).await, invalid, "named, and not there");
    assert_eq!(
        scene
            .call(&free.clone().evidence(&scene.evidence("b")))
            .await,
        invalid,
        "01 is not 02"
    );
    assert_eq!(scene.call(&tied.evidence(&evidence)).await, Ok(()));

    // A client of the other ministry: 01 is enough, and nothing is not.
    let mef = new_request("mef", "mef-rgs", "2026-01-01", "2026-12-31");
    scene.service.grant(&mef).await;
    let (header, mut claims) = scene.voucher_parts();
    claims["sub"] = json!("mef");
    claims["client_id"] = json!("mef");
    let free = Presentation::bearer(&PDND.sign(&header, &claims));
    assert_eq!(scene.call(&free).await, invalid);
    let theirs = scene.evidence_with(super::TokenPart::Claims, "iss", json!("mef"));
    assert_eq!(scene.call(&free.evidence(&theirs)).await, Ok(()));
}

/// A voucher is good for the purposes that its client's grant lists.
#[tokio::test]
async fn the_purpose_must_be_one_of_the_grants() {
    let scene = VoucherScene::start().await;
    for (client, purpose, outcome) in [
        ("stesso", FINALITA.to_owned(), Ok(())),
        (
            "altro",
            FINALITA.replace('0', "1"),
            Err((Code::PermissionDenied, R::PurposeDenied)),
        ),
    ] {
        let mut richiesta = new_request(client, "mef-rgs", "2026-01-01", "2026-12-31");
        richiesta.limiti.finalita = Finalita::parse(&[purpose]).unwrap();
        scene.service.grant(&richiesta).await;
        let (header, mut claims) = scene.voucher_parts();
        claims["sub"] = json!(client);
        claims["client_id"] = json!(client);
        let voucher = Presentation::bearer(&PDND.sign(&header, &claims));
        assert_eq!(scene.call(&voucher).await, outcome, "{client}");
    }
    // A token without a purpose is not for any of them.
    let mut richiesta = new_request("senza", "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.limiti.finalita = Finalita::parse(&[FINALITA]).unwrap();
    scene.service.grant(&richiesta).await;
    let plain = Presentation::bearer(&scene.service.token("senza"));
    let denied = Err((Code::PermissionDenied, R::PurposeDenied));
    assert_eq!(scene.call(&plain).await, denied);
}

/// Another provider beside PDND, by the same code: its own subject, no nbf, and nothing that a voucher has.
#[tokio::test]
async fn a_generic_issuer_is_settings_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let jwks = dir.path().join("idp.json");
    write_jwks(&jwks, &[CLIENT_EC.with_kid("idp-1")]);
    let scene = VoucherScene::start_with(|settings| {
        settings.access.issuers.push(IssuerSettings {
            kind: IssuerKind::Oidc,
            issuer: "https://idp.example".to_owned(),
            audience: vec!["omnia".to_owned()],
            jwks: KeyLocation::File(jwks),
            enti: vec!["MLPS".to_owned()],
            subject_claim: Some("azp".to_owned()),
            algorithms: None,
            nbf_required: None,
        });
    })
    .await;
    let claims = json!({
        "iss": "https://idp.example", "aud": "omnia", "sub": "somebody", "azp": CLIENT, "exp": scene.now() + 60,
    });
    let header = |kid| json!({"alg": "ES256", "typ": "JWT", "kid": kid});
    let token = |kid| Presentation::bearer(&CLIENT_EC.sign(&header(kid), &claims));
    assert_eq!(scene.call(&token("idp-1")).await, Ok(()));
    // Each issuer has its own keys: what PDND's sign is no token of this one, nor the other way round.
    let invalid = Err((UNAUTHENTICATED, R::TokenInvalid));
    assert_eq!(scene.call(&token("pdnd-1")).await, invalid);
    let (mut header, claims) = scene.voucher_parts();
    header["alg"] = json!("ES256");
    header["kid"] = json!("idp-1");
    let forged = Presentation::bearer(&CLIENT_EC.sign(&header, &claims));
    assert_eq!(scene.call(&forged).await, invalid);
}

/// Who, for which purpose, with which voucher: in the record of the call.
#[tokio::test]
async fn the_audit_knows_who_asked() {
    let scene = VoucherScene::start().await;
    let (header, mut claims) = scene.evidence_parts("a");
    claims["userID"] = json!("matricola 4711");
    let evidence = CONSUMER.sign(&header, &claims);
    let tied = Presentation::bearer(&scene.voucher(None, Some(&evidence))).evidence(&evidence);
    assert_eq!(scene.call(&tied).await, Ok(()));
    let row: (String, String, String, String) = sqlx::query_as(
        "select soggetto, utente, finalita, jti from audit_chiamata where rpc like '%GetMyAccess' and utente is not null",
    )
    .fetch_one(&scene.service.db.owner)
    .await
    .unwrap();
    let expected = (CLIENT, "matricola 4711", FINALITA, "voucher-1");
    assert_eq!((&*row.0, &*row.1, &*row.2, &*row.3), expected);
}

/// What is kept of a voucher does not outlive it.
#[tokio::test]
async fn a_voucher_that_was_seen_ends_when_it_ends() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let voucher =
        Presentation::bearer(&scene.voucher_with(super::TokenPart::Claims, "exp", json!(now + 60)));
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
        scene.service.set_clock(instant);
        assert_eq!(scene.call(&voucher).await, outcome, "{instant}");
    }
}
