//! The decision on a call.
//!
//! ```text
//! token,
//! or session ─► grant ─► network, hours, certificate, purpose, evidence ─► is there such a call? ─► may the profile make it? ─► quota ─► proof
//! who?          state,   of the grant, as it stands now                    of the contract          of the policy               used up?  spent?
//!               days
//! ```
//!
//! In this order: what a caller is told of depends on how far it came, and what was refused has used nothing of a quota. The one
//! exception is a call that was made before with the same proof or evidence: they are spent last of all, so that a caller who may not
//! call writes nothing into their register, and a call that is refused for its quota may be made again as it is. A call with
//! neither asks the database nothing while the grants in memory are fresh ([`GrantCache`]) and the day's quota has some left
//! ([`QuotaUsage`]).

use std::{sync::Arc, time::Duration};

use http::HeaderMap;

use super::unknown_call::not_in_contract;
use crate::{
    abilitazione::{
        Abilitazione, ActivePolicy, DecisionTable, GrantCache, QuotaUsage,
        authn::{Authenticator, SessionUser},
        gate::active_streams::ActiveStreams,
        grants::{
            grant_cache::MAX_AGE,
            grant_conditions::{CallContext, check_grant_conditions},
        },
        quota::QuotaReservation,
    },
    call_record::CallRecord,
    clock::{Clock, day_in_rome},
    contract::{http_call::CallTarget, vocabulary::Vocabulary},
    error::{Error, Reason, Result},
    telemetry::{FailureLog, health_registry::ComponentHealth},
    transport::connection::ClientConnection,
    valori::tax_codes::masked,
};

/// How often the streams under way are looked at though nothing was said: hours end and days pass by themselves.
const RECHECK_INTERVAL: Duration = Duration::from_millis(500);
/// A stream goes on under grants that were read so long ago. More than for a call: one missed reading ends no export.
const STREAM_MAX_AGE: Duration = Duration::from_millis(1500);

/// Decides who may call what. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Authorizer(Arc<AuthorizerInner>);

#[derive(Debug)]
struct AuthorizerInner {
    authenticator: Authenticator,
    grant_cache: GrantCache,
    politica: ActivePolicy,
    usage: QuotaUsage,
    active_streams: ActiveStreams,
    vocabulary: Vocabulary,
    clock: Clock,
    unknown_profile: FailureLog,
}

/// A call that may come in.
pub(crate) struct Admission {
    pub(crate) abilitazione: Abilitazione,
    /// Where it streams its answers: the place that it takes of the quota.
    pub(crate) stream_reservation: Option<QuotaReservation>,
}

/// By what a caller is known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Presented<'a> {
    /// By what the headers say, for this call.
    Headers(CallTarget<'a>, &'a HeaderMap),
    /// By a session.
    Session(&'a SessionUser),
}

/// What is known of the caller, as far as the decision came: for the log.
#[derive(Default)]
struct CallerNames {
    soggetto: String,
    ente: String,
    profilo: String,
}

