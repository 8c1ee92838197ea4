//! What a load makes of the rows of the detail besides the rows, so that calls need not read them.
//!
//! Each such thing is a [`Derivation`]. The load makes it in its own transaction: a rilevazione that can be seen has all that is derived of it. It
//! is derived from the rows and from nothing else, so it can be compared with them ([`verify()`]) and made again ([`rebuild()`]) at any time.
//!
//! ```text
//!                      made by                   verify: from the rows, again        rebuild
//! blocks, batches      blocks::series            column by column, byte by byte      yes
//! sums by day          report::day_sums          pair by pair, in every rilevazione  yes
//! sums by month        monitoraggio::month_rows  pair by pair, in every rilevazione  yes
//! accruals             monitoraggio              pair by pair, in every rilevazione  yes
//! control totals       control_totals            pair by pair, and their seal        where the seal says that they were right
//! ```
//!
//! A derivation belongs to the room that reads what it makes; `app::derivations` has the list, which is handed in to the load. So this room
//! knows none of them but its own. A new one is a file and a line in the list. The three that store sums of a norm by benefit share all but
//! what the sums are ([`StoredSums`]).
//!
//! **One pass.** A norm's rows are read once, in reading order, page by page; every derivation that wants rows gets the same ones ([`RowSink`]),
//! in a task of its own while Postgres makes the next page:
//!
//! ```text
//! rows of a version ── page ──► RowSums, and each RowSink: page() … write_ready() ──► keep(), or compare()
//! ```
//!
//! A norm is made anew by the loads that change its rows, and by no others: between two of them it has one [`NormVersion`].

mod control_totals;
mod defect;
mod derivation;
mod make;
mod norms;
mod pass;
mod rebuild;
mod stored_sums;
mod verify;
mod version;
mod versioned_rows;

pub(super) use self::make::make;
pub use self::{
    control_totals::DerivedTotals,
    defect::{Defect, DerivedDefect},
    derivation::{Compared, Derivation, RowSink, Step, begin_elsewhere},
    rebuild::{MadeCounts, rebuild},
    stored_sums::{BenefitDigests, StoredSums},
    verify::verify,
    version::NormVersion,
    versioned_rows::{DerivedColumn, VersionedRows},
};
