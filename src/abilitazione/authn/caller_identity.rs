//! Who calls, as far as token and evidence, or a session, prove it.

use std::sync::Arc;

use super::{
    AuthScheme, Enti,
    evidence::VerifiedEvidence,
    evidence_requirement::{EvidenceRequirement, EvidenceRequirements},
    session_user::SessionUser,
    token::VerifiedToken,
};
use crate::{
    call_record::CallRecord,
    error::{Error, Reason, Result},
};

/// Who calls. Only [`super::Authenticator`] makes one; cheap to clone.
#[derive(Debug, Clone)]
pub struct CallerIdentity {
    pub(super) proof: IdentityProof,
    pub(super) requirements: Arc<EvidenceRequirements>,
}

/// By what it is known who calls.
#[derive(Debug, Clone)]
pub(super) enum IdentityProof {
    /// By what came with the call.
    Token {
        token: Arc<VerifiedToken>,
        evidence: Option<Arc<VerifiedEvidence>>,
        scheme: AuthScheme,
    },
    /// By the session of a person with a browser.
    Session(SessionUser),
}

impl CallerIdentity {
    fn token(&self) -> Option<&VerifiedToken> {
        match &self.proof {
            IdentityProof::Token { token, .. } => Some(token),
            IdentityProof::Session(_) => None,
        }
    }

    fn evidence(&self) -> Option<&VerifiedEvidence> {
        match &self.proof {
            IdentityProof::Token { evidence, .. } => evidence.as_deref(),
            IdentityProof::Session(_) => None,
        }
    }

    /// The subject: whose the grant must be.
    #[must_use]
    pub fn soggetto(&self) -> &str {
        match &self.proof {
            IdentityProof::Token { token, .. } => &token.soggetto,
            IdentityProof::Session(user) => user.soggetto(),
        }
    }

    /// Who says who it is: a subject is a name that it gives.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match &self.proof {
            IdentityProof::Token { token, .. } => &token.issuer,
            IdentityProof::Session(user) => user.issuer(),
        }
    }

    /// Whose names its issuer gives: the grant of another ente is not the caller's.
    #[must_use]
    pub fn enti(&self) -> &Enti {
        match &self.proof {
            IdentityProof::Token { token, .. } => &token.enti,
            IdentityProof::Session(user) => user.enti(),
        }
    }

    /// The purpose of the voucher, a UUID in small letters; nobody else has one.
    #[must_use]
    pub fn finalita(&self) -> Option<&str> {
        self.token()?.finalita.as_deref()
    }

    /// The token's own id.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.token()?.jti.as_deref()
    }

    /// When the token ends, in seconds since 1970. A session has no token.
    #[must_use]
    pub fn expiry(&self) -> Option<i64> {
        self.token().map(|token| token.exp)
    }

    /// How the token was presented.
    #[must_use]
    pub fn scheme(&self) -> Option<AuthScheme> {
        match &self.proof {
            IdentityProof::Token { scheme, .. } => Some(*scheme),
            IdentityProof::Session(_) => None,
        }
    }

    /// The person inside the agency (`userID` of the evidence); of a session, the one who signed in.
    #[must_use]
    pub fn utente(&self) -> Option<&str> {
        match &self.proof {
            IdentityProof::Token { evidence, .. } => Some(&evidence.as_ref()?.utente),
            IdentityProof::Session(user) => Some(user.soggetto()),
        }
    }

    /// Where that person sits (`userLocation`).
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.evidence().map(|evidence| &*evidence.location)
    }

    /// How well that person was identified (`LoA`).
    #[must_use]
    pub fn loa(&self) -> Option<&str> {
        self.evidence()?.loa.as_deref()
    }

    /// The evidence's own id.
    #[must_use]
    pub fn evidence_jti(&self) -> Option<&str> {
        self.evidence().map(|evidence| &*evidence.jti)
    }

    /// Whether the evidence that this ente must bring is there.
    ///
    /// # Errors
    /// [`Reason::EvidenceInvalid`].
    pub fn check_evidence_for(&self, ente: &str) -> Result<()> {
        let (there, tied) = match &self.proof {
            IdentityProof::Token {
                token, evidence, ..
            } => (
                evidence.is_some(),
                evidence.is_some() && token.digest.is_some(),
            ),
            // Who the person is, their issuer has told this service itself.
            IdentityProof::Session(user) => (user.is_evidence(), user.is_evidence()),
        };
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
