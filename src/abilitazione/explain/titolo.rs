//! The grants of a subject, and the one that counts for a call.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Rome;
use sqlx::PgPool;

use super::decisione::Rifiuto;
use crate::{
    abilitazione::grants::{self, Aa07, Scheda, Situazione},
    error::Result,
};

/// What a subject has been granted.
#[derive(Debug)]
pub(super) struct Titolo {
    /// All of it, in the order of the numbers.
    pub(super) abilitazioni: Vec<Concessa>,
    /// The grant that counts, or why none does.
    pub(super) vale: Result<Aa07, Rifiuto>,
    /// Why the one that counts does not admit the call, from there and then.
    pub(super) limite: Option<Rifiuto>,
}

/// A grant and what it amounts to on the day.
#[derive(Debug)]
pub(super) struct Concessa {
    pub(super) aa07: Aa07,
    pub(super) situazione: Situazione,
}

impl Titolo {
    /// Of a subject, for a call at an instant and from an address, where that is asked about.
    ///
    /// # Errors
    /// The database's, and grants that cannot be read.
    pub(super) async fn di(
        pool: &PgPool,
        soggetto: &str,
        istante: DateTime<Utc>,
        indirizzo: Option<IpAddr>,
    ) -> Result<Self> {
        let oggi = istante.with_timezone(&Rome).date_naive();
        let vale = match grants::valid_for(pool, soggetto, oggi).await {
            Ok(aa07) => Ok(aa07),
            Err(error) => Err(Rifiuto::di(error)?),
        };
        let limits = vale.as_ref().map_or(Ok(()), |aa07| {
            indirizzo.map_or(Ok(()), |ip| aa07.reti.ammette(Some(ip)))?;
            aa07.orari.ammette(istante)
        });
        let all: Vec<Scheda> = grants::list(pool).await?;
        let abilitazioni = all
            .into_iter()
            .filter(|scheda| scheda.aa07.soggetto == soggetto)
            .map(|scheda| Concessa {
                situazione: scheda.situazione(oggi),
                aa07: scheda.aa07,
            })
            .collect();
        Ok(Self {
            abilitazioni,
            vale,
            limite: limits.err().map(Rifiuto::di).transpose()?,
        })
    }
}
