//! XLSX: a workbook of Office Open XML (ECMA-376), written row by row.
//!
//! ```text
//! xl/worksheets/sheet1.xml   header, rows        │ frozen header, autofilter
//! xl/worksheets/sheet2.xml   …when one is full   │
//! xl/worksheets/sheet3.xml   "Informazioni"      │ the totals are known only here
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
    table: &'static FileTable,
    rows_per_sheet: u32,
    zip: ZipWriter<StreamWriter<ZipSink>>,
    output: ZipSink,
    /// XML of the sheet that is open, not compressed yet.
    xml: Vec<u8>,
    /// Rows of each sheet; the last one is open.
    sheets: Vec<u32>,
    /// Amounts that were written as texts.
    text_cells: u64,
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
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        output.extend_from_slice(byte);
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
    pub fn new(table: &'static FileTable, rows_per_sheet: u32) -> Result<Self> {
        let output = ZipSink::default();
        let mut xlsx = Self {
            table,
            rows_per_sheet,
            zip: ZipWriter::new_stream(output.clone()),
            output,
            xml: Vec::with_capacity(2 * FLUSH_BYTES),
            sheets: Vec::new(),
            text_cells: 0,
        };
        xlsx.open_sheet()?;
        Ok(xlsx)
    }

    fn open_sheet(&mut self) -> Result<()> {
        self.sheets.push(0);
        self.open_part(&parts::sheet_path(self.sheets.len()))?;
        parts::start_sheet(&mut self.xml, self.table, self.sheets.len() == 1);
        self.xml.extend_from_slice(b"<row r=\"1\">");
        for (at, colonna) in self.table.columns.iter().enumerate() {
            let place = CellRef {
                column: xml::column_letter(at),
                row: "1",
            };
            xml::text_cell(&mut self.xml, place, colonna.name, Some(parts::BOLD));
        }
        self.xml.extend_from_slice(b"</row>");
        Ok(())
    }

    fn close_sheet(&mut self) -> Result<()> {
        let righe = self.sheets.last().copied().unwrap_or_default();
        parts::end_sheet(&mut self.xml, self.table, righe);
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
    fn write_row(&mut self, cells: &[&str]) -> Result<()> {
        if self.sheets.last() == Some(&self.rows_per_sheet) {
            self.close_sheet()?;
            self.open_sheet()?;
        }
        let righe = self.sheets.last_mut().ok_or_else(no_sheet)?;
        *righe += 1;
        let numero = (*righe + 1).to_string();
        let xml = &mut self.xml;
        xml.extend_from_slice(b"<row r=\"");
        xml.extend_from_slice(numero.as_bytes());
        xml.extend_from_slice(b"\">");
        for (at, (colonna, cell)) in self.table.columns.iter().zip(cells).enumerate() {
            let place = CellRef {
                column: xml::column_letter(at),
                row: &numero,
            };
            match colonna.cell_type {
                _ if cell.is_empty() => {}
                CellType::Text => xml::text_cell(xml, place, cell, None),
                CellType::Date => xml::date_cell(xml, place, cell)?,
                CellType::Number | CellType::Sum | CellType::Count | CellType::Ratio => {
                    self.text_cells += u64::from(!xml::number_cell(xml, place, cell)?);
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
        self.output.take_bytes()
    }

    fn finish(mut self: Box<Self>, info: &FileInfo) -> Result<Vec<u8>> {
        self.close_sheet()?;
        let data_pool = self.sheets.clone();
        let last = parts::sheet_path(data_pool.len() + 1);
        let sheet = info_sheet::sheet(self.table, info, self.text_cells)?;
        self.write_part(&last, &sheet)?;
        for (nome, xml) in parts::other_parts(self.table, &data_pool, info) {
            self.write_part(nome, &xml)?;
        }
        let Self { zip, output, .. } = *self;
        zip.finish().map_err(Error::internal)?;
        Ok(output.take_bytes())
    }
}

fn no_sheet() -> Error {
    Error::internal("a workbook without a sheet")
}

#[cfg(test)]
mod tests;
