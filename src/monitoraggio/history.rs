//! The history seen from a rilevazione: what the report says in each rilevazione of it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    postgres::from_row,
    rilevazione::detail::sums::ControlSums,
    valori::{CodiceNormativa, CodicePrestazione, Importo},
};

/// The rilevazioni that are seen from one, and their figures. It never changes.
#[derive(Debug)]
pub(super) struct History {
    /// By number.
    pub(super) rilevazioni: Vec<HistoryRilevazione>,
    /// By norm, then benefit.
    pub(super) pairs: Vec<PairHistory>,
}

/// A rilevazione of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HistoryRilevazione {
    pub(super) numero: i32,
    pub(super) data_riferimento: NaiveDate,
    pub(super) caricata_il: DateTime<Utc>,
}

from_row!(HistoryRilevazione {
    numero,
    data_riferimento,
    caricata_il,
});

/// A norm and a benefit that have decrees or appropriations in a rilevazione of the history.
#[derive(Debug)]
pub(super) struct PairHistory {
    pub(super) normativa: CodiceNormativa,
    pub(super) prestazione: CodicePrestazione,
    /// As many as there are rilevazioni. `None`: it has neither in that one.
    pub(super) points: Vec<Option<HistoryFigures>>,
}

/// What a rilevazione has of a norm and a benefit, or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HistoryFigures {
    /// `None`: no appropriation.
    pub(super) stanziati: Option<Importo>,
    pub(super) sums: ControlSums,
}

/// What holds from one rilevazione to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lasting<T> {
    pub(super) from: i32,
    pub(super) to: i32,
    pub(super) value: T,
}

/// What was stored of a norm and a benefit.
#[derive(Debug, Default)]
pub(super) struct StoredPair {
    pub(super) totals: Vec<Lasting<ControlSums>>,
    pub(super) stanziamenti: Vec<Lasting<Importo>>,
}

impl History {
    /// Of the rilevazioni, by number, and all that was stored of the norms and benefits up to the last of them.
    pub(super) fn new(
        rilevazioni: Vec<HistoryRilevazione>,
        stored: BTreeMap<(CodiceNormativa, CodicePrestazione), StoredPair>,
    ) -> Self {
        let pairs = stored
            .into_iter()
            .map(|((normativa, prestazione), stored)| PairHistory {
                normativa,
                prestazione,
                points: rilevazioni
                    .iter()
                    .map(|r| stored.figures(r.numero))
                    .collect(),
            })
            // Of rilevazioni that were withdrawn.
            .filter(|pair| pair.points.iter().any(Option::is_some))
            .collect();
        Self { rilevazioni, pairs }
    }
}

impl StoredPair {
    fn figures(&self, numero: i32) -> Option<HistoryFigures> {
        let sums = self.totals.iter().find(|total| total.holds(numero));
        let stanziati = self
            .stanziamenti
            .iter()
            .filter(|stanziamento| stanziamento.holds(numero))
            .map(|stanziamento| stanziamento.value)
            .reduce(|sum, importo| sum + importo);
        (sums.is_some() || stanziati.is_some()).then(|| HistoryFigures {
            stanziati,
            sums: sums.map(|total| total.value).unwrap_or_default(),
        })
    }
}

impl<T> Lasting<T> {
    fn holds(&self, numero: i32) -> bool {
        self.from <= numero && numero <= self.to
    }
}
