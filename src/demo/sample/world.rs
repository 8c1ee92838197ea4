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
    aziende: Employers,
    voci: Vec<NormYear>,
    /// For each voce, the sum of the weights of its rows in the first extract.
    somme: Vec<u64>,
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
    mesi: u32,
    peso: u64,
    /// Cents an hour.
    tariffa: u64,
    /// Hundredths paid at first.
    pagato: u64,
    /// When more is paid: every ten extracts, counted from here.
    turno: u64,
    /// The extract that does not have it any more.
    cessa: u64,
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
fn day(anno: i32, mese: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(anno, mese, 1).unwrap_or_default()
}

impl SampleWorld {
    pub(super) fn new(seme: u64, righe: u64, stanziamenti: &str) -> Self {
        let voci = norm_years(stanziamenti);
        let mut mondo = Self {
            seme,
            righe,
            aziende: Employers {
                count: (righe / 6).clamp(20, 10_000_000),
                offset: SeededDraw::new(seme, u64::MAX).below(1_000_000_000),
            },
            somme: vec![0; voci.len()],
            voci,
        };
        let mut somme = std::mem::take(&mut mondo.somme);
        let Ok(()) = mondo.each_draw(1, |decreto, tratto| {
            somme[decreto.voce] += tratto.peso;
            Ok::<(), Infallible>(())
        });
        mondo.somme = somme;
        mondo
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
        self.each_draw(k, |decreto, tratto| {
            if tratto.cessa <= u64::from(k) {
                return Ok(());
            }
            f(decreto, &self.row(k, decreto, tratto))
        })
    }

    fn row(&self, k: u32, decreto: &SampleDecreto, tratto: &RowDraw) -> SampleRow {
        let share = u128::from(self.voci[decreto.voce].spending) * u128::from(tratto.peso)
            / u128::from(self.somme[decreto.voce].max(1));
        // A row's weight may exceed the sum of the first extract's, but not by so much that cents need 64 bits.
        let autorizzati = share as u64;
        let turns = |k: u32| (u64::from(k) + tratto.turno) / 10;
        let rate = turns(k) - turns(decreto.inizio);
        // What is paid in full, or a little more, stays so.
        let pagato = match tratto.pagato {
            full @ 100.. => full,
            part => (part + 15 * rate).min(100),
        };
        SampleRow {
            al: decreto.dal + Months::new(tratto.mesi) - Days::new(1),
            employer: self.aziende.get(tratto.azienda),
            ore: autorizzati * 100 / tratto.tariffa,
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
                let mut sorte = SeededDraw::new(self.seme, (u64::from(inizio) << 40) + numero);
                let decreto = self.decreto(&mut sorte, inizio, numero);
                let righe = self.row_count(&mut sorte).min(left);
                for i in 0..righe {
                    f(&decreto, &self.row_draw(&mut sorte, &decreto, i))?;
                }
                left -= righe;
                numero += 1;
            }
        }
        Ok(())
    }

    /// Most decrees have few rows; the longest has 500, or in a small world a two-hundredth of all.
    fn row_count(&self, sorte: &mut SeededDraw) -> u64 {
        let longest = (self.righe / 200).clamp(1, 500);
        (2_000 / (1 + sorte.below(1_000))).clamp(1, longest)
    }

    fn decreto(&self, sorte: &mut SeededDraw, inizio: u32, numero: u64) -> SampleDecreto {
        let voce = self.norm_year(sorte, inizio, numero);
        let NormYear {
            year: anno,
            codifiche,
            ..
        } = self.voci[voce];
        let (dal, data) = if inizio == 1 {
            // Decided by the end of August 2026 at the latest.
            let dal =
                day(anno, 1) + Days::new(sorte.below(if anno == CURRENT { 150 } else { 330 }));
            let dal = if sorte.below(2) == 0 {
                day(dal.year(), dal.month())
            } else {
                dal
            };
            (dal, dal - Days::new(30) + Days::new(sorte.below(120)))
        } else {
            // Decided in the month before the extract.
            let data = data_riferimento(inizio) - Days::new(sorte.below(28));
            (data - Days::new(sorte.below(60)), data)
        };
        // Two decrees have the same number, as happens from one year to the next: their dates differ, one being even
        // and the other odd.
        let odd = (data.num_days_from_ce().cast_unsigned() ^ numero as u32) & 1;
        SampleDecreto {
            voce,
            numero: 100_000 + numero / 2,
            codifica: codifiche[sorte.below(codifiche.len() as u64) as usize],
            date: data - Days::new(u64::from(odd)),
            dal,
            azienda: self.employer(sorte),
            inizio,
        }
    }

    /// Each norm and year once, then by chance; what is new is of the current year.
    fn norm_year(&self, sorte: &mut SeededDraw, inizio: u32, numero: u64) -> usize {
        let first = numero as usize;
        if inizio == 1 && first < self.voci.len() {
            return first;
        }
        let peso = |v: &NormYear| {
            if inizio == 1 || v.year == CURRENT {
                v.weight
            } else {
                0
            }
        };
        let mut at = sorte.below(self.voci.iter().map(peso).sum());
        for (i, voce) in self.voci.iter().enumerate() {
            match at.checked_sub(peso(voce)) {
                Some(rest) => at = rest,
                None => return i,
            }
        }
        0
    }

    /// The first employer of a decree; the large ones, which have small numbers, more often.
    fn employer(&self, sorte: &mut SeededDraw) -> u64 {
        let end = self.aziende.count;
        let upper = 1 + sorte.below(end);
        sorte.below(upper)
    }

    fn row_draw(&self, sorte: &mut SeededDraw, decreto: &SampleDecreto, i: u64) -> RowDraw {
        // A decree has fewer rows than there are employers: none occurs twice.
        let azienda = (decreto.azienda + i) % self.aziende.count;
        let mesi = 1 + sorte.below(12);
        let peso = self.aziende.workers(azienda) * mesi * (50 + sorte.below(100));
        let pagato = match sorte.below(400) {
            0 => 102,
            1..60 => 0,
            60..220 => 100,
            _ => 20 + sorte.below(75),
        };
        RowDraw {
            azienda,
            // At most 12.
            mesi: mesi as u32,
            peso,
            tariffa: 850 + sorte.below(400),
            // What was just decided is not paid yet.
            pagato: if decreto.inizio == 1 { pagato } else { 0 },
            turno: sorte.below(10),
            // One in two hundred for each extract after the row's first.
            cessa: u64::from(decreto.inizio) + 1 + sorte.below(200),
        }
    }
}
