use chrono::DateTime;
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::abilitazione::test_keys::{EC, OTHER_EC, RSA, TestKey};

const NOW: i64 = 1_795_000_000;
const LEEWAY: i64 = 30;
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "omnia";

fn verifier() -> TokenVerifier {
    let jwks = format!(r#"{{"keys": [{}, {}]}}"#, EC.jwk("ec"), RSA.jwk("rsa"));
    let clock = Clock::from_fn(|| DateTime::from_timestamp(NOW, 0).unwrap());
    let leeway = LEEWAY.unsigned_abs();
    TokenVerifier::new(Jwks::parse(&jwks).unwrap(), ISSUER, AUDIENCE, leeway, clock)
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "client", "exp": NOW + 60, "nbf": NOW - 60})
}

fn sign(key: &TestKey, kid: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(key.algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &key.signing).unwrap()
}

fn try_token(token: &str) -> Result<String, Reason> {
    verifier().verify(token).map_err(|error| error.reason)
}

/// The claims as usual, but for one; `Null` takes it out.
fn but(claim: &str, value: Value) -> Result<String, Reason> {
    let mut claims = claims();
    let map = claims.as_object_mut().unwrap();
    if value.is_null() {
        map.remove(claim).unwrap();
    } else {
        map.insert(claim.to_owned(), value);
    }
    try_token(&sign(&EC, Some("ec"), &claims))
}

fn b64(text: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn good_tokens_of_both_algorithms() {
    assert_eq!(
        try_token(&sign(&EC, Some("ec"), &claims())),
        Ok("client".to_owned())
    );
    assert_eq!(
        try_token(&sign(&RSA, Some("rsa"), &claims())),
        Ok("client".to_owned())
    );
}

#[test]
fn each_claim_is_required_and_of_its_type() {
    for claim in ["iss", "aud", "sub", "exp", "nbf"] {
        assert_eq!(
            but(claim, Value::Null),
            Err(Reason::TokenInvalid),
            "{claim}"
        );
        assert_eq!(
            but(claim, json!({"a": 1})),
            Err(Reason::TokenInvalid),
            "{claim}"
        );
    }
    for number in [json!("1795000060"), json!(1_795_000_060.5), json!(u64::MAX)] {
        assert_eq!(
            but("exp", number.clone()),
            Err(Reason::TokenInvalid),
            "{number}"
        );
    }
    for sub in ["", " client", "a\nb", "a\u{0}b", &"x".repeat(256)] {
        assert_eq!(but("sub", json!(sub)), Err(Reason::TokenInvalid), "{sub:?}");
    }
}

#[test]
fn the_times_are_compared_with_the_injected_clock() {
    for (exp, good) in [
        (NOW - LEEWAY - 1, false),
        (NOW - LEEWAY, false),
        (NOW - LEEWAY + 1, true),
        (i64::MIN, false),
        (i64::MAX, true),
    ] {
        let expected = if good {
            Ok("client".to_owned())
        } else {
            Err(Reason::TokenExpired)
        };
        assert_eq!(but("exp", json!(exp)), expected, "{exp}");
    }
    for (nbf, good) in [
        (NOW + LEEWAY, true),
        (NOW + LEEWAY + 1, false),
        (i64::MAX, false),
        (i64::MIN, true),
    ] {
        let expected = if good {
            Ok("client".to_owned())
        } else {
            Err(Reason::TokenNotYetValid)
        };
        assert_eq!(but("nbf", json!(nbf)), expected, "{nbf}");
    }
}

#[test]
fn issuer_and_audience_are_exact() {
    for iss in ["https://other.example", "https://issuer.example/", ""] {
        assert_eq!(
            but("iss", json!(iss)),
            Err(Reason::TokenWrongIssuer),
            "{iss}"
        );
    }
    let good = [
        json!("omnia"),
        json!("a,omnia"),
        json!("omnia, a"),
        json!(["a", "omnia"]),
    ];
    for aud in good {
        assert!(but("aud", aud.clone()).is_ok(), "{aud}");
    }
    let bad = [
        json!("omnia2"),
        json!("OMNIA"),
        json!("omnia a"),
        json!(""),
        json!([]),
        json!(["a", "b"]),
        json!(["a,omnia"]),
    ];
    for aud in bad {
        assert_eq!(
            but("aud", aud.clone()),
            Err(Reason::TokenWrongAudience),
            "{aud}"
        );
    }
    assert_eq!(but("aud", json!(["omnia", 1])), Err(Reason::TokenInvalid));
}

#[test]
fn the_key_must_be_the_one_that_the_kid_names() {
    for (key, kid) in [
        (&*OTHER_EC, Some("ec")),
        (&*EC, None),
        (&*EC, Some("unknown")),
        (&*EC, Some("")),
        // A right signature under the other key's kid.
        (&*EC, Some("rsa")),
        (&*RSA, Some("ec")),
    ] {
        let token = sign(key, kid, &claims());
        assert_eq!(try_token(&token), Err(Reason::TokenInvalid), "{kid:?}");
    }
}

#[test]
fn algorithms_that_the_key_is_not_for_are_refused() {
    // The public key, which everybody has, as an HMAC secret.
    for (kid, public) in [("ec", &EC.public), ("rsa", &RSA.public)] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = Some(kid.to_owned());
            let secret = EncodingKey::from_secret(public);
            let token = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
            assert_eq!(
                try_token(&token),
                Err(Reason::TokenInvalid),
                "{kid} {algorithm:?}"
            );
        }
    }
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let mut header = Header::new(algorithm);
        header.kid = Some("rsa".to_owned());
        let token = jsonwebtoken::encode(&header, &claims(), &RSA.signing).unwrap();
        assert_eq!(
            try_token(&token),
            Err(Reason::TokenInvalid),
            "{algorithm:?}"
        );
    }
    let payload = b64(claims().to_string());
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = b64(format!(r#"{{"alg":"{none}","kid":"ec"}}"#));
        for signature in ["", "AA"] {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(try_token(&token), Err(Reason::TokenInvalid), "{none}");
        }
    }
}

