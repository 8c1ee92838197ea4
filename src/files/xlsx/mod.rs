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
//! amount is written as a text rather than wrong, and "Informazioni" says how many there are.

mod informazioni;
mod parti;
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

use super::{Informazioni, Scrittore, Tabella, Tipo};
use crate::error::{Error, Result};
use xml::Dove;

/// Rows of a sheet but for its header.
pub const RIGHE_PER_FOGLIO: u32 = 1_048_575;
/// Of deflate.
const LIVELLO: i64 = 1;
/// XML that is compressed at a time.
const BLOCCO: usize = 64 * 1024;

/// A workbook in the making.
pub struct Xlsx {
    tabella: &'static Tabella,
    righe_per_foglio: u32,
    zip: ZipWriter<StreamWriter<Uscita>>,
    uscita: Uscita,
    /// XML of the sheet that is open, not compressed yet.
    xml: Vec<u8>,
    /// Rows of each sheet; the last one is open.
    fogli: Vec<u32>,
    /// Amounts that were written as texts.
    testuali: u64,
}

/// Where the ZIP goes, and where it is taken from.
#[derive(Debug, Clone, Default)]
struct Uscita(Arc<Mutex<Vec<u8>>>);

impl Uscita {
    fn prendi(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Uscita {
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
    pub fn new(tabella: &'static Tabella, righe_per_foglio: u32) -> Result<Self> {
        let uscita = Uscita::default();
        let mut xlsx = Self {
            tabella,
            righe_per_foglio,
            zip: ZipWriter::new_stream(uscita.clone()),
            uscita,
            xml: Vec::with_capacity(2 * BLOCCO),
            fogli: Vec::new(),
            testuali: 0,
        };
        xlsx.apri_foglio()?;
        Ok(xlsx)
    }

    fn apri_foglio(&mut self) -> Result<()> {
        self.fogli.push(0);
        self.apri_parte(&parti::foglio(self.fogli.len()))?;
        parti::inizio_foglio(&mut self.xml, self.tabella, self.fogli.len() == 1);
        self.xml.extend_from_slice(b"<row r=\"1\">");
        for (at, colonna) in self.tabella.colonne.iter().enumerate() {
            let dove = Dove {
                colonna: xml::lettera(at),
                riga: "1",
            };
            xml::testo(&mut self.xml, dove, colonna.nome, Some(parti::GRASSETTO));
        }
        self.xml.extend_from_slice(b"</row>");
        Ok(())
    }

    fn chiudi_foglio(&mut self) -> Result<()> {
        let righe = self.fogli.last().copied().unwrap_or_default();
        parti::fine_foglio(&mut self.xml, self.tabella, righe);
        self.comprimi()
    }

    fn apri_parte(&mut self, nome: &str) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LIVELLO))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(nome, options).map_err(Error::internal)
    }

    fn parte(&mut self, nome: &str, xml: &str) -> Result<()> {
        self.apri_parte(nome)?;
        self.xml.extend_from_slice(xml.as_bytes());
        self.comprimi()
    }

    fn comprimi(&mut self) -> Result<()> {
        self.zip.write_all(&self.xml).map_err(Error::internal)?;
        self.xml.clear();
        Ok(())
    }
}

impl Scrittore for Xlsx {
    fn riga(&mut self, celle: &[&str]) -> Result<()> {
        if self.fogli.last() == Some(&self.righe_per_foglio) {
            self.chiudi_foglio()?;
            self.apri_foglio()?;
        }
        let righe = self.fogli.last_mut().ok_or_else(no_sheet)?;
        *righe += 1;
        let numero = (*righe + 1).to_string();
        let xml = &mut self.xml;
        xml.extend_from_slice(b"<row r=\"");
        xml.extend_from_slice(numero.as_bytes());
        xml.extend_from_slice(b"\">");
        for (at, (colonna, cella)) in self.tabella.colonne.iter().zip(celle).enumerate() {
            let dove = Dove {
                colonna: xml::lettera(at),
                riga: &numero,
            };
            match colonna.tipo {
                _ if cella.is_empty() => {}
                Tipo::Testo => xml::testo(xml, dove, cella, None),
                Tipo::Data => xml::data(xml, dove, cella)?,
                Tipo::Numero | Tipo::Sum => {
                    self.testuali += u64::from(!xml::numero(xml, dove, cella)?);
                }
            }
        }
        xml.extend_from_slice(b"</row>");
        if xml.len() >= BLOCCO {
            self.comprimi()?;
        }
        Ok(())
    }

    fn prendi(&mut self) -> Vec<u8> {
        self.uscita.prendi()
    }

    fn fine(mut self: Box<Self>, informazioni: &Informazioni) -> Result<Vec<u8>> {
        self.chiudi_foglio()?;
        let dati = self.fogli.clone();
        let ultimo = parti::foglio(dati.len() + 1);
        let foglio = informazioni::foglio(self.tabella, informazioni, self.testuali)?;
        self.parte(&ultimo, &foglio)?;
        for (nome, xml) in parti::altre(self.tabella, &dati, informazioni) {
            self.parte(nome, &xml)?;
        }
        let Self { zip, uscita, .. } = *self;
        zip.finish().map_err(Error::internal)?;
        Ok(uscita.prendi())
    }
}

fn no_sheet() -> Error {
    Error::internal("a workbook without a sheet")
}

#[cfg(test)]
mod tests;
