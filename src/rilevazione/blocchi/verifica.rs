//! `omnia blocks verify`: what is stored against what the rows say.
//!
//! The blocks of every series are made again from the rows, in a transaction that is rolled back, and compared column by column,
//! byte by byte. So is what a series covers: the rilevazioni from which on a norm's rows changed are those with which its
//! series begin.

use std::fmt;

use sqlx::{Connection as _, PgConnection, PgPool};

use super::{crea, rifai::inizi};
use crate::rilevazione::{carica::prepara, esito::LoadError};

/// Something that is stored and should not be so, or is not and should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difetto {
    /// Of which norm.
    pub normativa: String,
    /// Of the series that begins with this rilevazione.
    pub dal_rilevazione: i32,
    /// What is wrong.
    pub cosa: Cosa,
}

/// See [`Difetto`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cosa {
    /// There is no such series: the norm is served from its rows.
    Manca,
    /// It has blocks of another number of rows than the settings: the norm is served from its rows.
    AltraMisura(i32),
    /// It does not cover the rilevazioni that it should.
    AltroIntervallo,
    /// The dictionaries of its record batches are not those that its rows have.
    AltriDizionari,
    /// So many blocks are not what the rows say, or are too many or too few. The first is at this place.
    AltriBlocchi {
        /// How many.
        quanti: i64,
        /// The first.
        primo: i32,
    },
}

impl fmt::Display for Difetto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            normativa,
            dal_rilevazione,
            cosa,
        } = self;
        write!(f, "{normativa} from rilevazione {dal_rilevazione}: ")?;
        match cosa {
            Cosa::Manca => f.write_str("has no blocks"),
            Cosa::AltraMisura(righe) => write!(
                f,
                "has blocks of {righe} rows, and export.batch_rows is another"
            ),
            Cosa::AltriDizionari => {
                f.write_str("has other dictionaries than its rows for its record batches")
            }
            Cosa::AltroIntervallo => f.write_str("does not end where its rows change"),
            Cosa::AltriBlocchi { quanti, primo } => {
                write!(
                    f,
                    "{quanti} blocks are not what the rows say, the first at place {primo}"
                )
            }
        }
    }
}

/// Compares everything; `visto` is told of each series that was looked at, with its blocks.
///
/// # Errors
/// [`LoadError::InCorso`] while a load runs; the database's.
pub async fn verifica(
    pool: &PgPool,
    righe_per_blocco: u32,
    mut visto: impl FnMut(&str, i32, i64),
) -> Result<Vec<Difetto>, LoadError> {
    let mut conn = pool.acquire().await?;
    let mut tx = conn.begin().await?;
    prepara(&mut tx).await?;
    let mut difetti = Vec::new();
    let normative: Vec<String> = sqlx::query_scalar(
        "select normativa from normativa union select normativa from serie order by normativa",
    )
    .fetch_all(&mut *tx)
    .await?;
    for normativa in normative {
        let inizi = inizi(&mut tx, &normativa).await?;
        for (at, &dal) in inizi.iter().enumerate() {
            let al = inizi.get(at + 1).map_or(i32::MAX, |next| next - 1);
            let (cosa, blocchi) = serie(&mut tx, &normativa, dal, al, righe_per_blocco).await?;
            difetti.extend(cosa.map(|cosa| Difetto {
                normativa: normativa.clone(),
                dal_rilevazione: dal,
                cosa,
            }));
            visto(&normativa, dal, blocchi);
        }
        // One that begins where nothing changes would be found by a rilevazione that is another's.
        let altre: Vec<i32> = sqlx::query_scalar(
            "select dal_rilevazione from serie where normativa = $1 and dal_rilevazione <> all($2) order by 1",
        )
        .bind(&normativa)
        .bind(&inizi)
        .fetch_all(&mut *tx)
        .await?;
        difetti.extend(altre.into_iter().map(|dal_rilevazione| Difetto {
            normativa: normativa.clone(),
            dal_rilevazione,
            cosa: Cosa::AltroIntervallo,
        }));
    }
    tx.rollback().await?;
    Ok(difetti)
}

