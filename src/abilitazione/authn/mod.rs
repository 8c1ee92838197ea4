//! Who calls: token, proof and evidence of a request, as PDND and ModI define them.
//!
//! ```text
//! authorization: Bearer <token>              agid-jwt-trackingevidence: <JWS>
//! authorization: DPoP <voucher>   dpop: <JWS>          │
//!        │                          │                  │
//!     token  ── cnf.jkt ──►       prova              evidenza  ◄── digest, purposeId ── token
//!   whose is it?        is it theirs, and new?     for whom in the agency?
//!        └──────────────────────────┴──────────────────┴──► CallerIdentity
//! ```
//!
//! Three callers, as an example. A ministry's back end sends a voucher as Bearer: its subject is the voucher's `client_id`, its
//! purpose the `purposeId`. Another's voucher is bound to a key (`cnf.jkt`): as Bearer it is refused, for whoever stole it
//! could do the same; with a proof for this very call, made a moment ago with that key, it is taken, and the proof is not
//! taken again, by any instance. A third sends an evidence that names the clerk at the desk: it must be signed by a
//! consumer that PDND knows, and be the one that the voucher's digest names.
//!
//! What was verified is kept, by the SHA-256 of its text: the next call with the same token costs a hash and a look at
//! the clock. It is asked for again when it ends, and when the issuer's keys change. Proofs are not kept: none comes twice.
//!
//! To verify is one thing, to spend another: [`Authenticator::authenticate`] writes nothing, and what it found that is good for
//! one call ([`OneTimeUse`]) is spent by [`Authenticator::spend`] when all the rest of the decision is made. So who may not call
//! writes nothing, and a call that was refused may be made again with the same proof.
//!
//! A generic OIDC issuer is the same code with other settings: another subject claim, other algorithms, no purpose.
//! [`Authenticator::check_all`] runs the same checks for a person who wants to know all that is wrong.

mod algorithm;
mod caller_identity;
mod check_log;
mod claims;
mod credentials;
mod enti;
mod evidence;
mod evidence_requirement;
mod fetch;
mod htu;
mod in_force;
mod issuer;
mod json;
mod jwk;
mod jwks;
mod jws;
mod key_freshness;
mod key_location;
mod key_source;
#[cfg(test)]
mod keys_tests;
mod numeric_date;
mod one_time_use;
mod proof;
mod refresh;
mod replay_store;
mod settings;
mod sha256;
#[cfg(test)]
pub(crate) mod test_keys;
mod token;

use std::{fmt, sync::Arc};

use http::HeaderMap;
use quick_cache::sync::Cache;

use self::{
    check_log::CheckLog,
    claims::NowWithLeeway,
    evidence::VerifiedEvidence,
    one_time_use::UseMark,
    proof::{ProofExpectation, VerifiedProof},
    sha256::{Sha256Digest, sha256},
    token::VerifiedToken,
};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result},
};

pub use algorithm::SignatureAlgorithm;
pub use caller_identity::CallerIdentity;
pub use check_log::CheckEntry;
pub use credentials::{AuthScheme, Credentials};
pub use enti::Enti;
pub use evidence::EvidenceVerifier;
pub use evidence_requirement::{EvidenceRequirement, EvidenceRequirements};
pub use htu::PublicUrl;
pub use issuer::{IssuerKind, TrustedIssuer};
pub use jwks::{Jwks, JwksError};
pub use key_freshness::KeyFreshness;
pub use key_location::KeyLocation;
pub use key_source::KeySource;
pub use one_time_use::OneTimeUse;
pub use replay_store::ReplayStore;
pub use settings::{EvidenceSettings, IssuerSettings, KeySettings};

pub(super) use credentials::{DPOP, TRACKING_EVIDENCE};

/// Tokens and evidences kept, each: a few hundred bytes.
const KEPT: usize = 10_000;

/// Finds out who calls.
pub struct Authenticator {
    emittenti: Vec<TrustedIssuer>,
    indirizzi: Vec<PublicUrl>,
    evidenze: Option<EvidenceVerifier>,
    requisiti: Arc<EvidenceRequirements>,
    usate: Option<ReplayStore>,
    leeway: i64,
    clock: Clock,
    token_visti: Cache<Sha256Digest, Arc<VerifiedToken>>,
    evidenze_viste: Cache<Sha256Digest, Arc<VerifiedEvidence>>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Autenticatore")
            .field("emittenti", &self.emittenti)
            .field("indirizzi", &self.indirizzi)
            .field("evidenze", &self.evidenze)
            .field("requisiti", &self.requisiti)
            .finish_non_exhaustive()
    }
}

/// What a call presents, verified.
struct VerifiedPresentation {
    token: Arc<VerifiedToken>,
    prova: Option<VerifiedProof>,
    evidenza: Option<Arc<VerifiedEvidence>>,
}

