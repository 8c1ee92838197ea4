//! Who may ask what (Messaggio 4648/2023, §3).
//!
//! ```text
//!            authorization: Bearer …            abilitazione            policies/policy.csv
//!                     │                              │                          │
//! request ──► AccessLayer: token ──► soggetto ──► AA07 grant ──► profilo ──► DecisionTable ──► Abilitazione
//!                     who?              what did INPS give them?   what may the profile do?   │
//!                                                                                             ▼
//!             query ◄── Permesso<CallSelection> ◄── permit(selection) ◄── handler ◄── request + Abilitazione
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
//! Its inner rooms, bottom up; each uses only those before it:
//!
//! - [`authn`]: who calls. Token, proof and evidence.
//! - [`grants`]: what INPS gave them. The AA07 grants and their life, those in force in memory ([`GrantCache`]), what they demand of a call, their
//!   scope ([`Ambito`]).
//! - [`policy`]: what a profile may do. Casbin decides when the policy is loaded; the answers are kept ([`DecisionTable`]).
//! - [`quota`]: how much is left ([`QuotaUsage`]).
//! - [`sessions`]: who has signed in with a browser.
//! - [`gate`]: the decision on a call ([`Authorizer`], [`AccessLayer`]), again on a stream while it runs, and the proof of it: no query runs without
//!   a [`Permesso`].
//! - [`explain`]: why a call is allowed or refused, and what another policy would change ([`AccessExplainer`]).
//! - [`management`]: the life of grants over gRPC ([`Grants`]).
//! - [`sign_in`]: how a person signs in, at an OpenID provider.
//!
//! `settings` has `[access]`, which is of several of them.

pub mod authn;
pub(crate) mod explain;
pub(crate) mod gate;
pub mod grants;
pub(crate) mod management;
mod policy;
pub(crate) mod quota;
pub mod sessions;
mod settings;
pub mod sign_in;

pub use explain::{AccessExplainer, service::Access};
pub use gate::{
    authorizer::Authorizer,
    layer::{AccessGate, AccessLayer},
    not_a_message::NotAMessage,
    permesso::{
        Abilitazione, AnswerView, CallSelection, NoFilter, Permesso, abilitazione, describe_codes,
    },
};
pub use grants::{
    ambito::{Ambito, AmbitoCode, AmbitoCodes, NonEmptyCodes},
    grant_cache::GrantCache,
    grant_conditions::{CallContext, check_grant_conditions},
};
pub use management::Grants;
pub use policy::{
    ActivePolicy, CallDecision, DecisionTable, PolicyDifference, PolicyError, PolicyErrors,
    PolicyExplanation, PolicyOnDisk, PolicyRow, PolicySource, Profilo, RejectedPolicy, differences,
    matrix,
};
pub use quota::{ProfiloQuotaSettings, QuotaSettings, QuotaUsage};
pub use settings::AccessSettings;
