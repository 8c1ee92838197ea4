//! Who may ask what (Messaggio 4648/2023, §3).
//!
//! ```text
//!            authorization: Bearer …            abilitazione            policies/policy.csv
//!                     │                              │                          │
//! request ──► AccessLayer: token ──► soggetto ──► AA07 grant ──► profilo ──► Tabella ──► Abilitazione
//!                     who?              what did INPS give them?   what may the profile do?   │
//!                                                                                             ▼
//!             query ◄── Permesso<Selezione> ◄── permetti(selezione) ◄── handler ◄── request + Abilitazione
//!                       which data, which columns     these filters? these norms?
//! ```
//!
//! Three callers, as an example. A back end of the Ragioneria Generale has a token for `mef-rgs-be` and a grant with the
//! profile `mef-rgs` on one norm. It lists that norm's decrees: allowed, the codice fiscale of sole traders masked. It asks
//! for one company's decrees: `FILTER_DENIED`, for an empty list would say that the company has none. It asks for another
//! norm: `SCOPE_DENIED`, in the same words whether or not there is such a norm. On the day after the grant's last (Rome's
//! day), whatever the token says: `GRANT_NOT_VALID`; from a network that the grant does not have: `NETWORK_DENIED`. A back end with the profile `mef-sintesi` asks for decrees:
//! `CALL_DENIED`. A person with a good token and no grant: `GRANT_MISSING`, whatever they call.
//!
//! - [`autenticazione`]: token, proof and evidence.
//! - [`aa07`]: the grants, and their life; [`Grants`]: the same over gRPC; [`Vigenti`]: those in force, in memory; [`condizioni`]: what they demand of a call.
//! - [`Vocabulary`], [`Politica`], [`Tabella`]: what a profile may do; Casbin decides when the policy is loaded.
//! - [`Guardia`], [`AccessLayer`]: the decision on a call, and again on a stream while it runs; [`Consumo`]: the quotas.
//! - [`Abilitazione`], [`Permesso`], [`Ambito`]: the decision as values. No query runs without a `Permesso`.
//! - [`Spiega`]: why a call is allowed or refused, and what another policy would change.
//! - [`demo_key`]: signs tokens for the demo.

pub mod aa07;
mod ambito;
mod arrivo;
pub mod autenticazione;
mod condizioni;
mod consumo;
mod correnti;
pub mod demo_key;
mod gestione;
mod guardia;
mod layer;
mod liberi;
mod permesso;
mod policy;
mod porta;
mod service;
mod spiega;
#[cfg(test)]
mod test_keys;
mod vigenti;
mod vocabulary;

pub use ambito::{Alcuni, Ambito, Codice, Insieme};
pub use condizioni::{Contesto, condizioni};
pub use consumo::Consumo;
pub use gestione::Grants;
pub use guardia::Guardia;
pub use layer::{AccessLayer, Accesso};
pub use permesso::{Abilitazione, NessunFiltro, Permesso, Selezione, abilitazione};
pub use policy::{
    Decisione, Differenza, Perche, PolicyError, PolicyErrors, Politica, Profilo, Ricarica, Rifiuto,
    Riga, Sorgente, Tabella, differenze, matrix,
};
pub use porta::{Porta, porta};
pub use service::Access;
pub use spiega::Spiega;
pub use vigenti::Vigenti;
pub use vocabulary::{RpcVocabulary, Vocabulary, VocabularyError};
