//! The invented world: which decrees there are, what they grant to whom, and what of it is paid by when.
//!
//! A row grants a share of what its norm grants in its year: amounts come from the caps, and hours from the amounts,
//! so that a hundred rows and ten million use up the same part of the caps. This takes two passes, one to add
//! up the weights of the rows and one to write them; each row is drawn again and never kept.

use std::convert::Infallible;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::{
    draw::SeededDraw,
    employers::{Employer, Employers},
    norm_years::{CURRENT, NormYear, norm_years},
};

/// A world of a given size.
#[derive(Debug)]
pub(super) struct SampleWorld {
    seme: u64,
    righe: u64,
    employers: Employers,
    voci: Vec<NormYear>,
    /// For each voce, the sum of the weights of its rows in the first extract.
    sums: Vec<u64>,
}

/// What the rows of a decree share.
#[derive(Debug)]
pub(super) struct SampleDecreto {
    voce: usize,
    pub(super) numero: u64,
    pub(super) codifica: &'static str,
    pub(super) date: NaiveDate,
    pub(super) dal: NaiveDate,
    azienda: u64,
    /// The first extract that has it.
    inizio: u32,
}

/// What a row draws.
#[derive(Debug)]
pub(super) struct RowDraw {
    azienda: u64,
    months: u32,
    weight: u64,
    /// Cents an hour.
    hourly_rate: u64,
    /// Hundredths paid at first.
    pagato: u64,
    /// When more is paid: every ten extracts, counted from here.
    turn: u64,
    /// The extract that does not have it any more.
    ends: u64,
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

/// The day as of which the k-th extract is made: the end of a month, for the first of August 2026.
pub(super) fn data_riferimento(k: u32) -> NaiveDate {
    day(CURRENT, 9) + Months::new(k.saturating_sub(1)) - Days::new(1)
}

/// The first of a month, which exists.
fn day(anno: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(anno, month, 1).unwrap_or_default()
}

impl SampleWorld {
    pub(super) fn new(seme: u64, righe: u64, stanziamenti: &str) -> Self {
        let voci = norm_years(stanziamenti);
        let mut world = Self {
            seme,
            righe,
            employers: Employers {
                count: (righe / 6).clamp(20, 10_000_000),
                offset: SeededDraw::new(seme, u64::MAX).below(1_000_000_000),
            },
            sums: vec![0; voci.len()],
            voci,
        };
        let mut sums = std::mem::take(&mut world.sums);
        let Ok(()) = world.each_draw(1, |decreto, span| {
            sums[decreto.voce] += span.weight;
            Ok::<(), Infallible>(())
        });
        world.sums = sums;
        world
    }

    pub(super) fn normativa(&self, decreto: &SampleDecreto) -> &'static str {
        self.voci[decreto.voce].normativa
    }

