//! The authenticator: token, proof and evidence of a call, verified together.

use std::{fmt, sync::Arc};

use http::HeaderMap;
use quick_cache::sync::Cache;

use super::{
    AuthScheme, CallerIdentity, CheckEntry, Credentials, EvidenceRequirements, EvidenceVerifier,
    OneTimeUse, PublicUrl, ReplayStore, SessionUser, TrustedIssuer,
    caller_identity::IdentityProof,
    check_log::CheckLog,
    claims::NowWithLeeway,
    evidence,
    evidence::VerifiedEvidence,
    one_time_use::UseMark,
    proof,
    proof::{ProofExpectation, VerifiedProof},
    sha256::{Sha256Digest, sha256},
    token,
    token::VerifiedToken,
};
use crate::{
    clock::Clock,
    contract::http_call::CallTarget,
    error::{Error, Reason, Result},
};

/// Tokens and evidences kept, each: a few hundred bytes.
const KEPT: usize = 10_000;

/// Finds out who calls.
pub struct Authenticator {
    pub(super) trusted_issuers: Vec<TrustedIssuer>,
    public_urls: Vec<PublicUrl>,
    pub(super) evidences: Option<EvidenceVerifier>,
    requirements: Arc<EvidenceRequirements>,
    replay_store: Option<ReplayStore>,
    leeway: i64,
    pub(super) clock: Clock,
    seen_tokens: Cache<Sha256Digest, Arc<VerifiedToken>>,
    seen_evidence: Cache<Sha256Digest, Arc<VerifiedEvidence>>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("trusted_issuers", &self.trusted_issuers)
            .field("public_urls", &self.public_urls)
            .field("evidences", &self.evidences)
            .field("requirements", &self.requirements)
            .finish_non_exhaustive()
    }
}

/// What a call presents, verified.
struct VerifiedPresentation {
    token: Arc<VerifiedToken>,
    trial: Option<VerifiedProof>,
    evidence: Option<Arc<VerifiedEvidence>>,
}

impl Authenticator {
    /// Takes tokens of these issuers, without proofs and evidences. The clocks may differ by `leeway_seconds`.
    #[must_use]
    pub fn new(trusted_issuers: Vec<TrustedIssuer>, leeway_seconds: u64, clock: Clock) -> Self {
        Self {
            trusted_issuers,
            public_urls: Vec::new(),
            evidences: None,
            requirements: Arc::default(),
            replay_store: None,
            leeway: leeway_seconds.try_into().unwrap_or(i64::MAX),
            clock,
            seen_tokens: Cache::new(KEPT),
            seen_evidence: Cache::new(KEPT),
        }
    }

    /// Takes proofs for calls at one of these addresses.
    #[must_use]
    pub fn with_public_urls(self, public_urls: Vec<PublicUrl>) -> Self {
        Self {
            public_urls,
            ..self
        }
    }

    /// Takes these evidences, and requires them of whom `requirements` says.
    #[must_use]
    pub fn with_evidence(
        self,
        evidences: Option<EvidenceVerifier>,
        requirements: EvidenceRequirements,
    ) -> Self {
        Self {
            evidences,
            requirements: Arc::new(requirements),
            ..self
        }
    }

    /// Notes here what may be used once. Without it nothing of the kind is taken.
    #[must_use]
    pub fn with_replay_store(self, replay_store: ReplayStore) -> Self {
        Self {
            replay_store: Some(replay_store),
            ..self
        }
    }

    /// Who makes this call, and what of it is good for one call: to be spent
    /// ([`Authenticator::spend`]) before the call is let in.
    ///
    /// # Errors
    /// A `TOKEN_…`, `PROOF_…` or `EVIDENCE_…` reason, or [`Reason::KeysUnavailable`].
    pub async fn authenticate(
        &self,
        target: CallTarget<'_>,
        headers: &HeaderMap,
    ) -> Result<(CallerIdentity, OneTimeUse)> {
        let credentials = Credentials::read(headers)?;
        let presented = self
            .check(
                &credentials,
                Some(target),
                self.now(),
                &mut CheckLog::fail_fast(),
            )
            .await?;
        let VerifiedPresentation {
            token,
            trial,
            evidence,
        } = presented;
        let one_time_use = OneTimeUse {
            proof: trial.map(|trial| UseMark {
                digest: trial.digest,
                expires_at: trial.expires_at,
            }),
            // One that the voucher names is the voucher's for as long as both live.
            evidence: evidence
                .as_ref()
                .filter(|_| token.digest.is_none())
                .map(|evidence| UseMark {
                    digest: evidence.use_digest,
                    expires_at: evidence.exp.saturating_add(self.leeway),
                }),
        };
        let identity = self.identity(IdentityProof::Token {
            token,
            evidence,
            scheme: credentials.scheme,
        });
        Ok((identity, one_time_use))
    }

    /// Who makes a call of a page: the person whose session it is. Nothing of it is to be spent.
    pub fn session(&self, user: SessionUser) -> (CallerIdentity, OneTimeUse) {
        let identity = self.identity(IdentityProof::Session(user));
        (identity, OneTimeUse::default())
    }

    fn identity(&self, proof: IdentityProof) -> CallerIdentity {
        CallerIdentity {
            proof,
            requirements: Arc::clone(&self.requirements),
        }
    }

