//! From the temporary tables to the versioned ones.
//!
//! A row that is open and that the extract does not have, or has with other values, ends with the rilevazione
//! before; what the extract has and is not open then begins with this one. What is the same in both is not touched.

use sqlx::{AssertSqlSafe, PgConnection};

use super::staging::analyze;

/// Whether a row of the extract (`estratto`) and one of the table (`versione`) have the same natural key.
macro_rules! same_key {
    () => {
        "estratto.codifica_sistema_unico = versione.codifica_sistema_unico
         and estratto.numero_decreto = versione.numero_decreto
         and estratto.data_decreto = versione.data_decreto
         and estratto.cf_azienda = versione.cf_azienda
         and estratto.matricola_azienda = versione.matricola_azienda
         and estratto.validita_dal = versione.validita_dal
         and estratto.normativa = versione.normativa
         and estratto.prestazione = versione.prestazione"
    };
}

/// Whether they are the same in everything.
macro_rules! same_row {
    () => {
        concat!(
            same_key!(),
            " and estratto.validita_al = versione.validita_al
              and estratto.ore_decretate = versione.ore_decretate
              and estratto.importi_autorizzati = versione.importi_autorizzati
              and estratto.importi_erogati = versione.importi_erogati
              and estratto.persona_fisica = versione.persona_fisica"
        )
    };
}

/// The same of two appropriations.
macro_rules! same_stanziamento {
    () => {
        "estratto.normativa = versione.normativa
         and estratto.prestazione = versione.prestazione
         and estratto.anno = versione.anno
         and estratto.importo = versione.importo
         and estratto.tipo = versione.tipo"
    };
}

pub(super) use {same_key, same_row, same_stanziamento};

/// What happened to the rows of the detail.
#[derive(Debug)]
pub(super) struct MergeResult {
    /// In comparison with the rilevazione before.
    pub(super) differences: RowDifferences,
    /// The norms of all these, by code: what is derived from the rows of other norms is as it was.
    pub(super) normative: Vec<String>,
}

/// How many rows of an extract are not as a rilevazione has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowDifferences {
    /// Their natural key is not in the rilevazione.
    pub(super) added: u64,
    /// It is, with other values.
    pub(super) changed: u64,
    /// Rows of the rilevazione whose key is not in the extract.
    pub(super) ended: u64,
}

/// Writes the extract as this rilevazione.
pub(super) async fn write(conn: &mut PgConnection, n: i32) -> sqlx::Result<MergeResult> {
    merge_stanziamenti(conn, n).await?;
    let decreti = merge_decreti(conn, n).await?;
    // What the planner knows commits with the rows.
    analyze(conn, "stanziamento").await?;
    analyze(conn, "dettaglio_decreto").await?;
    Ok(decreti)
}

async fn merge_stanziamenti(conn: &mut PgConnection, n: i32) -> sqlx::Result<()> {
    sqlx::query(concat!(
        "update stanziamento versione
             set al_rilevazione = $1 - 1
             where al_rilevazione = 2147483647
               and not exists (select from estratto_stanziamenti estratto where ",
        same_stanziamento!(),
        ")"
    ))
    .bind(n)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into stanziamento (normativa, prestazione, anno, importo, tipo, dal_rilevazione)
         select normativa, prestazione, anno, importo, tipo, $1
         from estratto_stanziamenti estratto
         where not exists (
             select from stanziamento aperto
             where aperto.al_rilevazione = 2147483647
               and aperto.normativa = estratto.normativa
               and aperto.prestazione = estratto.prestazione
               and aperto.anno = estratto.anno)",
    )
    .bind(n)
    .execute(conn)
    .await
    .map(drop)
}

async fn merge_decreti(conn: &mut PgConnection, n: i32) -> sqlx::Result<MergeResult> {
    let any: bool = sqlx::query_scalar("select exists (select from dettaglio_decreto)")
        .fetch_one(&mut *conn)
        .await?;
    let (closed, changed) = if any { close(conn, n).await? } else { (0, 0) };
    // Into an empty table the indexes are built after the rows: several times faster. Later this is not for us
    // to do, as it would shut out those who read.
    let indexes = if any {
        Vec::new()
    } else {
        drop_indexes(conn).await?
    };
    let written = open(conn, n).await?;
    for index in indexes {
        // As Postgres itself wrote it.
        sqlx::query(AssertSqlSafe(index))
            .execute(&mut *conn)
            .await?;
    }
    Ok(MergeResult {
        differences: RowDifferences {
            added: written - changed,
            changed,
            ended: closed - changed,
        },
        normative: changed_norms(conn, n).await?,
    })
}

