//! Anchors: once a day, where every chain stands.
//!
//! ```json
//! {"numero":12,"giorno":"2026-11-25","istante":"2026-11-25T00:00:31.000000Z","teste":[{"catena":3,"numero":91,"impronta":"5c1e…"}],
//!  "potature":[{"ancora":7,"quando":"2026-11-20T09:12:44.103000Z","chi":"anna","righe":4120,"conservazione":365}]}
//! ```
//!
//! An anchor's impronta covers its text and the anchor before. It goes to the service's log as well, which is kept elsewhere:
//! the holder of one impronta (`omnia audit verify --ancora IMPRONTA`) can prove that nothing up to that day was rewritten
//! since, not even by the owner of the database.
//!
//! `acknowledged` is the last acknowledgement of a clock fault so far (`acknowledge.rs`), where there is one.
//!
//! `potature` are all prunings so far: what was removed, and by whom, cannot be told otherwise after the next anchor. Anchors of before
//! that have no such member. They are proved as ever, for an impronta is of the text as it stands in the table, and a text
//! without the member names no pruning.
//!
//! The order of anchors is that of their numbers. Days follow it as long as clocks are right: an anchor dated in the future (a
//! clock that was ahead, or somebody who would have no more anchors) stops none of those after it. It is logged as an
//! error on each day until its own, and verification tells of it for ever; unless somebody acknowledges it.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use super::{
    acknowledgement::{self, Last},
    chain::{ChainDigest, CitedHead},
    pruning_record::{PruningRecord, prunings},
    record,
};

/// Two instances that write the day's anchor at once take turns. The number has no meaning.
const LOCK: i64 = 0x6f6d_6e69_6161;

/// How far ahead the clock of another instance may be before its anchor counts as one of the future.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(10);

/// The text of an anchor.
#[derive(Debug, Serialize, Deserialize)]
pub struct Anchor {
    /// 1, 2, 3…
    pub numero: i64,
    /// The day (UTC) that begins with it.
    pub giorno: String,
    istante: String,
    /// Every chain that has a record, by number.
    pub teste: Vec<CitedHead>,
    /// Every pruning so far.
    #[serde(default)]
    pub potature: Vec<PruningRecord>,
    /// The last acknowledgement so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Last>,
}

/// Locks out other writers of anchors and acknowledgements until the end of this transaction.
pub(super) async fn take_turn(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes the anchor of the day, unless there is one. Its impronta, if it was written.
///
/// # Errors
/// The database's.
pub async fn write_anchor(
    pool: &PgPool,
    now: DateTime<Utc>,
) -> Result<Option<ChainDigest>, sqlx::Error> {
    let giorno = now.date_naive();
    // The serving role's connections only read unless a transaction says otherwise.
    let mut tx = pool.begin_with("begin read write").await?;
    take_turn(&mut tx).await?;
    let last: Option<(i64, NaiveDate, Vec<u8>, Option<NaiveDate>)> = sqlx::query_as(
        "select numero, giorno, impronta, (
             select max(giorno) from audit_ancora a where not exists (
                 select from audit_acknowledgement k where (k.testo::json ->> 'ancora')::bigint = a.numero
             )
         )
         from audit_ancora order by numero desc limit 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    let (numero, before) = match last {
        None => (1, ChainDigest::default()),
        Some((_, last, ..)) if last == giorno || is_beginning(last, now) => return Ok(None),
        Some((numero, _, impronta, latest)) => {
            if let Some(latest) = latest.filter(|latest| *latest > giorno) {
                tracing::error!(
                    %latest, %giorno,
                    "the audit log has an anchor dated in the future: a clock was wrong, or it was added; run `omnia audit verify`"
                );
            }
            (numero + 1, read(&impronta)?)
        }
    };
    let teste: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(
        "select catena, numero, impronta from audit_catena where numero > 0 order by catena",
    )
    .fetch_all(&mut *tx)
    .await?;
    let teste = teste
        .into_iter()
        .map(|(catena, numero, impronta)| {
            Ok(CitedHead {
                catena,
                numero,
                impronta: read(&impronta)?.to_string(),
            })
        })
        .collect::<Result<_, sqlx::Error>>()?;
    let anchor = Anchor {
        numero,
        giorno: giorno.to_string(),
        istante: record::timestamp(now),
        teste,
        potature: prunings(&mut tx).await?,
        acknowledged: acknowledgement::last(&mut tx).await?,
    };
    let testo = serde_json::to_string(&anchor).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let impronta = before.followed_by(&testo);
    sqlx::query(
        "insert into audit_ancora (numero, giorno, ancora, impronta) values ($1, $2, $3, $4)",
    )
    .bind(numero)
    .bind(giorno)
    .bind(testo)
    .bind(impronta.0.as_slice())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    tracing::info!(numero, %giorno, %impronta, "audit log anchored");
    Ok(Some(impronta))
}

/// Whether the day has begun for a clock that is a little ahead.
fn is_beginning(giorno: NaiveDate, now: DateTime<Utc>) -> bool {
    let inizio = giorno.and_time(NaiveTime::MIN).and_utc();
    inizio > now && inizio - now <= CLOCK_SKEW
}

fn read(impronta: &[u8]) -> Result<ChainDigest, sqlx::Error> {
    ChainDigest::from_slice(impronta)
        .ok_or_else(|| sqlx::Error::Protocol("an impronta is not of 32 bytes".to_owned()))
}
