//! The ID token: what a provider tells a service, once, of a person who has just signed in (OpenID Connect Core 1.0, 2 and 3.1.3.7).
//!
//! It is read by the same code as every other token: `iss` and the key it is signed with first, then the claims. It never comes from a browser;
//! the provider answers it to a code. That it is verified all the same makes the answer good whatever stood in between.

use serde_json::Value;

use super::{
    Enti, IssuerKind, KeySource, TrustedIssuer,
    claims::{NowWithLeeway, TokenClaims},
    jws::Jws,
};
use crate::{clock::Clock, error::Sentence};

/// What an ID token must say.
#[derive(Debug)]
pub struct IdTokenExpectation<'a> {
    /// Who was asked.
    pub issuer: &'a str,
    /// Who asked.
    pub client_id: &'a str,
    /// What was sent along, so that an answer to somebody else's question is none to this.
    pub nonce: &'a str,
    /// The claim that is the subject.
    pub subject_claim: &'a str,
}

/// Verifies an ID token; the subject.
///
/// # Errors
/// A sentence for the log: what is wrong with it.
pub async fn check_id_token(
    text: &str,
    expected: &IdTokenExpectation<'_>,
    keys: &KeySource,
    leeway_seconds: u64,
    clock: &Clock,
) -> Result<String, Sentence> {
    let jws = Jws::parse(text).map_err(|why| format!("the ID token {why}"))?;
    let kid = jws.header.kid.as_deref().ok_or("the ID token has no kid")?;
    let key_set = keys.key_set_with(kid).await?;
    let key = key_set
        .jwks
        .get(kid)
        .ok_or("the ID token's kid is not known")?;
    // The key says which algorithm, and no key says "none".
    if !jws.is_for(key) || !jws.verifies(key) {
        return Err("the ID token's signature does not verify".into());
    }
    let mut claims: TokenClaims = jws.claims()?;
    claims.others = jws.claims()?;
    check_claims(&claims, expected)?;
    let now = NowWithLeeway {
        now: clock.now().timestamp(),
        leeway: leeway_seconds.try_into().unwrap_or(i64::MAX),
    };
    if now.is_past(claims.exp.floor()) {
        return Err("the ID token has expired".into());
    }
    if claims.nbf.is_some_and(|nbf| now.is_future(nbf.ceil())) {
        return Err("the ID token is not valid yet".into());
    }
    // As the subject of any token of this issuer.
    let audience = vec![expected.client_id.to_owned()];
    let issuer = TrustedIssuer::new(IssuerKind::Oidc, expected.issuer, audience, keys.clone())
        .with_enti(Enti::all())
        .with_subject_claim(expected.subject_claim);
    Ok(issuer.soggetto(&claims)?.to_owned())
}

fn check_claims(claims: &TokenClaims, expected: &IdTokenExpectation<'_>) -> Result<(), Sentence> {
    if claims.iss != expected.issuer {
        return Err(format!("the ID token is of another issuer, {:?}", claims.iss).into());
    }
    let text = |claim: &str| claims.others.get(claim).and_then(Value::as_str);
    // A client id may have a comma in it, where an audience of PDND ends.
    let audience = match claims.others.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audience.contains(&expected.client_id) {
        return Err(format!("the ID token is for another client, {audience:?}").into());
    }
    match text("azp") {
        Some(party) if party != expected.client_id => {
            return Err(format!("the ID token was issued to another client, {party:?}").into());
        }
        None if audience.len() > 1 => {
            return Err("the ID token is for several clients and does not say for whom".into());
        }
        _ => {}
    }
    if text("nonce") != Some(expected.nonce) {
        return Err("the ID token answers another question (nonce)".into());
    }
    Ok(())
}
