//! What a call that is refused leaves unspent: its proof and its evidence are for the call that is let in.

use std::{num::NonZeroU32, time::Duration};

use omnia::{abilitazione::grants::Quote, contract::proto::ErrorReason as R};
use serde_json::json;
use tonic::Code;

use super::{
    Presentation, VoucherScene,
    keys::{CLIENT_EC, PDND},
};
use crate::abilitazione::new_request;

/// How many uses are noted.
async fn noted(scene: &VoucherScene) -> i64 {
    sqlx::query_scalar("select count(*) from prova_usata")
        .fetch_one(&scene.service.db.owner)
        .await
        .unwrap()
}

/// A voucher of this client, bound to [`CLIENT_EC`].
fn voucher_of(scene: &VoucherScene, client: &str) -> String {
    let (header, mut claims) = scene.voucher_parts();
    claims["sub"] = json!(client);
    claims["client_id"] = json!(client);
    claims["cnf"] = json!({"jkt": CLIENT_EC.jkt()});
    PDND.sign(&header, &claims)
}

#[tokio::test]
async fn without_a_grant_nothing_is_noted_and_the_proof_stays_good() {
    let scene = VoucherScene::start().await;
    let voucher = voucher_of(&scene, "senza");
    let proof = Presentation::dpop(&voucher, &scene.proof(&CLIENT_EC, &voucher, "a"));
    for _ in 0..3 {
        let missing = Err((Code::PermissionDenied, R::GrantMissing));
        assert_eq!(scene.call(&proof).await, missing);
    }
    assert_eq!(noted(&scene).await, 0, "nobody fills the register so");
    scene
        .service
        .grant(&new_request("senza", "mef-rgs", "2026-01-01", "2026-12-31"))
        .await;
    assert_eq!(scene.call(&proof).await, Ok(()));
    assert_eq!(
        scene.call(&proof).await,
        Err((Code::Unauthenticated, R::ProofReplayed))
    );
}

#[tokio::test]
async fn over_the_quota_proof_and_evidence_stay_good() {
    let scene = VoucherScene::start().await;
    let mut richiesta = new_request("una", "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.limiti.quote = Quote {
        al_secondo: NonZeroU32::new(1),
        ..Quote::default()
    };
    scene.service.grant(&richiesta).await;
    let voucher = voucher_of(&scene, "una");
    let evidence = |jti: &str| {
        let (header, mut claims) = scene.evidence_parts(jti);
        claims["iss"] = json!("una");
        super::keys::CONSUMER.sign(&header, &claims)
    };
    let call = |jti: &str| {
        Presentation::dpop(&voucher, &scene.proof(&CLIENT_EC, &voucher, jti))
            .evidence(&evidence(jti))
    };
    let exceeded = Err((Code::ResourceExhausted, R::QuotaExceeded));
    let mut let_in = 0;
    let refused = loop {
        let next = call(&format!("call-{let_in}"));
        match scene.call(&next).await {
            Ok(()) => let_in += 1,
            other => {
                assert_eq!(other, exceeded);
                break next;
            }
        }
        assert!(let_in < 20, "twenty calls took twenty seconds?");
    };
    assert_eq!(noted(&scene).await, 2 * let_in, "of the calls let in alone");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(scene.call(&refused).await, Ok(()));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(
        scene.call(&refused).await,
        Err((Code::Unauthenticated, R::ProofReplayed))
    );
}
