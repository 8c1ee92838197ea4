//! Who calls: token, proof and evidence of a request, as PDND and ModI define them.
//!
//! ```text
//! authorization: Bearer <token>              agid-jwt-trackingevidence: <JWS>
//! authorization: DPoP <voucher>   dpop: <JWS>          │
//!        │                          │                  │
//!     token  ── cnf.jkt ──►       proof              evidence  ◄── digest, purposeId ── token
//!   whose is it?        is it theirs, and new?     for whom in the agency?
//!        └──────────────────────────┴──────────────────┴──► CallerIdentity
//! ```
//!
//! Three callers, as an example. A ministry's back end sends a voucher as Bearer: its subject is the voucher's `client_id`, its
//! purpose the `purposeId`. Another's voucher is bound to a key (`cnf.jkt`): as Bearer it is refused, for a thief
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
mod authenticator;
mod caller_identity;
mod check_log;
mod claims;
mod credentials;
mod enti;
mod evidence;
mod evidence_requirement;
mod fetch;
mod htu;
mod id_token;
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
mod session_user;
mod settings;
mod sha256;
#[cfg(test)]
pub(crate) mod test_keys;
mod token;

pub use algorithm::SignatureAlgorithm;
pub use authenticator::Authenticator;
pub use caller_identity::CallerIdentity;
pub use check_log::CheckEntry;
pub use credentials::{AuthScheme, Credentials};
pub use enti::Enti;
pub use evidence::EvidenceVerifier;
pub use evidence_requirement::{EvidenceRequirement, EvidenceRequirements};
pub use htu::PublicUrl;
pub use id_token::{IdTokenExpectation, check_id_token};
pub use issuer::{IssuerKind, TrustedIssuer};
pub use jwks::{Jwks, JwksError};
pub use key_freshness::KeyFreshness;
pub use key_location::KeyLocation;
pub use key_source::KeySource;
pub use one_time_use::OneTimeUse;
pub use replay_store::ReplayStore;
pub use session_user::SessionUser;
pub use settings::{EvidenceSettings, IssuerSettings, KeySettings};

pub(super) use credentials::{DPOP, TRACKING_EVIDENCE};
pub(super) use key_location::{bounded_body, is_loopback};
pub(super) use sha256::{Sha256Digest, sha256, to_base64url};
