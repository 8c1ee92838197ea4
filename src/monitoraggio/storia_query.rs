//! The SQL of the history: control totals and appropriations of all rilevazioni up to one.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};

use super::{
    filtro::FiltroMonitoraggio,
    history::{History, HistoryRilevazione, Lasting, StoredPair},
};
use crate::{
    abilitazione::Permesso,
    error::{Error, Result},
    postgres::repeatable_read,
    rilevazione::control,
    valori::{CodiceNormativa, CodicePrestazione, Importo},
};

type Stored = BTreeMap<(CodiceNormativa, CodicePrestazione), StoredPair>;

/// The history seen from a rilevazione, whole: of all norms, for all callers. Every total of it is one that its load left.
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: a total is not. The database's.
pub(super) async fn history(
    pool: &PgPool,
    _permesso: &Permesso<FiltroMonitoraggio>,
    rilevazione: i32,
) -> Result<History> {
    let mut tx = repeatable_read(pool).await?;
    let rilevazioni = rilevazioni(&mut tx, rilevazione).await?;
    let mut stored = Stored::new();
    for one in &rilevazioni {
        add_totals(&mut tx, &mut stored, one.numero).await?;
    }
    add_stanziamenti(&mut tx, &mut stored, rilevazione).await?;
    tx.rollback().await?;
    Ok(History::new(rilevazioni, stored))
}

/// Those that are seen from one: itself, and those before it that were not withdrawn when it was loaded.
pub(super) async fn rilevazioni(
    conn: &mut PgConnection,
    rilevazione: i32,
) -> sqlx::Result<Vec<HistoryRilevazione>> {
    sqlx::query_as(
        "select numero, data_riferimento, caricata_il
         from rilevazione
         where numero = $1
            or numero < $1
               and not exists (select from ritiro where ritiro.rilevazione = numero and ultima_caricata < $1)
         order by numero",
    )
    .bind(rilevazione)
    .fetch_all(conn)
    .await
}

/// The totals of a rilevazione, each once: it lasts until it is another.
async fn add_totals(conn: &mut PgConnection, stored: &mut Stored, numero: i32) -> Result<()> {
    for one in control::sealed_totals(conn, numero).await? {
        let pair = stored
            .entry(codes(&one.normativa, &one.prestazione)?)
            .or_default();
        if pair
            .totals
            .last()
            .is_none_or(|last| last.from != one.dal_rilevazione)
        {
            pair.totals.push(Lasting {
                from: one.dal_rilevazione,
                to: one.al_rilevazione,
                value: one.sums,
            });
        }
    }
    Ok(())
}

async fn add_stanziamenti(
    conn: &mut PgConnection,
    stored: &mut Stored,
    rilevazione: i32,
) -> Result<()> {
    let rows: Vec<(String, String, i32, i32, Decimal)> = sqlx::query_as(
        "select normativa, prestazione, dal_rilevazione, al_rilevazione, importo
         from stanziamento
         where dal_rilevazione <= $1
         order by normativa, prestazione, anno, dal_rilevazione",
    )
    .bind(rilevazione)
    .fetch_all(conn)
    .await?;
    for (normativa, prestazione, from, to, importo) in rows {
        let pair = stored.entry(codes(&normativa, &prestazione)?).or_default();
        let value = Importo::from(importo);
        pair.stanziamenti.push(Lasting { from, to, value });
    }
    Ok(())
}

/// Codes that the load has checked.
fn codes(normativa: &str, prestazione: &str) -> Result<(CodiceNormativa, CodicePrestazione)> {
    Ok((
        CodiceNormativa::parse(normativa).map_err(Error::internal)?,
        CodicePrestazione::parse(prestazione).map_err(Error::internal)?,
    ))
}
