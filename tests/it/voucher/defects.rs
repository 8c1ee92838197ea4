//! One defect at a time, and the code and reason that it gets.

use omnia::contract::proto::ErrorReason as R;
use serde_json::{Value, json};
use tonic::Code;

use super::{
    AUDIENCE, FINALITA, HTU, Presentation, TokenPart, VoucherScene,
    keys::{CLIENT_EC, CLIENT_RSA, CONSUMER, EVIL, PDND, b64, hmac},
};
use TokenPart::{Claims as C, Header as H};

/// Every line is refused with its reason, as UNAUTHENTICATED, and leaves no trace that would make the next one fail.
async fn refused(scene: &VoucherScene, table: Vec<(&str, Presentation, R)>) {
    for (defect, present, reason) in table {
        let outcome = scene.call(&present).await;
        assert_eq!(outcome, Err((Code::Unauthenticated, reason)), "{defect}");
    }
}

#[tokio::test]
async fn of_the_voucher() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let with = |part, member, value| Presentation::bearer(&scene.voucher_with(part, member, value));
    for aud in [
        json!(AUDIENCE),
        json!(format!("https://other.example/v1,{AUDIENCE}")),
        json!(["https://other.example/v1", AUDIENCE]),
    ] {
        assert_eq!(
            scene.call(&with(C, "aud", aud.clone())).await,
            Ok(()),
            "{aud}"
        );
    }
    let (header, claims) = scene.voucher_parts();
    let none = json!({"alg": "none", "typ": "at+jwt", "kid": "pdnd-1"});
    let unsigned = format!("{}.{}.", b64(none.to_string()), b64(claims.to_string()));
    let mut hs256 = header.clone();
    hs256["alg"] = json!("HS256");
    let modulus = PDND.jwk["n"].as_str().unwrap();
    let confused = hmac(&hs256, &claims, modulus.as_bytes());
    let right = scene.voucher(None, None);
    let (message, _) = right.rsplit_once('.').unwrap();
    refused(
        &scene,
        vec![
            ("no token", Presentation::default(), R::TokenMissing),
            (
                "two tokens",
                Presentation::bearer(&right).with("authorization", &format!("Bearer {right}")),
                R::TokenMissing,
            ),
            (
                "another scheme",
                Presentation::default().with("authorization", &format!("JWT {right}")),
                R::TokenMissing,
            ),
            ("typ JWT", with(H, "typ", json!("JWT")), R::TokenInvalid),
            ("no typ", with(H, "typ", Value::Null), R::TokenInvalid),
            (
                "typ of a bound voucher",
                with(H, "typ", json!("dpop+jwt")),
                R::TokenInvalid,
            ),
            ("alg none", Presentation::bearer(&unsigned), R::TokenInvalid),
            (
                "alg HS256, the public key as the secret",
                Presentation::bearer(&confused),
                R::TokenInvalid,
            ),
            (
                "alg of another key",
                with(H, "alg", json!("ES256")),
                R::TokenInvalid,
            ),
            (
                "critical headers",
                with(H, "crit", json!(["exp"])),
                R::TokenInvalid,
            ),
            (
                "kid unknown",
                with(H, "kid", json!("pdnd-2")),
                R::TokenInvalid,
            ),
            (
                "kid of the consumers' set",
                with(H, "kid", json!("consumer-1")),
                R::TokenInvalid,
            ),
            ("no kid", with(H, "kid", Value::Null), R::TokenInvalid),
            (
                "no signature",
                Presentation::bearer(&format!("{message}.")),
                R::TokenInvalid,
            ),
            (
                "another signer",
                Presentation::bearer(&EVIL.sign(&header, &claims)),
                R::TokenInvalid,
            ),
            (
                "signed by a consumer",
                Presentation::bearer(&CONSUMER.sign(&header, &claims)),
                R::TokenInvalid,
            ),
            (
                "not a JWT",
                Presentation::bearer("garbage"),
                R::TokenInvalid,
            ),
            (
                "iss of another",
                with(C, "iss", json!("https://evil.example")),
                R::TokenWrongIssuer,
            ),
            (
                "iss of the other issuer here",
                with(C, "iss", json!("https://omnia.demo.invalid")),
                R::TokenInvalid,
            ),
            (
                "aud of another",
                with(C, "aud", json!("https://other.example/v1")),
                R::TokenWrongAudience,
            ),
            (
                "aud with ours inside",
                with(C, "aud", json!(format!("{AUDIENCE}/x"))),
                R::TokenWrongAudience,
            ),
            (
                "aud joined in an array",
                with(C, "aud", json!([format!("a,{AUDIENCE}")])),
                R::TokenWrongAudience,
            ),
            ("exp over", with(C, "exp", json!(now - 31)), R::TokenExpired),
            ("no exp", with(C, "exp", Value::Null), R::TokenInvalid),
            (
                "nbf to come",
                with(C, "nbf", json!(now + 31)),
                R::TokenNotYetValid,
            ),
            ("no nbf", with(C, "nbf", Value::Null), R::TokenInvalid),
            ("no jti", with(C, "jti", Value::Null), R::TokenInvalid),
            (
                "no purposeId",
                with(C, "purposeId", Value::Null),
                R::TokenInvalid,
            ),
            (
                "purposeId no UUID",
                with(C, "purposeId", json!("reports")),
                R::TokenInvalid,
            ),
            (
                "client_id of another",
                with(C, "client_id", json!("other")),
                R::TokenInvalid,
            ),
            (
                "digest cut short",
                with(C, "digest", json!({"alg": "SHA256", "value": "ab"})),
                R::TokenInvalid,
            ),
            (
                "bound in another way",
                with(C, "cnf", json!({"x5t#S256": "x"})),
                R::TokenInvalid,
            ),
        ],
    )
    .await;
    assert_eq!(scene.call(&Presentation::bearer(&right)).await, Ok(()));
}

