//! A call that was not let in.

use std::net::IpAddr;

use crate::call_record::CallFacts;

/// A call that was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::audit) struct RefusedCall {
    /// `None`: whose token it is was not known, or there was none.
    pub(super) subject: Option<Subject>,
    pub(super) address: Option<IpAddr>,
    pub(super) reason: Option<String>,
    pub(super) code: &'static str,
}

/// Who called, as far as a good token says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Subject {
    pub(super) issuer: Option<String>,
    pub(super) name: String,
    pub(super) purpose: Option<String>,
    pub(super) jti: Option<String>,
}

impl RefusedCall {
    /// Of what is known of a call; `reason` and `code` are those of its answer.
    pub(in crate::audit) fn new(
        facts: &CallFacts,
        reason: Option<String>,
        code: &'static str,
    ) -> Self {
        let subject = facts.soggetto.clone().map(|name| Subject {
            issuer: facts.emittente.clone(),
            name,
            purpose: facts.finalita.clone(),
            jti: facts.jti.clone(),
        });
        Self {
            subject,
            address: facts.indirizzo,
            reason,
            code,
        }
    }
}
