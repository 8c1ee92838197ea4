use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::{
    abilitazione::authn::{
        KeySource, SignatureAlgorithm,
        jwks::Jwks,
        test_keys::{EC, OTHER_EC, RSA, TestSigningKey},
    },
    clock::Clock,
};

mod vouchers;

const NOW: i64 = 1_795_000_000;
const LEEWAY: i64 = 30;
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "omnia";

fn issuer(tipo: IssuerKind) -> TrustedIssuer {
    let jwks = format!(r#"{{"keys": [{}, {}]}}"#, EC.jwk("ec"), RSA.jwk("rsa"));
    let clock = Clock::from_fn(|| DateTime::from_timestamp(NOW, 0).unwrap());
    let keys = KeySource::fixed(Jwks::parse(&jwks).unwrap(), clock);
    TrustedIssuer::new(tipo, ISSUER, vec![AUDIENCE.to_owned()], keys)
}

fn verify(emittente: TrustedIssuer, token: &str) -> Result<VerifiedToken, Reason> {
    let quando = NowWithLeeway {
        now: NOW,
        leeway: LEEWAY,
    };
    let issuers = [emittente];
    let mut check_log = CheckLog::fail_fast();
    // Fixed keys wait for nothing.
    let examination = pin!(check(&issuers, token, quando, &mut check_log));
    match examination.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(esito) => esito.map_err(|error| error.reason),
        Poll::Pending => panic!("waits"),
    }
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "client", "exp": NOW + 60, "nbf": NOW - 60})
}

fn sign(key: &TestSigningKey, kid: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(key.algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &key.signing).unwrap()
}

fn try_token(token: &str) -> Result<String, Reason> {
    let emittente = issuer(IssuerKind::Oidc).with_nbf(true);
    verify(emittente, token).map(|verified| verified.soggetto.into())
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
    for number in [
        json!("1795000060"),
        json!(u64::MAX),
        json!(-1),
        json!([NOW]),
    ] {
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
        (0, false),
        // The last second of the year 9999.
        (253_402_300_799, true),
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
        (253_402_300_799, false),
        (0, true),
    ] {
        let expected = if good {
            Ok("client".to_owned())
        } else {
            Err(Reason::TokenNotYetValid)
        };
        assert_eq!(but("nbf", json!(nbf)), expected, "{nbf}");
    }
}

/// Signs texts as they stand, whatever they are.
fn sign_texts(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", b64(header), b64(claims));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &EC.signing, EC.algorithm).unwrap();
    format!("{message}.{signature}")
}

const HEADER: &str = r#"{"alg":"ES256","kid":"ec"}"#;

#[test]
fn a_time_may_have_a_fraction_and_is_not_rounded_in_its_bearers_favour() {
    let with = |exp: &str, nbf: &str| {
        let claims =
            format!(r#"{{"iss":"{ISSUER}","aud":"omnia","sub":"client","exp":{exp},"nbf":{nbf}}}"#);
        try_token(&sign_texts(HEADER, &claims))
    };
    let good = || Ok("client".to_owned());
    // The leeway is 30 seconds, the instant 1795000000.
    for (exp, expected) in [
        ("1795000060.5", good()),
        ("1.7950000605e9", good()),
        ("1795000060.0", good()),
        ("1794999971.999999999999999999999999999999", good()),
        (
            "1794999970.999999999999999999999999999999",
            Err(Reason::TokenExpired),
        ),
        ("1794999970.0", Err(Reason::TokenExpired)),
        ("1e400", Err(Reason::TokenInvalid)),
        ("1e30", Err(Reason::TokenInvalid)),
        ("253402300800", Err(Reason::TokenInvalid)),
        ("-0.5", Err(Reason::TokenInvalid)),
        ("-1795000060", Err(Reason::TokenInvalid)),
        ("null", Err(Reason::TokenInvalid)),
        ("true", Err(Reason::TokenInvalid)),
    ] {
        assert_eq!(with(exp, "1795000000"), expected, "exp {exp}");
    }
    for (nbf, expected) in [
        ("1795000000.25", good()),
        ("1795000030.0", good()),
        ("1795000029.000000000000000000000000000001", good()),
        (
            "1795000030.000000000000000000000000000001",
            Err(Reason::TokenNotYetValid),
        ),
        ("-1", Err(Reason::TokenInvalid)),
        ("\"1795000000\"", Err(Reason::TokenInvalid)),
    ] {
        assert_eq!(with("1795000060", nbf), expected, "nbf {nbf}");
    }
}

#[test]
fn no_member_is_named_twice_at_any_depth_and_nothing_is_critical() {
    let claims = |more: &str| {
        format!(
            r#"{{"iss":"{ISSUER}","aud":"omnia","sub":"client","exp":1795000060,"nbf":1795000000{more}}}"#
        )
    };
    let header = |more: &str| format!(r#"{{"alg":"ES256","kid":"ec"{more}}}"#);
    let token = |h: &str, c: &str| try_token(&sign_texts(&header(h), &claims(c)));
    assert_eq!(token("", ""), Ok("client".to_owned()));
    assert_eq!(
        token("", r#","a":{"sub":1},"b":[{"sub":2},{"sub":3}]"#),
        Ok("client".to_owned())
    );
    for twice in [
        r#","sub":"client""#,
        r#","sub":"somebody-else""#,
        // The same name, spelt with an escape.
        r#","s\u0075b":"somebody-else""#,
        r#","client_id":"a","client_id":"b""#,
        r#","iss":"https://issuer.example""#,
        r#","exp":1795000060"#,
        r#","x":1,"x":1"#,
        r#","act":{"sub":"a","sub":"b"}"#,
        r#","list":[[{"a":1,"a":2}]]"#,
        r#","cnf":{"jkt":"a","jkt":"b"}"#,
    ] {
        assert_eq!(token("", twice), Err(Reason::TokenInvalid), "{twice}");
    }
    for wrong in [
        r#","kid":"ec""#,
        r#","x":1,"x":2"#,
        r#","x":{"y":1,"y":1}"#,
        r#","crit":null"#,
        r#","crit":[]"#,
        r#","crit":["exp"]"#,
        r#","crit":false"#,
    ] {
        assert_eq!(token(wrong, ""), Err(Reason::TokenInvalid), "{wrong}");
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
        // (r, s) = (0, 0), which careless verifiers accept for every text.
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
