//! A person who has signed in with a browser.

use std::sync::Arc;

use super::Enti;

/// Who has signed in, and not yet out. It stands in the extensions of the calls that a page makes, and only the room of sessions makes
/// one: a request from outside cannot bring it, since the network brings no extensions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SessionUser(Arc<SessionUserInner>);

#[derive(Debug)]
struct SessionUserInner {
    issuer: Box<str>,
    enti: Enti,
    soggetto: Box<str>,
    is_evidence: bool,
}

impl SessionUser {
    /// The person whom `issuer`, which gives names of `enti`, calls `soggetto`. `is_evidence`: the session is taken for the evidence that
    /// an ente must bring.
    pub(in crate::abilitazione) fn new(
        issuer: &str,
        enti: Enti,
        soggetto: &str,
        is_evidence: bool,
    ) -> Self {
        Self(Arc::new(SessionUserInner {
            issuer: issuer.into(),
            enti,
            soggetto: soggetto.into(),
            is_evidence,
        }))
    }

    /// The subject: whose the grant must be.
    #[must_use]
    pub fn soggetto(&self) -> &str {
        &self.0.soggetto
    }

    /// Who says who it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(super) fn enti(&self) -> &Enti {
        &self.0.enti
    }

    pub(super) fn is_evidence(&self) -> bool {
        self.0.is_evidence
    }
}
