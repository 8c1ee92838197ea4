//! Files: the formats that a report can be downloaded in.
//!
//! ```text
//! rows ──► FormatWriter (csv, xlsx, parquet) ──► bytes ──► File: pieces of 512 KiB from the offset on, SHA-256 and size of it all
//! ```
//!
//! A [`FormatWriter`] takes rows as texts, in the columns of a [`FileTable`], and gives bytes as they come: no file is ever whole in memory.
//! An empty text is an absent value: of a figure that there is not, or of a column that the caller does not see.
//!
//! The same rows give the same bytes, on every instance: nothing in a file depends on the clock, on chance or on the machine.
//! That is what lets a broken download go on at a byte.
//!
//! # Formulas
//!
//! A spreadsheet runs a cell of a CSV that begins with `=`, `+`, `-`, `@`, a tab or a line break, and such a text can be an attack
//! on the machine of the reader (OWASP, "CSV Injection"). Both CSVs put an apostrophe before such a text ([`csv`]). A number is
//! not a text: a negative residuo stays one, and a cell of a number column that is not a number is an error.
//! A cell of an XLSX says that it is a text, and a Parquet file is not opened by a spreadsheet as text: both keep the value as it is.

pub mod csv;
mod file;
mod file_info;
pub mod file_request;
mod format;
mod format_writer;
pub mod parquet;
mod send_pieces;
mod table;
#[cfg(test)]
mod test_table;
pub mod xlsx;

pub use file::{FileBuilder, FileEnd, FilePiece, PIECE_BYTES};
pub use file_info::{ColumnVisibility, FileInfo, InfoEntry};
pub use format::FileFormat;
pub use format_writer::FormatWriter;
pub use send_pieces::send_pieces;
pub use table::{CellType, FileColumn, FileTable};
