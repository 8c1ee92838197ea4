//! The blocks of a series, against what the rows say.
//!
//! They are made again from the rows, in a transaction that is rolled back, and compared column by column, byte by byte.

use sqlx::PgConnection;

use super::defect::SeriesDefect;
use crate::{postgres::from_row, rilevazione::derived::NormVersion};

/// The row of a series, as it is stored.
#[derive(Debug)]
pub(super) struct SeriesToReplace {
    pub(super) id: i64,
    pub(super) al_rilevazione: i32,
    pub(super) righe_per_blocco: i32,
    pub(super) blocchi: i32,
    pub(super) no_checksum: bool,
}

from_row!(SeriesToReplace {
    id,
    al_rilevazione,
    righe_per_blocco,
    blocchi,
    no_checksum,
});

/// Puts what is stored of a version out of the way of what is made to compare with.
pub(super) async fn set_aside(
    conn: &mut PgConnection,
    version: &NormVersion,
) -> sqlx::Result<Option<SeriesToReplace>> {
    let stored = sqlx::query_as(
        "select id, al_rilevazione, righe_per_blocco, blocchi, checksum is null as no_checksum from serie
         where normativa = $1 and dal_rilevazione = $2",
    )
    .bind(&version.normativa)
    .bind(version.dal_rilevazione)
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query(
        "update serie set dal_rilevazione = -$2 where normativa = $1 and dal_rilevazione = $2",
    )
    .bind(&version.normativa)
    .bind(version.dal_rilevazione)
    .execute(conn)
    .await?;
    Ok(stored)
}

/// A stored series against the one that was made.
pub(super) async fn compare(
    conn: &mut PgConnection,
    stored: &SeriesToReplace,
    made: i64,
) -> sqlx::Result<Option<SeriesDefect>> {
    let (count, first): (i64, Option<i32>) = sqlx::query_as(
        "with stored as (select * from blocco where serie = $1),
              made as (select * from blocco where serie = $2),
              pezzi_stored as (select * from pezzo where serie = $1),
              pezzi_made as (select * from pezzo where serie = $2)
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
    .bind(stored.id)
    .bind(made)
    .fetch_one(&mut *conn)
    .await?;
    let found: i64 = sqlx::query_scalar("select count(*) from blocco where serie = $1")
        .bind(stored.id)
        .fetch_one(&mut *conn)
        .await?;
    let same_dictionaries: bool = sqlx::query_scalar(
        "select (a.dizionario_prestazioni, a.dizionario_codifiche, a.checksum)
                is not distinct from (b.dizionario_prestazioni, b.dizionario_codifiche, b.checksum)
         from serie a, serie b
         where a.id = $1 and b.id = $2",
    )
    .bind(stored.id)
    .bind(made)
    .fetch_one(&mut *conn)
    .await?;
    let told = i64::from(stored.blocchi);
    Ok(match first {
        Some(first) => Some(SeriesDefect::OtherBlocks { count, first }),
        // Nothing differs but the number that the series says.
        None if found != told => Some(SeriesDefect::OtherBlocks {
            count: (found - told).abs(),
            first: 0,
        }),
        None if !same_dictionaries => Some(SeriesDefect::OtherDictionaries),
        None => None,
    })
}
