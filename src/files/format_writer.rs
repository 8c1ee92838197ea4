//! What writes a file, whatever its format.

use super::file_info::FileInfo;
use crate::error::Result;

/// Writes the rows of a table in one format.
pub trait FormatWriter: Send {
    /// Adds a row: a cell for each column; an empty one is absent.
    ///
    /// # Errors
    /// A cell is not of the type of its column: a fault of ours.
    fn write_row(&mut self, cells: &[&str]) -> Result<()>;

    /// The bytes that are ready.
    fn take_bytes(&mut self) -> Vec<u8>;

    /// Ends the file and gives its last bytes. A format that has a place for it says there what the rows are.
    ///
    /// # Errors
    /// The format's.
    fn finish(self: Box<Self>, info: &FileInfo) -> Result<Vec<u8>>;
}
