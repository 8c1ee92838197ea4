//! The Cruscotto: the pages that the Messaggio describes, for the people of the two ministries.
//!
//! ```text
//! GET /cruscotto?normativa=DL109-2018-ART44 ── cookie ──► session ──► SessionUser
//!        │                                                              │ in the extensions of each call
//!        └──► page: GetMyAccess, ListNormative, GetReportSintetico ─────┴──► all layers, as by gRPC ──► messages ──► HTML
//! ```
//!
//! A page has no privileges of its own. It asks the service what its user may ask, by the same clients as anybody ([`calls`]), through the same
//! door; what the profile does not have, the page does not offer, and if it asked all the same it would be refused. A page counts as its calls,
//! in the quotas and in the audit log (`"via":"CRUSCOTTO"`).
//!
//! What is seen is in the URL, so that a page can be sent to a colleague, reloaded and gone back to. Personal data are not: a search by codice
//! fiscale is kept in the session, and the URL has its number.
//!
//! The pages are made on the server and work without a script. They show text as text: the templates escape whatever they are given, and a
//! strict policy (`response.rs`) lets a browser run nothing but our one file. A page is compressed only
//! for a browser that says that no other site has asked for it (`response.rs`).
//!
//! Their look is that of the Italian administration, by the style sheet and the fonts of bootstrap-italia, taken from npm when the program is
//! built (`assets/package-lock.json`) and embedded. The feature `cruscotto` switches the room off, and with it the need for npm.

mod access;
mod amount;
mod assets;
mod calls;
mod chart;
mod entry;
mod failure;
mod form;
mod format;
mod layer;
mod pages;
mod query;
mod response;
mod route;
mod shell;
mod site;
mod way_in;

pub use self::{
    layer::{Cruscotto, CruscottoLayer},
    site::{Site, SiteParts},
    way_in::WayIn,
};