    /// Calls `f` with each row that the k-th extract has.
    pub(super) fn each_row<E>(
        &self,
        k: u32,
        mut f: impl FnMut(&SampleDecreto, &SampleRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_draw(k, |decreto, span| {
            if span.ends <= u64::from(k) {
                return Ok(());
            }
            f(decreto, &self.row(k, decreto, span))
        })
    }

    fn row(&self, k: u32, decreto: &SampleDecreto, span: &RowDraw) -> SampleRow {
        let share = u128::from(self.voci[decreto.voce].spending) * u128::from(span.weight)
            / u128::from(self.sums[decreto.voce].max(1));
        // A row's weight may exceed the sum of the first extract's, but not by so much that cents need 64 bits.
        let autorizzati = share as u64;
        let turns = |k: u32| (u64::from(k) + span.turn) / 10;
        let rate = turns(k) - turns(decreto.inizio);
        // What is paid in full, or a little more, stays so.
        let pagato = match span.pagato {
            full @ 100.. => full,
            part => (part + 15 * rate).min(100),
        };
        SampleRow {
            al: decreto.dal + Months::new(span.months) - Days::new(1),
            employer: self.employers.get(span.azienda),
            ore: autorizzati * 100 / span.hourly_rate,
            autorizzati,
            erogati: autorizzati * pagato / 100,
        }
    }

    /// Goes through the rows of the first extract, then through those that each further one up to the k-th adds.
    fn each_draw<E>(
        &self,
        k: u32,
        mut f: impl FnMut(&SampleDecreto, &RowDraw) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut numero = 0;
        for inizio in 1..=k {
            let mut left = match inizio {
                1 => self.righe,
                _ => (self.righe / 50).max(1),
            };
            while left > 0 {
                // 2⁴⁰ decrees for each extract.
                let mut draw = SeededDraw::new(self.seme, (u64::from(inizio) << 40) + numero);
                let decreto = self.decreto(&mut draw, inizio, numero);
                let righe = self.row_count(&mut draw).min(left);
                for i in 0..righe {
                    f(&decreto, &self.row_draw(&mut draw, &decreto, i))?;
                }
                left -= righe;
                numero += 1;
            }
        }
        Ok(())
    }

    /// Most decrees have few rows; the longest has 500, or in a small world a two-hundredth of all.
    fn row_count(&self, draw: &mut SeededDraw) -> u64 {
        let longest = (self.righe / 200).clamp(1, 500);
        (2_000 / (1 + draw.below(1_000))).clamp(1, longest)
    }

    fn decreto(&self, draw: &mut SeededDraw, inizio: u32, numero: u64) -> SampleDecreto {
        let voce = self.norm_year(draw, inizio, numero);
        let NormYear {
            year: anno,
            codifiche,
            ..
        } = self.voci[voce];
        let (dal, data) = if inizio == 1 {
            // Decided by the end of August 2026 at the latest.
            let dal = day(anno, 1) + Days::new(draw.below(if anno == CURRENT { 150 } else { 330 }));
            let dal = if draw.below(2) == 0 {
                day(dal.year(), dal.month())
            } else {
                dal
            };
            (dal, dal - Days::new(30) + Days::new(draw.below(120)))
        } else {
            // Decided in the month before the extract.
            let data = data_riferimento(inizio) - Days::new(draw.below(28));
            (data - Days::new(draw.below(60)), data)
        };
        // Two decrees have the same number, as happens from one year to the next: their dates differ, one being even
        // and the other odd.
        let odd = (data.num_days_from_ce().cast_unsigned() ^ numero as u32) & 1;
        SampleDecreto {
            voce,
            numero: 100_000 + numero / 2,
            codifica: codifiche[draw.below(codifiche.len() as u64) as usize],
            date: data - Days::new(u64::from(odd)),
            dal,
            azienda: self.employer(draw),
            inizio,
        }
    }

    /// Each norm and year once, then by chance; what is new is of the current year.
    fn norm_year(&self, draw: &mut SeededDraw, inizio: u32, numero: u64) -> usize {
        let first = numero as usize;
        if inizio == 1 && first < self.voci.len() {
            return first;
        }
        let weight = |v: &NormYear| {
            if inizio == 1 || v.year == CURRENT {
                v.weight
            } else {
                0
            }
        };
        let mut at = draw.below(self.voci.iter().map(weight).sum());
        for (i, voce) in self.voci.iter().enumerate() {
            match at.checked_sub(weight(voce)) {
                Some(rest) => at = rest,
                None => return i,
            }
        }
        0
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
        let pagato = match draw.below(400) {
            0 => 102,
            1..60 => 0,
            60..220 => 100,
            _ => 20 + draw.below(75),
        };
        RowDraw {
            azienda,
            // At most 12.
            months: months as u32,
            weight,
            hourly_rate: 850 + draw.below(400),
            // What was just decided is not paid yet.
            pagato: if decreto.inizio == 1 { pagato } else { 0 },
            turn: draw.below(10),
            // One in two hundred for each extract after the row's first.
            ends: u64::from(decreto.inizio) + 1 + draw.below(200),
        }
    }
}
