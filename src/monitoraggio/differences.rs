//! The differences between two rilevazioni, batch after batch: what an export sends, and what a file is made from.

use std::{
    collections::{BTreeSet, VecDeque},
    ops::AddAssign,
};

use super::{
    comparison::RowCounts, difference_cursor::DifferenceCursor, difference_query::DifferenceReader,
};
use crate::{
    contract::{column::Column, proto},
    error::{Error, Result},
    rilevazione::detail::{
        cursor::Cursor,
        row::{DetailRow, DetailRowError},
        sums::ControlSums,
    },
    valori::CodiceNormativa,
};

/// The batches of a selection, one after the other.
#[derive(Debug)]
pub(super) struct DifferenceBatches {
    reader: DifferenceReader,
    /// The norms that have differences in scope and are not read to their end, by code.
    norms: VecDeque<CodiceNormativa>,
    /// Where the last batch ended, in the first of them.
    within: Option<Cursor>,
    batch_rows: usize,
    /// Whether all differences are to be given.
    whole: bool,
    sums: DifferenceSums,
}

/// A run of differences of one norm: never empty.
#[derive(Debug)]
pub(super) struct DifferenceBatch {
    pub(super) differenze: Vec<proto::Differenza>,
    pub(super) end: DifferenceCursor,
}

/// What differences add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DifferenceSums {
    rows: RowCounts,
    /// Over the rows after less those over the rows before.
    movement: ControlSums,
}

impl DifferenceBatches {
    /// The differences after a position, at most `batch_rows` at a time.
    pub(super) fn new(
        reader: DifferenceReader,
        after: Option<DifferenceCursor>,
        batch_rows: usize,
    ) -> Self {
        let ambito = reader.permesso.ambito();
        let pairs = reader.comparison.0.iter();
        let norms: BTreeSet<&CodiceNormativa> = pairs
            .filter(|(_, pair)| pair.rows != RowCounts::default())
            .map(|((normativa, prestazione), _)| (normativa, prestazione))
            .filter(|(normativa, prestazione)| ambito.contains(normativa, prestazione))
            .map(|(normativa, _)| normativa)
            .filter(|code| after.as_ref().is_none_or(|after| **code >= after.normativa))
            .collect();
        let norms: VecDeque<_> = norms.into_iter().cloned().collect();
        Self {
            whole: after.is_none(),
            // A position in a norm that has no differences any more cannot be: rilevazioni never change.
            within: after.map(|after| after.row),
            norms,
            reader,
            batch_rows,
            sums: DifferenceSums::default(),
        }
    }

    /// The next batch; `None` after the last, when what was given comes to what the comparison says.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: it does not. The database's.
    pub(super) async fn next(&mut self) -> Result<Option<DifferenceBatch>> {
        while let Some(normativa) = self.norms.front() {
            let read = self
                .reader
                .page(normativa, self.within.as_ref(), self.batch_rows);
            let page = read.await?;
            let normativa = normativa.clone();
            self.within = page.end.clone();
            if !page.has_more {
                self.norms.pop_front();
                self.within = None;
            }
            let Some(row) = page.end else {
                continue;
            };
            for differenza in &page.differenze {
                self.sums += DifferenceSums::of(differenza)?;
            }
            return Ok(Some(DifferenceBatch {
                differenze: page.differenze,
                end: DifferenceCursor { normativa, row },
            }));
        }
        if self.whole {
            self.reconcile()?;
        }
        Ok(None)
    }

    /// What was given until now.
    pub(super) fn sums(&self) -> DifferenceSums {
        self.sums
    }

    /// Who reads, and what.
    pub(super) fn reader(&self) -> &DifferenceReader {
        &self.reader
    }

    fn reconcile(&self) -> Result<()> {
        let DifferenceReader {
            permesso,
            comparison,
            before,
            after,
            ..
        } = &self.reader;
        let mut compared = DifferenceSums::default();
        for ((normativa, prestazione), pair) in &comparison.0 {
            if permesso.ambito().contains(normativa, prestazione) {
                compared += DifferenceSums {
                    rows: pair.rows,
                    movement: pair.after.sums - pair.before.sums,
                };
            }
        }
        let given = self.sums;
        let seen = |sums: ControlSums| sums.totali(|column| permesso.may_see(column));
        if given.rows == compared.rows && seen(given.movement) == seen(compared.movement) {
            return Ok(());
        }
        Err(Error::damaged(format!(
            "between rilevazione {before} and {after} were read differences that come to {}, and the rilevazioni differ by {}",
            given.movement, compared.movement
        )))
    }
}

impl DifferenceSums {
    fn of(differenza: &proto::Differenza) -> Result<Self, DetailRowError> {
        let (prima, dopo) = (&differenza.prima, &differenza.dopo);
        let count = |is: bool| i64::from(is);
        let sums = |row: &Option<proto::DettaglioDecreto>| {
            let mut sums = ControlSums::default();
            if let Some(row) = row {
                sums.add(&DetailRow {
                    ore_decretate: &row.ore_decretate,
                    importi_autorizzati: &row.importi_autorizzati,
                    importi_erogati: &row.importi_erogati,
                    ..DetailRow::default()
                })?;
            }
            Ok(sums)
        };
        Ok(Self {
            rows: RowCounts {
                new: count(prima.is_none()),
                changed: count(prima.is_some() && dopo.is_some()),
                gone: count(dopo.is_none()),
            },
            movement: sums(dopo)? - sums(prima)?,
        })
    }

    /// As the caller gets them.
    pub(super) fn told(
        self,
        may_see: impl Fn(Column) -> bool + Copy,
    ) -> (proto::RigheConfronto, proto::TotaliControllo) {
        let count = |column, rows| if may_see(column) { rows } else { 0 };
        let differenze = proto::RigheConfronto {
            nuove: count(Column::Nuove, self.rows.new),
            variate: count(Column::Variate, self.rows.changed),
            cessate: count(Column::Cessate, self.rows.gone),
        };
        (differenze, self.movement.totali(may_see).into())
    }
}

impl AddAssign for DifferenceSums {
    fn add_assign(&mut self, more: Self) {
        self.rows += more.rows;
        self.movement += more.movement;
    }
}
