//! Pages in browsers: whose scripts may call the service from where they are.
//!
//! ```text
//! page of https://cruscotto.example ── OPTIONS, origin, access-control-request-… ──► Cors ── what it may send, and for how long
//!                                   ── the call, origin ───────────────────────────► Cors ──► call ── its answer, and what the page may read of it
//! ```
//!
//! A browser shows a page the answer of another origin only where the answer says so (Fetch, 3.3). Nothing else is decided here: a token
//! decides, as it does for everybody. So no cookies are asked for, and requests without an `Origin` are left as they are.

mod cors;
mod origin;
mod settings;

pub use self::{
    cors::{Cors, CorsLayer},
    origin::{OriginError, Origins},
    settings::WebSettings,
};
