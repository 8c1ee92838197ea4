//! The extract that everything is measured with, and its control totals as the file itself gives them: read here, by
//! nothing of the service.

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use omnia::{
    demo::sample::{SampleOptions, generate_sample},
    rilevazione::LoadSources,
};

use super::totals::ExportTotals;

/// The rows of the goals, unless `ROWS` says otherwise.
const USUAL: u64 = 1_000_000;

/// How many rows everything is measured with.
pub fn rows() -> u64 {
    env::var("ROWS").map_or(USUAL, |rows| rows.parse().unwrap())
}

/// The files and what is in them.
pub struct BenchExtract {
    pub sources: LoadSources,
    /// The rows as a bare COPY takes them: a boolean where the extract has `S` or nothing.
    pub copied: PathBuf,
    /// The columns of `decreti.csv`, as its header has them.
    pub columns: String,
    /// For each norm.
    pub totals: BTreeMap<String, ExportTotals>,
}

impl BenchExtract {
    pub fn write(folder: &Path) -> Self {
        let sources = write(folder);
        let mut reader =
            csv::Reader::from_reader(BufReader::new(File::open(&sources.decreti).unwrap()));
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let norm = at("normativa");
        let sums = ["ore_decretate", "importi_autorizzati", "importi_erogati"].map(at);
        let mut totals = BTreeMap::<String, ExportTotals>::new();
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).unwrap() {
            let [ore, autorizzati, erogati] = sums.map(|column| row[column].parse().unwrap());
            let row_totals = ExportTotals::from((1, ore, autorizzati, erogati));
            match totals.get_mut(&row[norm]) {
                Some(totals) => *totals += row_totals,
                None => drop(totals.insert(row[norm].to_owned(), row_totals)),
            }
        }
        Self {
            copied: copied(&sources.decreti),
            sources,
            columns: header.iter().collect::<Vec<_>>().join(", "),
            totals,
        }
    }

    pub fn all(&self) -> ExportTotals {
        self.totals.values().copied().sum()
    }

    /// The norm that has the most rows.
    pub fn biggest_norm(&self) -> &str {
        let biggest = self.totals.iter().max_by_key(|(_, totals)| totals.rows);
        biggest.unwrap().0
    }
}

fn copied(decreti: &Path) -> PathBuf {
    let path = decreti.with_file_name("copied.csv");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    for line in BufReader::new(File::open(decreti).unwrap()).lines() {
        let line = line.unwrap();
        let (row, last) = line.rsplit_once(',').unwrap();
        let last = match last {
            "S" => "t",
            "" => "f",
            name => name,
        };
        writeln!(out, "{row},{last}").unwrap();
    }
    out.flush().unwrap();
    path
}

/// Writes the extract once more.
pub fn write(folder: &Path) -> LoadSources {
    let opzioni = SampleOptions {
        rows: rows(),
        seed: 1,
        rilevazione: 1,
    };
    generate_sample(opzioni, folder, |_| {}).unwrap()
}
