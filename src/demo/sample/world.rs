//! The invented world: which decrees there are, what they grant to whom, and what of it is paid by when.
//!
//! A row grants a share of what its cohort grants: amounts come from the caps, and hours from the amounts. This takes two
//! passes, one to add up the weights of the rows and one to write them; each row is drawn again and never kept.

use std::convert::Infallible;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::{
    calendar::{first_extract_of, month_number, month_of_extract},
    cohorts::{Cohort, cohorts},
    draw::SeededDraw,
    employers::{Employer, Employers},
    norm_flows::{NormFlow, norm_flows},
    payment::Payment,
};
use crate::valori::Month;

/// A world of a given size, as one extract has it.
#[derive(Debug)]
pub(super) struct SampleWorld {
    seme: u64,
    righe: u64,
    /// Which extract.
    k: u32,
    employers: Employers,
    norms: Vec<NormFlow>,
    cohorts: Vec<Cohort>,
    /// For each cohort, the sum of the weights of its rows.
    sums: Vec<u64>,
}

/// What the rows of a decree share.
#[derive(Debug)]
pub(super) struct SampleDecreto {
    cohort: usize,
    pub(super) numero: u64,
    pub(super) codifica: &'static str,
    pub(super) date: NaiveDate,
    pub(super) dal: NaiveDate,
    azienda: u64,
}

/// What a row draws.
#[derive(Debug)]
pub(super) struct RowDraw {
    azienda: u64,
    months: u32,
    weight: u64,
    /// Cents an hour.
    hourly_rate: u64,
    payment: Payment,
    /// Where it falls through: how many extracts have it.
    lasts: Option<u32>,
}

/// A row of an extract.
#[derive(Debug)]
pub(super) struct SampleRow {
    pub(super) al: NaiveDate,
    pub(super) employer: Employer,
    /// Hundredths.
    pub(super) ore: u64,
    /// Cents.
    pub(super) autorizzati: u64,
    /// Cents.
    pub(super) erogati: u64,
}

impl SampleWorld {
    pub(super) fn new(seme: u64, righe: u64, stanziamenti: &str, k: u32) -> Self {
        let norms = norm_flows(stanziamenti);
        let cohorts = cohorts(&norms, righe, k);
        let mut world = Self {
            seme,
            righe,
            k,
            employers: Employers {
                count: (righe / 6).clamp(20, 10_000_000),
                offset: SeededDraw::new(seme, u64::MAX).below(1_000_000_000),
            },
            sums: vec![0; cohorts.len()],
            norms,
            cohorts,
        };
        let mut sums = std::mem::take(&mut world.sums);
        let Ok(()) = world.each_draw(|decreto, span| {
            sums[decreto.cohort] += span.weight;
            Ok::<(), Infallible>(())
        });
        world.sums = sums;
        world
    }

