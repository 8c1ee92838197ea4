//! Who calls: token, proof and evidence of a request, as PDND and ModI define them.
//!
//! ```text
//! authorization: Bearer <token>              agid-jwt-trackingevidence: <JWS>
//! authorization: DPoP <voucher>   dpop: <JWS>          │
//!        │                          │                  │
//!     token  ── cnf.jkt ──►       prova              evidenza  ◄── digest, purposeId ── token
//!   whose is it?        is it theirs, and new?     for whom in the agency?
//!        └──────────────────────────┴──────────────────┴──► Identita
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
//! To verify is one thing, to spend another: [`Autenticatore::autentica`] writes nothing, and what it found that is good for
//! one call ([`Monouso`]) is spent by [`Autenticatore::spendi`] when all the rest of the decision is made. So who may not call
//! writes nothing, and a call that was refused may be made again with the same proof.
//!
//! A generic OIDC issuer is the same code with other settings: another subject claim, other algorithms, no purpose.
//! [`Autenticatore::esame`] runs the same checks for a person who wants to know all that is wrong.

mod algoritmo;
mod chiavi;
mod claims;
mod credenziali;
mod emittente;
mod enti;
mod evidenza;
mod fetch;
mod fonte;
mod htu;
mod identita;
mod impronta;
mod in_force;
mod json;
mod jwk;
mod jwks;
mod jws;
#[cfg(test)]
mod keys_tests;
mod monouso;
mod numeric_date;
mod prova;
mod refresh;
mod requisito;
#[cfg(test)]
pub(crate) mod test_keys;
mod token;
mod usate;
mod verbale;

use std::{fmt, sync::Arc};

use http::HeaderMap;
use quick_cache::sync::Cache;

use self::{
    claims::Quando,
    evidenza::Evidenza,
    impronta::{Impronta, sha256},
    monouso::Uso,
    prova::{Chiamata, Prova},
    token::Verificato,
    verbale::Verbale,
};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result},
};

pub use algoritmo::Algoritmo;
pub use chiavi::{Chiavi, Freschezza};
pub use credenziali::{Credenziali, Schema};
pub use emittente::{Emittente, TipoEmittente};
pub use enti::Enti;
pub use evidenza::Evidenze;
pub use fonte::FonteChiavi;
pub use htu::IndirizzoPubblico;
pub use identita::Identita;
pub use jwks::{Jwks, JwksError};
pub use monouso::Monouso;
pub use requisito::{Requisiti, Requisito};
pub use usate::Usate;
pub use verbale::Passo;

pub(super) use credenziali::{DPOP, EVIDENZA};

/// Tokens and evidences kept, each: a few hundred bytes.
const KEPT: usize = 10_000;

/// Finds out who calls.
pub struct Autenticatore {
    emittenti: Vec<Emittente>,
    indirizzi: Vec<IndirizzoPubblico>,
    evidenze: Option<Evidenze>,
    requisiti: Arc<Requisiti>,
    usate: Option<Usate>,
    leeway: i64,
    clock: Clock,
    token_visti: Cache<Impronta, Arc<Verificato>>,
    evidenze_viste: Cache<Impronta, Arc<Evidenza>>,
}

