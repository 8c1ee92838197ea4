//! The first step: a request is recorded.

use sqlx::{PgPool, Postgres, Transaction};

use super::{
    ALL_CODES, APPLICAZIONE, Azione, EventoAa07, IdempotencyKey, MotivoAa07, Operatore,
    RichiestaAa07, StatoAa07, TakenStep, evento, transaction::BEGIN_READ_WRITE,
};
use crate::{
    abilitazione::{AmbitoCodes, DecisionTable, grants::ambito::AmbitoCode},
    clock::Clock,
    error::{Result, Violations},
    valori::ValueDefect,
};

const NORMATIVE: ValueDefect = ValueDefect::new(
    "must be norms of the catalogue (are the data loaded?)",
    "deve indicare normative presenti nel catalogo",
);
const PRESTAZIONI: ValueDefect = ValueDefect::new(
    "must be benefits of the catalogue (are the data loaded?)",
    "deve indicare prestazioni presenti nel catalogo",
);
const SOSTITUISCE: ValueDefect = ValueDefect::new(
    "must be a grant of the same subject that is active or suspended",
    "deve essere un'abilitazione attiva o sospesa dello stesso utente",
);
const NOT_YET_VALID: ValueDefect = ValueDefect::new(
    "must not be to come where another grant is replaced: that one ends when this one is approved, and until then the subject would have none",
    "non deve essere futura se un'altra abilitazione viene sostituita: nel frattempo l'utente ne resterebbe privo",
);

/// Records a request and gives its number. `table` is the policy that its profile must be of. It gives nothing until it
/// is verified and approved.
///
/// # Errors
/// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with everything that is wrong with it; the database's.
pub async fn record_request(
    pool: &PgPool,
    clock: &Clock,
    table: &DecisionTable,
    richiesta: &RichiestaAa07,
    operatore: &Operatore,
    motivo: &MotivoAa07,
) -> Result<i64> {
    let step = record_request_once(pool, clock, table, richiesta, operatore, motivo, None).await?;
    Ok(step.abilitazione)
}

/// As [`record_request`]. Where it was recorded before under this key, that one is given and nothing is done.
///
/// # Errors
/// As [`record_request`]; [`Reason::IdempotencyKeyReused`](crate::error::Reason::IdempotencyKeyReused).
pub async fn record_request_once(
    pool: &PgPool,
    clock: &Clock,
    table: &DecisionTable,
    richiesta: &RichiestaAa07,
    operatore: &Operatore,
    motivo: &MotivoAa07,
    key: Option<&IdempotencyKey>,
) -> Result<TakenStep> {
    let mut violations = Violations::default();
    richiesta.check(clock.today(), table, &mut violations);
    let mut tx = pool.begin_with(BEGIN_READ_WRITE).await?;
    if let Some(key) = key
        && let Some(step) = key.taken(operatore, &mut tx).await?
    {
        return Ok(step);
    }
    let mut unknown = unknown_codes(
        "select codice from unnest($1::text[]) as codice where codice not in (select normativa from normativa)",
        richiesta.ambito.normative(),
        &mut tx,
    )
    .await?;
    note(
        &mut violations,
        "ambito.normative",
        unknown.is_empty(),
        NORMATIVE,
    );
    let benefits = unknown_codes(
        "select codice from unnest($1::text[]) as codice where codice not in (select prestazione from prestazione)",
        richiesta.ambito.prestazioni(),
        &mut tx,
    )
    .await?;
    note(
        &mut violations,
        "ambito.prestazioni",
        benefits.is_empty(),
        PRESTAZIONI,
    );
    unknown.extend(benefits);
    if let Some(replaced) = richiesta.sostituisce {
        let good = replaceable(replaced, &richiesta.soggetto, &mut tx).await?;
        note(&mut violations, "sostituisce", good, SOSTITUISCE);
        note(
            &mut violations,
            "valida_dal",
            richiesta.valida_dal <= clock.today(),
            NOT_YET_VALID,
        );
    }
    if let Err(error) = violations.finish() {
        return Err(if unknown.is_empty() {
            error
        } else {
            error.with("valori", unknown.join(","))
        });
    }
    let id = insert(richiesta, &mut tx).await?;
    let evento = EventoAa07 {
        versione: 1,
        azione: Azione::Richiesta,
        da_stato: None,
        a_stato: StatoAa07::Richiesta,
        istante: clock.now(),
        operatore: operatore.clone(),
        motivo: motivo.to_string(),
    };
    evento::insert(&mut tx, id, &evento, key).await?;
    tx.commit().await?;
    Ok(TakenStep {
        abilitazione: id,
        versione: evento.versione,
        stato: evento.a_stato,
    })
}

