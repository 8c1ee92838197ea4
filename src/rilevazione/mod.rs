//! Data in: two CSV files become one rilevazione, or nothing.
//!
//! ```text
//! decreti.csv ───────┐   records ──► verifica ──► copia ══ COPY ══► temporary tables ──► merge ──► rilevazione n
//! stanziamenti.csv ──┘   (RFC 4180)  (valori)     (binary)          (no index)      │    (one transaction)
//!                                                                                   └──► derived, for the norms that changed
//! ```
//!
//! An extract holds all the rows as known at a date, not the changes since the last one. Say that the first holds the
//! decrees A and B, and the second, a month later, A with more paid and a new C:
//!
//! | row | dal_rilevazione | al_rilevazione | |
//! | --- | --- | --- | --- |
//! | A, 100.00 paid | 1 | 1 | ended by the second, which says otherwise |
//! | B | 1 | 1 | ended by the second, which does not hold it |
//! | A, 250.00 paid | 2 | open | |
//! | C | 2 | open | |
//!
//! Rilevazione 1 still answers A (100.00) and B; rilevazione 2 answers A (250.00) and C. Rows that do not change
//! are written once, however many extracts hold them.
//!
//! What holds:
//!
//! - **All or nothing.** Everything happens in one transaction. One refused row refuses the extract, and every refused
//!   row is reported ([`Finding`]) before the load gives up.
//! - **The same extract is the same rilevazione.** An extract is known by its reference date and by its rows, whatever
//!   their order and the form of the file. The catalogue that comes with it is applied all the same.
//! - **One at a time.** An advisory lock of the transaction: the server frees it when the loader dies.
//! - **Nobody is answered with the rilevazione before.** Whoever asks after the commit, at whichever instance, gets the new one
//!   ([`RilevazioneRegister`] says how).
//! - **Memory does not grow with the files**, nor with the number of refused rows. (The codes of the catalogue are
//!   held: they are as many as the norms.)
//! - **Nothing that was given is taken back.** A rilevazione that should not have been loaded is withdrawn ([`withdraw()`]): it is never
//!   the latest again, and answers by its number as before, marked.
//!
//! - **What is derived is known for what it is.** A load notes what its rows add up to ([`control`]); a reader of something that was
//!   made of them compares the two. [`derived`] compares it with the rows, and makes it again.
//!
//! [`load_extract`] loads; [`crate::demo::sample`] writes extracts to try it with.

pub mod accrual;
pub mod cache;
mod catalog;
mod codes;
pub mod control;
mod copy;
pub mod derived;
pub mod detail;
mod detail_keys;
mod extract;
mod finding;
mod layout;
pub mod list;
mod load;
mod lock;
mod merge;
pub mod month_sums;
mod outcome;
mod provisional;
mod reader;
mod records;
mod register;
pub mod row_sums;
mod same;
mod sniff;
mod sources;
mod staging;
mod verify;
mod withdraw;

pub use catalog::CatalogChanges;
pub use finding::{Finding, FindingReason, LoadPhase, Observer, Severity};
pub use load::load_extract;
pub use outcome::{Known, LoadError, LoadOutcome, LoadSummary};
pub use register::RilevazioneRegister;
pub use sources::LoadSources;
pub use withdraw::{WithdrawError, withdraw};
