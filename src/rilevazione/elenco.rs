//! Which rilevazioni can be asked for.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

use crate::{
    abilitazione::Permesso,
    error::{Error, Reason, Result},
    proto,
    valori::NumeroRilevazione,
};

/// One committed load.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Rilevazione {
    /// 1, 2, 3…
    pub numero: i32,
    /// The day that the data describe.
    pub data_riferimento: NaiveDate,
    /// When the load was committed.
    pub caricata_il: DateTime<Utc>,
}

/// The rilevazione with this number; the latest without one.
///
/// # Errors
/// [`Reason::RilevazioneNotFound`] for a number that was never given, [`Reason::NoRilevazione`] before the first load.
pub async fn risolvi<F>(
    pool: &PgPool,
    permesso: &Permesso<F>,
    numero: Option<NumeroRilevazione>,
) -> Result<Rilevazione> {
    let found: Option<Rilevazione> =
        match numero {
            Some(numero) => sqlx::query_as(
                "select numero, data_riferimento, caricata_il from rilevazione where numero = $1",
            )
            .bind(numero.get())
            .fetch_optional(pool)
            .await?,
            None => {
                sqlx::query_as(
                    "select numero, data_riferimento, caricata_il from rilevazione \
                 order by numero desc limit 1",
                )
                .fetch_optional(pool)
                .await?
            }
        };
    if let Some(rilevazione) = &found {
        permesso
            .traccia()
            .nota(|f| f.rilevazione = Some(rilevazione.numero));
    }
    found.ok_or_else(|| match numero {
        Some(numero) => Error::new(
            Reason::RilevazioneNotFound,
            "there is no rilevazione with this number",
        )
        .with("rilevazione", numero.to_string()),
        None => Error::new(Reason::NoRilevazione, "no data were loaded yet"),
    })
}

/// At most `limite` rilevazioni with a number below `sotto`, newest first.
///
/// # Errors
/// The database's.
pub async fn elenca<F>(
    pool: &PgPool,
    _permesso: &Permesso<F>,
    sotto: i32,
    limite: i64,
) -> Result<Vec<Rilevazione>> {
    Ok(sqlx::query_as(
        "select numero, data_riferimento, caricata_il from rilevazione \
         where numero < $1 order by numero desc limit $2",
    )
    .bind(sotto)
    .bind(limite)
    .fetch_all(pool)
    .await?)
}

impl From<Rilevazione> for proto::Rilevazione {
    fn from(rilevazione: Rilevazione) -> Self {
        Self {
            numero: rilevazione.numero,
            data_riferimento: rilevazione.data_riferimento.to_string(),
            caricata_il: Some(prost_types::Timestamp {
                seconds: rilevazione.caricata_il.timestamp(),
                // Postgres keeps microseconds, and a leap second cannot come from it: always below 10^9.
                nanos: rilevazione.caricata_il.timestamp_subsec_nanos() as i32,
            }),
        }
    }
}
