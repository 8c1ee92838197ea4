//! The sums by day of a norm and a benefit, as they are stored: what the report is made from ([`super::prefix_sums`] has the formula).
//!
//! A load makes those of the norms that it changed, of the rows that it reads for all that is derived
//! ([`crate::rilevazione::row_sums`]). The days are versioned as the rows of the detail are: one whose sums are what they were is not
//! written again.

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::rilevazione::{
    control::{ControlDigest, Digests},
    derived::{BenefitDigests, DerivedColumn, NormVersion, Step, StoredSums, VersionedRows},
    row_sums::{DaySum, RowSums},
};

/// The sums by day of every norm.
#[derive(Debug)]
pub struct DerivedDays;

impl StoredSums for DerivedDays {
    const TABLE: &'static str = "somma_giorno";
    const NAME: &'static str = "sums by day";

    fn rows(sums: &RowSums) -> Result<VersionedRows, rust_decimal::Error> {
        let days = DayColumns::of(sums)?;
        let [starting_a, starting_e, ending_a, ending_e] = days.importi;
        Ok(VersionedRows::new(
            Self::TABLE,
            2,
            vec![
                ("prestazione", DerivedColumn::Texts(days.prestazione)),
                ("giorno", DerivedColumn::Days(days.giorno)),
                ("iniziano_autorizzati", DerivedColumn::Decimals(starting_a)),
                ("iniziano_erogati", DerivedColumn::Decimals(starting_e)),
                ("finiscono_autorizzati", DerivedColumn::Decimals(ending_a)),
                ("finiscono_erogati", DerivedColumn::Decimals(ending_e)),
            ],
        ))
    }

    fn read<'a>(
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
        digests: &'a mut BenefitDigests,
    ) -> Step<'a, ()> {
        Box::pin(async move {
            let mut days = sqlx::query_as::<_, StoredDay>(
                "select prestazione, giorno, iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati, finiscono_erogati
                 from somma_giorno
                 where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2
                 order by prestazione, giorno",
            )
            .bind(&version.normativa)
            .bind(version.dal_rilevazione)
            .fetch(conn);
            while let Some((prestazione, giorno, a, b, c, d)) = days.try_next().await? {
                digests.of(&prestazione).day(giorno, [a, b, c, d]);
            }
            Ok(())
        })
    }

    fn digest(noted: &Digests) -> ControlDigest {
        noted.days
    }
}

type StoredDay = (String, NaiveDate, Decimal, Decimal, Decimal, Decimal);

/// The days as columns.
#[derive(Default)]
struct DayColumns {
    prestazione: Vec<String>,
    giorno: Vec<NaiveDate>,
    /// What begins, authorised and paid; what ends, likewise.
    importi: [Vec<Decimal>; 4],
}

impl DayColumns {
    fn of(sums: &RowSums) -> Result<Self, rust_decimal::Error> {
        let mut columns = Self::default();
        for sum in sums.days() {
            let DaySum {
                prestazione,
                day,
                importi,
            } = sum?;
            columns.prestazione.push(prestazione.to_owned());
            columns.giorno.push(day);
            for (column, importo) in columns.importi.iter_mut().zip(importi) {
                column.push(importo);
            }
        }
        Ok(columns)
    }
}
