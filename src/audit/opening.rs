//! The opening of a chain: its number, its first record, and the heads of the chains before it.
//!
//! ```text
//! catena 3:  APERTURA … CHIAMATA 57          (its service was killed: no CHIUSURA)
//!                              │
//! catena 4:  APERTURA teste:[{catena 3, numero 57, impronta}] … CHIAMATA 91
//!                                                                  │
//! catena 5:  APERTURA teste:[{catena 4, numero 91, impronta}]      and so on
//! ```
//!
//! An anchor says once a day where all chains stand. In between, a chain that was removed whole, or cut short with its head set back,
//! would leave nothing behind. So each opening cites the head of every chain that has moved since it was cited last: verification
//! asks for that record and its impronta, as it does for those of an anchor. The openings are cited in turn, hence what the first one cites is
//! covered by the last.
//!
//! A chain without a CHIUSURA is a service that runs or was killed, and no reason to suspect anything: it is cited like any other.
//! Number, row and first record of a chain are committed together, and numbers have no gaps: a number without a chain is a chain that
//! was removed, even where no opening came after it.
//!
//! What nothing outside of the database has seen cannot be proved against the database's owner: who removes the newest chain, sets
//! the counter back and keeps others from opening one before is found out by the log of the service, which has each opening's impronta.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};

use super::{
    chain::{ChainDigest, ChainHead, CitedHead},
    pending_record::PendingRecord,
    record,
    record_group::{RecordGroup, append},
};
use crate::crypto::key::AuditKey;

/// Opens a chain for `istanza`: its number, and where it stands after its first record.
///
/// # Errors
/// The database's. Nothing of the chain is there then.
pub(super) async fn open(
    connection: &mut PgConnection,
    istanza: &str,
    key: &AuditKey,
    now: DateTime<Utc>,
) -> Result<(i64, ChainHead), sqlx::Error> {
    type OpenedChainRow = (i64, Option<i64>, Option<i64>, Option<Vec<u8>>);
    let mut tx = connection.begin().await?;
    let rows: Vec<OpenedChainRow> = sqlx::query_as(
        "select opened_chain, cited_chain, cited_record, cited_impronta from audit_open($1, $2)",
    )
    .bind(istanza)
    .bind(now)
    .fetch_all(&mut *tx)
    .await?;
    let catena = rows.first().ok_or(sqlx::Error::RowNotFound)?.0;
    let heads: Vec<CitedHead> = rows.into_iter().filter_map(head).collect();
    let first = PendingRecord {
        istante: now,
        record_tail: record::opening_tail(now, istanza, &heads, key),
        committed: None,
    };
    let lotto = RecordGroup::of(catena, ChainHead::default(), &[first]);
    append(&mut tx, catena, ChainHead::default(), &lotto).await?;
    tx.commit().await?;
    let impronta = lotto.head.impronta;
    tracing::info!(catena, %impronta, cited = heads.len(), "audit log chain opened");
    Ok((catena, lotto.head))
}

fn head(row: (i64, Option<i64>, Option<i64>, Option<Vec<u8>>)) -> Option<CitedHead> {
    let (_, catena, numero, impronta) = row;
    Some(CitedHead {
        catena: catena?,
        numero: numero?,
        // Of another length only where it was tampered with: cited so that verification says it.
        impronta: ChainDigest::from_slice(&impronta?)
            .unwrap_or_default()
            .to_string(),
    })
}
