//! The decision on a call.
//!
//! ```text
//! token ─► grant ─► network, hours, certificate, purpose, evidence ─► is there such a call? ─► may the profile make it? ─► quota ─► proof
//! who?     state,   of the grant, as it stands now                    of the contract          of the policy               used up?  spent?
//!          days
//! ```
//!
//! In this order: what a caller is told of depends on how far it came, and what was refused has used nothing of a quota. The one
//! exception is a call that was made before with the same proof or evidence: they are spent last of all, so that whoever may not
//! call writes nothing into their register, and a call that is refused for its quota may be made again as it is. A call with
//! neither asks the database nothing while the grants in memory are fresh ([`Vigenti`]) and the day's quota has some left
//! ([`Consumo`]).

use std::{sync::Arc, time::Duration};

use http::HeaderMap;

use crate::{
    abilitazione::{
        Abilitazione, Consumo, Politica, Tabella, Vigenti,
        authn::Autenticatore,
        gate::correnti::Correnti,
        grants::{
            condizioni::{Contesto, condizioni},
            vigenti::ETA_MASSIMA,
        },
        quota::Posto,
    },
    clock::{Clock, giorno_a_roma},
    contract::{porta::not_in_contract, vocabulary::Vocabulary},
    error::{Error, Reason, Result},
    telemetry::{FailureLog, salute::Componente},
    traccia::Traccia,
    transport::canale::Canale,
    valori::tax_codes::masked,
};

/// How often the streams under way are looked at though nothing was said: hours end and days pass by themselves.
const GIRO: Duration = Duration::from_millis(500);
/// A stream goes on under grants that were read so long ago. More than for a call: one missed reading ends no export.
const ETA_FLUSSO: Duration = Duration::from_millis(1500);

/// Decides who may call what. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guardia(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    autenticatore: Autenticatore,
    vigenti: Vigenti,
    politica: Politica,
    consumo: Consumo,
    correnti: Correnti,
    vocabulary: Vocabulary,
    clock: Clock,
    unknown_profile: FailureLog,
}

/// A call that may come in.
pub(crate) struct Entrata {
    pub(crate) abilitazione: Abilitazione,
    /// Where it streams its answers: the place that it takes of the quota.
    pub(crate) flusso: Option<Posto>,
}

/// What is known of the caller, as far as the decision came: for the log.
#[derive(Default)]
struct Chi {
    soggetto: String,
    ente: String,
    profilo: String,
}

