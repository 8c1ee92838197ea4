//! Control totals: what a load notes of the rows of each norm and benefit, apart from all that it derives from them.
//!
//! ```text
//! rilevazione.totali   SHA-256 of all totals of the rilevazione
//!        └── totale_controllo   norm, benefit ──► rows, hours, amounts;   SHA-256 of its sums by day, by month, by accrual
//!                                      ├── blocks of the norm add up to it, and so does an export
//!                                      └── sums have these digests, or no figure is made of them
//! ```
//!
//! So whatever goes missing or is changed below is found by what stands above, when it is read. The digests are SHA-256 and not what
//! blocks have, since SQL can make them: the migration that added them did.
//!
//! The sums of a norm and a benefit, as they are hashed: a line of the two codes, then one for each day, in order:
//!
//! ```text
//! DL109-2018-ART44 CIGS
//! 2023-03-01 150.00 0.00 0.00 0.00
//! 2023-03-31 0.00 0.00 100.00 0.00
//! ```
//!
//! Sums by month are hashed likewise, and those by month of the decree and month of the accrual: rows and figures in the order of
//! their columns, each hundredth by itself (`54.83` is `5483`).

use aws_lc_rs::digest::{Context, SHA256};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection, PgExecutor, postgres::PgRow};

use super::{
    detail::sums::ControlSums,
    month_sums::{AccrualSum, MonthSum},
};
use crate::{crypto::hex::hex, error::Error, valori::Month};

/// SHA-256.
pub type ControlDigest = [u8; 32];

/// What was noted of a norm and a benefit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Norm.
    pub normativa: String,
    /// Benefit.
    pub prestazione: String,
    /// The first rilevazione with these rows of the norm.
    pub dal_rilevazione: i32,
    /// The last; `i32::MAX`: it is still to come.
    pub al_rilevazione: i32,
    /// What the rows add up to.
    pub sums: ControlSums,
    /// Of what is made of the rows.
    pub digests: Digests,
}

/// The digests of the sums of a norm and a benefit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// By day.
    pub days: ControlDigest,
    /// By month.
    pub months: ControlDigest,
    /// By month of the decree and month of the accrual.
    pub accrual: ControlDigest,
}

/// A digest of sums in the making.
pub struct SumsDigest(Context);

impl SumsDigest {
    /// Of a norm and a benefit, without sums.
    #[must_use]
    pub fn new(normativa: &str, prestazione: &str) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(format!("{normativa} {prestazione}\n").as_bytes());
        Self(context)
    }

    /// Adds a day, later than those before: what begins, authorised and paid; what ends, likewise. With two decimals.
    pub fn day(&mut self, giorno: NaiveDate, [a, b, c, d]: [Decimal; 4]) {
        let line = format!("{giorno} {a:.2} {b:.2} {c:.2} {d:.2}\n");
        self.0.update(line.as_bytes());
    }

    /// Adds a month, later than those before.
    pub fn month(&mut self, month: Month, sum: &MonthSum) {
        let MonthSum {
            dated: d,
            starting: s,
            ending_rows,
            accrual: [ore, autorizzati, erogati],
        } = sum;
        let line = format!(
            "{month} {} {} {} {} {} {} {} {} {ending_rows} {ore} {autorizzati} {erogati}\n",
            d.righe,
            d.ore_decretate,
            d.importi_autorizzati,
            d.importi_erogati,
            s.righe,
            s.ore_decretate,
            s.importi_autorizzati,
            s.importi_erogati,
        );
        self.0.update(line.as_bytes());
    }

    /// Adds the shares of a month's decrees in a month, later than those before.
    pub fn accrual(&mut self, sum: &AccrualSum) {
        let [ore, autorizzati, erogati] = sum.amounts;
        let (dated, month) = (sum.dated, sum.month);
        let line = format!("{dated} {month} {ore} {autorizzati} {erogati}\n");
        self.0.update(line.as_bytes());
    }

    /// Of all of them.
    #[must_use]
    pub fn finish(self) -> ControlDigest {
        finish(self.0)
    }
}

/// The digest of all totals of a rilevazione. They come by norm, then benefit.
#[must_use]
pub fn seal<'a>(noted: impl IntoIterator<Item = &'a Noted>) -> ControlDigest {
    let mut context = Context::new(&SHA256);
    for one in noted {
        let [ore, autorizzati, erogati] = one.sums.decimals();
        let mut line = format!(
            "{} {} {} {ore:.2} {autorizzati:.2} {erogati:.2} ",
            one.normativa, one.prestazione, one.sums.righe
        );
        let Digests {
            days,
            months,
            accrual,
        } = one.digests;
        line.push_str(&[days, months, accrual].map(|d| hex(&d)).join(" "));
        line.push('\n');
        context.update(line.as_bytes());
    }
    finish(context)
}

