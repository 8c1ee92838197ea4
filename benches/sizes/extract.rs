//! The extract that everything is measured with, and its control totals as the file itself gives them: read here, by
//! nothing of the service.

use std::{collections::BTreeMap, env, fs::File, io::BufReader, path::Path};

use omnia::rilevazione::{
    Fonti,
    esempio::{Opzioni, genera},
};

use super::totals::Totals;

/// The rows of the goals, unless `ROWS` says otherwise.
const USUAL: u64 = 1_000_000;

/// How many rows everything is measured with.
pub fn rows() -> u64 {
    env::var("ROWS").map_or(USUAL, |rows| rows.parse().unwrap())
}

/// The files and what is in them.
pub struct Extract {
    pub fonti: Fonti,
    /// The columns of `decreti.csv`, as its header has them.
    pub columns: String,
    /// For each norm.
    pub totals: BTreeMap<String, Totals>,
}

impl Extract {
    pub fn write(folder: &Path) -> Self {
        let fonti = write(folder);
        let mut reader =
            csv::Reader::from_reader(BufReader::new(File::open(&fonti.decreti).unwrap()));
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let norm = at("normativa");
        let sums = ["ore_decretate", "importi_autorizzati", "importi_erogati"].map(at);
        let mut totals = BTreeMap::<String, Totals>::new();
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).unwrap() {
            let [ore, autorizzati, erogati] = sums.map(|column| row[column].parse().unwrap());
            let row_totals = Totals::from((1, ore, autorizzati, erogati));
            match totals.get_mut(&row[norm]) {
                Some(totals) => *totals += row_totals,
                None => drop(totals.insert(row[norm].to_owned(), row_totals)),
            }
        }
        Self {
            fonti,
            columns: header.iter().collect::<Vec<_>>().join(", "),
            totals,
        }
    }

    pub fn all(&self) -> Totals {
        self.totals.values().copied().sum()
    }

    /// The norm that has the most rows.
    pub fn biggest_norm(&self) -> &str {
        let biggest = self.totals.iter().max_by_key(|(_, totals)| totals.righe);
        biggest.unwrap().0
    }
}

/// Writes the extract once more.
pub fn write(folder: &Path) -> Fonti {
    let opzioni = Opzioni {
        righe: rows(),
        seme: 1,
        rilevazione: 1,
    };
    genera(opzioni, folder, |_| {}).unwrap()
}