fn note(violations: &mut Violations, field: &str, good: bool, defect: ValueDefect) {
    violations.check(field, good.then_some(()).ok_or(defect));
}

async fn unknown_codes<C: AmbitoCode>(
    sql: &'static str,
    code_set: &AmbitoCodes<C>,
    tx: &mut Transaction<'_, Postgres>,
) -> Result<Vec<String>> {
    let Some(codes) = code_set.texts() else {
        return Ok(Vec::new());
    };
    Ok(sqlx::query_scalar(sql)
        .bind(codes)
        .fetch_all(&mut **tx)
        .await?)
}

async fn replaceable(id: i64, soggetto: &str, tx: &mut Transaction<'_, Postgres>) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (
             select from abilitazione a where a.id = $1 and a.soggetto = $2
               and (select e.a_stato from abilitazione_evento e where e.abilitazione = a.id
                    order by e.versione desc limit 1) in ('ATTIVA', 'SOSPESA'))",
    )
    .bind(id)
    .bind(soggetto)
    .fetch_one(&mut **tx)
    .await?)
}

async fn insert(richiesta: &RichiestaAa07, tx: &mut Transaction<'_, Postgres>) -> Result<i64> {
    let limiti = &richiesta.limiti;
    // A quota was read so that it fits its column.
    let quota = |quota: Option<std::num::NonZeroU32>| quota.map(|q| i64::from(q.get()));
    Ok(sqlx::query_scalar(
        "insert into abilitazione (soggetto, ente, applicazione, profilo, normative, prestazioni, valida_dal, valida_al,
                                   protocollo_pec, impronta_modulo, reti, orari, finalita, certificati,
                                   quota_al_secondo, quota_esportazioni, quota_al_giorno, sostituisce)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text[]::cidr[], $12, $13::text[]::uuid[], $14,
                 $15::bigint, $16::bigint, $17::bigint, $18)
         returning id",
    )
    .bind(&richiesta.soggetto)
    .bind(richiesta.ente.as_str())
    .bind(APPLICAZIONE)
    .bind(&richiesta.profilo)
    .bind(as_list(richiesta.ambito.normative()))
    .bind(as_list(richiesta.ambito.prestazioni()))
    .bind(richiesta.valida_dal)
    .bind(richiesta.valida_al)
    .bind(richiesta.protocollo_pec.as_str())
    .bind(richiesta.impronta_modulo.as_bytes().as_slice())
    .bind(limiti.reti.texts())
    .bind(limiti.orari.texts())
    .bind(limiti.finalita.texts())
    .bind(limiti.certificati.texts())
    .bind(quota(limiti.quote.al_secondo))
    .bind(quota(limiti.quote.esportazioni))
    .bind(quota(limiti.quote.al_giorno))
    .bind(richiesta.sostituisce)
    .fetch_one(&mut **tx)
    .await?)
}

fn as_list<C: AmbitoCode>(code_set: &AmbitoCodes<C>) -> Vec<String> {
    code_set
        .texts()
        .unwrap_or_else(|| vec![ALL_CODES.to_owned()])
}
