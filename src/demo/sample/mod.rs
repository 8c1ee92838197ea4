//! Invented extracts of any size, to try the service with.
//!
//! ```text
//! omnia generate --righe 100000 --seme 1 --cartella estratto-1
//! omnia generate --righe 100000 --seme 1 --cartella estratto-2 --rilevazione 2
//! ```
//!
//! The second is the same world a month later: it has new decrees, more is paid on some rows, and some rows are gone. An
//! extract is a function of its [`SampleOptions`]: the same ones give the same bytes, on any machine, and memory does not
//! grow with the rows.
//!
//! Norms and caps are real ones, in the files of this folder. The caps come partly from secondary sources (INPS messages
//! 2721/2023, 617/2024, 2304/2024 and 2066/2025, the trade press; those of DLGS148-2015-ART22BIS up to 2020 were read
//! in the law): **good for a demo, not a legal source**. For DLGS148-2015-ART22TER none was found, so it shows how a norm
//! without a cap looks. Decrees, employers and amounts are invented.

mod draw;
mod employers;
mod norm_years;
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
    /// Rows of the first extract, up to [`MAX_ROWS`]; the later ones have a few more.
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
        world::data_riferimento(self.rilevazione.min(MAX_RILEVAZIONE))
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

    let world = SampleWorld::new(seme, righe, STANZIAMENTI);
    #[expect(
        clippy::disallowed_methods,
        reason = "it is invented: anybody may read it"
    )]
    let file = File::create(&sources.decreti)?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    out.write_all(HEADER.as_bytes())?;
    let mut count = 0;
    world.each_row(rilevazione, |decreto, riga| {
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
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    fn decreti(righe: u64, seme: u64, rilevazione: u32) -> String {
        let folder = tempfile::tempdir().unwrap();
        let opzioni = SampleOptions {
            rows: righe,
            seed: seme,
            rilevazione,
        };
        let sources = generate_sample(opzioni, folder.path(), |_| {}).unwrap();
        fs::read_to_string(sources.decreti).unwrap()
    }

    /// Natural key → the other values.
    fn rows(text: &str) -> HashMap<String, String> {
        let mut rows = HashMap::new();
        for line in text.lines().skip(1) {
            let f: Vec<&str> = line.split(',').collect();
            let key = [f[0], f[1], f[2], f[3], f[4], f[7], f[8], f[5]].join(" ");
            let rest = [f[6], f[9], f[10], f[11], f[12]].join(" ");
            assert_eq!(rows.insert(key, rest), None, "{line}");
        }
        rows
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_for_ever() {
        let hex = |text: String| -> String {
            let digest = digest(&SHA256, text.as_bytes());
            digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
        };
        expect_test::expect!["4f2bae9fb1a274938bc2437979d9b23d4d0471471e4c34ff6ca3a1457f6ccd82"]
            .assert_eq(&hex(decreti(5_000, 1, 1)));
        expect_test::expect!["714c363172280f99c153a9e947815d78fdf110f8d23e62796b60ff83ea23b4a0"]
            .assert_eq(&hex(decreti(5_000, 1, 3)));
        assert_ne!(decreti(100, 1, 1), decreti(100, 2, 1));
    }

    #[test]
    fn as_many_rows_as_asked_and_no_key_twice() {
        for righe in [1, 2, 50, 999, 20_000] {
            assert_eq!(rows(&decreti(righe, 7, 1)).len() as u64, righe);
        }
    }

    #[test]
    fn each_extract_adds_changes_and_drops() {
        let mut before = rows(&decreti(10_000, 3, 1));
        for k in 2..6 {
            let now = rows(&decreti(10_000, 3, k));
            let added = now.keys().filter(|key| !before.contains_key(*key)).count();
            let dropped = before.keys().filter(|key| !now.contains_key(*key)).count();
            let changed = now
                .iter()
                .filter(|(key, rest)| before.get(*key).is_some_and(|b| b != *rest));
            let changed = changed.count();
            assert_eq!(added, 200, "{k}");
            assert!((20..100).contains(&dropped), "{k}: {dropped}");
            assert!((200..1_000).contains(&changed), "{k}: {changed}");
            before = now;
        }
    }

    #[test]
    fn the_caps_are_used_up_alike_whatever_the_size() {
        let cents = |text: &str| -> u64 { text.replace('.', "").parse().unwrap() };
        let mut caps: BTreeMap<&str, u64> = BTreeMap::new();
        for line in STANZIAMENTI.lines().skip(1) {
            let f: Vec<&str> = line.split(',').collect();
            *caps.entry(f[0]).or_default() += cents(f[3]);
        }
        let mut prints = Vec::new();
        for righe in [1_000, 60_000] {
            let text = decreti(righe, 1, 1);
            let mut used: BTreeMap<String, (u64, u64)> = BTreeMap::new();
            for line in text.lines().skip(1) {
                let f: Vec<&str> = line.split(',').collect();
                let sums = used.entry(f[0].to_owned()).or_default();
                sums.0 += cents(f[10]);
                sums.1 += cents(f[11]);
            }
            for (norm, (autorizzati, erogati)) in &used {
                assert!(
                    *erogati > autorizzati / 4 && *erogati < *autorizzati,
                    "{norm}"
                );
            }
            let print: String = used
                .iter()
                .map(|(norm, (autorizzati, _))| match caps.get(norm.as_str()) {
                    // To the nearest hundredth, so that the cents that rounding loses do not show.
                    Some(cap) => format!("{norm} {} %\n", (autorizzati * 1_000 / cap + 5) / 10),
                    None => format!("{norm} no cap\n"),
                })
                .collect();
            prints.push(print);
        }
        expect_test::expect![[r#"
            DL109-2018-ART44 78 %
            DL243-2016-ART1BIS 100 %
            DL48-2023-ART30 112 %
            DL75-2023-ART42 41 %
            DLGS148-2015-ART22BIS 48 %
            DLGS148-2015-ART22TER no cap
            DLGS148-2015-ART44C11BIS 86 %
            DLGS148-2015-ART44C11TER 71 %
            DLGS148-2015-ART44C7 105 %
            DLGS72-2018-ART1 31 %
        "#]]
        .assert_eq(&prints[0]);
        assert_eq!(prints[0], prints[1]);
    }
}
