//! Proofs with calls by gRPC-Web: a proof is for the POST of the call's own path, as by gRPC.

use serde_json::json;

use super::{
    CLIENT_EC, HTU, Presentation, VoucherScene,
    keys::{b64, sha256},
};

const PAGE: &str = "https://cruscotto.example";

/// The status of `GetMyAccess` by gRPC-Web.
async fn ask(scene: &VoucherScene, present: &Presentation) -> String {
    let path = omnia::contract::proto::path_of("AccessService/GetMyAccess");
    let url = format!("http://{}/{path}", scene.service.address);
    let mut request = reqwest::Client::new()
        .post(url)
        .header("origin", PAGE)
        .header("content-type", "application/grpc-web+proto");
    for (name, value) in &present.headers {
        request = request.header(*name, value);
    }
    let response = request.body(vec![0; 5]).send().await.unwrap();
    let refused = response.headers().get("grpc-status").cloned();
    let body = response.bytes().await.unwrap();
    match refused {
        Some(status) => status.to_str().unwrap().to_owned(),
        None => {
            assert!(body.ends_with(b"grpc-status: 0\r\n"), "{body:?}");
            "0".to_owned()
        }
    }
}

#[tokio::test]
async fn a_proof_is_for_the_post_of_the_call() {
    let scene = VoucherScene::start_with(|s| s.web.origins = vec![PAGE.to_owned()]).await;
    let voucher = scene.voucher(Some(&CLIENT_EC), None);
    let proof = |htm: &str, htu: &str, jti: &str| {
        let (header, _) = scene.proof_parts(&CLIENT_EC, &voucher, jti);
        let claims = json!({"htm": htm, "htu": htu, "iat": scene.now(), "jti": jti, "ath": b64(sha256(&voucher))});
        Presentation::dpop(&voucher, &CLIENT_EC.sign(&header, &claims))
    };
    let good = proof("POST", HTU, "w1");
    assert_eq!(ask(&scene, &good).await, "0");
    // UNAUTHENTICATED
    assert_eq!(ask(&scene, &good).await, "16");
    for (htm, htu) in [
        ("GET", HTU),
        ("POST", "https://omnia.example/v1/accesso"),
        (
            "POST",
            "https://cruscotto.example/inps.omnia.monitoraggio.v1.AccessService/GetMyAccess",
        ),
    ] {
        let jti = format!("{htm} {htu}");
        assert_eq!(ask(&scene, &proof(htm, htu, &jti)).await, "16", "{jti}");
    }
    assert_eq!(ask(&scene, &Presentation::bearer(&voucher)).await, "16");
}
