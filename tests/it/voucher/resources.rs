//! Vouchers, proofs and evidences with requests in HTTP and JSON: a proof is for the method and the URL, and not for the call behind them.

use serde_json::{Value, json};

use super::{
    CLIENT_EC, HTU, Presentation, TokenPart, VoucherScene,
    keys::{b64, sha256},
};

const HERE: &str = "https://omnia.example/v1/accesso";

/// Status and reason of `GET /v1/accesso`, with a query that a proof does not name.
async fn ask(scene: &VoucherScene, present: &Presentation) -> (u16, String) {
    let url = format!("http://{}/v1/accesso", scene.service.address);
    let mut request = reqwest::Client::new().get(url);
    for (name, value) in &present.headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let reason = answer["reason"].as_str().unwrap_or_default();
    (status, reason.replace("ERROR_REASON_", ""))
}

#[tokio::test]
async fn a_proof_is_for_the_url_and_is_good_once() {
    let scene = VoucherScene::start().await;
    let voucher = scene.voucher(Some(&CLIENT_EC), None);
    let proof = |htm: &str, htu: &str, jti: &str| {
        let (header, _) = scene.proof_parts(&CLIENT_EC, &voucher, jti);
        let claims = json!({"htm": htm, "htu": htu, "iat": scene.now(), "jti": jti, "ath": b64(sha256(&voucher))});
        Presentation::dpop(&voucher, &CLIENT_EC.sign(&header, &claims))
    };
    let good = proof("GET", HERE, "r1");
    assert_eq!(ask(&scene, &good).await, (200, String::new()));
    let refused = |reason: &str| (401, reason.to_owned());
    assert_eq!(ask(&scene, &good).await, refused("PROOF_REPLAYED"));
    for (htm, htu) in [
        ("POST", HERE),
        ("get", HERE),
        ("POST", HTU),
        ("GET", HTU),
        ("GET", "https://omnia.example/v1/accesso/spiegazione"),
        ("GET", "https://elsewhere.example/v1/accesso"),
    ] {
        let jti = format!("{htm} {htu}");
        let answer = ask(&scene, &proof(htm, htu, &jti)).await;
        assert_eq!(answer, refused("PROOF_INVALID"), "{jti}");
    }
    // One that is for the resource is not for the call.
    let for_the_resource = proof("GET", HERE, "r2");
    assert!(scene.call(&for_the_resource).await.is_err());
    // A voucher that is bound to a key is nobody's without a proof.
    let bare = Presentation::bearer(&voucher);
    assert_eq!(ask(&scene, &bare).await, refused("PROOF_INVALID"));
}

#[tokio::test]
async fn evidence_counts_as_with_the_call() {
    let scene = VoucherScene::start().await;
    let evidence = scene.evidence("e1");
    let voucher = scene.voucher(None, Some(&evidence));
    let good = Presentation::bearer(&voucher).evidence(&evidence);
    assert_eq!(ask(&scene, &good).await, (200, String::new()));
    let other = scene.evidence_with(TokenPart::Claims, "jti", json!("e2"));
    let bad = Presentation::bearer(&voucher).evidence(&other);
    assert_eq!(
        ask(&scene, &bad).await,
        (401, "EVIDENCE_INVALID".to_owned())
    );
}
