//! What to load.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;

/// The files of an extract, and its day.
#[derive(Debug, Clone)]
pub struct LoadSources {
    /// `decreti.csv`
    pub decreti: PathBuf,
    /// `stanziamenti.csv`
    pub stanziamenti: PathBuf,
    /// Norms to add to the catalogue, or to describe anew.
    pub normative: Option<PathBuf>,
    /// Benefits, likewise.
    pub prestazioni: Option<PathBuf>,
    /// The day as of which the extract was made.
    pub data_riferimento: NaiveDate,
}

impl LoadSources {
    /// The four files of a folder, under the names that they usually have.
    #[must_use]
    pub fn in_folder(folder: &Path, data_riferimento: NaiveDate) -> Self {
        Self {
            decreti: folder.join("decreti.csv"),
            stanziamenti: folder.join("stanziamenti.csv"),
            normative: Some(folder.join("normative.csv")),
            prestazioni: Some(folder.join("prestazioni.csv")),
            data_riferimento,
        }
    }

    /// All the files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let optional = [&self.normative, &self.prestazioni];
        let optional = optional.into_iter().filter_map(Option::as_deref);
        [self.decreti.as_path(), &self.stanziamenti]
            .into_iter()
            .chain(optional)
    }
}
