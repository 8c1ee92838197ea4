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

pub mod authn;
pub(crate) mod explain;
pub(crate) mod gate;
pub mod grants;
pub(crate) mod management;
mod policy;
pub(crate) mod quota;

pub use crate::abilitazione::explain::Spiega;
pub use crate::abilitazione::explain::service::Access;
pub use crate::abilitazione::gate::guardia::Guardia;
pub use crate::abilitazione::gate::layer::{AccessLayer, Accesso};
pub use crate::abilitazione::gate::permesso::{
    Abilitazione, NessunFiltro, Permesso, Selezione, abilitazione,
};
pub use crate::abilitazione::grants::ambito::{Alcuni, Ambito, Codice, Insieme};
pub use crate::abilitazione::grants::condizioni::{Contesto, condizioni};
pub use crate::abilitazione::grants::vigenti::Vigenti;
pub use crate::abilitazione::management::Grants;
pub use crate::abilitazione::quota::Consumo;
pub use crate::contract::porta::{Porta, porta};
pub use crate::contract::vocabulary::{RpcVocabulary, Vocabulary, VocabularyError};
pub use policy::{
    Decisione, Differenza, Perche, PolicyError, PolicyErrors, Politica, Profilo, Ricarica, Rifiuto,
    Riga, Sorgente, Tabella, differenze, matrix,
};
