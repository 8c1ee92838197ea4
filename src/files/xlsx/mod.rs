//! XLSX: a workbook of Office Open XML (ECMA-376), written row by row.
//!
//! ```text
//! xl/worksheets/sheet1.xml   header, rows        │ frozen header, autofilter
//! xl/worksheets/sheet2.xml   …when one is full   │
//! xl/worksheets/sheet3.xml   "FileInfo"      │ the totals are known only here
//! xl/workbook.xml, styles, …                     │ and how many sheets there are
//! ```
//!
//! The ZIP is made as it is sent: nothing is written back, so each part's size and checksum follow it. Times in it are fixed, and
//! deflate is one implementation at one level on every machine: the same rows are the same bytes.
//!
//! An amount is written digit by digit. A spreadsheet keeps fifteen significant digits, up to 9,999,999,999,999.99: a larger
//! amount is written as a text rather than wrong, and "FileInfo" says how many there are.

mod info_sheet;
mod parts;
mod xml;

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use zip::{
    CompressionMethod, DateTime, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::{CellType, FileInfo, FileTable, FormatWriter};
use crate::error::{Error, Result};
use xml::CellRef;

/// Rows of a sheet but for its header.
pub const ROWS_PER_SHEET: u32 = 1_048_575;
/// Of deflate.
const DEFLATE_LEVEL: i64 = 1;
/// XML that is compressed at a time.
const FLUSH_BYTES: usize = 64 * 1024;

/// A workbook in the making.
pub struct Xlsx {
    tabella: &'static FileTable,
    righe_per_foglio: u32,
    zip: ZipWriter<StreamWriter<ZipSink>>,
    uscita: ZipSink,
    /// XML of the sheet that is open, not compressed yet.
    xml: Vec<u8>,
    /// Rows of each sheet; the last one is open.
    fogli: Vec<u32>,
    /// Amounts that were written as texts.
    testuali: u64,
}

/// Where the ZIP goes, and where it is taken from.
#[derive(Debug, Clone, Default)]
struct ZipSink(Arc<Mutex<Vec<u8>>>);

impl ZipSink {
    fn take_bytes(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for ZipSink {
    fn write(&mut self, byte: &[u8]) -> io::Result<usize> {
        let mut uscita = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uscita.extend_from_slice(byte);
        Ok(byte.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Xlsx {
    /// Begins with the first sheet; more follow, each with at most so many rows.
    ///
    /// # Errors
    /// A fault of ours: there is nothing here that could fail.
    pub fn new(tabella: &'static FileTable, righe_per_foglio: u32) -> Result<Self> {
        let uscita = ZipSink::default();
        let mut xlsx = Self {
            tabella,
            righe_per_foglio,
            zip: ZipWriter::new_stream(uscita.clone()),
            uscita,
            xml: Vec::with_capacity(2 * FLUSH_BYTES),
            fogli: Vec::new(),
            testuali: 0,
        };
        xlsx.open_sheet()?;
        Ok(xlsx)
    }

    fn open_sheet(&mut self) -> Result<()> {
        self.fogli.push(0);
        self.open_part(&parts::sheet_path(self.fogli.len()))?;
        parts::start_sheet(&mut self.xml, self.tabella, self.fogli.len() == 1);
        self.xml.extend_from_slice(b"<row r=\"1\">");
        for (at, colonna) in self.tabella.columns.iter().enumerate() {
            let dove = CellRef {
                column: xml::column_letter(at),
                row: "1",
            };
            xml::text_cell(&mut self.xml, dove, colonna.name, Some(parts::BOLD));
        }
        self.xml.extend_from_slice(b"</row>");
        Ok(())
    }

    fn close_sheet(&mut self) -> Result<()> {
        let righe = self.fogli.last().copied().unwrap_or_default();
        parts::end_sheet(&mut self.xml, self.tabella, righe);
        self.compress()
    }

    fn open_part(&mut self, nome: &str) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(DEFLATE_LEVEL))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(nome, options).map_err(Error::internal)
    }

    fn write_part(&mut self, nome: &str, xml: &str) -> Result<()> {
        self.open_part(nome)?;
        self.xml.extend_from_slice(xml.as_bytes());
        self.compress()
    }

    fn compress(&mut self) -> Result<()> {
        self.zip.write_all(&self.xml).map_err(Error::internal)?;
        self.xml.clear();
        Ok(())
    }
}

impl FormatWriter for Xlsx {
    fn write_row(&mut self, celle: &[&str]) -> Result<()> {
        if self.fogli.last() == Some(&self.righe_per_foglio) {
            self.close_sheet()?;
            self.open_sheet()?;
        }
        let righe = self.fogli.last_mut().ok_or_else(no_sheet)?;
        *righe += 1;
        let numero = (*righe + 1).to_string();
        let xml = &mut self.xml;
        xml.extend_from_slice(b"<row r=\"");
        xml.extend_from_slice(numero.as_bytes());
        xml.extend_from_slice(b"\">");
        for (at, (colonna, cella)) in self.tabella.columns.iter().zip(celle).enumerate() {
            let dove = CellRef {
                column: xml::column_letter(at),
                row: &numero,
            };
            match colonna.cell_type {
                _ if cella.is_empty() => {}
                CellType::Text => xml::text_cell(xml, dove, cella, None),
                CellType::Date => xml::date_cell(xml, dove, cella)?,
                CellType::Number | CellType::Sum => {
                    self.testuali += u64::from(!xml::number_cell(xml, dove, cella)?);
                }
            }
        }
        xml.extend_from_slice(b"</row>");
        if xml.len() >= FLUSH_BYTES {
            self.compress()?;
        }
        Ok(())
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        self.uscita.take_bytes()
    }

    fn finish(mut self: Box<Self>, informazioni: &FileInfo) -> Result<Vec<u8>> {
        self.close_sheet()?;
        let dati = self.fogli.clone();
        let ultimo = parts::sheet_path(dati.len() + 1);
        let foglio = info_sheet::sheet(self.tabella, informazioni, self.testuali)?;
        self.write_part(&ultimo, &foglio)?;
        for (nome, xml) in parts::other_parts(self.tabella, &dati, informazioni) {
            self.write_part(nome, &xml)?;
        }
        let Self { zip, uscita, .. } = *self;
        zip.finish().map_err(Error::internal)?;
        Ok(uscita.take_bytes())
    }
}

fn no_sheet() -> Error {
    Error::internal("a workbook without a sheet")
}

#[cfg(test)]
mod tests;
