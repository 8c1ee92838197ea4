//! The grants that were ever given, and the one of a subject that counts on a day.

use std::sync::Arc;

use chrono::NaiveDate;
use sqlx::{PgPool, Row as _, postgres::PgRow};

use super::{Aa07, GRANT_COLUMNS, JOIN_LAST_EVENTO, StatoAa07};
use crate::{
    error::{Error, Reason, Result},
    telemetry::FailureLog,
};

/// A grant that was approved once, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedGrant {
    /// The grant.
    pub aa07: Arc<Aa07>,
    /// [`StatoAa07::Attiva`], [`StatoAa07::Sospesa`] or [`StatoAa07::Revocata`].
    pub stato: StatoAa07,
    /// How many steps it took so far.
    pub versione: i32,
}

impl ApprovedGrant {
    fn from_row(row: &PgRow) -> Result<Self> {
        let stato: &str = row.try_get("stato")?;
        Ok(Self {
            aa07: Arc::new(Aa07::from_row(row)?),
            stato: stato.parse().map_err(Error::internal)?,
            versione: row.try_get("versione")?,
        })
    }

    fn valid_on(&self, oggi: NaiveDate) -> bool {
        self.aa07.valida_dal <= oggi && oggi <= self.aa07.valida_al
    }
}

/// The grants are read twice a second.
static UNREADABLE: FailureLog = FailureLog::error(
    "a grant cannot be read: it gives nothing",
    "every grant can be read again",
);

/// Every grant that was ever given, in the order of their numbers. One that cannot be read, which this program did not
/// write, is left out (it gives nothing) and the log says so: it does not keep the others from being read.
///
/// # Errors
/// The database's.
pub async fn read_approved(pool: &PgPool) -> Result<Vec<ApprovedGrant>> {
    let rows = query(pool, None).await?;
    let mut grants = Vec::with_capacity(rows.len());
    for row in &rows {
        match ApprovedGrant::from_row(row) {
            Ok(granted) => grants.push(granted),
            Err(error) => {
                let numero: i64 = row.try_get("id")?;
                UNREADABLE.failed(format_args!("grant {numero}: {}", error.with_cause()));
            }
        }
    }
    if grants.len() == rows.len() {
        UNREADABLE.succeeded();
    }
    Ok(grants)
}

/// Of all grants of one subject the one that gives access on a day.
///
/// # Errors
/// The most telling of [`Reason::GrantSuspended`], [`Reason::GrantRevoked`], [`Reason::GrantNotValid`] (not yet, or no
/// more) and [`Reason::GrantMissing`]; [`Reason::Internal`] where two are active at once, which the table does not let in:
/// they are never added up.
pub fn select_for_day(
    grants: &[Arc<ApprovedGrant>],
    oggi: NaiveDate,
) -> Result<Arc<ApprovedGrant>> {
    let today = |stato| {
        grants
            .iter()
            .filter(move |c| c.stato == stato && c.valid_on(oggi))
    };
    let mut active = today(StatoAa07::Attiva);
    match (active.next(), active.next()) {
        (Some(one), None) => return Ok(Arc::clone(one)),
        (Some(_), Some(_)) => {
            return Err(Error::internal(
                "a subject has two grants that are active today",
            ));
        }
        (None, _) => {}
    }
    let standing = || grants.iter().filter(|c| c.stato != StatoAa07::Revocata);
    let (reason, text) = if grants.is_empty() {
        (Reason::GrantMissing, "the subject has no AA07 grant")
    } else if today(StatoAa07::Sospesa).next().is_some() {
        (
            Reason::GrantSuspended,
            "the AA07 grant of the subject is suspended",
        )
    } else if today(StatoAa07::Revocata).next().is_some() {
        (
            Reason::GrantRevoked,
            "the AA07 grant of the subject was revoked",
        )
    } else if standing().any(|c| oggi < c.aa07.valida_dal) {
        (
            Reason::GrantNotValid,
            "the AA07 grant of the subject is not valid yet",
        )
    } else if standing().next().is_some() {
        (
            Reason::GrantNotValid,
            "the AA07 grant of the subject has expired",
        )
    } else {
        (
            Reason::GrantRevoked,
            "the AA07 grant of the subject was revoked",
        )
    };
    Err(Error::new(reason, text))
}

