//! The caps over time: by month, and by rilevazione.
//!
//! ```text
//! load ──► somma_mese, competenza_mese (DerivedMonths, DerivedAccruals)
//!              └── MonthTable, of a rilevazione, in memory ──► andamento: points of a window, each cumulated from 1 January
//! somma_mese, of the last rilevazione of each month
//!              └── Triangle, of a norm and a benefit, in memory ──► tiraggio: what is paid of the decrees of a month, age by age
//! competenza_mese, of the same
//!              └── PairKnowledge ──► estimates, each with its back-tests ──► Projection, in memory ──► proiezione: a cap, known and expected
//! totale_controllo, stanziamento, dettaglio_decreto, of two rilevazioni
//!              └── Comparison, in memory ──► confronto: what moved ──► DifferenceBatches: the rows that moved it, as a stream or a file
//! totale_controllo, stanziamento, of all rilevazioni
//!              └── History, seen from a rilevazione, in memory ──► storia: a point for each rilevazione
//! ```
//!
//! # Example
//!
//! A decree of 10 December 2022 authorises 100.00 from 15 January to 14 February 2023. Its course by quarter, for each imputazione:
//!
//! | | 2022-10 | 2023-01 |
//! | --- | --- | --- |
//! | `DATA_DECRETO` | 100.00 | 0.00 |
//! | `INIZIO_VALIDITA` | 0.00 | 100.00 |
//! | `COMPETENZA` | 0.00 | 100.00 |
//!
//! and by month of accrual 54.83 in January and 45.17 in February ([`crate::rilevazione::accrual`] has the rule). Whatever the
//! imputazione and the step, the points of the whole time add up to the report's figures.

mod accrual_rows;
mod accruals;
mod agreement;
mod andamento;
mod capienza;
mod compared;
mod comparison;
mod comparison_query;
mod confronto;
mod difference_cursor;
mod difference_download;
mod difference_export;
mod difference_query;
mod difference_table;
mod differences;
mod figures;
pub mod filtro;
mod history;
mod method;
mod month_query;
mod month_rows;
pub mod month_table;
pub mod pair;
mod payment;
mod proiezione;
mod projection;
mod projection_query;
mod projection_request;
mod ratio;
pub mod request;
pub mod service;
mod steps;
mod storia;
mod storia_query;
mod tiraggio;
mod triangle;
mod triangle_query;

pub use accrual_rows::DerivedAccruals;
pub use month_rows::DerivedMonths;
