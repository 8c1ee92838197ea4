//! Invented extracts of any size, to try the service with.
//!
//! ```text
//! omnia generate --righe 100000 --seme 1 --cartella estratto-1
//! omnia generate --righe 100000 --seme 1 --cartella estratto-2 --rilevazione 2
//! ```
//!
//! The second is the same world a month later: it has new decrees, more is paid on some rows, and some rows are gone. The
//! twelfth is as of the end of August 2026. An extract is a function of its [`SampleOptions`]: the same ones give the same
//! bytes, on any machine, and memory does not grow with the rows.
//!
//! In this world decrees come every month, months after what they are for has begun. Each quarter of their validity is paid
//! once it is over and decreed, and some months later ([`payment`]). On one row in fifteen nothing is ever paid, and it falls
//! through. By the twelfth extract one cap of 2026 is reached, and another will be by the end of the year ([`norm_flows`]).
//!
//! Norms and caps are real ones, in the files of this folder. The caps come partly from secondary sources (INPS messages
//! 2721/2023, 617/2024, 2304/2024 and 2066/2025, the trade press; those of DLGS148-2015-ART22BIS up to 2020 were read
//! in the law): **good for a demo, not a legal source**. For DLGS148-2015-ART22TER none was found, so it shows how a norm
//! without a cap looks. Decrees, employers and amounts are invented.

mod calendar;
mod cohorts;
mod draw;
mod employers;
mod norm_flows;
mod payment;
mod tables;
mod world;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::Path,
};

use chrono::NaiveDate;

use self::{
    tables::{NORMATIVE, PRESTAZIONI, STANZIAMENTI},
    world::{SampleDecreto, SampleRow, SampleWorld},
};
use crate::rilevazione::LoadSources;

const HEADER: &str = "normativa,prestazione,codifica_sistema_unico,numero_decreto,data_decreto,validita_dal,\
    validita_al,cf_azienda,matricola_azienda,ore_decretate,importi_autorizzati,importi_erogati,persona_fisica\n";

/// To be said where the caps are shown.
pub const DISCLAIMER: &str = "invented decrees and employers; the caps come partly from secondary sources: good for a demo, not a legal source";

/// The most rows a world can have: its employers are given distinct codes up to here.
pub const MAX_ROWS: u64 = 50_000_000;
/// The last extract of a world.
pub const MAX_RILEVAZIONE: u32 = 120;

/// Which extract of which world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// Rows of the first extract, up to [`MAX_ROWS`]; each later one has some fiftieth of them more.
    pub rows: u64,
    /// Another seed gives another world.
    pub seed: u64,
    /// Which extract, from 1 to [`MAX_RILEVAZIONE`]: each is a month after the one before.
    pub rilevazione: u32,
}

impl SampleOptions {
    /// The day as of which the extract is made.
    #[must_use]
    pub fn data_riferimento(&self) -> NaiveDate {
        calendar::data_riferimento(self.rilevazione.min(MAX_RILEVAZIONE))
    }
}

/// Writes `decreti.csv`, `stanziamenti.csv`, `normative.csv` and `prestazioni.csv` into a folder, which is made if it is
/// not there, over what is there. Calls `written` with the number of rows so far, now and then.
///
/// # Errors
/// The options are out of range, or the files cannot be written.
pub fn generate_sample(
    opzioni: SampleOptions,
    cartella: &Path,
    mut written: impl FnMut(u64),
) -> io::Result<LoadSources> {
    let SampleOptions {
        rows: righe,
        seed: seme,
        rilevazione,
    } = opzioni;
    if !(1..=MAX_ROWS).contains(&righe) || !(1..=MAX_RILEVAZIONE).contains(&rilevazione) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("rows must be 1 to {MAX_ROWS}, extracts 1 to {MAX_RILEVAZIONE}"),
        ));
    }
    fs::create_dir_all(cartella)?;
    let sources = LoadSources::in_folder(cartella, opzioni.data_riferimento());
    fs::write(&sources.stanziamenti, STANZIAMENTI)?;
    for (path, text) in [
        (&sources.normative, NORMATIVE),
        (&sources.prestazioni, PRESTAZIONI),
    ] {
        if let Some(path) = path {
            fs::write(path, text)?;
        }
    }

    let world = SampleWorld::new(seme, righe, STANZIAMENTI, rilevazione);
    #[expect(
        clippy::disallowed_methods,
        reason = "it is invented: anybody may read it"
    )]
    let file = File::create(&sources.decreti)?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    out.write_all(HEADER.as_bytes())?;
    let mut count = 0;
    world.each_row(|decreto, riga| {
        count += 1;
        if count % 8_192 == 0 {
            written(count);
        }
        write_row(&mut out, world.normativa(decreto), decreto, riga)
    })?;
    out.flush()?;
    written(count);
    Ok(sources)
}

/// No value needs quotes.
fn write_row(
    out: &mut impl io::Write,
    normativa: &str,
    decreto: &SampleDecreto,
    riga: &SampleRow,
) -> io::Result<()> {
    let SampleDecreto {
        numero,
        codifica,
        date: data,
        dal,
        ..
    } = decreto;
    let SampleRow {
        al,
        employer: azienda,
        ..
    } = riga;
    write!(
        out,
        "{normativa},CIGS,{codifica},{numero},{data},{dal},{al},{},{}",
        azienda.cf, azienda.matricola
    )?;
    for hundredths in [riga.ore, riga.autorizzati, riga.erogati] {
        write!(out, ",{}.{:02}", hundredths / 100, hundredths % 100)?;
    }
    // Of a code of sixteen characters its form says it.
    out.write_all(if azienda.provisional { b",S\n" } else { b",\n" })
}

#[cfg(test)]
mod tests;
