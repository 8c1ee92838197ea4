//! The sums by day of the norms that a load changed: what the report is made from (`report::prefix_sums` has the formula); and, of the same
//! rows, their control totals ([`super::control`]).
//!
//! Of two decrees of one norm and benefit, valid from 1 to 31 March with 100.00 authorised and from 1 March to 30 April with
//! 50.00, these are the days:
//!
//! | giorno | iniziano_autorizzati | finiscono_autorizzati |
//! | --- | --- | --- |
//! | 1 March | 150.00 | 0.00 |
//! | 31 March | 0.00 | 100.00 |
//! | 30 April | 0.00 | 50.00 |
//!
//! The days are versioned as the rows of the detail are: one whose sums are what they were is not written again. Memory grows
//! with the days, not with the decrees.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::control::{DayDigest, Noted};
use crate::blocks::sums::ControlSums as Totals;

/// The places of an amount after the point.
const DECIMALS: u32 = 2;

/// The sums of one norm, in the making.
#[derive(Debug, Default)]
pub(crate) struct NormSums {
    /// By benefit: few, so that looking through them is as quick as a hash.
    prestazioni: Vec<(String, Pair)>,
}

/// Of one benefit.
#[derive(Debug, Default)]
struct Pair {
    giorni: HashMap<NaiveDate, DayCents>,
    totals: Totals,
}

/// Of one day.
#[derive(Debug, Default, Clone, Copy)]
struct DayCents {
    iniziano: ImportiCents,
    finiscono: ImportiCents,
}

/// Amounts in hundredths of euro.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImportiCents {
    pub(crate) autorizzati: i128,
    pub(crate) erogati: i128,
}

impl DayCents {
    /// What begins, authorised and paid; what ends, likewise.
    fn decimals(&self) -> Result<[Decimal; 4], rust_decimal::Error> {
        let decimal = |cents| Decimal::try_from_i128_with_scale(cents, DECIMALS);
        Ok([
            decimal(self.iniziano.autorizzati)?,
            decimal(self.iniziano.erogati)?,
            decimal(self.finiscono.autorizzati)?,
            decimal(self.finiscono.erogati)?,
        ])
    }
}

impl ImportiCents {
    fn accumulate(&mut self, altri: Self) {
        self.autorizzati += altri.autorizzati;
        self.erogati += altri.erogati;
    }
}

impl NormSums {
    /// Adds a decree: first day, last day, hours (in hundredths), amounts.
    pub(crate) fn add(
        &mut self,
        prestazione: &str,
        dal: NaiveDate,
        al: NaiveDate,
        ore: i128,
        importi: ImportiCents,
    ) {
        let Pair { giorni, totals } = self.pair(prestazione);
        giorni.entry(dal).or_default().iniziano.accumulate(importi);
        giorni.entry(al).or_default().finiscono.accumulate(importi);
        *totals += Totals {
            righe: 1,
            ore_decretate: ore,
            importi_autorizzati: importi.autorizzati,
            importi_erogati: importi.erogati,
        };
    }

    fn pair(&mut self, prestazione: &str) -> &mut Pair {
        let found = self.prestazioni.iter().position(|(p, _)| p == prestazione);
        let at = found.unwrap_or_else(|| {
            let new = (prestazione.to_owned(), Pair::default());
            self.prestazioni.push(new);
            self.prestazioni.len() - 1
        });
        &mut self.prestazioni[at].1
    }

    /// What is to be noted of a norm, whose rows are these from one rilevazione to another; by benefit.
    pub(crate) fn noted(
        &self,
        normativa: &str,
        dal: i32,
        al: i32,
    ) -> Result<Vec<Noted>, rust_decimal::Error> {
        let mut noted = Vec::with_capacity(self.prestazioni.len());
        for (prestazione, Pair { giorni, totals }) in &self.prestazioni {
            let mut days = DayDigest::new(normativa, prestazione);
            let in_order: BTreeMap<_, _> = giorni.iter().collect();
            for (day, of) in in_order {
                days.day(*day, of.decimals()?);
            }
            noted.push(Noted {
                normativa: normativa.to_owned(),
                prestazione: prestazione.clone(),
                dal_rilevazione: dal,
                al_rilevazione: al,
                sums: *totals,
                days: days.finish(),
            });
        }
        noted.sort_unstable_by(|a, b| a.prestazione.cmp(&b.prestazione));
        Ok(noted)
    }

    /// Writes them as what rilevazione `n` knows of the norm: all its days. Without any, the norm has no decrees left.
    pub(crate) async fn write(
        self,
        conn: &mut PgConnection,
        normativa: &str,
        n: i32,
    ) -> sqlx::Result<()> {
        let DayColumns {
            prestazione,
            giorno,
            importi: [inizia_a, inizia_e, finisce_a, finisce_e],
        } = DayColumns::try_from(self).map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query(
            "update somma_giorno aperta
             set al_rilevazione = $1 - 1
             where al_rilevazione = 2147483647
               and normativa = $2
               and not exists (
                   select from unnest($3::text[], $4::date[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[])
                       nuova (prestazione, giorno, inizia_a, inizia_e, finisce_a, finisce_e)
                   where nuova.prestazione = aperta.prestazione
                     and nuova.giorno = aperta.giorno
                     and inizia_a = iniziano_autorizzati
                     and inizia_e = iniziano_erogati
                     and finisce_a = finiscono_autorizzati
                     and finisce_e = finiscono_erogati)",
        )
        .bind(n)
        .bind(normativa)
        .bind(&prestazione)
        .bind(&giorno)
        .bind(&inizia_a)
        .bind(&inizia_e)
        .bind(&finisce_a)
        .bind(&finisce_e)
        .execute(&mut *conn)
        .await?;
        sqlx::query(
            "insert into somma_giorno
                 (dal_rilevazione, normativa, prestazione, giorno,
                  iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati, finiscono_erogati)
             select $1, $2, nuova.*
             from unnest($3::text[], $4::date[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[])
                 nuova (prestazione, giorno, inizia_a, inizia_e, finisce_a, finisce_e)
             where not exists (
                 select from somma_giorno aperta
                 where al_rilevazione = 2147483647
                   and aperta.normativa = $2
                   and aperta.prestazione = nuova.prestazione
                   and aperta.giorno = nuova.giorno)",
        )
        .bind(n)
        .bind(normativa)
        .bind(&prestazione)
        .bind(&giorno)
        .bind(&inizia_a)
        .bind(&inizia_e)
        .bind(&finisce_a)
        .bind(&finisce_e)
        .execute(conn)
        .await
        .map(drop)
    }
}

/// The days as columns.
#[derive(Default)]
struct DayColumns {
    prestazione: Vec<String>,
    giorno: Vec<NaiveDate>,
    /// What begins, authorised and paid; what ends, likewise.
    importi: [Vec<Decimal>; 4],
}

impl TryFrom<NormSums> for DayColumns {
    type Error = rust_decimal::Error;

    fn try_from(somme: NormSums) -> Result<Self, Self::Error> {
        let mut colonne = Self::default();
        for (prestazione, Pair { giorni, .. }) in somme.prestazioni {
            for (giorno, of) in giorni {
                colonne.prestazione.push(prestazione.clone());
                colonne.giorno.push(giorno);
                for (colonna, importo) in colonne.importi.iter_mut().zip(of.decimals()?) {
                    colonna.push(importo);
                }
            }
        }
        Ok(colonne)
    }
}