/// What is wrong with the series of a norm for these rilevazioni, and how many blocks it has.
async fn serie(
    conn: &mut PgConnection,
    normativa: &str,
    dal: i32,
    al: i32,
    righe_per_blocco: u32,
) -> sqlx::Result<(Option<Cosa>, i64)> {
    let found: Option<(i64, i32, i32, i32)> = sqlx::query_as(
        "select id, al_rilevazione, righe_per_blocco, blocchi from serie
         where normativa = $1 and dal_rilevazione = $2",
    )
    .bind(normativa)
    .bind(dal)
    .fetch_optional(&mut *conn)
    .await?;
    let Some((stored, fine, righe, blocchi)) = found else {
        return Ok((Some(Cosa::Manca), 0));
    };
    if u32::try_from(righe) != Ok(righe_per_blocco) {
        return Ok((Some(Cosa::AltraMisura(righe)), blocchi.into()));
    }
    if fine != al {
        return Ok((Some(Cosa::AltroIntervallo), blocchi.into()));
    }
    // Out of the way of the one that is made to compare with.
    let mut tx = conn.begin().await?;
    sqlx::query("update serie set dal_rilevazione = -$2 where id = $1")
        .bind(stored)
        .bind(dal)
        .execute(&mut *tx)
        .await?;
    crea(&mut tx, normativa, dal, al, righe_per_blocco).await?;
    let (quanti, primo): (i64, Option<i32>) = sqlx::query_as(
        "with made_serie as (select id from serie where normativa = $2 and dal_rilevazione = $3),
              stored as (select * from blocco where serie = $1),
              made as (select * from blocco where serie = (select id from made_serie)),
              pezzi_stored as (select * from pezzo where serie = $1),
              pezzi_made as (select * from pezzo where serie = (select id from made_serie))
         select count(distinct posto), min(posto) from (
         select posto
         from stored a full join made b using (posto)
         where (a.righe, a.ore_decretate, a.importi_autorizzati, a.importi_erogati,
                a.prima_data, a.prima_numero, a.prima_id, a.ultima_data, a.ultima_numero, a.ultima_id,
                a.validita_dal_min, a.validita_dal_max, a.validita_al_min, a.validita_al_max,
                a.prestazioni, a.codifiche, a.codifiche_righe, a.byte, a.mascherate, a.batch_byte)
               is distinct from
               (b.righe, b.ore_decretate, b.importi_autorizzati, b.importi_erogati,
                b.prima_data, b.prima_numero, b.prima_id, b.ultima_data, b.ultima_numero, b.ultima_id,
                b.validita_dal_min, b.validita_dal_max, b.validita_al_min, b.validita_al_max,
                b.prestazioni, b.codifiche, b.codifiche_righe, b.byte, b.mascherate, b.batch_byte)
         union all
         select posto
         from pezzi_stored a full join pezzi_made b using (posto, cosa, numero)
         where a.byte is distinct from b.byte) altri",
    )
    .bind(stored)
    .bind(normativa)
    .bind(dal)
    .fetch_one(&mut *tx)
    .await?;
    let conta: i64 = sqlx::query_scalar("select count(*) from blocco where serie = $1")
        .bind(stored)
        .fetch_one(&mut *tx)
        .await?;
    let stessi_dizionari: bool = sqlx::query_scalar(
        "select (a.dizionario_prestazioni, a.dizionario_codifiche)
                is not distinct from (b.dizionario_prestazioni, b.dizionario_codifiche)
         from serie a, serie b
         where a.id = $1 and b.normativa = $2 and b.dal_rilevazione = $3",
    )
    .bind(stored)
    .bind(normativa)
    .bind(dal)
    .fetch_one(&mut *tx)
    .await?;
    tx.rollback().await?;
    let cosa = match primo {
        Some(primo) => Some(Cosa::AltriBlocchi { quanti, primo }),
        // Nothing differs but the number that the series says.
        None if conta != i64::from(blocchi) => Some(Cosa::AltriBlocchi {
            quanti: (conta - i64::from(blocchi)).abs(),
            primo: 0,
        }),
        None if !stessi_dizionari => Some(Cosa::AltriDizionari),
        None => None,
    };
    Ok((cosa, blocchi.into()))
}
