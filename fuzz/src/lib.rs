//! What the targets have in common: a service that knows public keys whose private halves are not here.
//!
//! So whatever a fuzzer writes must be refused, and [`refuses`] fails where it is not. The checks are those of the service; they go
//! on past the first failure, so that what stands behind the signature is reached too.

use std::{
    future::Future as _,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use omnia::{
    abilitazione::authn::{
        Authenticator, Credentials, EvidenceRequirements, EvidenceVerifier, IssuerKind, Jwks,
        KeySource, PublicUrl, TrustedIssuer,
    },
    clock::Clock,
};

/// The keys of the examples of RFC 7638 and RFC 7515.
const JWKS: &str = r#"{"keys":[
    {"kid":"rsa","kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"},
    {"kid":"ec","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
]}"#;

static SERVICE: LazyLock<Authenticator> = LazyLock::new(|| {
    let clock = Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().expect("an instant"));
    let keys = || KeySource::fixed(Jwks::parse(JWKS).expect("a set"), clock.clone());
    let audience = || vec!["omnia".to_owned()];
    let pdnd = TrustedIssuer::new(IssuerKind::Pdnd, "pdnd", audience(), keys());
    let oidc = TrustedIssuer::new(IssuerKind::Oidc, "oidc", audience(), keys());
    let here = PublicUrl::parse("https://omnia.example/grpc").expect("a URL");
    Authenticator::new(vec![pdnd, oidc], 30, clock.clone())
        .with_public_urls(vec![here])
        .with_evidence(
            Some(EvidenceVerifier::new(keys(), audience())),
            EvidenceRequirements::default(),
        )
});

/// A JWS of the bytes: as they are, or, where they have two lines, of the header and the payload that the lines are.
#[must_use]
pub fn jws(data: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(data).ok()?;
    let b64 = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
    Some(match text.split_once('\n') {
        Some((header, payload)) => {
            format!("{}.{}.{}", b64(header), b64(payload), b64(&"s".repeat(64)))
        }
        None => text.to_owned(),
    })
}

/// Puts this to the service, which refuses it and says why.
///
/// # Panics
/// It is accepted; or refused without a check that failed; or a check waits for something.
pub fn refuses(credentials: &Credentials<'_>) {
    let examination = pin!(SERVICE.check_all(credentials, Some("DecreeService/ListDecrees")));
    let Poll::Ready((checks, identity)) = examination.poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("fixed keys wait for nothing");
    };
    assert!(identity.is_err(), "nobody here can sign: {checks:?}");
    assert!(
        checks.iter().any(|check| check.error.is_some()),
        "{checks:?}"
    );
}
