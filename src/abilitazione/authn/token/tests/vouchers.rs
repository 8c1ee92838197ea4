//! Tokens of each kind of issuer: what a voucher says besides, and what another issuer may set.

use super::*;

/// A voucher with one claim changed; `Null` takes it out.
fn voucher(claim: &str, value: Value) -> Result<VerifiedToken, Reason> {
    let mut claims = json!({
        "iss": ISSUER, "aud": "https://other.example,omnia", "sub": "client", "client_id": "client", "jti": "j1",
        "purposeId": "0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e", "iat": NOW, "nbf": NOW, "exp": NOW + 600,
        "digest": {"alg": "SHA256", "value": "ab".repeat(32)}, "cnf": {"jkt": b64([7_u8; 32])},
        "producerId": "p", "consumerId": "c",
    });
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(claim);
    } else {
        claims[claim] = value;
    }
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("rsa".to_owned());
    header.typ = Some("at+jwt".to_owned());
    let token = jsonwebtoken::encode(&header, &claims, &RSA.signing).unwrap();
    verify(issuer(IssuerKind::Pdnd), &token)
}

#[test]
fn a_voucher_says_purpose_digest_and_key() {
    let good = voucher("", Value::Null).unwrap();
    assert_eq!(
        (&*good.soggetto, good.jti.as_deref()),
        ("client", Some("j1"))
    );
    let finalita = good.finalita.as_deref().unwrap();
    assert_eq!(finalita, "0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e");
    assert_eq!((good.digest, good.jkt), (Some([0xab; 32]), Some([7; 32])));
    assert_eq!(good.consumer_id.as_deref(), Some("c"));
    for none in [Value::Null, json!(7), json!("a\nb")] {
        assert_eq!(voucher("consumerId", none).unwrap().consumer_id, None);
    }
    assert_eq!(voucher("digest", Value::Null).unwrap().digest, None);
    assert_eq!(voucher("cnf", Value::Null).unwrap().jkt, None);
    for claim in ["client_id", "sub", "jti", "purposeId", "nbf", "exp"] {
        let refused = voucher(claim, Value::Null).unwrap_err();
        assert_eq!(refused, Reason::TokenInvalid, "{claim}");
    }
    for (claim, bad) in [
        ("sub", json!("somebody-else")),
        ("purposeId", json!("0e9c2b1a")),
        ("purposeId", json!("{0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e}")),
        ("purposeId", json!("0e9c2b1a7f434f0e9d435d3c1f7f4b8e")),
        ("jti", json!("a\nb")),
        ("digest", json!({"alg": "SHA256", "value": "ab"})),
        ("digest", json!({"alg": "MD5", "value": "ab".repeat(32)})),
        ("digest", json!("ab")),
        // Bound in another way is not unbound.
        ("cnf", json!({"x5t#S256": b64([7_u8; 32])})),
        ("cnf", json!({"jkt": "short"})),
        ("cnf", json!({})),
    ] {
        let refused = voucher(claim, bad.clone()).unwrap_err();
        assert_eq!(refused, Reason::TokenInvalid, "{claim} {bad}");
    }
}

#[test]
fn an_issuer_has_its_own_subject_algorithms_and_types() {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("ec".to_owned());
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("nbf");
    claims["azp"] = json!("back-end");
    let token = |header: &Header| jsonwebtoken::encode(header, &claims, &EC.signing).unwrap();
    let oidc = || issuer(IssuerKind::Oidc).with_subject_claim("azp");
    let soggetto = |emittente| verify(emittente, &token(&header)).map(|v| v.soggetto.to_string());
    assert_eq!(soggetto(oidc()), Ok("back-end".to_owned()));
    let refused = Err(Reason::TokenInvalid);
    assert_eq!(soggetto(oidc().with_nbf(true)), refused);
    assert_eq!(soggetto(oidc().with_subject_claim("upn")), refused);
    assert_eq!(
        soggetto(oidc().with_algorithms(vec![SignatureAlgorithm::RS256])),
        refused
    );
    for (typ, good) in [
        (None, true),
        (Some("JWT"), true),
        (Some("at+jwt"), true),
        (Some("application/at+jwt"), true),
        (Some("dpop+jwt"), false),
        (Some("logout+jwt"), false),
        (Some(""), false),
    ] {
        header.typ = typ.map(str::to_owned);
        assert_eq!(verify(oidc(), &token(&header)).is_ok(), good, "{typ:?}");
    }
}
