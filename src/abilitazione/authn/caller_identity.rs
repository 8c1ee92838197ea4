//! Who calls, as far as token and evidence prove it.

use std::sync::Arc;

use super::{
    AuthScheme, Enti,
    evidence::VerifiedEvidence,
    evidence_requirement::{EvidenceRequirement, EvidenceRequirements},
    token::VerifiedToken,
};
use crate::{
    call_record::CallRecord,
    error::{Error, Reason, Result},
};

/// Who calls. Only [`super::Authenticator::authenticate`] makes one; cheap to clone.
#[derive(Debug, Clone)]
pub struct CallerIdentity {
    pub(super) token: Arc<VerifiedToken>,
    pub(super) evidence: Option<Arc<VerifiedEvidence>>,
    pub(super) scheme: AuthScheme,
    pub(super) requirements: Arc<EvidenceRequirements>,
}

impl CallerIdentity {
    /// The subject: whose the grant must be.
    #[must_use]
    pub fn soggetto(&self) -> &str {
        &self.token.soggetto
    }

    /// Who issued the token: a subject is a name that it gives.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.token.issuer
    }

    /// Whose names its issuer gives: the grant of another ente is not the caller's.
    #[must_use]
    pub fn enti(&self) -> &Enti {
        &self.token.enti
    }

    /// The purpose of the voucher, a UUID in small letters; tokens of other issuers have none.
    #[must_use]
    pub fn finalita(&self) -> Option<&str> {
        self.token.finalita.as_deref()
    }

    /// The token's own id.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.token.jti.as_deref()
    }

    /// When the token ends, in seconds since 1970.
    #[must_use]
    pub fn expiry(&self) -> i64 {
        self.token.exp
    }

    /// How the token was presented.
    #[must_use]
    pub fn scheme(&self) -> AuthScheme {
        self.scheme
    }

    /// The person inside the agency (`userID` of the evidence).
    #[must_use]
    pub fn utente(&self) -> Option<&str> {
        self.evidence.as_ref().map(|evidence| &*evidence.utente)
    }

    /// Where that person sits (`userLocation`).
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.evidence.as_ref().map(|evidence| &*evidence.location)
    }

    /// How well that person was identified (`LoA`).
    #[must_use]
    pub fn loa(&self) -> Option<&str> {
        self.evidence.as_ref()?.loa.as_deref()
    }

    /// The evidence's own id.
    #[must_use]
    pub fn evidence_jti(&self) -> Option<&str> {
        self.evidence.as_ref().map(|evidence| &*evidence.jti)
    }

    /// Whether the evidence that this ente must bring is there.
    ///
    /// # Errors
    /// [`Reason::EvidenceInvalid`].
    pub fn check_evidence_for(&self, ente: &str) -> Result<()> {
        let there = self.evidence.is_some();
        let tied = there && self.token.digest.is_some();
        let message = match self.requirements.of_ente(ente) {
            EvidenceRequirement::AuditRest01 if !there => {
                "the caller's ente must bring a tracking evidence (agid-jwt-trackingevidence)"
            }
            EvidenceRequirement::AuditRest02 if !tied => {
                "the caller's ente must bring a tracking evidence (agid-jwt-trackingevidence) that the voucher names by its digest"
            }
            _ => return Ok(()),
        };
        Err(Error::new(Reason::EvidenceInvalid, message))
    }

    /// Writes down who calls.
    pub fn annotate(&self, traccia: &CallRecord) {
        traccia.note(|facts| {
            facts.soggetto = Some(self.soggetto().to_owned());
            facts.emittente = Some(self.issuer().to_owned());
            facts.utente = self.utente().map(str::to_owned);
            facts.finalita = self.finalita().map(str::to_owned);
            facts.jti = self.jti().map(str::to_owned);
        });
    }
}
