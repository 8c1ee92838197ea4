//! The prunings so far, as the table has them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::record;

/// A pruning that was done, as the table has it and the anchors after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruningRecord {
    /// The anchor up to which records were removed.
    pub ancora: i64,
    /// When.
    pub quando: String,
    /// The user of the machine it was done on.
    pub chi: String,
    /// How many records.
    pub righe: i64,
    /// The day that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prima_di: Option<String>,
    /// The retention that it went by, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conservazione: Option<u32>,
}

/// Every pruning so far, in the order of time.
pub(super) async fn prunings(
    connection: &mut PgConnection,
) -> Result<Vec<PruningRecord>, sqlx::Error> {
    type PruningRow = (
        i64,
        DateTime<Utc>,
        String,
        i64,
        Option<NaiveDate>,
        Option<i32>,
    );
    let rows: Vec<PruningRow> = sqlx::query_as(
        "select ancora, quando, chi, righe, prima_di, conservazione from audit_potatura order by quando, ancora",
    )
    .fetch_all(connection)
    .await?;
    let prunings = rows
        .into_iter()
        .map(
            |(ancora, quando, chi, righe, prima_di, conservazione)| PruningRecord {
                ancora,
                quando: record::timestamp(quando),
                chi,
                righe,
                prima_di: prima_di.map(|giorno| giorno.to_string()),
                conservazione: conservazione.and_then(|giorni| giorni.try_into().ok()),
            },
        );
    Ok(prunings.collect())
}