    /// Spends what is good for one call: of all calls that try, on all instances, one succeeds.
    ///
    /// # Errors
    /// [`Reason::ProofReplayed`], [`Reason::EvidenceInvalid`]: another call was the first; [`Reason::ProofInvalid`]: it ended
    /// while the call waited. The database's where a use cannot be noted.
    pub async fn spend(&self, one_time_use: OneTimeUse) -> Result<()> {
        if let Some(trial) = &one_time_use.proof
            && !self.mark_used(trial, Reason::ProofInvalid).await?
        {
            return Err(Error::new(
                Reason::ProofReplayed,
                "the proof was used before: make a new one for each call",
            ));
        }
        if let Some(evidence) = &one_time_use.evidence
            && !self.mark_used(evidence, Reason::EvidenceInvalid).await?
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
        credentials: &Credentials<'_>,
        rpc: Option<&str>,
    ) -> (Vec<CheckEntry>, Result<CallerIdentity>) {
        let mut check_log = CheckLog::complete();
        let presented = self
            .check(
                credentials,
                rpc.map(CallTarget::Grpc),
                self.now(),
                &mut check_log,
            )
            .await;
        let identity = presented.and_then(|presented| {
            check_log.finish(self.identity(IdentityProof::Token {
                token: presented.token,
                evidence: presented.evidence,
                scheme: credentials.scheme,
            }))
        });
        (check_log.entries(), identity)
    }

    fn now(&self) -> NowWithLeeway {
        NowWithLeeway {
            now: self.clock.now().timestamp(),
            leeway: self.leeway,
        }
    }

    async fn check(
        &self,
        credentials: &Credentials<'_>,
        target: Option<CallTarget<'_>>,
        quando: NowWithLeeway,
        v: &mut CheckLog,
    ) -> Result<VerifiedPresentation> {
        let impronta = sha256(credentials.token.as_bytes());
        let token = self.token(credentials.token, impronta, quando, v).await?;
        let presented = presentation(credentials, token.jkt);
        let trial = match v.check("proof: presented", presented)?.flatten() {
            None => None,
            Some((trial, jkt)) => {
                let chiamata = ProofExpectation {
                    jkt,
                    ath: impronta,
                    target,
                    public_urls: &self.public_urls,
                };
                // What is wrong with the proof says nothing about the evidence.
                let trial = proof::check(trial, &chiamata, quando.now, v);
                v.proceed(trial)?
            }
        };
        let evidence = match credentials.evidence {
            None => None,
            Some(text) => {
                let evidence = self.evidence(text, quando, v).await?;
                evidence.check_belongs_to(&token, v)?;
                Some(evidence)
            }
        };
        Ok(VerifiedPresentation {
            token,
            trial,
            evidence,
        })
    }

    async fn token(
        &self,
        token: &str,
        impronta: Sha256Digest,
        quando: NowWithLeeway,
        v: &mut CheckLog,
    ) -> Result<Arc<VerifiedToken>> {
        if let Some(seen) = self.seen_tokens.get(&impronta)
            && let Some(emittente) = self.trusted_issuers.get(seen.issuer_index)
            && emittente.keys.is_generation(seen.generation)
        {
            seen.check_time(quando)?;
            return Ok(seen);
        }
        let verified = Arc::new(token::check(&self.trusted_issuers, token, quando, v).await?);
        if v.all_passed() {
            self.seen_tokens.insert(impronta, Arc::clone(&verified));
        }
        Ok(verified)
    }

    async fn evidence(
        &self,
        text: &str,
        quando: NowWithLeeway,
        v: &mut CheckLog,
    ) -> Result<Arc<VerifiedEvidence>> {
        let evidences = self.evidences.as_ref().ok_or_else(|| {
            Error::new(
                Reason::EvidenceInvalid,
                "this server knows no keys of consumers (access.evidence.jwks), so no evidence can be verified",
            )
        });
        let evidences = match evidences {
            Ok(evidences) => evidences,
            Err(error) => return v.require("evidence: keys", Err(error)),
        };
        let impronta = sha256(text.as_bytes());
        if let Some(seen) = self.seen_evidence.get(&impronta)
            && evidences.is_generation(seen.generation)
        {
            seen.check_time(quando)?;
            return Ok(seen);
        }
        let evidence = Arc::new(evidence::check(evidences, text, impronta, quando, v).await?);
        if v.all_passed() {
            self.seen_evidence.insert(impronta, Arc::clone(&evidence));
        }
        Ok(evidence)
    }

    /// Whether this is the first use. `ended`: what it is refused as where it is not good any more.
    async fn mark_used(&self, use_mark: &UseMark, ended: Reason) -> Result<bool> {
        let replay_store = self.replay_store.as_ref().ok_or_else(|| {
            Error::internal("there is no register of used proofs: Authenticator::with_replay_store")
        })?;
        let seconds = use_mark.seconds_to_keep(self.now().now).ok_or_else(|| {
            Error::new(ended, "the proof or evidence ended while the call waited")
        })?;
        replay_store.mark_used(&use_mark.digest, seconds).await
    }
}

/// Whether the token is presented as it must be: the proof, if there is to be one, and the key that it must be of.
fn presentation<'a>(
    credentials: &Credentials<'a>,
    jkt: Option<Sha256Digest>,
) -> Result<Option<(&'a str, Sha256Digest)>> {
    let message = match (jkt, credentials.scheme, credentials.proof) {
        (Some(jkt), AuthScheme::Dpop, Some(trial)) => return Ok(Some((trial, jkt))),
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