#[tokio::test]
async fn of_the_proof() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let bound = scene.voucher(Some(&CLIENT_EC), None);
    let free = scene.voucher(None, None);
    let with = |part, member, value| {
        Presentation::dpop(&bound, &scene.proof_with(&bound, part, member, value))
    };
    let right = |jti| scene.proof(&CLIENT_EC, &bound, jti);
    let (mut header, claims) = scene.proof_parts(&CLIENT_EC, &bound, "a");
    let foreign = EVIL.sign(&header, &claims);
    header["alg"] = json!("HS256");
    let confused = hmac(
        &header,
        &claims,
        CLIENT_EC.jwk["x"].as_str().unwrap().as_bytes(),
    );
    header["alg"] = json!("none");
    let unsigned = format!("{}.{}.", b64(header.to_string()), b64(claims.to_string()));
    let mut leaked = CLIENT_EC.jwk.clone();
    leaked["d"] = json!("AAAA");
    let oct = json!({"kty": "oct", "k": "AAAA"});
    let other_voucher = scene.voucher_with(C, "jti", json!("voucher-2"));
    let other = |htu: &str| with(C, "htu", json!(htu));
    let authority = HTU.replace("omnia.example", "omnia.example.evil.example");
    let table = vec![
        ("a bound voucher as Bearer", Presentation::bearer(&bound)),
        (
            "a bound voucher as Bearer, with its proof",
            Presentation::bearer(&bound).with("dpop", &right("b")),
        ),
        (
            "no proof",
            Presentation::default().with("authorization", &format!("DPoP {bound}")),
        ),
        (
            "two proofs",
            Presentation::dpop(&bound, &right("c")).with("dpop", &right("d")),
        ),
        (
            "a voucher without a key as DPoP",
            Presentation::dpop(&free, &scene.proof(&CLIENT_EC, &free, "e")),
        ),
        (
            "a proof of a voucher without a key",
            Presentation::bearer(&free).with("dpop", &scene.proof(&CLIENT_EC, &free, "f")),
        ),
        ("not a JWT", Presentation::dpop(&bound, "garbage")),
        ("typ JWT", with(H, "typ", json!("JWT"))),
        ("no typ", with(H, "typ", Value::Null)),
        ("alg none", Presentation::dpop(&bound, &unsigned)),
        ("alg HS256", Presentation::dpop(&bound, &confused)),
        ("alg of another key", with(H, "alg", json!("RS256"))),
        ("no jwk", with(H, "jwk", Value::Null)),
        ("jwk with its secret", with(H, "jwk", leaked)),
        ("jwk symmetric", with(H, "jwk", oct)),
        (
            "jwk of another, rightly signed",
            Presentation::dpop(&bound, &scene.proof(&EVIL, &bound, "g")),
        ),
        ("signed by another", Presentation::dpop(&bound, &foreign)),
        ("htm GET", with(C, "htm", json!("GET"))),
        ("htm in small letters", with(C, "htm", json!("post"))),
        ("no htm", with(C, "htm", Value::Null)),
        ("htu of another host", other(&authority)),
        ("htu without TLS", other(&HTU.replace("https", "http"))),
        (
            "htu of another call",
            other(&HTU.replace("GetMyAccess", "ExplainAccess")),
        ),
        ("htu no URL", other("GetMyAccess")),
        ("iat too old", with(C, "iat", json!(now - 71))),
        ("iat to come", with(C, "iat", json!(now + 11))),
        ("no iat", with(C, "iat", Value::Null)),
        (
            "ath of another voucher",
            with(C, "ath", json!(b64(super::sha256(&other_voucher)))),
        ),
        ("no ath", with(C, "ath", Value::Null)),
        ("no jti", with(C, "jti", Value::Null)),
        ("jti empty", with(C, "jti", json!(""))),
    ];
    let table = table
        .into_iter()
        .map(|(defect, present)| (defect, present, R::ProofInvalid));
    refused(&scene, table.collect()).await;

    for (name, proof) in [
        ("as it should be", right("h")),
        (
            "as old as may be",
            scene.proof_with(&bound, C, "iat", json!(now - 70)),
        ),
        ("spelt otherwise", {
            let htu = "HTTPS://OMNIA.example:443/./inps.omnia.monitoraggio.v1.AccessService/%47etMyAccess?x#y";
            let (header, mut claims) = scene.proof_parts(&CLIENT_EC, &bound, "i");
            claims["htu"] = json!(htu);
            CLIENT_EC.sign(&header, &claims)
        }),
    ] {
        assert_eq!(
            scene.call(&Presentation::dpop(&bound, &proof)).await,
            Ok(()),
            "{name}"
        );
    }
    let bound = scene.voucher(Some(&CLIENT_RSA), None);
    let proof = scene.proof(&CLIENT_RSA, &bound, "k");
    assert_eq!(
        scene.call(&Presentation::dpop(&bound, &proof)).await,
        Ok(()),
        "RS256"
    );
}

