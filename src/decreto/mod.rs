//! The dettaglio del decreto (Messaggio 4648/2023, §2.2).
//!
//! Four calls over one selection (one norm, five filters, one rilevazione):
//!
//! ```text
//! ListDecrees      rows p1 … p100 + next_page_token         one range of an index
//! ExportDecrees    intestazione, lotto … lotto, chiusura    the same ranges, one after the other
//! DownloadDecrees  intestazione, pieces, chiusura           the same again, as a file ([`crate::files`])
//! CountDecrees     control totals                           one aggregate with the same conditions
//! ```
//!
//! An export is a sequence of pages and not one long query: a rilevazione never changes, so page n + 1 continues page n
//! exactly, whatever is loaded meanwhile. A slow client holds no transaction and no connection between two
//! lotti, a dropped one leaves nothing behind but the page in flight, and resuming is the normal path.
//!
//! ```text
//! blocks (stored) ─┐
//! pages of rows ───┴──► reader: one RowBatch after the other ──► export: ExportMessage ──► tonic
//! ```

pub mod download;
pub mod encoded;
pub mod export;
pub mod export_message;
pub mod filtro;
pub mod query;
pub mod reader;
pub mod selection;
pub mod service;
mod settings;

pub use settings::ExportSettings;