impl Authenticator {
    /// Takes tokens of these issuers, without proofs and evidences. The clocks may differ by `leeway_seconds`.
    #[must_use]
    pub fn new(emittenti: Vec<TrustedIssuer>, leeway_seconds: u64, clock: Clock) -> Self {
        Self {
            emittenti,
            indirizzi: Vec::new(),
            evidenze: None,
            requisiti: Arc::default(),
            usate: None,
            leeway: leeway_seconds.try_into().unwrap_or(i64::MAX),
            clock,
            token_visti: Cache::new(KEPT),
            evidenze_viste: Cache::new(KEPT),
        }
    }

    /// Takes proofs for calls at one of these addresses.
    #[must_use]
    pub fn with_public_urls(self, indirizzi: Vec<PublicUrl>) -> Self {
        Self { indirizzi, ..self }
    }

    /// Takes these evidences, and requires them of whom `requisiti` says.
    #[must_use]
    pub fn with_evidence(
        self,
        evidenze: Option<EvidenceVerifier>,
        requisiti: EvidenceRequirements,
    ) -> Self {
        Self {
            evidenze,
            requisiti: Arc::new(requisiti),
            ..self
        }
    }

    /// Notes here what may be used once. Without it nothing of the kind is taken.
    #[must_use]
    pub fn with_replay_store(self, usate: ReplayStore) -> Self {
        Self {
            usate: Some(usate),
            ..self
        }
    }

    /// Who makes this call (`"DecreeService/ListDecrees"`), and what of it is good for one call: to be spent
    /// ([`Authenticator::spend`]) before the call is let in.
    ///
    /// # Errors
    /// A `TOKEN_…`, `PROOF_…` or `EVIDENCE_…` reason, or [`Reason::KeysUnavailable`].
    pub async fn authenticate(
        &self,
        rpc: &str,
        headers: &HeaderMap,
    ) -> Result<(CallerIdentity, OneTimeUse)> {
        let credenziali = Credentials::read(headers)?;
        let presentato = self
            .check(
                &credenziali,
                Some(rpc),
                self.now(),
                &mut CheckLog::fail_fast(),
            )
            .await?;
        let VerifiedPresentation {
            token,
            prova,
            evidenza,
        } = presentato;
        let monouso = OneTimeUse {
            proof: prova.map(|prova| UseMark {
                digest: prova.digest,
                expires_at: prova.expires_at,
            }),
            // One that the voucher names is the voucher's for as long as both live.
            evidence: evidenza
                .as_ref()
                .filter(|_| token.digest.is_none())
                .map(|evidenza| UseMark {
                    digest: evidenza.use_digest,
                    expires_at: evidenza.exp.saturating_add(self.leeway),
                }),
        };
        let identita = CallerIdentity {
            token,
            evidence: evidenza,
            scheme: credenziali.scheme,
            requirements: Arc::clone(&self.requisiti),
        };
        Ok((identita, monouso))
    }

    /// Spends what is good for one call: of all calls that try, on all instances, one succeeds.
    ///
    /// # Errors
    /// [`Reason::ProofReplayed`], [`Reason::EvidenceInvalid`]: another call was the first; [`Reason::ProofInvalid`]: it ended
    /// while the call waited. The database's where a use cannot be noted.
    pub async fn spend(&self, monouso: OneTimeUse) -> Result<()> {
        if let Some(prova) = &monouso.proof
            && !self.mark_used(prova, Reason::ProofInvalid).await?
        {
            return Err(Error::new(
                Reason::ProofReplayed,
                "the proof was used before: make a new one for each call",
            ));
        }
        if let Some(evidenza) = &monouso.evidence
            && !self.mark_used(evidenza, Reason::EvidenceInvalid).await?
        {
            return Err(Error::new(
                Reason::EvidenceInvalid,
                "the evidence was used before: one that the voucher does not name (digest) is good for one call",
            ));
        }
        Ok(())
    }

    /// Every check on what a caller would present, passed or not. Nothing is noted as used. `rpc`: for which call the proof
    /// should be. Second: who it is, or the first failure.
    pub async fn check_all(
        &self,
        credenziali: &Credentials<'_>,
        rpc: Option<&str>,
    ) -> (Vec<CheckEntry>, Result<CallerIdentity>) {
        let mut verbale = CheckLog::complete();
        let presentato = self.check(credenziali, rpc, self.now(), &mut verbale).await;
        let identita = presentato.and_then(|presentato| {
            verbale.finish(CallerIdentity {
                token: presentato.token,
                evidence: presentato.evidenza,
                scheme: credenziali.scheme,
                requirements: Arc::clone(&self.requisiti),
            })
        });
        (verbale.entries(), identita)
    }

