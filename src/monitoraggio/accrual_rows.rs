//! The shares of a norm's and a benefit's decrees by month of the decree and month of the accrual, as they are stored
//! ([`crate::rilevazione::month_sums`] says what they are).

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, postgres::PgRow};

use crate::{
    rilevazione::{
        control::{ControlDigest, Digests},
        derived::{BenefitDigests, DerivedColumn, NormVersion, Step, StoredSums, VersionedRows},
        month_sums::AccrualSum,
        row_sums::RowSums,
    },
    valori::Month,
};

/// The shares of every norm.
#[derive(Debug)]
pub struct DerivedAccruals;

impl StoredSums for DerivedAccruals {
    const TABLE: &'static str = "competenza_mese";
    const NAME: &'static str = "shares by month of accrual";

    fn rows(sums: &RowSums) -> Result<VersionedRows, rust_decimal::Error> {
        rows(sums)
    }

    fn read<'a>(
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
        digests: &'a mut BenefitDigests,
    ) -> Step<'a, ()> {
        Box::pin(async move {
            let mut shares = sqlx::query_as::<_, StoredShares>(
                "select prestazione, mese_decreto, mese, ore, autorizzati, erogati
                 from competenza_mese
                 where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2
                 order by prestazione, mese_decreto, mese",
            )
            .bind(&version.normativa)
            .bind(version.dal_rilevazione)
            .fetch(conn);
            while let Some(StoredShares { prestazione, sum }) = shares.try_next().await? {
                digests.of(&prestazione).accrual(&sum);
            }
            Ok(())
        })
    }

    fn digest(noted: &Digests) -> ControlDigest {
        noted.accrual
    }
}

/// The shares of a norm, as columns.
fn rows(sums: &RowSums) -> Result<VersionedRows, rust_decimal::Error> {
    let mut prestazione = Vec::new();
    let mut months: [Vec<NaiveDate>; 2] = Default::default();
    let mut amounts: [Vec<Decimal>; 3] = Default::default();
    for (benefit, sum) in sums.accrual() {
        prestazione.push(benefit.to_owned());
        for (column, month) in months.iter_mut().zip([sum.dated, sum.month]) {
            column.push(month.first_day());
        }
        for (column, hundredths) in amounts.iter_mut().zip(sum.amounts) {
            column.push(Decimal::try_from_i128_with_scale(hundredths, 2)?);
        }
    }
    let ([dated, month], [ore, autorizzati, erogati]) = (months, amounts);
    let columns = vec![
        ("prestazione", DerivedColumn::Texts(prestazione)),
        ("mese_decreto", DerivedColumn::Days(dated)),
        ("mese", DerivedColumn::Days(month)),
        ("ore", DerivedColumn::Decimals(ore)),
        ("autorizzati", DerivedColumn::Decimals(autorizzati)),
        ("erogati", DerivedColumn::Decimals(erogati)),
    ];
    Ok(VersionedRows::new(DerivedAccruals::TABLE, 3, columns))
}

/// Shares in the rilevazioni in which they are the same.
#[derive(Debug)]
pub(super) struct VersionedShares {
    from: i32,
    to: i32,
    pub(super) sum: AccrualSum,
}

impl VersionedShares {
    /// Whether a rilevazione has them.
    pub(super) fn holds(&self, rilevazione: i32) -> bool {
        self.from <= rilevazione && rilevazione <= self.to
    }
}

/// All that were stored of a norm and a benefit up to a rilevazione, by month of the decree and month of competenza.
pub(super) async fn versions(
    conn: &mut PgConnection,
    (normativa, prestazione): (&str, &str),
    rilevazione: i32,
) -> sqlx::Result<Vec<VersionedShares>> {
    sqlx::query_as(
        "select * from competenza_mese
         where normativa = $1 and prestazione = $2 and dal_rilevazione <= $3
         order by mese_decreto, mese, dal_rilevazione",
    )
    .bind(normativa)
    .bind(prestazione)
    .bind(rilevazione)
    .fetch_all(conn)
    .await
}

/// Shares that are stored.
#[derive(Debug)]
struct StoredShares {
    prestazione: String,
    sum: AccrualSum,
}

impl FromRow<'_, PgRow> for VersionedShares {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        Ok(Self {
            from: row.try_get("dal_rilevazione")?,
            to: row.try_get("al_rilevazione")?,
            sum: StoredShares::from_row(row)?.sum,
        })
    }
}

impl FromRow<'_, PgRow> for StoredShares {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        let month = |column| -> sqlx::Result<Month> {
            let day: NaiveDate = row.try_get(column)?;
            Ok(Month::of(day))
        };
        let amount = |column| -> sqlx::Result<i128> {
            let mut decimal: Decimal = row.try_get(column)?;
            decimal.rescale(2);
            Ok(decimal.mantissa())
        };
        Ok(Self {
            prestazione: row.try_get("prestazione")?,
            sum: AccrualSum {
                dated: month("mese_decreto")?,
                month: month("mese")?,
                amounts: [amount("ore")?, amount("autorizzati")?, amount("erogati")?],
            },
        })
    }
}
