//! Whose tokens are good, and what those of each kind are like.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    algorithm::SignatureAlgorithm, claims::TokenClaims, enti::Enti, key_source::KeySource,
};
use crate::{
    error::{Error, Reason, Result},
    valori::name::is_name,
};

/// What an issuer's tokens are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssuerKind {
    /// Vouchers of PDND: subject `client_id`, a `purposeId`, perhaps a `digest` of the evidence.
    Pdnd,
    /// Access tokens of any other provider: its subject, and no more.
    Oidc,
}

impl IssuerKind {
    /// Whether a token with this `typ` can be an access token. That an ID token or a proof is none must not depend on its claims.
    pub(super) fn takes(self, typ: Option<&str>, bound: bool) -> bool {
        match (self, typ) {
            (_, Some("at+jwt")) => true,
            // What PDND's manual says of bound vouchers; its code says at+jwt.
            (Self::Pdnd, Some("dpop+jwt")) => bound,
            // RFC 9068 is younger than many providers.
            (Self::Oidc, None | Some("jwt")) => true,
            _ => false,
        }
    }
}

/// An issuer.
#[derive(Debug, Clone)]
pub struct TrustedIssuer {
    pub(super) kind: IssuerKind,
    pub(super) issuer: Arc<str>,
    pub(super) enti: Arc<Enti>,
    pub(super) audience: Vec<String>,
    pub(super) keys: KeySource,
    pub(super) algorithms: Vec<SignatureAlgorithm>,
    pub(super) nbf_required: bool,
    claim_soggetto: String,
}

impl TrustedIssuer {
    /// The issuer `issuer` of tokens for one of `audience`, signed by `keys`, with what is usual for its kind.
    #[must_use]
    pub fn new(
        tipo: IssuerKind,
        issuer: impl Into<Arc<str>>,
        audience: Vec<String>,
        keys: KeySource,
    ) -> Self {
        let pdnd = tipo == IssuerKind::Pdnd;
        let algorithms = if pdnd {
            vec![SignatureAlgorithm::RS256]
        } else {
            vec![SignatureAlgorithm::RS256, SignatureAlgorithm::ES256]
        };
        Self {
            kind: tipo,
            issuer: issuer.into(),
            enti: Arc::default(),
            audience,
            keys,
            algorithms,
            nbf_required: pdnd,
            claim_soggetto: (if pdnd { "client_id" } else { "sub" }).to_owned(),
        }
    }

    /// The subject is this claim.
    #[must_use]
    pub fn with_subject_claim(self, claim: impl Into<String>) -> Self {
        Self {
            claim_soggetto: claim.into(),
            ..self
        }
    }

    /// Its subjects are of these enti; without this, of all.
    #[must_use]
    pub fn with_enti(self, enti: Enti) -> Self {
        Self {
            enti: Arc::new(enti),
            ..self
        }
    }

    /// It signs with these algorithms.
    #[must_use]
    pub fn with_algorithms(self, algorithms: Vec<SignatureAlgorithm>) -> Self {
        Self { algorithms, ..self }
    }

    /// Whether a token without `nbf` is refused.
    #[must_use]
    pub fn with_nbf(self, required: bool) -> Self {
        Self {
            nbf_required: required,
            ..self
        }
    }

    /// The subject of a token.
    pub(super) fn soggetto<'a>(&self, claims: &'a TokenClaims) -> Result<&'a str> {
        let invalid = |message| Error::new(Reason::TokenInvalid, message);
        let text = |claim: &str| claims.others.get(claim).and_then(serde_json::Value::as_str);
        let soggetto = text(&self.claim_soggetto)
            .filter(|soggetto| is_name(soggetto))
            .ok_or_else(|| invalid("the token has no subject, or it is not a name"))?;
        // PDND writes the client twice. Two that differ were written by somebody else.
        if self.kind == IssuerKind::Pdnd && text("sub") != Some(soggetto) {
            return Err(invalid("the voucher's sub is not its client_id"));
        }
        Ok(soggetto)
    }
}