impl Guardia {
    /// A guard that asks `autenticatore` who calls, knows the grants by `vigenti`, decides by `politica` and counts in
    /// `consumo`. `clock` says which day and hour it is.
    #[must_use]
    pub fn new(
        autenticatore: Autenticatore,
        vigenti: Vigenti,
        politica: Politica,
        consumo: Consumo,
        vocabulary: Vocabulary,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner {
            autenticatore,
            vigenti,
            politica,
            consumo,
            correnti: Correnti::default(),
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
    pub fn politica(&self) -> &Politica {
        &self.0.politica
    }

    /// The clock by which it decides.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How old the grants are by which it decides: `None` before they were read.
    #[must_use]
    pub fn eta(&self) -> Option<Duration> {
        self.0.vigenti.eta()
    }

    /// The streams that it let in.
    pub(crate) fn correnti(&self) -> &Correnti {
        &self.0.correnti
    }

    /// Tells how the keys are, for as long as it runs.
    pub async fn tell_keys(self, component: Componente) {
        self.0.autenticatore.tell(component).await;
    }

    /// Follows the grants, and ends the streams that would not be allowed any more, for as long as it runs.
    pub async fn vigila(self) {
        tokio::join!(self.0.vigenti.clone().segui(), self.riesamina());
    }

    /// Gives back what was taken of quotas and not used.
    pub async fn chiudi(&self) {
        self.0.consumo.chiudi().await;
    }

    async fn riesamina(&self) {
        let mut grants = self.0.vigenti.cambiamenti();
        let mut policies = self.0.politica.cambiamenti();
        loop {
            // Their senders live as long as this guard.
            tokio::select! {
                _ = grants.changed() => {}
                _ = policies.changed() => {}
                () = tokio::time::sleep(GIRO) => {}
            }
            for corrente in self.0.correnti.tutte() {
                if let Err(error) = self.ancora(&corrente.abilitazione, ETA_FLUSSO).await {
                    corrente.togli(error);
                }
            }
        }
    }

    /// Decides again on a call whose message came late, by grants as fresh as any call's.
    ///
    /// # Errors
    /// As [`Guardia::decidi`], of what may have changed since.
    pub(crate) async fn ridecidi(&self, abilitazione: &Abilitazione) -> Result<()> {
        self.ancora(abilitazione, ETA_MASSIMA).await
    }

    /// Whether a call that was let in would still be, by grants that were read no longer than `eta` ago.
    async fn ancora(&self, abilitazione: &Abilitazione, eta: Duration) -> Result<()> {
        let ancora = self.riesame(abilitazione, eta).await;
        if ancora.is_err() {
            abilitazione.traccia().nota(|f| f.consentita = false);
        }
        ancora
    }

    async fn riesame(&self, abilitazione: &Abilitazione, eta: Duration) -> Result<()> {
        let aa07 = abilitazione.aa07();
        let istante = self.0.clock.now();
        let oggi = giorno_a_roma(istante);
        self.0.vigenti.vige(aa07.id, oggi, eta).await?;
        aa07.orari.ammette(istante)?;
        abilitazione.regge(&self.0.politica.tabella())
    }

    /// Decides on a call of the contract (`"DecreeService/ListDecrees"`) with these headers, on this connection.
    ///
    /// # Errors
    /// A `TOKEN_…`, `PROOF_…`, `EVIDENCE_…` or `GRANT_…` reason, what the grant demands besides ([`condizioni`]), [`Reason::CallUnknown`],
    /// [`Reason::CallDenied`], [`Reason::QuotaExceeded`], or the database's.
    pub(crate) async fn decidi(
        &self,
        rpc: &str,
        headers: &HeaderMap,
        canale: &Canale,
        traccia: &Traccia,
    ) -> Result<Entrata> {
        let mut chi = Chi::default();
        // One table from start to end: the log names the version that decided.
        let tabella = self.0.politica.tabella();
        let decided = self
            .decide(rpc, headers, canale, traccia, &tabella, &mut chi)
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
        traccia.nota(|f| {
            let known = |text: String| (!text.is_empty()).then_some(text);
            f.ente = known(chi.ente);
            f.profilo = known(chi.profilo);
            f.politica = Some(tabella.versione().to_owned());
            f.abilitazione = decided.as_ref().ok().map(|e| e.abilitazione.aa07().id);
            f.ammessa = decided.is_ok();
            f.consentita = f.ammessa;
        });
        decided.map(|entrata| Entrata {
            abilitazione: entrata.abilitazione.con_traccia(traccia.clone()),
            ..entrata
        })
    }

    async fn decide(
        &self,
        rpc: &str,
        headers: &HeaderMap,
        canale: &Canale,
        traccia: &Traccia,
        tabella: &Tabella,
        chi: &mut Chi,
    ) -> Result<Entrata> {
        let (identita, monouso) = self.0.autenticatore.autentica(rpc, headers).await?;
        identita.annota(traccia);
        identita.soggetto().clone_into(&mut chi.soggetto);
        let istante = self.0.clock.now();
        let oggi = giorno_a_roma(istante);
        let concessa = self
            .0
            .vigenti
            .per(&chi.soggetto, identita.enti(), oggi)
            .await?;
        let aa07 = &concessa.aa07;
        chi.ente.clone_from(&aa07.ente);
        chi.profilo.clone_from(&aa07.profilo);
        let contesto = Contesto {
            istante,
            canale,
            finalita: identita.finalita(),
        };
        condizioni(aa07, &contesto)?;
        identita.evidenza_per(&aa07.ente)?;
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
        let Some(profilo) = tabella.profilo(&aa07.profilo) else {
            self.0.unknown_profile.failed(format_args!(
                "grant {}, profile {:?}, policy {}",
                aa07.id,
                aa07.profilo,
                tabella.versione()
            ));
            return Err(denied());
        };
        let abilitazione = Abilitazione::new(Arc::clone(aa07), profilo, rpc).ok_or_else(denied)?;
        let posto = self.0.consumo.consuma(aa07, words.flusso()).await?;
        self.0.autenticatore.spendi(monouso).await?;
        Ok(Entrata {
            abilitazione,
            flusso: words.flusso().then_some(posto),
        })
    }
}
