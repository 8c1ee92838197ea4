//! The report sintetico (Messaggio 4648/2023, §2.1).
//!
//! One voce for each norm and benefit, five figures each. For DL109-2018-ART44 and CIGS in 2023, with an
//! appropriation of 50,000,000.00 and decrees of 2023 that authorise 12,000,000.00 and have paid 7,500,000.00:
//!
//! ```text
//! totale_stanziamenti  50000000.00   appropriations of the years that the periodo touches
//! importi_autorizzati  12000000.00   sum over the decrees whose validity falls in the periodo
//! importi_erogati       7500000.00   likewise
//! residuo_autorizzato  38000000.00   totale_stanziamenti − importi_autorizzati
//! residuo_pagato       42500000.00   totale_stanziamenti − importi_erogati
//! ```
//!
//! A voce is there if its norm and benefit have decrees or appropriations in the rilevazione at all: a periodo
//! changes its figures, not whether it is listed. Where the years of the periodo have no appropriation, the first
//! figure and both residui are absent: "no cap" and "a cap of zero" are different facts.

//!
//! A call reads no decree. The load keeps what begins and ends on each day ([`day_sums`]); from that the figures of any periodo follow
//! ([`prefix_sums`]), in memory, so that a call makes no query at all while nothing is loaded and its rilevazione is in use ([`cache`]).
//!
//! So what a caller may not see does leave Postgres here, into memory that all callers share, and there the proof
//! ([`Permesso`](crate::abilitazione::Permesso)) cuts it: [`sintesi()`](sintesi::sintesi) goes through the pairs in scope only,
//! and leaves every column out that is not seen. The sums have no personal data.

pub mod cache;
pub mod day_sums;
pub mod download;
pub mod filtro;
pub mod prefix_sums;
pub mod query;
pub mod service;
mod settings;
pub mod sintesi;
pub(crate) mod stanziamenti;

pub use settings::ReportSettings;
