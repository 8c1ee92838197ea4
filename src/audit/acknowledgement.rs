//! Acknowledgements as the table has them.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::chain::ChainDigest;

/// The text of an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// 1, 2, 3…
    pub numero: i64,
    /// When.
    pub istante: String,
    /// Who.
    pub operatore: String,
    /// Why it is no reason for concern.
    pub motivo: String,
    /// The anchor whose day is wrong, or whose follower's day is.
    pub ancora: i64,
    /// Its day.
    pub giorno: String,
    /// The anchor after it.
    pub successiva: i64,
    /// That one's impronta, in hexadecimal: it covers both.
    pub impronta: String,
}

/// The last acknowledgement so far, as an anchor names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// Its number.
    pub numero: i64,
    /// In hexadecimal.
    pub impronta: String,
}

/// The last acknowledgement so far.
pub(super) async fn last(connection: &mut PgConnection) -> Result<Option<Last>, sqlx::Error> {
    let row: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "select numero, impronta from audit_acknowledgement order by numero desc limit 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(numero, impronta)| Last {
        numero,
        impronta: ChainDigest::from_slice(&impronta)
            .unwrap_or_default()
            .to_string(),
    }))
}
