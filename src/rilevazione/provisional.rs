//! Codes of eleven digits that are natural persons', as the extract says in the column `persona_fisica`.
//!
//! No check of the form can tell a provisional code from a company's. So the safe side is taken where an extract leaves it open:
//!
//! - **What is said of one row is said of the code.** Where a row says `S`, all rows with that code are a natural person's, in this
//!   rilevazione, whatever they say; those that do not say so themselves are warned of. Otherwise one row would show what another masks.
//! - **A column that is lost unmasks no one.** An extract without the column is refused if it has a code that the latest rilevazione
//!   knows for a natural person's. With the column, what it says holds: `N`, or nothing, takes it back.
//!
//! Other rilevazioni stay as they were given: a code that is first told of today is in clear in those of before.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _};

use super::{
    finding::{Finding, FindingReason, Severity, shown},
    list::latest,
    outcome::LoadError,
    staging::{FindingCounter, StagedFile},
};

const COLUMN: &str = "persona_fisica";

/// Makes the rows of the extract agree on who is a natural person, and tells where they did not.
pub(super) async fn agree(
    conn: &mut PgConnection,
    file: &Arc<str>,
    read: StagedFile,
    counter: &mut FindingCounter<'_>,
) -> Result<(), LoadError> {
    if !read.all_columns {
        return lost(conn, file, counter).await;
    }
    let mut rows = sqlx::query(
        "with persone as (select distinct cf_azienda from estratto_decreti where persona_fisica),
              corrette as (
                  update estratto_decreti estratto set persona_fisica = true
                  from persone
                  where persone.cf_azienda = estratto.cf_azienda and not estratto.persona_fisica
                  returning estratto.riga, estratto.cf_azienda)
         select riga, cf_azienda from corrette order by riga",
    )
    .fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let (riga, cf): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        counter.report(&Finding {
            severity: Severity::Warning,
            file: Arc::clone(file),
            line: riga.cast_unsigned(),
            column: COLUMN.into(),
            value: shown(cf.as_bytes()),
            reason: FindingReason {
                english: "another row says that this code is a natural person's: it is taken for one in all rows".into(),
                italian: "un'altra riga dice che il codice è di una persona fisica: vale per tutte le righe".into(),
            },
        })?;
    }
    Ok(())
}

async fn lost(
    conn: &mut PgConnection,
    file: &Arc<str>,
    counter: &mut FindingCounter<'_>,
) -> Result<(), LoadError> {
    let Some(latest) = latest(&mut *conn).await? else {
        return Ok(());
    };
    let numero = latest.numero;
    let codes: i64 = sqlx::query_scalar(
        "select count(distinct cf_azienda)
         from dettaglio_decreto
         where dal_rilevazione <= $1 and al_rilevazione >= $1 and persona_fisica
           and cf_azienda in (select cf_azienda from estratto_decreti)",
    )
    .bind(numero)
    .fetch_one(conn)
    .await?;
    if codes == 0 {
        return Ok(());
    }
    counter.report(&Finding {
        severity: Severity::Error,
        file: Arc::clone(file),
        line: 1,
        column: COLUMN.into(),
        value: String::new(),
        reason: FindingReason {
            english: format!(
                "the column is missing, and rilevazione {numero} says of {codes} codes of eleven digits in this file that they are \
                 natural persons': without it they would be shown to everybody"
            )
            .into(),
            italian: format!(
                "manca la colonna, e la rilevazione {numero} dice di {codes} codici di undici cifre in questo file che sono di \
                 persone fisiche: senza, sarebbero mostrati a tutti"
            )
            .into(),
        },
    })
}
