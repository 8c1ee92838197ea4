//! The sums by day of a norm and a benefit, as they are stored: what the report is made from ([`super::prefix_sums`] has the formula).
//!
//! A load makes those of the norms that it changed, of the rows that it reads for all that is derived
//! ([`crate::rilevazione::row_sums`]). The days are versioned as the rows of the detail are: one whose sums are what they were is not
//! written again.

use std::{collections::BTreeMap, future::ready};

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::rilevazione::{
    control::{ControlDigest, Noted, SumsDigest},
    derived::{
        Compared, Defect, Derivation, DerivedColumn, NormVersion, RowSink, Step, VersionedRows,
        versions_elsewhere,
    },
    row_sums::{DaySum, RowSums},
};

const TABLE: &str = "somma_giorno";

/// The sums by day of every norm.
#[derive(Debug)]
pub struct DerivedDays;

impl Derivation for DerivedDays {
    fn table(&self) -> &'static str {
        TABLE
    }

    fn begin<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        let sink = DaysSink(version.clone());
        Box::pin(ready(Ok(Some(Box::new(sink) as Box<dyn RowSink>))))
    }

    /// Nothing: those days end that are others now ([`write()`]).
    fn end<'a>(
        &'a self,
        _conn: &'a mut PgConnection,
        _normative: &'a [String],
        _rilevazione: i32,
    ) -> Step<'a, ()> {
        Box::pin(ready(Ok(())))
    }

    fn elsewhere<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normativa: &'a str,
        starts: &'a [i32],
    ) -> Step<'a, Vec<(i32, Defect)>> {
        Box::pin(async move {
            let defect =
                Defect::new("has sums by day that begin or end where its rows do not change");
            let found = versions_elsewhere(conn, TABLE, normativa, starts).await?;
            Ok(found.into_iter().map(|n| (n, defect.clone())).collect())
        })
    }

    fn after_load<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        _rilevazione: i32,
        _noted: &'a [Noted],
    ) -> Step<'a, ()> {
        Box::pin(async move {
            let analyzed = sqlx::query("analyze somma_giorno").execute(conn);
            analyzed.await.map(drop)
        })
    }
}

/// All that there is to do with a version, once its rows are added up.
struct DaysSink(NormVersion);

impl RowSink for DaysSink {
    fn keep<'a>(self: Box<Self>, conn: &'a mut PgConnection, sums: &'a RowSums) -> Step<'a, u64> {
        Box::pin(async move {
            write(conn, &self.0, sums).await?;
            Ok(0)
        })
    }

    fn compare<'a>(
        self: Box<Self>,
        conn: &'a mut PgConnection,
        sums: &'a RowSums,
    ) -> Step<'a, Compared> {
        Box::pin(async move {
            let made = sums.noted(&self.0).map_err(sqlx::Error::decode)?;
            Ok(differ(conn, &self.0, &made).await?.into())
        })
    }
}

/// Writes what the norm has from this version on: all its days. Without any, it has no decrees left.
async fn write(conn: &mut PgConnection, version: &NormVersion, sums: &RowSums) -> sqlx::Result<()> {
    let days = DayColumns::of(sums).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let [starting_a, starting_e, ending_a, ending_e] = days.importi;
    let rows = VersionedRows::new(
        TABLE,
        2,
        vec![
            ("prestazione", DerivedColumn::Texts(days.prestazione)),
            ("giorno", DerivedColumn::Days(days.giorno)),
            ("iniziano_autorizzati", DerivedColumn::Decimals(starting_a)),
            ("iniziano_erogati", DerivedColumn::Decimals(starting_e)),
            ("finiscono_autorizzati", DerivedColumn::Decimals(ending_a)),
            ("finiscono_erogati", DerivedColumn::Decimals(ending_e)),
        ],
    );
    rows.write(conn, version).await
}

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

type StoredDay = (String, NaiveDate, Decimal, Decimal, Decimal, Decimal);

/// The benefits whose days, in a rilevazione, are not those that the rows of the norm make.
async fn differ(
    conn: &mut PgConnection,
    version: &NormVersion,
    made: &[Noted],
) -> sqlx::Result<Vec<Defect>> {
    let normativa = version.normativa.as_str();
    let mut stored: BTreeMap<String, SumsDigest> = BTreeMap::new();
    let mut rows = sqlx::query_as::<_, StoredDay>(
        "select prestazione, giorno, iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati, finiscono_erogati
         from somma_giorno
         where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2
         order by prestazione, giorno",
    )
    .bind(normativa)
    .bind(version.dal_rilevazione)
    .fetch(conn);
    while let Some((prestazione, giorno, a, b, c, d)) = rows.try_next().await? {
        let new = || SumsDigest::new(normativa, &prestazione);
        match stored.get_mut(&prestazione) {
            Some(days) => days.day(giorno, [a, b, c, d]),
            None => {
                let mut days = new();
                days.day(giorno, [a, b, c, d]);
                stored.insert(prestazione, days);
            }
        }
    }
    let mut stored: BTreeMap<String, ControlDigest> = stored
        .into_iter()
        .map(|(prestazione, days)| (prestazione, days.finish()))
        .collect();
    let mut wrong = Vec::new();
    for one in made {
        if stored.remove(&one.prestazione) != Some(one.digests.days) {
            wrong.push(wrong_days(&one.prestazione));
        }
    }
    // Of benefits that have no rows.
    wrong.extend(stored.keys().map(|prestazione| wrong_days(prestazione)));
    Ok(wrong)
}

fn wrong_days(prestazione: &str) -> Defect {
    Defect::new(format_args!(
        "the sums by day of {prestazione} are not what the rows say"
    ))
}