    pub(super) fn normativa(&self, decreto: &SampleDecreto) -> &'static str {
        self.norms[self.cohorts[decreto.cohort].norm].normativa
    }

    /// Calls `f` with each row of the extract.
    pub(super) fn each_row<E>(
        &self,
        mut f: impl FnMut(&SampleDecreto, &SampleRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_draw(|decreto, span| {
            let since = self.k - first_extract_of(self.cohorts[decreto.cohort].month);
            if span.lasts.is_some_and(|lasts| since >= lasts) {
                return Ok(());
            }
            f(decreto, &self.row(decreto, span))
        })
    }

    fn row(&self, decreto: &SampleDecreto, span: &RowDraw) -> SampleRow {
        let Cohort {
            month, spending, ..
        } = self.cohorts[decreto.cohort];
        let share = u128::from(spending) * u128::from(span.weight)
            / u128::from(self.sums[decreto.cohort].max(1));
        // A part of what the cohort grants.
        let autorizzati = share as u64;
        let validity = (decreto.dal, span.months);
        let erogati = span
            .payment
            .of(autorizzati, month, validity, month_of_extract(self.k));
        SampleRow {
            al: decreto.dal + Months::new(span.months) - Days::new(1),
            employer: self.employers.get(span.azienda),
            ore: autorizzati * 100 / span.hourly_rate,
            autorizzati,
            erogati,
        }
    }

    /// Goes through the rows: a decree of each cohort in turn, so that they come in no order, as those of a database do.
    fn each_draw<E>(
        &self,
        mut f: impl FnMut(&SampleDecreto, &RowDraw) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = self.cohorts.iter().map(|cohort| cohort.rows);
        let mut open: Vec<(usize, u64)> = rows.enumerate().collect();
        let mut n = 0;
        while !open.is_empty() {
            for (cohort, left) in &mut open {
                let mut draw = self.stream(*cohort, n);
                let decreto = self.decreto(&mut draw, *cohort, n);
                let rows = self.row_count(&mut draw).min(*left);
                for i in 0..rows {
                    f(&decreto, &self.row_draw(&mut draw, &decreto, i))?;
                }
                *left -= rows;
            }
            open.retain(|(_, left)| *left > 0);
            n += 1;
        }
        Ok(())
    }

    /// That of the nth decree of a cohort: 2⁴⁰ for each, of 16 norms.
    fn stream(&self, cohort: usize, n: u64) -> SeededDraw {
        let Cohort { norm, month, .. } = self.cohorts[cohort];
        let stream = (month_number(month) << 44) + ((norm as u64) << 40) + n;
        SeededDraw::new(self.seme, stream)
    }

    /// Most decrees have few rows; the longest has 500, or in a small world a two-hundredth of all.
    fn row_count(&self, draw: &mut SeededDraw) -> u64 {
        let longest = (self.righe / 200).clamp(1, 500);
        (2_000 / (1 + draw.below(1_000))).clamp(1, longest)
    }

    fn decreto(&self, draw: &mut SeededDraw, cohort: usize, n: u64) -> SampleDecreto {
        let Cohort { norm, month, .. } = self.cohorts[cohort];
        // From the second to the 28th.
        let data = month.first_day() + Days::new(1 + draw.below(27));
        // Two decrees have the same number, as happens from one year to the next: their dates differ, one being even
        // and the other odd.
        let odd = (data.num_days_from_ce().cast_unsigned() ^ n as u32) & 1;
        let data = data - Days::new(u64::from(odd));
        // A decree comes months after what it is for has begun, and seldom before.
        let dal = data + Days::new(20) - Days::new(draw.below(170));
        let dal = if draw.below(2) == 0 {
            Month::of(dal).first_day()
        } else {
            dal
        };
        let codifiche = self.norms[norm].codifiche;
        SampleDecreto {
            cohort,
            // There are 10 norms, and fewer than 256 months.
            numero: 100_000 + (n / 2 * 256 + month_number(month)) * 10 + norm as u64,
            codifica: codifiche[draw.below(codifiche.len() as u64) as usize],
            date: data,
            dal,
            azienda: self.employer(draw),
        }
    }

    /// The first employer of a decree; the large ones, which have small numbers, more often.
    fn employer(&self, draw: &mut SeededDraw) -> u64 {
        let end = self.employers.count;
        let upper = 1 + draw.below(end);
        draw.below(upper)
    }

    fn row_draw(&self, draw: &mut SeededDraw, decreto: &SampleDecreto, i: u64) -> RowDraw {
        // A decree has fewer rows than there are employers: none occurs twice.
        let azienda = (decreto.azienda + i) % self.employers.count;
        let months = 1 + draw.below(12);
        let weight = self.employers.workers(azienda) * months * (50 + draw.below(100));
        let payment = Payment::draw(draw);
        // One in three hundred of all rows from each extract to the next.
        let lasts = 1 + draw.below(20) as u32;
        RowDraw {
            azienda,
            // At most 12.
            months: months as u32,
            weight,
            hourly_rate: 850 + draw.below(400),
            lasts: payment.never().then_some(lasts),
            payment,
        }
    }
}
