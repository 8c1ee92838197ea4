//! What the rows of a norm add up to: by benefit and by day, and in all.
//!
//! Every pass over the rows makes these sums. What is noted of the norm follows from them ([`super::control`]), and so do the sums by day
//! that reports are made from (`report::day_sums`).
//!
//! Of two decrees of one norm and benefit, valid from 1 to 31 March with 100.00 authorised and from 1 March to 30 April with
//! 50.00, these are the days:
//!
//! | day | starting, authorised | ending, authorised |
//! | --- | --- | --- |
//! | 1 March | 150.00 | 0.00 |
//! | 31 March | 0.00 | 100.00 |
//! | 30 April | 0.00 | 50.00 |
//!
//! Memory grows with the days, not with the decrees.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    control::{DayDigest, Noted},
    derived::NormVersion,
    detail::{
        row::{DetailRow, DetailRowError, parse_day},
        sums::{ControlSums, parse_hundredths},
    },
};

/// The places of an amount after the point.
const DECIMALS: u32 = 2;

/// The sums of the rows of one norm.
#[derive(Debug, Default)]
pub struct RowSums {
    /// By benefit: few, so that looking through them is as quick as a hash.
    prestazioni: Vec<(String, PrestazioneSums)>,
}

/// Of one benefit.
#[derive(Debug, Default)]
struct PrestazioneSums {
    days: HashMap<NaiveDate, DayCents>,
    totals: ControlSums,
}

/// Of the decrees that start, or end, on one day.
#[derive(Debug, Default, Clone, Copy)]
struct DayCents {
    starting: ImportiCents,
    ending: ImportiCents,
}

/// Amounts in hundredths of euro.
#[derive(Debug, Default, Clone, Copy)]
struct ImportiCents {
    autorizzati: i128,
    erogati: i128,
}

/// What one day adds to the sums of a benefit.
#[derive(Debug, Clone, Copy)]
pub struct DaySum<'a> {
    /// Benefit.
    pub prestazione: &'a str,
    /// The day.
    pub day: NaiveDate,
    /// Of the decrees whose first day it is, authorised and paid; of those whose last day it is, likewise. With two decimals.
    pub importi: [Decimal; 4],
}

impl DayCents {
    fn decimals(&self) -> Result<[Decimal; 4], rust_decimal::Error> {
        let decimal = |cents| Decimal::try_from_i128_with_scale(cents, DECIMALS);
        Ok([
            decimal(self.starting.autorizzati)?,
            decimal(self.starting.erogati)?,
            decimal(self.ending.autorizzati)?,
            decimal(self.ending.erogati)?,
        ])
    }
}

impl ImportiCents {
    fn accumulate(&mut self, other: Self) {
        self.autorizzati += other.autorizzati;
        self.erogati += other.erogati;
    }
}

impl RowSums {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &DetailRow<'_>) -> Result<(), DetailRowError> {
        let importi = ImportiCents {
            autorizzati: parse_hundredths(row.importi_autorizzati)?,
            erogati: parse_hundredths(row.importi_erogati)?,
        };
        let ore_decretate = parse_hundredths(row.ore_decretate)?;
        let (first, last) = (parse_day(row.validita_dal)?, parse_day(row.validita_al)?);
        let PrestazioneSums { days, totals } = self.pair(row.prestazione);
        days.entry(first).or_default().starting.accumulate(importi);
        days.entry(last).or_default().ending.accumulate(importi);
        *totals += ControlSums {
            righe: 1,
            ore_decretate,
            importi_autorizzati: importi.autorizzati,
            importi_erogati: importi.erogati,
        };
        Ok(())
    }

    fn pair(&mut self, prestazione: &str) -> &mut PrestazioneSums {
        let found = self.prestazioni.iter().position(|(p, _)| p == prestazione);
        let at = found.unwrap_or_else(|| {
            let new = (prestazione.to_owned(), PrestazioneSums::default());
            self.prestazioni.push(new);
            self.prestazioni.len() - 1
        });
        &mut self.prestazioni[at].1
    }

    /// How many rows these are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rows = self.prestazioni.iter().map(|(_, pair)| pair.totals.righe);
        rows.sum::<i64>().cast_unsigned()
    }

    /// What each day adds, in no order. Without any, there are no rows.
    pub fn days(&self) -> impl Iterator<Item = Result<DaySum<'_>, rust_decimal::Error>> {
        self.prestazioni.iter().flat_map(|(prestazione, pair)| {
            pair.days.iter().map(|(day, of)| {
                Ok(DaySum {
                    prestazione,
                    day: *day,
                    importi: of.decimals()?,
                })
            })
        })
    }

    /// What is to be noted of a version of a norm, whose rows these are; by benefit.
    ///
    /// # Errors
    /// A sum that no decimal holds.
    pub fn noted(&self, version: &NormVersion) -> Result<Vec<Noted>, rust_decimal::Error> {
        let mut noted = Vec::with_capacity(self.prestazioni.len());
        for (prestazione, PrestazioneSums { days, totals }) in &self.prestazioni {
            let mut digest = DayDigest::new(&version.normativa, prestazione);
            let in_order: BTreeMap<_, _> = days.iter().collect();
            for (day, of) in in_order {
                digest.day(*day, of.decimals()?);
            }
            noted.push(Noted {
                normativa: version.normativa.clone(),
                prestazione: prestazione.clone(),
                dal_rilevazione: version.dal_rilevazione,
                al_rilevazione: version.al_rilevazione,
                sums: *totals,
                days: digest.finish(),
            });
        }
        noted.sort_unstable_by(|a, b| a.prestazione.cmp(&b.prestazione));
        Ok(noted)
    }
}