/// The grant of a subject that gives access on a day, read from the database.
///
/// # Errors
/// As [`select_for_day`]; the database's; [`Reason::Internal`] where one of the subject's grants cannot be read.
pub async fn valid_for(pool: &PgPool, soggetto: &str, oggi: NaiveDate) -> Result<Aa07> {
    let grants: Vec<Arc<ApprovedGrant>> = query(pool, Some(soggetto))
        .await?
        .iter()
        .map(|row| ApprovedGrant::from_row(row).map(Arc::new))
        .collect::<Result<_>>()?;
    Ok(Aa07::clone(&select_for_day(&grants, oggi)?.aa07))
}

async fn query(pool: &PgPool, soggetto: Option<&str>) -> Result<Vec<PgRow>> {
    let mut query = sqlx::QueryBuilder::new("select ");
    query
        .push(GRANT_COLUMNS)
        .push(", e.versione, e.a_stato as stato from abilitazione a ");
    query.push(JOIN_LAST_EVENTO);
    query.push(" where e.a_stato in ('ATTIVA', 'SOSPESA', 'REVOCATA')");
    if let Some(soggetto) = soggetto {
        query.push(" and a.soggetto = ").push_bind(soggetto);
    }
    query.push(" order by a.id");
    Ok(query.build().fetch_all(pool).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abilitazione::{Ambito, AmbitoCodes};

    fn approved(stato: StatoAa07, dal: &str, al: &str) -> Arc<ApprovedGrant> {
        let mut aa07 =
            super::super::tests::aa07("mef-rgs", Ambito::new(AmbitoCodes::All, AmbitoCodes::All));
        (aa07.valida_dal, aa07.valida_al) = (dal.parse().unwrap(), al.parse().unwrap());
        Arc::new(ApprovedGrant {
            aa07: Arc::new(aa07),
            stato,
            versione: 3,
        })
    }

    #[test]
    fn the_active_one_of_today_or_the_most_telling_error() {
        const PAST: (&str, &str) = ("2025-01-01", "2025-12-31");
        const NOW: (&str, &str) = ("2026-01-01", "2026-12-31");
        const NEXT: (&str, &str) = ("2027-01-01", "2027-12-31");
        use StatoAa07::{Attiva, Revocata, Sospesa};
        for (grants, expected) in [
            (&[][..], Err("GRANT_MISSING")),
            (&[(Attiva, NOW)], Ok(0)),
            // Whatever else there is.
            (
                &[
                    (Revocata, NOW),
                    (Sospesa, PAST),
                    (Attiva, NOW),
                    (Attiva, NEXT),
                ],
                Ok(2),
            ),
            (&[(Sospesa, NOW), (Revocata, NOW)], Err("GRANT_SUSPENDED")),
            (&[(Revocata, NOW), (Attiva, NEXT)], Err("GRANT_REVOKED")),
            (&[(Attiva, PAST)], Err("GRANT_NOT_VALID expired")),
            (&[(Attiva, NEXT)], Err("GRANT_NOT_VALID not valid yet")),
            (
                &[(Attiva, PAST), (Sospesa, NEXT), (Revocata, PAST)],
                Err("GRANT_NOT_VALID not valid yet"),
            ),
            (&[(Sospesa, PAST)], Err("GRANT_NOT_VALID expired")),
            (&[(Revocata, PAST), (Revocata, NEXT)], Err("GRANT_REVOKED")),
            (&[(Attiva, NOW), (Attiva, NOW)], Err("INTERNAL")),
        ] {
            let all: Vec<_> = grants
                .iter()
                .map(|(stato, (dal, al))| approved(*stato, dal, al))
                .collect();
            match (
                select_for_day(&all, "2026-11-23".parse().unwrap()),
                expected,
            ) {
                (Ok(found), Ok(expected)) => assert!(Arc::ptr_eq(&found, &all[expected])),
                (Err(error), Err(expected)) => {
                    let (reason, text) = expected.split_once(' ').unwrap_or((expected, ""));
                    assert!(error.reason.as_str_name().ends_with(reason), "{error}");
                    assert!(error.message.contains(text), "{error}");
                }
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
    }
}
