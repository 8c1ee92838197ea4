//! A file while it is made: from the rows to the pieces that are sent, and what is said of it at its end.
//!
//! Who resumes gets the rest of the same file: it is made again from its first row, its bytes before the offset are counted
//! and hashed and not sent. So size, SHA-256 and totals are always those of the whole.

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Bytes, BytesMut};

use super::{FileFormat, FileInfo, FileTable, FormatWriter};
use crate::{
    crypto::hex::hex,
    error::{Error, Result, Violation},
    valori::ValueDefect,
};

/// Pieces end where a multiple of so many bytes of the file does.
pub const PIECE_BYTES: usize = 512 * 1024;

/// A piece to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePiece {
    /// Where in the file it begins.
    pub offset: u64,
    /// Never empty.
    pub bytes: Bytes,
    /// Rows that are first seen in it, for the log.
    pub rows: i64,
    /// Rows that were seen when it was whole, for the reader of the file.
    pub rows_so_far: i64,
}

impl FilePiece {
    /// Where in the file the next one begins.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

/// What is said of a file at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEnd {
    /// Its size in bytes.
    pub size: i64,
    /// Of all its bytes, in hexadecimal.
    pub sha256: String,
    /// Its rows.
    pub rows: i64,
}

/// A file in the making.
pub struct FileBuilder {
    writer: Box<dyn FormatWriter>,
    cut: Chunker,
    righe: i64,
}

impl FileBuilder {
    /// An empty file whose pieces are wanted from `offset` on.
    ///
    /// # Errors
    /// The format's.
    pub fn new(formato: FileFormat, table: &'static FileTable, offset: u64) -> Result<Self> {
        Ok(Self {
            writer: formato.writer(table)?,
            cut: Chunker::new(offset),
            righe: 0,
        })
    }

    /// Adds the rows that `write` writes and gives the pieces that became whole. To compress or only to hash is work: it is done on
    /// a thread where nothing else waits for it.
    ///
    /// # Errors
    /// Those of `write`.
    pub async fn add<S>(mut self, righe: i64, write: S) -> Result<(Self, Vec<FilePiece>)>
    where
        S: FnOnce(&mut dyn FormatWriter) -> Result<()> + Send + 'static,
    {
        on_a_thread(move || {
            write(self.writer.as_mut())?;
            self.righe += righe;
            let byte = self.writer.take_bytes();
            let pieces = self.cut.add(&byte, righe);
            Ok((self, pieces))
        })
        .await
    }

    /// Ends the file, with what is to be said in it of all its rows.
    ///
    /// # Errors
    /// [`crate::error::Reason::InvalidRequest`]: the offset lies beyond its end. The format's.
    pub async fn finish(mut self, info: FileInfo) -> Result<(Vec<FilePiece>, FileEnd)> {
        on_a_thread(move || {
            let byte = self.writer.finish(&info)?;
            let mut pieces = self.cut.add(&byte, 0);
            let (last, end) = self.cut.finish(self.righe)?;
            pieces.extend(last);
            Ok((pieces, end))
        })
        .await
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let work = tokio::task::spawn_blocking(work);
    work.await.map_err(Error::internal)?
}

/// Cuts a file into pieces.
struct Chunker {
    /// The first byte that is wanted.
    offset: u64,
    /// Bytes so far.
    dimensione: u64,
    sha256: Context,
    /// The wanted bytes that are no whole piece yet; they end at `dimensione`.
    rest: BytesMut,
    /// Rows that have given no byte yet.
    waiting: i64,
    /// Rows with bytes that are wanted and in no piece yet.
    righe: i64,
    /// Rows with bytes, wanted or not.
    seen: i64,
}

impl Chunker {
    fn new(offset: u64) -> Self {
        Self {
            offset,
            dimensione: 0,
            sha256: Context::new(&SHA256),
            rest: BytesMut::new(),
            waiting: 0,
            righe: 0,
            seen: 0,
        }
    }

    fn add(&mut self, byte: &[u8], righe: i64) -> Vec<FilePiece> {
        self.sha256.update(byte);
        let from = self.dimensione;
        self.dimensione += byte.len() as u64;
        // A piece of 2^63 bytes is not made in this world's time.
        let skip = self.offset.saturating_sub(from);
        let skip = usize::try_from(skip).map_or(byte.len(), |skip| skip.min(byte.len()));
        self.rest.extend_from_slice(&byte[skip..]);
        self.waiting += righe;
        if !byte.is_empty() {
            let righe = std::mem::take(&mut self.waiting);
            self.seen += righe;
            // Rows whose bytes were all skipped are not sent, and not told.
            if self.dimensione > self.offset {
                self.righe += righe;
            }
        }
        let mut pieces = Vec::new();
        while let Some(pezzo) = self.next_piece(false) {
            pieces.push(pezzo);
        }
        pieces
    }

    fn next_piece(&mut self, last: bool) -> Option<FilePiece> {
        let offset = self.dimensione - self.rest.len() as u64;
        let room = PIECE_BYTES - usize::try_from(offset % PIECE_BYTES as u64).unwrap_or_default();
        if self.rest.is_empty() || (self.rest.len() < room && !last) {
            return None;
        }
        Some(FilePiece {
            offset,
            bytes: self.rest.split_to(room.min(self.rest.len())).freeze(),
            rows: std::mem::take(&mut self.righe),
            rows_so_far: self.seen,
        })
    }

    fn finish(mut self, righe: i64) -> Result<(Option<FilePiece>, FileEnd)> {
        const BEYOND: ValueDefect = ValueDefect::new(
            "lies beyond the end of the file",
            "è oltre la fine del file",
        );
        if self.offset > self.dimensione {
            return Err(Error::invalid(vec![Violation {
                field: "offset".to_owned(),
                defect: BEYOND,
            }]));
        }
        let last = self.next_piece(true);
        let sha256 = hex(self.sha256.finish().as_ref());
        let end = FileEnd {
            size: i64::try_from(self.dimensione).map_err(Error::internal)?,
            sha256,
            rows: righe,
        };
        Ok((last, end))
    }
}