fn finish(context: Context) -> ControlDigest {
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// What was noted of a rilevazione, by norm, then benefit; of one norm, where it is named.
///
/// # Errors
/// The database's.
pub async fn noted(
    executor: impl PgExecutor<'_>,
    rilevazione: i32,
    normativa: Option<&str>,
) -> sqlx::Result<Vec<Noted>> {
    sqlx::query_as(
        "select normativa, prestazione, dal_rilevazione, al_rilevazione, righe, ore_decretate, importi_autorizzati, importi_erogati,
                somme, mesi, competenza
         from totale_controllo
         where dal_rilevazione <= $1 and al_rilevazione >= $1 and ($2::text is null or normativa = $2)
         order by normativa, prestazione",
    )
    .bind(rilevazione)
    .bind(normativa)
    .fetch_all(executor)
    .await
}

/// The digest that the load of a rilevazione left; `None`: it left none.
///
/// # Errors
/// The database's.
pub async fn sealed(
    executor: impl PgExecutor<'_>,
    rilevazione: i32,
) -> sqlx::Result<Option<ControlDigest>> {
    let found: Option<Option<Vec<u8>>> =
        sqlx::query_scalar("select totali from rilevazione where numero = $1")
            .bind(rilevazione)
            .fetch_optional(executor)
            .await?;
    Ok(found.flatten().and_then(|digest| digest.try_into().ok()))
}

/// What the load noted of a rilevazione: all of it, as the seal says.
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: it is not what the load left. The database's.
pub async fn sealed_totals(conn: &mut PgConnection, rilevazione: i32) -> Result<Vec<Noted>, Error> {
    let noted = noted(&mut *conn, rilevazione, None).await?;
    if sealed(conn, rilevazione).await? != Some(seal(&noted)) {
        return Err(Error::damaged(format!(
            "the control totals of rilevazione {rilevazione} are not those that its load left"
        )));
    }
    Ok(noted)
}

/// Writes one. There are as many as benefits of a norm: few.
pub(super) async fn insert(conn: &mut PgConnection, one: &Noted) -> sqlx::Result<()> {
    let [ore, autorizzati, erogati] = one.sums.decimals();
    sqlx::query(
        "insert into totale_controllo
             (normativa, prestazione, dal_rilevazione, al_rilevazione, righe, ore_decretate, importi_autorizzati, importi_erogati,
              somme, mesi, competenza)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&one.normativa)
    .bind(&one.prestazione)
    .bind(one.dal_rilevazione)
    .bind(one.al_rilevazione)
    .bind(one.sums.righe)
    .bind(ore)
    .bind(autorizzati)
    .bind(erogati)
    .bind(one.digests.days.as_slice())
    .bind(one.digests.months.as_slice())
    .bind(one.digests.accrual.as_slice())
    .execute(conn)
    .await
    .map(drop)
}

/// Seals the totals of a rilevazione, as they are now.
pub(super) async fn seal_rilevazione(
    conn: &mut PgConnection,
    rilevazione: i32,
) -> sqlx::Result<()> {
    let digest = seal(&noted(&mut *conn, rilevazione, None).await?);
    sqlx::query("update rilevazione set totali = $2 where numero = $1")
        .bind(rilevazione)
        .bind(digest.as_slice())
        .execute(conn)
        .await
        .map(drop)
}

impl FromRow<'_, PgRow> for Noted {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        let digest = |column| -> sqlx::Result<ControlDigest> {
            let bytes: &[u8] = row.try_get(column)?;
            bytes.try_into().map_err(sqlx::Error::decode)
        };
        Ok(Self {
            normativa: row.try_get("normativa")?,
            prestazione: row.try_get("prestazione")?,
            dal_rilevazione: row.try_get("dal_rilevazione")?,
            al_rilevazione: row.try_get("al_rilevazione")?,
            sums: ControlSums::from_decimals(
                row.try_get("righe")?,
                [
                    row.try_get("ore_decretate")?,
                    row.try_get("importi_autorizzati")?,
                    row.try_get("importi_erogati")?,
                ],
            ),
            digests: Digests {
                days: digest("somme")?,
                months: digest("mesi")?,
                accrual: digest("competenza")?,
            },
        })
    }
}