    fn now(&self) -> NowWithLeeway {
        NowWithLeeway {
            now: self.clock.now().timestamp(),
            leeway: self.leeway,
        }
    }

    async fn check(
        &self,
        credenziali: &Credentials<'_>,
        rpc: Option<&str>,
        quando: NowWithLeeway,
        v: &mut CheckLog,
    ) -> Result<VerifiedPresentation> {
        let impronta = sha256(credenziali.token.as_bytes());
        let token = self.token(credenziali.token, impronta, quando, v).await?;
        let presented = presentation(credenziali, token.jkt);
        let prova = match v.check("proof: presented", presented)?.flatten() {
            None => None,
            Some((prova, jkt)) => {
                let chiamata = ProofExpectation {
                    jkt,
                    ath: impronta,
                    rpc,
                    public_urls: &self.indirizzi,
                };
                // What is wrong with the proof says nothing about the evidence.
                let prova = proof::check(prova, &chiamata, quando.now, v);
                v.proceed(prova)?
            }
        };
        let evidenza = match credenziali.evidence {
            None => None,
            Some(text) => {
                let evidenza = self.evidence(text, quando, v).await?;
                evidenza.check_belongs_to(&token, v)?;
                Some(evidenza)
            }
        };
        Ok(VerifiedPresentation {
            token,
            prova,
            evidenza,
        })
    }

    async fn token(
        &self,
        token: &str,
        impronta: Sha256Digest,
        quando: NowWithLeeway,
        v: &mut CheckLog,
    ) -> Result<Arc<VerifiedToken>> {
        if let Some(visto) = self.token_visti.get(&impronta)
            && let Some(emittente) = self.emittenti.get(visto.issuer_index)
            && emittente.keys.is_generation(visto.generation)
        {
            visto.check_time(quando)?;
            return Ok(visto);
        }
        let verificato = Arc::new(token::check(&self.emittenti, token, quando, v).await?);
        if v.all_passed() {
            self.token_visti.insert(impronta, Arc::clone(&verificato));
        }
        Ok(verificato)
    }

    async fn evidence(
        &self,
        text: &str,
        quando: NowWithLeeway,
        v: &mut CheckLog,
    ) -> Result<Arc<VerifiedEvidence>> {
        let evidenze = self.evidenze.as_ref().ok_or_else(|| {
            Error::new(
                Reason::EvidenceInvalid,
                "this server knows no keys of consumers (access.evidence.jwks), so no evidence can be verified",
            )
        });
        let evidenze = match evidenze {
            Ok(evidenze) => evidenze,
            Err(error) => return v.require("evidence: keys", Err(error)),
        };
        let impronta = sha256(text.as_bytes());
        if let Some(vista) = self.evidenze_viste.get(&impronta)
            && evidenze.is_generation(vista.generation)
        {
            vista.check_time(quando)?;
            return Ok(vista);
        }
        let evidenza = Arc::new(evidence::check(evidenze, text, impronta, quando, v).await?);
        if v.all_passed() {
            self.evidenze_viste.insert(impronta, Arc::clone(&evidenza));
        }
        Ok(evidenza)
    }

    /// Whether this is the first use. `ended`: what it is refused as where it is not good any more.
    async fn mark_used(&self, uso: &UseMark, ended: Reason) -> Result<bool> {
        let usate = self.usate.as_ref().ok_or_else(|| {
            Error::internal("there is no register of used proofs: Autenticatore::con_registro")
        })?;
        let secondi = uso.seconds_to_keep(self.now().now).ok_or_else(|| {
            Error::new(ended, "the proof or evidence ended while the call waited")
        })?;
        usate.mark_used(&uso.digest, secondi).await
    }
}

/// Whether the token is presented as it must be: the proof, if there is to be one, and the key that it must be of.
fn presentation<'a>(
    credenziali: &Credentials<'a>,
    jkt: Option<Sha256Digest>,
) -> Result<Option<(&'a str, Sha256Digest)>> {
    let message = match (jkt, credenziali.scheme, credenziali.proof) {
        (Some(jkt), AuthScheme::Dpop, Some(prova)) => return Ok(Some((prova, jkt))),
        (None, AuthScheme::Bearer, None) => return Ok(None),
        (Some(_), AuthScheme::Dpop, None) => "there is no proof (dpop) in the metadata",
        (Some(_), AuthScheme::Bearer, _) => {
            "the token is bound to a key (cnf.jkt): send it as `DPoP <token>` with a proof, not as Bearer"
        }
        (None, AuthScheme::Bearer, Some(_)) => {
            "a proof (dpop) came with a token that is bound to no key"
        }
        (None, AuthScheme::Dpop, _) => {
            "the token is bound to no key (cnf.jkt): send it as `Bearer <token>`"
        }
    };
    Err(Error::new(Reason::ProofInvalid, message))
}