#[test]
fn a_changed_token_is_refused() {
    let token = sign(&EC, Some("ec"), &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let mut other = claims();
    other["sub"] = json!("somebody-else");
    for changed in [
        format!("{}.{}.{}", parts[0], b64(other.to_string()), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}."),
        format!("{token}.{}", parts[2]),
        format!(".{token}"),
        format!("{token}="),
        format!("{token}, {token}"),
        // (r, s) = (0, 0), the signature that fits everything where nobody looks.
        format!("{}.{}.{}", parts[0], parts[1], b64([0_u8; 64])),
    ] {
        assert_eq!(try_token(&changed), Err(Reason::TokenInvalid), "{changed}");
    }
    for garbage in ["", ".", "..", "...", "a.b.c", "{}", "è.è.è", "e30.e30.e30"] {
        assert_eq!(try_token(garbage), Err(Reason::TokenInvalid), "{garbage}");
    }
}

#[test]
fn critical_headers_and_oversized_tokens_are_refused() {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("ec".to_owned());
    header.crit = Some(vec!["exp".to_owned()]);
    let token = jsonwebtoken::encode(&header, &claims(), &EC.signing).unwrap();
    assert_eq!(try_token(&token), Err(Reason::TokenInvalid));

    let mut large = claims();
    large["pad"] = json!("x".repeat(5000));
    assert!(try_token(&sign(&EC, Some("ec"), &large)).is_ok());
    large["pad"] = json!("x".repeat(7000));
    assert_eq!(
        try_token(&sign(&EC, Some("ec"), &large)),
        Err(Reason::TokenInvalid)
    );
}

#[test]
fn there_is_one_authorization_and_it_is_a_bearer() {
    let token = sign(&EC, Some("ec"), &claims());
    let with = |values: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        verifier().soggetto(&headers).map_err(|error| error.reason)
    };
    for scheme in ["Bearer ", "bearer ", "BEARER  "] {
        let value = format!("{scheme}{token}");
        assert_eq!(
            with(&[value.as_bytes()]),
            Ok("client".to_owned()),
            "{scheme}"
        );
    }
    let bearer = format!("Bearer {token}");
    let twice: [&[u8]; 2] = [bearer.as_bytes(), bearer.as_bytes()];
    let basic = b"Basic Zm9vOmJhcg==";
    for missing in [
        &[][..],
        &twice,
        &[basic],
        &[b"Bearer"],
        &[b""],
        &[token.as_bytes()],
    ] {
        assert_eq!(with(missing), Err(Reason::TokenMissing));
    }
    for invalid in [&b"Bearer "[..], b"Bearer x", b"Bearer \xc3\xa8.b.c"] {
        assert_eq!(with(&[invalid]), Err(Reason::TokenInvalid));
    }
}
