//! The sums by month of a norm and a benefit, as they are stored ([`crate::rilevazione::month_sums`] says what they are): what a figure over
//! time is made from.

use chrono::NaiveDate;
use futures_util::{Stream, TryStreamExt as _};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, postgres::PgRow};

use crate::{
    postgres::predicates::in_rilevazione,
    rilevazione::{
        control::{ControlDigest, Digests},
        derived::{BenefitDigests, DerivedColumn, NormVersion, Step, StoredSums, VersionedRows},
        detail::sums::ControlSums,
        month_sums::MonthSum,
        row_sums::RowSums,
    },
    valori::Month,
};

/// The sums by month of every norm.
#[derive(Debug)]
pub struct DerivedMonths;

impl StoredSums for DerivedMonths {
    const TABLE: &'static str = "somma_mese";
    const NAME: &'static str = "sums by month";

    fn rows(sums: &RowSums) -> Result<VersionedRows, rust_decimal::Error> {
        rows(sums)
    }

    fn read<'a>(
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
        digests: &'a mut BenefitDigests,
    ) -> Step<'a, ()> {
        Box::pin(async move {
            let mut query = stored_months(version.dal_rilevazione);
            query
                .push(" and normativa = ")
                .push_bind(version.normativa.clone());
            let mut months = in_order(&mut query, conn);
            while let Some(row) = months.try_next().await? {
                digests.of(&row.prestazione).month(row.month, &row.sum);
            }
            Ok(())
        })
    }

    fn digest(noted: &Digests) -> ControlDigest {
        noted.months
    }
}

/// The months of a norm, as columns.
fn rows(sums: &RowSums) -> Result<VersionedRows, rust_decimal::Error> {
    let (mut prestazione, mut mese) = (Vec::new(), Vec::new());
    let mut counts: [Vec<i64>; 3] = Default::default();
    let mut amounts: [Vec<Decimal>; 9] = Default::default();
    for (benefit, month, sum) in sums.months() {
        let MonthSum {
            dated: d,
            starting: s,
            ending_rows,
            accrual,
        } = sum;
        prestazione.push(benefit.to_owned());
        mese.push(month.first_day());
        for (column, count) in counts.iter_mut().zip([d.righe, s.righe, ending_rows]) {
            column.push(count);
        }
        let hundredths = [
            [d.ore_decretate, d.importi_autorizzati, d.importi_erogati],
            [s.ore_decretate, s.importi_autorizzati, s.importi_erogati],
            accrual,
        ];
        for (column, hundredths) in amounts.iter_mut().zip(hundredths.as_flattened()) {
            column.push(Decimal::try_from_i128_with_scale(*hundredths, 2)?);
        }
    }
    let [decretati, iniziano, finiscono] = counts;
    let mut columns = vec![
        ("prestazione", DerivedColumn::Texts(prestazione)),
        ("mese", DerivedColumn::Days(mese)),
        ("decretati_righe", DerivedColumn::Integers(decretati)),
        ("iniziano_righe", DerivedColumn::Integers(iniziano)),
        ("finiscono_righe", DerivedColumn::Integers(finiscono)),
    ];
    let amounts = amounts.into_iter().map(DerivedColumn::Decimals);
    columns.extend(AMOUNTS.into_iter().zip(amounts));
    Ok(VersionedRows::new(DerivedMonths::TABLE, 2, columns))
}

const AMOUNTS: [&str; 9] = [
    "decretati_ore",
    "decretati_autorizzati",
    "decretati_erogati",
    "iniziano_ore",
    "iniziano_autorizzati",
    "iniziano_erogati",
    "competenza_ore",
    "competenza_autorizzati",
    "competenza_erogati",
];

/// A month that is stored.
#[derive(Debug)]
pub(super) struct StoredMonth {
    pub(super) normativa: String,
    pub(super) prestazione: String,
    pub(super) month: Month,
    pub(super) sum: MonthSum,
}

/// A month in the rilevazioni in which it is the same.
#[derive(Debug)]
pub(super) struct VersionedMonth {
    from: i32,
    to: i32,
    pub(super) row: StoredMonth,
}

impl VersionedMonth {
    /// Whether a rilevazione has it.
    pub(super) fn holds(&self, rilevazione: i32) -> bool {
        self.from <= rilevazione && rilevazione <= self.to
    }
}

/// All that were stored of a norm and a benefit up to a rilevazione, by month.
pub(super) async fn versions(
    conn: &mut PgConnection,
    (normativa, prestazione): (&str, &str),
    rilevazione: i32,
) -> sqlx::Result<Vec<VersionedMonth>> {
    sqlx::query_as(
        "select * from somma_mese
         where normativa = $1 and prestazione = $2 and dal_rilevazione <= $3
         order by mese, dal_rilevazione",
    )
    .bind(normativa)
    .bind(prestazione)
    .bind(rilevazione)
    .fetch_all(conn)
    .await
}

/// Those of a rilevazione; conditions may follow.
pub(super) fn stored_months(rilevazione: i32) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("select * from somma_mese where ");
    in_rilevazione(&mut query, rilevazione);
    query
}

/// By norm, benefit and month.
pub(super) fn in_order<'q>(
    query: &'q mut QueryBuilder<Postgres>,
    conn: &'q mut PgConnection,
) -> impl Stream<Item = sqlx::Result<StoredMonth>> + 'q {
    query.push(" order by normativa, prestazione, mese");
    query.build_query_as().fetch(conn)
}

impl FromRow<'_, PgRow> for VersionedMonth {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        Ok(Self {
            from: row.try_get("dal_rilevazione")?,
            to: row.try_get("al_rilevazione")?,
            row: StoredMonth::from_row(row)?,
        })
    }
}

impl FromRow<'_, PgRow> for StoredMonth {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        let amount = |column: &str| -> sqlx::Result<i128> {
            let mut decimal: Decimal = row.try_get(column)?;
            decimal.rescale(2);
            Ok(decimal.mantissa())
        };
        let sums = |righe, [ore, autorizzati, erogati]: [&str; 3]| -> sqlx::Result<ControlSums> {
            Ok(ControlSums {
                righe: row.try_get(righe)?,
                ore_decretate: amount(ore)?,
                importi_autorizzati: amount(autorizzati)?,
                importi_erogati: amount(erogati)?,
            })
        };
        let [d1, d2, d3, s1, s2, s3, c1, c2, c3] = AMOUNTS;
        Ok(Self {
            normativa: row.try_get("normativa")?,
            prestazione: row.try_get("prestazione")?,
            month: Month::of(row.try_get::<NaiveDate, _>("mese")?),
            sum: MonthSum {
                dated: sums("decretati_righe", [d1, d2, d3])?,
                starting: sums("iniziano_righe", [s1, s2, s3])?,
                ending_rows: row.try_get("finiscono_righe")?,
                accrual: [amount(c1)?, amount(c2)?, amount(c3)?],
            },
        })
    }
}
