//! The steps after the first. Those of one subject's grants take turns; of two at once that cannot both be, the second
//! finds the state that the first left.

use chrono::NaiveDate;
use sqlx::{PgPool, Postgres, Row as _, Transaction};

use super::{
    Azione, EventoAa07, IdempotencyKey, MotivoAa07, Operatore, StatoAa07, TakenStep, evento,
    stato::transition, transaction::BEGIN_READ_WRITE,
};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result},
};

/// Takes a step with a grant and gives the state that it leads to. The step that approves a grant which replaces
/// another revokes that one, in the same transaction.
///
/// # Errors
/// [`Reason::GrantNotFound`]; [`Reason::TransitionIllegal`], naming the present state; [`Reason::FourEyes`] and
/// [`Reason::GrantOverlaps`] of an approval; the database's.
pub async fn advance(
    pool: &PgPool,
    clock: &Clock,
    id: i64,
    azione: Azione,
    operatore: &Operatore,
    motivo: &MotivoAa07,
) -> Result<StatoAa07> {
    let step = advance_once(pool, clock, id, azione, operatore, motivo, None).await?;
    Ok(step.stato)
}

/// As [`advance`]. Where the step was taken before under this key, it is given and nothing is done.
///
/// # Errors
/// As [`advance`]; [`Reason::IdempotencyKeyReused`].
pub async fn advance_once(
    pool: &PgPool,
    clock: &Clock,
    id: i64,
    azione: Azione,
    operatore: &Operatore,
    motivo: &MotivoAa07,
    key: Option<&IdempotencyKey>,
) -> Result<TakenStep> {
    let mut tx = pool.begin_with(BEGIN_READ_WRITE).await?;
    if let Some(key) = key
        && let Some(step) = key.taken(operatore, &mut tx).await?
    {
        return Ok(step);
    }
    let this = LockedGrant::lock(id, &mut tx).await?;
    let eventi = evento::fetch(&mut tx, id).await?;
    let (Some(first), Some(last)) = (eventi.first(), eventi.last()) else {
        return Err(Error::internal("a grant without its first step"));
    };
    let situation = last
        .a_stato
        .effective_on((this.valida_dal, this.valida_al), clock.today());
    let a_stato = transition(last.a_stato, situation, azione)
        .map_err(|error| error.with("abilitazione", id.to_string()))?;
    let fresh = |da: &EventoAa07, azione, a_stato, motivo: String| EventoAa07 {
        versione: da.versione + 1,
        azione,
        da_stato: Some(da.a_stato),
        a_stato,
        istante: clock.now(),
        operatore: operatore.clone(),
        motivo,
    };
    if azione == Azione::Approvazione {
        if !operatore.is_other_person(&first.operatore) {
            return Err(Error::new(
                Reason::FourEyes,
                "whoever recorded a request cannot approve it",
            )
            .with("abilitazione", id.to_string()));
        }
        if let Some(replaced) = this.sostituisce {
            let eventi = evento::fetch(&mut tx, replaced).await?;
            // It may have been revoked meanwhile.
            if let Some(last) = eventi.last()
                && matches!(last.a_stato, StatoAa07::Attiva | StatoAa07::Sospesa)
            {
                let why = format!("replaced by grant {id}: {motivo}")
                    .chars()
                    .take(500)
                    .collect();
                let revocation = fresh(last, Azione::Revoca, StatoAa07::Revocata, why);
                evento::insert(&mut tx, replaced, &revocation, None).await?;
            }
        }
        this.check_overlap(&mut tx).await?;
    }
    let passo = fresh(last, azione, a_stato, motivo.to_string());
    evento::insert(&mut tx, id, &passo, key).await?;
    tx.commit().await?;
    Ok(TakenStep {
        abilitazione: id,
        versione: passo.versione,
        stato: a_stato,
    })
}

/// What the steps of a grant need to know of it.
struct LockedGrant {
    id: i64,
    soggetto: String,
    valida_dal: NaiveDate,
    valida_al: NaiveDate,
    sostituisce: Option<i64>,
}

impl LockedGrant {
    /// Waits for the subject's turn, to the end of the transaction.
    async fn lock(id: i64, tx: &mut Transaction<'_, Postgres>) -> Result<Self> {
        // The lock of the trigger that lets one grant a subject a day through. Grants do not change: what is read beside it
        // holds after it.
        let row = sqlx::query(
            "select soggetto, valida_dal, valida_al, sostituisce,
                    pg_advisory_xact_lock(hashtextextended(soggetto, 4648))::text as locked
             from abilitazione where id = $1",
        )
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| not_found(id))?;
        Ok(Self {
            id,
            soggetto: row.try_get("soggetto")?,
            valida_dal: row.try_get("valida_dal")?,
            valida_al: row.try_get("valida_al")?,
            sostituisce: row.try_get("sostituisce")?,
        })
    }

    async fn check_overlap(&self, tx: &mut Transaction<'_, Postgres>) -> Result<()> {
        let other = sqlx::query(
            "select a.id, a.valida_dal, a.valida_al from abilitazione a
             where a.soggetto = $1 and a.id <> $2 and a.valida_dal <= $4 and a.valida_al >= $3
               and (select e.a_stato from abilitazione_evento e where e.abilitazione = a.id
                    order by e.versione desc limit 1) in ('ATTIVA', 'SOSPESA')
             order by a.id limit 1",
        )
        .bind(&self.soggetto)
        .bind(self.id)
        .bind(self.valida_dal)
        .bind(self.valida_al)
        .fetch_optional(&mut **tx)
        .await?;
        let Some(other) = other else { return Ok(()) };
        let id: i64 = other.try_get("id")?;
        let dal: NaiveDate = other.try_get("valida_dal")?;
        let al: NaiveDate = other.try_get("valida_al")?;
        Err(Error::new(
            Reason::GrantOverlaps,
            format!(
                "the subject has grant {id}, valid from {dal} to {al}: revoke it first, or record a request that replaces it"
            ),
        )
        .with("abilitazione", id.to_string())
        .with("valida_dal", dal.to_string())
        .with("valida_al", al.to_string()))
    }
}

pub(super) fn not_found(id: i64) -> Error {
    Error::new(Reason::GrantNotFound, "there is no grant with this number")
        .with("abilitazione", id.to_string())
}