impl Authorizer {
    /// A guard that asks `authenticator` who calls, knows the grants by `grant_cache`, decides by `politica` and counts in
    /// `usage`. `clock` says which day and hour it is.
    #[must_use]
    pub fn new(
        authenticator: Authenticator,
        grant_cache: GrantCache,
        politica: ActivePolicy,
        usage: QuotaUsage,
        vocabulary: Vocabulary,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(AuthorizerInner {
            authenticator,
            grant_cache,
            politica,
            usage,
            active_streams: ActiveStreams::default(),
            vocabulary,
            clock,
            unknown_profile: FailureLog::warning(
                "a grant names a profile that the policy does not have: it gives nothing",
                "every grant names a profile that the policy has",
            ),
        }))
    }

    /// The policy by which it decides.
    #[must_use]
    pub fn policy(&self) -> &ActivePolicy {
        &self.0.politica
    }

    /// The calls that it knows.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.0.vocabulary
    }

    /// The clock by which it decides.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How old the grants are by which it decides: `None` before they were read.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.0.grant_cache.age()
    }

    /// The streams that it let in.
    pub(crate) fn active_streams(&self) -> &ActiveStreams {
        &self.0.active_streams
    }

    /// Tells how the keys are, for as long as it runs.
    pub async fn tell_keys(self, component: ComponentHealth) {
        self.0.authenticator.tell(component).await;
    }

    /// Follows the grants, and ends the streams that would not be allowed any more, for as long as it runs.
    pub async fn watch(self) {
        tokio::join!(self.0.grant_cache.clone().follow(), self.recheck_streams());
    }

    /// Gives back what was taken of quotas and not used.
    pub async fn close(&self) {
        self.0.usage.close().await;
    }

    async fn recheck_streams(&self) {
        let mut grants = self.0.grant_cache.changes();
        let mut policies = self.0.politica.changes();
        loop {
            // Their senders live as long as this guard.
            tokio::select! {
                _ = grants.changed() => {}
                _ = policies.changed() => {}
                () = tokio::time::sleep(RECHECK_INTERVAL) => {}
            }
            for current in self.0.active_streams.all() {
                if let Err(error) = self
                    .still_allowed(&current.abilitazione, STREAM_MAX_AGE)
                    .await
                {
                    current.end(error);
                }
            }
        }
    }

    /// Decides again on a call whose message came late, by grants as fresh as any call's.
    ///
    /// # Errors
    /// As [`Authorizer::authorize`], of what may have changed since.
    pub(crate) async fn decide_again(&self, abilitazione: &Abilitazione) -> Result<()> {
        self.still_allowed(abilitazione, MAX_AGE).await
    }

    /// Whether a call that was let in would still be, by grants that were read no longer than `max_age` ago.
    async fn still_allowed(&self, abilitazione: &Abilitazione, max_age: Duration) -> Result<()> {
        let ancora = self.recheck(abilitazione, max_age).await;
        if ancora.is_err() {
            abilitazione.call_record().note(|f| f.permitted = false);
        }
        ancora
    }

    async fn recheck(&self, abilitazione: &Abilitazione, max_age: Duration) -> Result<()> {
        let aa07 = abilitazione.aa07();
        let istante = self.0.clock.now();
        let oggi = day_in_rome(istante);
        self.0
            .grant_cache
            .check_in_force(aa07.id, oggi, max_age)
            .await?;
        aa07.orari.admits(istante)?;
        abilitazione.holds_under(&self.0.politica.table())
    }

    /// Decides on a call of the contract (`"DecreeService/ListDecrees"`) by this caller, on this connection.
    ///
    /// # Errors
    /// A `TOKEN_…`, `PROOF_…`, `EVIDENCE_…` or `GRANT_…` reason, what the grant demands besides ([`check_grant_conditions`]), [`Reason::CallUnknown`],
    /// [`Reason::CallDenied`], [`Reason::QuotaExceeded`], or the database's.
    pub(crate) async fn authorize(
        &self,
        rpc: &str,
        caller: Presented<'_>,
        channel: &ClientConnection,
        traccia: &CallRecord,
    ) -> Result<Admission> {
        let mut chi = CallerNames::default();
        // One table from start to end: the log names the version that decided.
        let table = self.0.politica.table();
        let decided = self
            .decide(rpc, caller, channel, traccia, &table, &mut chi)
            .await;
        // The path is the caller's text until the vocabulary knows it.
        let rpc = self.0.vocabulary.rpc(rpc).map_or("unknown", |_| rpc);
        // A refusal is told by the audit layer, which knows whether it is one of thousands.
        if decided.is_ok() {
            // Every call is in the audit log: a line here would say it twice.
            tracing::debug!(
                soggetto = &*masked(&chi.soggetto),
                ente = chi.ente,
                profilo = chi.profilo,
                rpc,
                "access allowed"
            );
        }
        traccia.note(|f| {
            let known = |text: String| (!text.is_empty()).then_some(text);
            f.ente = known(chi.ente);
            f.profilo = known(chi.profilo);
            f.politica = Some(table.version().to_owned());
            f.abilitazione = decided.as_ref().ok().map(|e| e.abilitazione.aa07().id);
            f.admitted = decided.is_ok();
            f.permitted = f.admitted;
        });
        decided.map(|admission| Admission {
            abilitazione: admission.abilitazione.with_call_record(traccia.clone()),
            ..admission
        })
    }

    async fn decide(
        &self,
        rpc: &str,
        caller: Presented<'_>,
        channel: &ClientConnection,
        traccia: &CallRecord,
        table: &DecisionTable,
        chi: &mut CallerNames,
    ) -> Result<Admission> {
        let authenticator = &self.0.authenticator;
        let (identity, one_time_use) = match caller {
            Presented::Headers(target, headers) => {
                authenticator.authenticate(target, headers).await?
            }
            Presented::Session(user) => authenticator.session(user.clone()),
        };
        identity.annotate(traccia);
        identity.soggetto().clone_into(&mut chi.soggetto);
        let istante = self.0.clock.now();
        let oggi = day_in_rome(istante);
        let granted = self
            .0
            .grant_cache
            .grant_for(&chi.soggetto, identity.enti(), oggi)
            .await?;
        let aa07 = &granted.aa07;
        chi.ente.clone_from(&aa07.ente);
        chi.profilo.clone_from(&aa07.profilo);
        let context = CallContext {
            istante,
            connection: channel,
            finalita: identity.finalita(),
        };
        check_grant_conditions(aa07, &context)?;
        identity.check_evidence_for(&aa07.ente)?;
        let words = self
            .0
            .vocabulary
            .rpc(rpc)
            .ok_or_else(|| not_in_contract(rpc))?;
        let denied = || {
            Error::new(
                Reason::CallDenied,
                "the profile of the grant may not make this call",
            )
            .with("rpc", rpc)
            .with("profilo", &aa07.profilo)
        };
        let Some(profilo) = table.profilo(&aa07.profilo) else {
            self.0.unknown_profile.failed(format_args!(
                "grant {}, profile {:?}, policy {}",
                aa07.id,
                aa07.profilo,
                table.version()
            ));
            return Err(denied());
        };
        let abilitazione = Abilitazione::new(Arc::clone(aa07), profilo, rpc).ok_or_else(denied)?;
        let streams = words.streams();
        let posto = self.0.usage.consume(aa07, streams, traccia).await?;
        self.0.authenticator.spend(one_time_use).await?;
        Ok(Admission {
            abilitazione,
            stream_reservation: streams.then_some(posto),
        })
    }
}