/// The norms with a row that begins with this rilevazione, or ended before it.
async fn changed_norms(conn: &mut PgConnection, n: i32) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select distinct normativa
         from dettaglio_decreto
         where dal_rilevazione = $1 or al_rilevazione = $1 - 1
         order by normativa",
    )
    .bind(n)
    .fetch_all(conn)
    .await
}

/// The extract in comparison with a rilevazione, after it was written as another.
pub(super) async fn compare(conn: &mut PgConnection, numero: i32) -> sqlx::Result<RowDifferences> {
    let (extracted, added, equal): (i64, i64, i64) = sqlx::query_as(concat!(
        "select count(*), count(*) filter (where versione.id is null), count(*) filter (where ",
        same_row!(),
        ")
         from estratto_decreti estratto
         left join dettaglio_decreto versione
             on dal_rilevazione <= $1 and al_rilevazione >= $1 and ",
        same_key!()
    ))
    .bind(numero)
    .fetch_one(&mut *conn)
    .await?;
    let before: i64 = sqlx::query_scalar(
        "select count(*) from dettaglio_decreto where dal_rilevazione <= $1 and al_rilevazione >= $1",
    )
    .bind(numero)
    .fetch_one(conn)
    .await?;
    let remaining = extracted - added;
    Ok(RowDifferences {
        added: added.cast_unsigned(),
        changed: (remaining - equal).cast_unsigned(),
        ended: (before - remaining).cast_unsigned(),
    })
}

/// How many rows ended; of how many of these the natural key is in the extract.
async fn close(conn: &mut PgConnection, n: i32) -> sqlx::Result<(u64, u64)> {
    let (closed, changed): (i64, i64) = sqlx::query_as(
        concat!(
            "with chiuse as (
                 update dettaglio_decreto versione
                 set al_rilevazione = $1 - 1
                 where al_rilevazione = 2147483647
                   and not exists (select from estratto_decreti estratto where ",
            same_row!(),
            ")
                 returning normativa, prestazione, codifica_sistema_unico, numero_decreto, data_decreto, cf_azienda,
                     matricola_azienda, validita_dal)
             select count(*), count(estratto.riga)
             from chiuse versione
             left join estratto_decreti estratto on ",
            same_key!()
        ),
    )
    .bind(n)
    .fetch_one(conn)
    .await?;
    Ok((closed.cast_unsigned(), changed.cast_unsigned()))
}

/// The order is that in which the rows are read, so that neighbours in a page are neighbours in the table. Within a decree it
/// is chance: every caller sees the order, also one who sees the employer masked, so that neither the employer's code nor
/// the extract, which may be sorted by it, may decide it.
async fn open(conn: &mut PgConnection, n: i32) -> sqlx::Result<u64> {
    let done = sqlx::query(
        concat!(
            "insert into dettaglio_decreto
                 (normativa, prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, validita_al,
                  cf_azienda, matricola_azienda, ore_decretate, importi_autorizzati, importi_erogati, persona_fisica,
                  dal_rilevazione)
             select normativa, prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, validita_al,
                  cf_azienda, matricola_azienda, ore_decretate, importi_autorizzati, importi_erogati, persona_fisica, $1
             from estratto_decreti estratto
             where not exists (
                 select from dettaglio_decreto versione
                 where versione.al_rilevazione = 2147483647 and ",
            same_key!(),
            ")
             order by normativa, data_decreto, numero_decreto, random()"
        ),
    )
    .bind(n)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Drops the indexes of the detail and gives the statements that make them again.
async fn drop_indexes(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
         from pg_index
         where indrelid = 'dettaglio_decreto'::regclass
           and not exists (select from pg_constraint where conindid = indexrelid)
         order by indexrelid",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut again = Vec::with_capacity(indexes.len());
    for (away, back) in indexes {
        // Both texts are Postgres's own, quoted as it wants names to be.
        sqlx::query(AssertSqlSafe(away)).execute(&mut *conn).await?;
        again.push(back);
    }
    Ok(again)
}
