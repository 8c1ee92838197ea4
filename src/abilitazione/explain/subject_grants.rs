//! The grants of a subject, and the one that counts for a call.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Rome;
use sqlx::PgPool;

use super::refusal::CallRefusal;
use crate::{
    abilitazione::grants::{self, Aa07, EffectiveStato, GrantRecord},
    error::Result,
};

/// What a subject has been granted.
#[derive(Debug)]
pub(super) struct SubjectGrants {
    /// All of it, in the order of the numbers.
    pub(super) abilitazioni: Vec<GrantOnDay>,
    /// The grant that counts, or why none does.
    pub(super) effective: Result<Aa07, CallRefusal>,
    /// Why the one that counts does not admit the call, from there and then.
    pub(super) limit_refusal: Option<CallRefusal>,
}

/// A grant and what it amounts to on the day.
#[derive(Debug)]
pub(super) struct GrantOnDay {
    pub(super) aa07: Aa07,
    pub(super) stato: EffectiveStato,
}

impl SubjectGrants {
    /// Of a subject, for a call at an instant and from an address, where that is asked about.
    ///
    /// # Errors
    /// The database's, and grants that cannot be read.
    pub(super) async fn of_subject(
        pool: &PgPool,
        soggetto: &str,
        istante: DateTime<Utc>,
        indirizzo: Option<IpAddr>,
    ) -> Result<Self> {
        let today = istante.with_timezone(&Rome).date_naive();
        let in_force = match grants::valid_for(pool, soggetto, today).await {
            Ok(aa07) => Ok(aa07),
            Err(error) => Err(CallRefusal::from_error(error)?),
        };
        let limits = in_force.as_ref().map_or(Ok(()), |aa07| {
            indirizzo.map_or(Ok(()), |ip| aa07.reti.admits(Some(ip)))?;
            aa07.orari.admits(istante)
        });
        let all: Vec<GrantRecord> = grants::list(pool).await?;
        let abilitazioni = all
            .into_iter()
            .filter(|grant_record| grant_record.aa07.soggetto == soggetto)
            .map(|grant_record| GrantOnDay {
                stato: grant_record.effective_stato(today),
                aa07: grant_record.aa07,
            })
            .collect();
        Ok(Self {
            abilitazioni,
            effective: in_force,
            limit_refusal: limits.err().map(CallRefusal::from_error).transpose()?,
        })
    }
}
