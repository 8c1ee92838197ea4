//! Blocks on their way into the database.

use sqlx::{PgConnection, QueryBuilder};

use super::encoder::Encoded;
use crate::{
    blocks::{
        block::Block,
        checksum::{self, BlockHeader, BlockPlace, Checksums},
        persons::person_count,
    },
    rilevazione::derived::NormVersion,
};

/// Bytes of a piece: a row of `pezzo` fits in a page of Postgres.
const PIECE_BYTES: usize = 8000;

/// Writes blocks at the places from `first` on, of the series of this version.
pub(super) async fn write(
    conn: &mut PgConnection,
    serie: i64,
    version: &NormVersion,
    first: i32,
    blocks: Vec<Encoded>,
) -> sqlx::Result<()> {
    if blocks.is_empty() {
        return Ok(());
    }
    let mut pezzi = PieceColumns::default();
    let mut query = QueryBuilder::new(
        "insert into blocco (serie, posto, righe, ore_decretate, importi_autorizzati, importi_erogati,
             prima_data, prima_numero, prima_id, ultima_data, ultima_numero, ultima_id,
             validita_dal_min, validita_dal_max, validita_al_min, validita_al_max,
             prestazioni, codifiche, codifiche_righe, byte, mascherate, batch_byte, checksum) ",
    );
    query.push_values(
        (first..).zip(blocks),
        |mut row, (posto, (blocco, batch))| {
            let Block {
                sums: somme,
                first: prima,
                last: ultima,
                contents: contenuto,
                rows: codifica,
                persons: persone,
            } = blocco;
            let [ore, autorizzati, erogati] = somme.decimals();
            let [dal_min, dal_max] = contenuto.validita_dal;
            let [al_min, al_max] = contenuto.validita_al;
            let (codifiche, codifiche_righe): (Vec<String>, Vec<i32>) =
                contenuto.codifiche.into_iter().unzip();
            let prestazioni: Vec<String> = contenuto.prestazioni.into_keys().collect();
            let place = BlockPlace {
                normativa: &version.normativa,
                dal_rilevazione: version.dal_rilevazione,
                index: posto,
            };
            let of = |what, bytes: &[u8]| checksum::pieces(place, what, bytes);
            let checksums = Checksums {
                codifiche: checksum::codifiche(place, &codifiche, &codifiche_righe),
                rows: of("lotto", &codifica.lz4),
                rows_persons: of("lotto_persone", &persone),
                batch: checksum::batch(place, &batch.header, &batch.body),
                batch_persons: of("batch_persone", &batch.persons),
            };
            let header = BlockHeader {
                sums: &somme,
                first: &prima,
                last: &ultima,
                validita_dal: contenuto.validita_dal,
                validita_al: contenuto.validita_al,
                prestazioni: &prestazioni,
                rows_len: codifica.rows_len,
                masked: person_count(&persone),
                batch_len: batch.body_len,
                checksums,
            };
            let checksum = checksums.stored(header.checksum(place));
            pezzi.add(posto, "lotto", &codifica.lz4);
            pezzi.add(posto, "lotto_persone", &persone);
            pezzi.push_one(posto, "batch", 0, batch.header);
            pezzi.push_from(posto, "batch", 1, &batch.body);
            pezzi.add(posto, "batch_persone", &batch.persons);
            row.push_bind(serie)
                .push_bind(posto)
                // A block has as many rows as its series says, an i32; so many bytes are far from two thousand million.
                .push_bind(somme.righe as i32)
                .push_bind(ore)
                .push_bind(autorizzati)
                .push_bind(erogati)
                .push_bind(prima.data_decreto)
                .push_bind(prima.numero_decreto)
                .push_bind(prima.id)
                .push_bind(ultima.data_decreto)
                .push_bind(ultima.numero_decreto)
                .push_bind(ultima.id)
                .push_bind(dal_min)
                .push_bind(dal_max)
                .push_bind(al_min)
                .push_bind(al_max)
                .push_bind(prestazioni)
                .push_bind(codifiche)
                .push_bind(codifiche_righe)
                .push_bind(codifica.rows_len as i32)
                .push_bind(person_count(&persone) as i32)
                .push_bind(batch.body_len as i32)
                .push_bind(checksum);
        },
    );
    query.build().execute(&mut *conn).await?;
    pezzi.write(conn, serie).await
}

/// The pieces of some blocks, column by column.
#[derive(Default)]
struct PieceColumns {
    posto: Vec<i32>,
    cosa: Vec<&'static str>,
    numero: Vec<i32>,
    byte: Vec<Vec<u8>>,
}

impl PieceColumns {
    fn push_one(&mut self, posto: i32, cosa: &'static str, numero: i32, byte: Vec<u8>) {
        self.posto.push(posto);
        self.cosa.push(cosa);
        self.numero.push(numero);
        self.byte.push(byte);
    }

    fn push_from(&mut self, posto: i32, cosa: &'static str, primo: i32, intero: &[u8]) {
        for (numero, pezzo) in (primo..).zip(intero.chunks(PIECE_BYTES)) {
            self.push_one(posto, cosa, numero, pezzo.to_vec());
        }
    }

    fn add(&mut self, posto: i32, cosa: &'static str, intero: &[u8]) {
        self.push_from(posto, cosa, 0, intero);
    }

    async fn write(self, conn: &mut PgConnection, serie: i64) -> sqlx::Result<()> {
        sqlx::query(
            "insert into pezzo (serie, posto, cosa, numero, byte)
             select $1, * from unnest($2::integer[], $3::text[], $4::integer[], $5::bytea[])",
        )
        .bind(serie)
        .bind(self.posto)
        .bind(self.cosa)
        .bind(self.numero)
        .bind(self.byte)
        .execute(conn)
        .await
        .map(drop)
    }
}
