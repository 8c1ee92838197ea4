//! A person signs in at a provider: OpenID Connect, authorization code with PKCE, on the server.
//!
//! ```text
//! browser ── POST entra ──► begin: state, nonce, verifier ──► on to the provider        the three stand in a sealed cookie of this browser
//! browser ◄── password, card, whatever ──► provider
//! browser ── GET ritorno?code&state&iss ──► finish: of this browser? of this provider? ── code, verifier ──► provider: ID token ──► SignedIn
//! ```
//!
//! What could go wrong on purpose, and what stands against it:
//!
//! - The answer to somebody else's sign-in, put under a victim's browser (login CSRF): `state` must be the one in the browser's cookie.
//! - A code that was overheard: only who has the verifier can use it (RFC 7636).
//! - One provider's answer taken for another's (mix-up): the cookie says who was asked, and `iss` of the answer must agree (RFC 9207).
//! - An ID token that was made for another time: the nonce.
//! - A redirect to elsewhere: the path to go on to is one of this service's ([`LocalPath`]).
//!
//! The access token that may come along is thrown away: this service asks the provider nothing.

mod attempt;
#[cfg(feature = "demo")]
mod demo_user;
mod discovery;
mod local_path;
mod provider;
mod settings;

#[cfg(feature = "demo")]
pub use self::demo_user::DemoUser;
pub use self::{
    attempt::SignInAttempt,
    local_path::LocalPath,
    provider::{Provider, SignInAnswer, SignInError},
    settings::{CruscottoSettings, ProviderSettings},
};
