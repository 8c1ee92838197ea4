//! How a load ends.

use std::io;

use chrono::NaiveDate;

use super::catalog::CatalogChanges;

/// How a load ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadOutcome {
    /// There is a new rilevazione.
    Loaded(LoadSummary),
    /// The same extract was loaded before. There is no new rilevazione.
    AlreadyLoaded(Known),
}

/// Which rilevazione an extract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub rilevazione: i32,
    /// What changed all the same: the catalogue that came with the extract is applied.
    pub catalog: CatalogChanges,
}

/// What a load did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSummary {
    /// The number of the new rilevazione.
    pub rilevazione: i32,
    /// Rows of the detail in the extract.
    pub rows: u64,
    /// Of these, rows whose natural key the latest rilevazione before does not have. One that is withdrawn does not count.
    pub added: u64,
    /// Of these, rows that it has with other values.
    pub changed: u64,
    /// Rows of it that the extract does not have.
    pub ended: u64,
    /// Appropriations in the extract.
    pub stanziamenti: u64,
    /// Doubtful rows, taken as they are.
    pub warnings: u64,
}

/// How a load fails. Nothing of it is visible.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The extract is wrong. The observer was told why.
    #[error("the extract is refused: {rifiuti} things are wrong with it; nothing was loaded")]
    Refused {
        /// How many things.
        rifiuti: u64,
        /// How many rows are doubtful.
        avvisi: u64,
    },
    /// Another load runs.
    #[error("another load is in progress; try again when it has ended")]
    InProgress,
    /// The extract is older than the latest one.
    #[error(
        "the reference date {data} is before {ultima}, that of rilevazione {numero}: extracts are loaded in their order"
    )]
    OutOfOrder {
        /// The extract's date.
        data: NaiveDate,
        /// The latest rilevazione's.
        ultima: NaiveDate,
        /// Its number.
        numero: i32,
    },
    /// The extract is of a day to come. It would keep out all those until then.
    #[error("the reference date {data} is after today, {oggi}")]
    InFuture {
        /// The extract's date.
        data: NaiveDate,
        /// Today in Rome.
        oggi: NaiveDate,
    },
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// What is wrong with the extract could not be written down.
    #[error("cannot write the rejects: {0}")]
    Observer(#[source] io::Error),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}