impl fmt::Debug for Autenticatore {
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
struct Presentato {
    token: Arc<Verificato>,
    prova: Option<Prova>,
    evidenza: Option<Arc<Evidenza>>,
}

impl Autenticatore {
    /// Takes tokens of these issuers, without proofs and evidences. The clocks may differ by `leeway_seconds`.
    #[must_use]
    pub fn new(emittenti: Vec<Emittente>, leeway_seconds: u64, clock: Clock) -> Self {
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
    pub fn con_indirizzi(self, indirizzi: Vec<IndirizzoPubblico>) -> Self {
        Self { indirizzi, ..self }
    }

    /// Takes these evidences, and requires them of whom `requisiti` says.
    #[must_use]
    pub fn con_evidenze(self, evidenze: Option<Evidenze>, requisiti: Requisiti) -> Self {
        Self {
            evidenze,
            requisiti: Arc::new(requisiti),
            ..self
        }
    }

    /// Notes here what may be used once. Without it nothing of the kind is taken.
    #[must_use]
    pub fn con_registro(self, usate: Usate) -> Self {
        Self {
            usate: Some(usate),
            ..self
        }
    }

    /// Who makes this call (`"DecreeService/ListDecrees"`), and what of it is good for one call: to be spent
    /// ([`Autenticatore::spendi`]) before the call is let in.
    ///
    /// # Errors
    /// A `TOKEN_…`, `PROOF_…` or `EVIDENCE_…` reason, or [`Reason::KeysUnavailable`].
    pub async fn autentica(&self, rpc: &str, headers: &HeaderMap) -> Result<(Identita, Monouso)> {
        let credenziali = Credenziali::leggi(headers)?;
        let presentato = self
            .esamina(
                &credenziali,
                Some(rpc),
                self.quando(),
                &mut Verbale::breve(),
            )
            .await?;
        let Presentato {
            token,
            prova,
            evidenza,
        } = presentato;
        let monouso = Monouso {
            prova: prova.map(|prova| Uso {
                impronta: prova.impronta,
                scade: prova.scade,
            }),
            // One that the voucher names is the voucher's for as long as both live.
            evidenza: evidenza
                .as_ref()
                .filter(|_| token.digest.is_none())
                .map(|evidenza| Uso {
                    impronta: evidenza.uso,
                    scade: evidenza.exp.saturating_add(self.leeway),
                }),
        };
        let identita = Identita {
            token,
            evidenza,
            schema: credenziali.schema,
            requisiti: Arc::clone(&self.requisiti),
        };
        Ok((identita, monouso))
    }

    /// Spends what is good for one call: of all calls that try, on all instances, one succeeds.
    ///
    /// # Errors
    /// [`Reason::ProofReplayed`], [`Reason::EvidenceInvalid`]: another call was the first; [`Reason::ProofInvalid`]: it ended
    /// while the call waited. The database's where a use cannot be noted.
    pub async fn spendi(&self, monouso: Monouso) -> Result<()> {
        if let Some(prova) = &monouso.prova
            && !self.usa(prova, Reason::ProofInvalid).await?
        {
            return Err(Error::new(
                Reason::ProofReplayed,
                "the proof was used before: make a new one for each call",
            ));
        }
        if let Some(evidenza) = &monouso.evidenza
            && !self.usa(evidenza, Reason::EvidenceInvalid).await?
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
    pub async fn esame(
        &self,
        credenziali: &Credenziali<'_>,
        rpc: Option<&str>,
    ) -> (Vec<Passo>, Result<Identita>) {
        let mut verbale = Verbale::completo();
        let presentato = self
            .esamina(credenziali, rpc, self.quando(), &mut verbale)
            .await;
        let identita = presentato.and_then(|presentato| {
            verbale.chiudi(Identita {
                token: presentato.token,
                evidenza: presentato.evidenza,
                schema: credenziali.schema,
                requisiti: Arc::clone(&self.requisiti),
            })
        });
        (verbale.passi(), identita)
    }

    fn quando(&self) -> Quando {
        Quando {
            now: self.clock.now().timestamp(),
            leeway: self.leeway,
        }
    }

    async fn esamina(
        &self,
        credenziali: &Credenziali<'_>,
        rpc: Option<&str>,
        quando: Quando,
        v: &mut Verbale,
    ) -> Result<Presentato> {
        let impronta = sha256(credenziali.token.as_bytes());
        let token = self.token(credenziali.token, impronta, quando, v).await?;
        let presented = presentation(credenziali, token.jkt);
        let prova = match v.esito("proof: presented", presented)?.flatten() {
            None => None,
            Some((prova, jkt)) => {
                let chiamata = Chiamata {
                    jkt,
                    ath: impronta,
                    rpc,
                    indirizzi: &self.indirizzi,
                };
                // What is wrong with the proof says nothing about the evidence.
                let prova = prova::esamina(prova, &chiamata, quando.now, v);
                v.prosegui(prova)?
            }
        };
        let evidenza = match credenziali.evidenza {
            None => None,
            Some(text) => {
                let evidenza = self.evidenza(text, quando, v).await?;
                evidenza.accompagna(&token, v)?;
                Some(evidenza)
            }
        };
        Ok(Presentato {
            token,
            prova,
            evidenza,
        })
    }

    async fn token(
        &self,
        token: &str,
        impronta: Impronta,
        quando: Quando,
        v: &mut Verbale,
    ) -> Result<Arc<Verificato>> {
        if let Some(visto) = self.token_visti.get(&impronta)
            && let Some(emittente) = self.emittenti.get(visto.emittente)
            && emittente.chiavi.is_generazione(visto.generazione)
        {
            visto.in_tempo(quando)?;
            return Ok(visto);
        }
        let verificato = Arc::new(token::esamina(&self.emittenti, token, quando, v).await?);
        if v.intatto() {
            self.token_visti.insert(impronta, Arc::clone(&verificato));
        }
        Ok(verificato)
    }

    async fn evidenza(&self, text: &str, quando: Quando, v: &mut Verbale) -> Result<Arc<Evidenza>> {
        let evidenze = self.evidenze.as_ref().ok_or_else(|| {
            Error::new(
                Reason::EvidenceInvalid,
                "this server knows no keys of consumers (access.evidence.jwks), so no evidence can be verified",
            )
        });
        let evidenze = match evidenze {
            Ok(evidenze) => evidenze,
            Err(error) => return v.fine("evidence: keys", Err(error)),
        };
        let impronta = sha256(text.as_bytes());
        if let Some(vista) = self.evidenze_viste.get(&impronta)
            && evidenze.is_generazione(vista.generazione)
        {
            vista.in_tempo(quando)?;
            return Ok(vista);
        }
        let evidenza = Arc::new(evidenza::esamina(evidenze, text, impronta, quando, v).await?);
        if v.intatto() {
            self.evidenze_viste.insert(impronta, Arc::clone(&evidenza));
        }
        Ok(evidenza)
    }

    /// Whether this is the first use. `ended`: what it is refused as where it is not good any more.
    async fn usa(&self, uso: &Uso, ended: Reason) -> Result<bool> {
        let usate = self.usate.as_ref().ok_or_else(|| {
            Error::internal("there is no register of used proofs: Autenticatore::con_registro")
        })?;
        let secondi = uso.secondi(self.quando().now).ok_or_else(|| {
            Error::new(ended, "the proof or evidence ended while the call waited")
        })?;
        usate.usa(&uso.impronta, secondi).await
    }
}

/// Whether the token is presented as it must be: the proof, if there is to be one, and the key that it must be of.
fn presentation<'a>(
    credenziali: &Credenziali<'a>,
    jkt: Option<Impronta>,
) -> Result<Option<(&'a str, Impronta)>> {
    let message = match (jkt, credenziali.schema, credenziali.prova) {
        (Some(jkt), Schema::Dpop, Some(prova)) => return Ok(Some((prova, jkt))),
        (None, Schema::Bearer, None) => return Ok(None),
        (Some(_), Schema::Dpop, None) => "there is no proof (dpop) in the metadata",
        (Some(_), Schema::Bearer, _) => {
            "the token is bound to a key (cnf.jkt): send it as `DPoP <token>` with a proof, not as Bearer"
        }
        (None, Schema::Bearer, Some(_)) => {
            "a proof (dpop) came with a token that is bound to no key"
        }
        (None, Schema::Dpop, _) => {
            "the token is bound to no key (cnf.jkt): send it as `Bearer <token>`"
        }
    };
    Err(Error::new(Reason::ProofInvalid, message))
}
