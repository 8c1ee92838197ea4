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
    control::{Digests, Noted, SumsDigest},
    derived::NormVersion,
    detail::{
        row::{DetailRow, DetailRowError, parse_day},
        sums::{ControlSums, parse_hundredths},
    },
    month_sums::{AccrualSum, MonthSum, MonthSums},
};
use crate::valori::Month;

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
    months: MonthSums,
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
        let (ore, autorizzati, erogati) = (
            parse_hundredths(row.ore_decretate)?,
            parse_hundredths(row.importi_autorizzati)?,
            parse_hundredths(row.importi_erogati)?,
        );
        let importi = ImportiCents {
            autorizzati: autorizzati.into(),
            erogati: erogati.into(),
        };
        let dated = parse_day(row.data_decreto)?;
        let (first, last) = (parse_day(row.validita_dal)?, parse_day(row.validita_al)?);
        let PrestazioneSums {
            days,
            months,
            totals,
        } = self.pair(row.prestazione);
        months.add(dated, (first, last), [ore, autorizzati, erogati]);
        days.entry(first).or_default().starting.accumulate(importi);
        days.entry(last).or_default().ending.accumulate(importi);
        *totals += ControlSums {
            righe: 1,
            ore_decretate: ore.into(),
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

    /// What each month of each benefit adds up to.
    pub fn months(&self) -> impl Iterator<Item = (&str, Month, MonthSum)> {
        self.prestazioni.iter().flat_map(|(prestazione, pair)| {
            let months = pair.months.months().into_iter();
            months.map(|(month, sum)| (prestazione.as_str(), month, sum))
        })
    }

    /// The shares of each benefit, by month of the decrees and by month of the accrual.
    pub fn accrual(&self) -> impl Iterator<Item = (&str, AccrualSum)> {
        self.prestazioni.iter().flat_map(|(prestazione, pair)| {
            let sums = pair.months.accrual();
            sums.map(|sum| (prestazione.as_str(), sum))
        })
    }

    /// What is to be noted of a version of a norm, whose rows these are; by benefit.
    ///
    /// # Errors
    /// A sum that no decimal holds.
    pub fn noted(&self, version: &NormVersion) -> Result<Vec<Noted>, rust_decimal::Error> {
        let mut noted = Vec::with_capacity(self.prestazioni.len());
        for (prestazione, pair) in &self.prestazioni {
            let PrestazioneSums {
                days,
                months,
                totals,
            } = pair;
            let new = || SumsDigest::new(&version.normativa, prestazione);
            let mut by_day = new();
            let in_order: BTreeMap<_, _> = days.iter().collect();
            for (day, of) in in_order {
                by_day.day(*day, of.decimals()?);
            }
            let mut by_month = new();
            for (month, sum) in months.months() {
                by_month.month(month, &sum);
            }
            let mut accrual = new();
            for sum in months.accrual() {
                accrual.accrual(&sum);
            }
            noted.push(Noted {
                normativa: version.normativa.clone(),
                prestazione: prestazione.clone(),
                dal_rilevazione: version.dal_rilevazione,
                al_rilevazione: version.al_rilevazione,
                sums: *totals,
                digests: Digests {
                    days: by_day.finish(),
                    months: by_month.finish(),
                    accrual: accrual.finish(),
                },
            });
        }
        noted.sort_unstable_by(|a, b| a.prestazione.cmp(&b.prestazione));
        Ok(noted)
    }
}