#[tokio::test]
async fn of_the_evidence() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let right = scene.evidence("a");
    let tied = |evidence: &str| {
        Presentation::bearer(&scene.voucher(None, Some(evidence))).evidence(evidence)
    };
    let with = |part, member, value| tied(&scene.evidence_with(part, member, value));
    let (mut header, claims) = scene.evidence_parts("a");
    let foreign = EVIL.sign(&header, &claims);
    header["alg"] = json!("HS256");
    let confused = hmac(
        &header,
        &claims,
        CONSUMER.jwk["n"].as_str().unwrap().as_bytes(),
    );
    let named = Presentation::bearer(&scene.voucher(None, Some(&right)));
    let other_purpose = FINALITA.replace('0', "1");
    let table = vec![
        (
            "not the one that the voucher names",
            named.clone().evidence(&scene.evidence("b")),
        ),
        ("two of them", named.evidence(&right).evidence(&right)),
        ("not a JWT", tied("garbage")),
        ("typ of a voucher", with(H, "typ", json!("at+jwt"))),
        ("kid unknown", with(H, "kid", json!("consumer-2"))),
        ("kid of PDND", with(H, "kid", json!("pdnd-1"))),
        ("no kid", with(H, "kid", Value::Null)),
        ("alg of another key", with(H, "alg", json!("ES256"))),
        ("alg HS256", tied(&confused)),
        ("signed by another", tied(&foreign)),
        (
            "purposeId of another",
            with(C, "purposeId", json!(other_purpose)),
        ),
        ("purposeId no UUID", with(C, "purposeId", json!("reports"))),
        ("no purposeId", with(C, "purposeId", Value::Null)),
        (
            "aud of another",
            with(C, "aud", json!("https://other.example")),
        ),
        (
            "exp over",
            tied(&{
                let (header, mut claims) = scene.evidence_parts("c");
                claims["iat"] = json!(now - 600);
                claims["nbf"] = json!(now - 600);
                claims["exp"] = json!(now - 31);
                CONSUMER.sign(&header, &claims)
            }),
        ),
        ("nbf to come", with(C, "nbf", json!(now + 31))),
        ("iat to come", with(C, "iat", json!(now + 31))),
        ("lives too long", with(C, "exp", json!(now + 86_401))),
        ("no exp", with(C, "exp", Value::Null)),
        ("no jti", with(C, "jti", Value::Null)),
        ("no userID", with(C, "userID", Value::Null)),
        ("userID empty", with(C, "userID", json!(""))),
        ("userID with a line break", with(C, "userID", json!("a\nb"))),
        ("no userLocation", with(C, "userLocation", Value::Null)),
        ("LoA twice", with(C, "loa", json!("low"))),
        ("iss of another consumer", with(C, "iss", json!("other"))),
        (
            "iss of another consumer, not named by the voucher",
            Presentation::bearer(&scene.voucher(None, None)).evidence(&scene.evidence_with(
                C,
                "iss",
                json!("other"),
            )),
        ),
    ];
    let table = table
        .into_iter()
        .map(|(defect, present)| (defect, present, R::EvidenceInvalid));
    refused(&scene, table.collect()).await;

    assert_eq!(scene.call(&tied(&right)).await, Ok(()));
    let (header, mut claims) = scene.evidence_parts("d");
    claims.as_object_mut().unwrap().remove("LoA");
    assert_eq!(
        scene.call(&tied(&CONSUMER.sign(&header, &claims))).await,
        Ok(())
    );
    claims["loa"] = json!("low");
    assert_eq!(
        scene.call(&tied(&CONSUMER.sign(&header, &claims))).await,
        Ok(())
    );
    // Whom PDND calls the consumer may sign too: agencies have several clients.
    claims["iss"] = json!("consumer-of-clients");
    let evidence = CONSUMER.sign(&header, &claims);
    let named = json!({"alg": "SHA256", "value": super::hex(&super::sha256(&evidence))});
    let (header, mut claims) = scene.voucher_parts();
    claims["digest"] = named;
    claims["consumerId"] = json!("consumer-of-clients");
    let voucher = PDND.sign(&header, &claims);
    assert_eq!(
        scene
            .call(&Presentation::bearer(&voucher).evidence(&evidence))
            .await,
        Ok(())
    );
}
