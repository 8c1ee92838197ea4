//! The blocks of a series, against what the rows say.
//!
//! They are made again from the rows, in a transaction that is rolled back, and compared column by column, byte by byte.

use sqlx::{Connection as _, PgConnection};

use super::build;
use crate::rilevazione::{derived::DerivedDefectKind, sums::NormSums};

/// What is wrong with the series of a norm for these rilevazioni, and how many blocks it has; and the sums of its rows.
pub(crate) async fn verify_series(
    conn: &mut PgConnection,
    normativa: &str,
    dal: i32,
    al: i32,
    righe_per_blocco: u32,
) -> sqlx::Result<(Option<DerivedDefectKind>, i64, NormSums)> {
    let found: Option<(i64, i32, i32, i32, bool)> = sqlx::query_as(
        "select id, al_rilevazione, righe_per_blocco, blocchi, checksum is null from serie
         where normativa = $1 and dal_rilevazione = $2",
    )
    .bind(normativa)
    .bind(dal)
    .fetch_optional(&mut *conn)
    .await?;
    // What is stored is out of the way of what is made to compare with.
    let mut tx = conn.begin().await?;
    sqlx::query(
        "update serie set dal_rilevazione = -$2 where normativa = $1 and dal_rilevazione = $2",
    )
    .bind(normativa)
    .bind(dal)
    .execute(&mut *tx)
    .await?;
    let (_, somme) = build(&mut tx, normativa, dal, al, righe_per_blocco).await?;
    let cosa = match found {
        None => Some(DerivedDefectKind::Missing),
        Some((.., righe, _, _)) if u32::try_from(righe) != Ok(righe_per_blocco) => {
            Some(DerivedDefectKind::OtherBlockSize(righe))
        }
        Some((_, fine, ..)) if fine != al => Some(DerivedDefectKind::OtherRange),
        Some((.., true)) => Some(DerivedDefectKind::NoChecksums),
        Some((stored, _, _, blocchi, _)) => {
            compare(&mut tx, normativa, dal, stored, blocchi).await?
        }
    };
    tx.rollback().await?;
    let blocchi = found.map_or(0, |(_, _, _, blocchi, _)| blocchi.into());
    Ok((cosa, blocchi, somme))
}

/// A stored series against the one that was made.
async fn compare(
    conn: &mut PgConnection,
    normativa: &str,
    dal: i32,
    stored: i64,
    blocchi: i32,
) -> sqlx::Result<Option<DerivedDefectKind>> {
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
                a.prestazioni, a.codifiche, a.codifiche_righe, a.byte, a.mascherate, a.batch_byte, a.checksum)
               is distinct from
               (b.righe, b.ore_decretate, b.importi_autorizzati, b.importi_erogati,
                b.prima_data, b.prima_numero, b.prima_id, b.ultima_data, b.ultima_numero, b.ultima_id,
                b.validita_dal_min, b.validita_dal_max, b.validita_al_min, b.validita_al_max,
                b.prestazioni, b.codifiche, b.codifiche_righe, b.byte, b.mascherate, b.batch_byte, b.checksum)
         union all
         select posto
         from pezzi_stored a full join pezzi_made b using (posto, cosa, numero)
         where a.byte is distinct from b.byte) altri",
    )
    .bind(stored)
    .bind(normativa)
    .bind(dal)
    .fetch_one(&mut *conn)
    .await?;
    let conta: i64 = sqlx::query_scalar("select count(*) from blocco where serie = $1")
        .bind(stored)
        .fetch_one(&mut *conn)
        .await?;
    let stessi_dizionari: bool = sqlx::query_scalar(
        "select (a.dizionario_prestazioni, a.dizionario_codifiche, a.checksum)
                is not distinct from (b.dizionario_prestazioni, b.dizionario_codifiche, b.checksum)
         from serie a, serie b
         where a.id = $1 and b.normativa = $2 and b.dal_rilevazione = $3",
    )
    .bind(stored)
    .bind(normativa)
    .bind(dal)
    .fetch_one(&mut *conn)
    .await?;
    Ok(match primo {
        Some(primo) => Some(DerivedDefectKind::OtherBlocks { quanti, primo }),
        // Nothing differs but the number that the series says.
        None if conta != i64::from(blocchi) => Some(DerivedDefectKind::OtherBlocks {
            quanti: (conta - i64::from(blocchi)).abs(),
            primo: 0,
        }),
        None if !stessi_dizionari => Some(DerivedDefectKind::OtherDictionaries),
        None => None,
    })
}
