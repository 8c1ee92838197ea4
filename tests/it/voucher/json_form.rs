//! The JSON of tokens, proofs and evidences at its edges: times with a fraction, members that stand twice, `crit`.

use omnia::contract::proto::ErrorReason;
use tonic::Code;

use super::{
    Presentation, VoucherScene,
    keys::{CLIENT_EC, CONSUMER, PDND, TokenKey},
};

/// The texts of header and claims, to be changed by hand.
type JwtTexts = (String, String);

/// Adds a member at the end of an object.
fn add(object: &str, member: &str) -> String {
    format!("{},{member}}}", object.strip_suffix('}').unwrap())
}

/// Gives a number of an object another spelling.
fn spell(object: &str, claim: &str, number: &str) -> String {
    let (before, rest) = object.split_once(&format!("\"{claim}\":")).unwrap();
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}\"{claim}\":{number}{after}")
}

struct JsonCase<'a> {
    scene: &'a VoucherScene,
    key: &'a TokenKey,
    texts: JwtTexts,
    reason: ErrorReason,
    present: &'a dyn Fn(&str) -> Presentation,
}

impl JsonCase<'_> {
    async fn outcome(&self, header: &str, claims: &str) -> Result<(), (Code, ErrorReason)> {
        let jws = self.key.sign_texts(header, claims);
        self.scene.call(&(self.present)(&jws)).await
    }

    async fn good(&self, what: &str, claims: &str) {
        let outcome = self.outcome(&self.texts.0, claims).await;
        assert_eq!(outcome, Ok(()), "{what}");
    }

    async fn refused(&self, what: &str, header: &str, claims: &str) {
        let outcome = self.outcome(header, claims).await;
        let refused = Err((Code::Unauthenticated, self.reason));
        assert_eq!(outcome, refused, "{what}");
    }

    /// What no JWS may have, of whatever kind.
    async fn refused_everywhere(&self) {
        let (header, claims) = &self.texts;
        for member in [
            "\"crit\":null",
            "\"crit\":[]",
            "\"alg\":\"RS256\"",
            "\"x\":1,\"x\":1",
            "\"x\":[{\"y\":1,\"y\":2}]",
        ] {
            self.refused(member, &add(header, member), claims).await;
        }
        for member in [
            "\"jti\":\"another\"",
            "\"j\\u0074i\":\"another\"",
            "\"x\":1,\"x\":1",
            "\"x\":{\"y\":1,\"y\":1}",
        ] {
            self.refused(member, header, &add(claims, member)).await;
        }
    }
}

#[tokio::test]
async fn of_the_voucher() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let (header, claims) = scene.voucher_parts();
    let case = JsonCase {
        scene: &scene,
        key: &PDND,
        texts: (header.to_string(), claims.to_string()),
        reason: ErrorReason::TokenInvalid,
        present: &Presentation::bearer,
    };
    let (header, claims) = &case.texts;
    case.good("as it is", claims).await;
    for (claim, number) in [
        ("exp", format!("{}.75", now + 60)),
        ("nbf", format!("{}.999999999", now - 1)),
        ("iat", format!("{now}.5")),
        ("exp", "1.9e9".to_owned()),
    ] {
        case.good(&format!("{claim} {number}"), &spell(claims, claim, &number))
            .await;
    }
    for (claim, number) in [
        ("exp", "1e400"),
        ("exp", "-1.5"),
        ("exp", "1e15"),
        ("nbf", "-0.1"),
        ("nbf", "1e400"),
    ] {
        let claims = spell(claims, claim, number);
        case.refused(&format!("{claim} {number}"), header, &claims)
            .await;
    }
    case.refused_everywhere().await;
    for member in [
        "\"sub\":\"x\"",
        "\"client_id\":\"x\"",
        "\"cnf\":{\"jkt\":1,\"jkt\":2}",
    ] {
        case.refused(member, header, &add(claims, member)).await;
    }
    scene.service.stop().await;
}

#[tokio::test]
async fn of_the_proof() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let voucher = scene.voucher(Some(&CLIENT_EC), None);
    let (header, claims) = scene.proof_parts(&CLIENT_EC, &voucher, "proof-0");
    let present = |proof: &str| Presentation::dpop(&voucher, proof);
    let case = JsonCase {
        scene: &scene,
        key: &CLIENT_EC,
        texts: (header.to_string(), claims.to_string()),
        reason: ErrorReason::ProofInvalid,
        present: &present,
    };
    let (header, claims) = &case.texts;
    for (n, iat) in [
        format!("{now}.5"),
        format!("{}.25", now - 60),
        format!("{now}.0"),
    ]
    .iter()
    .enumerate()
    {
        let claims = spell(claims, "iat", iat).replace("proof-0", &format!("proof-a{n}"));
        case.good(iat, &claims).await;
    }
    for iat in [
        "1e400".to_owned(),
        "-1.5".to_owned(),
        format!("{}.0", now + 11),
        format!("{}.999", now - 71),
    ] {
        case.refused(&iat, header, &spell(claims, "iat", &iat))
            .await;
    }
    case.refused_everywhere().await;
    // In the key too, a member that we do not read included.
    for member in ["\"kty\":\"EC\"", "\"y\":\"AA\"", "\"z\":1,\"z\":2"] {
        let jwk = CLIENT_EC.jwk.to_string();
        let twice = header.replace(&jwk, &add(&jwk, member));
        assert_ne!(&twice, header);
        case.refused(member, &twice, claims).await;
    }
    scene.service.stop().await;
}

#[tokio::test]
async fn of_the_evidence() {
    let scene = VoucherScene::start().await;
    let now = scene.now();
    let voucher = scene.voucher(None, None);
    let (header, claims) = scene.evidence_parts("evidence-0");
    let present = |evidence: &str| Presentation::bearer(&voucher).evidence(evidence);
    let case = JsonCase {
        scene: &scene,
        key: &CONSUMER,
        texts: (header.to_string(), claims.to_string()),
        reason: ErrorReason::EvidenceInvalid,
        present: &present,
    };
    let (header, claims) = &case.texts;
    for (n, (claim, number)) in [
        ("exp", format!("{}.5", now + 60)),
        ("iat", format!("{}.5", now - 1)),
        ("nbf", format!("{}.5", now - 1)),
    ]
    .iter()
    .enumerate()
    {
        let claims = spell(claims, claim, number).replace("evidence-0", &format!("evidence-a{n}"));
        case.good(&format!("{claim} {number}"), &claims).await;
    }
    for (claim, number) in [("exp", "1e400"), ("iat", "-0.5"), ("nbf", "1e13")] {
        let claims = spell(claims, claim, number);
        case.refused(&format!("{claim} {number}"), header, &claims)
            .await;
    }
    case.refused_everywhere().await;
    for member in ["\"userID\":\"x\"", "\"LoA\":\"high\"", "\"dnonce\":1"] {
        case.refused(member, header, &add(claims, member)).await;
    }
    scene.service.stop().await;
}
