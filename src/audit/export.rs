//! The log as JSON Lines: each line the very bytes that were hashed.
//!
//! ```text
//! {"catena":3,"numero":1,"istante":…}      impronta = SHA-256(impronta before ‖ line), without the line's end
//! ```

use std::io::Write;

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use sqlx::PgPool;

use super::record_group::SEPARATOR;
use crate::error::Sentence;

/// Days (UTC) of records; either end may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogDays {
    /// First day, included.
    pub dal: Option<NaiveDate>,
    /// Last day, included.
    pub al: Option<NaiveDate>,
}

/// Writes the records of these days, chain by chain. How many.
///
/// # Errors
/// The database's, or the file's.
pub async fn json_lines(
    pool: &PgPool,
    giorni: LogDays,
    out: &mut (dyn Write + Send),
) -> Result<u64, Sentence> {
    let mut rows = sqlx::query_scalar::<_, String>(
        "select record from audit_registro
         where istante >= coalesce($1::date, '-infinity') and istante < coalesce($2::date + 1, 'infinity')
         order by catena, numero",
    )
    .bind(giorni.dal)
    .bind(giorni.al)
    .fetch(pool);
    let mut written = 0;
    // The records of a row are lines already.
    while let Some(riga) = rows.try_next().await? {
        writeln!(out, "{riga}")?;
        written += riga.split(SEPARATOR).count() as u64;
    }
    out.flush()?;
    Ok(written)
}
